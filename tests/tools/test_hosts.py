# SPDX-License-Identifier: GPL-2.0-or-later
"""mk/check-hosts creates and removes its systems. They are empty folders here, and stubs
record the programs that would run in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lib.host.stubtree import StubTree

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="mk/check-hosts needs root")

DEBOOTSTRAP = """
for word; do
	[[ $word != bookworm || ! -e no-bookworm ]] || exit 1
	case $word in *.new) mkdir -p "$word"/{etc,dev,proc,root}; touch "$word/etc/os-release" ;; esac
done
"""


class Hosts(StubTree):
    """A tree whose check-hosts finds the programs below."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.stub("bin/debootstrap", DEBOOTSTRAP)
        self.stub("bin/git")
        for word in ("pivot_root", "umount", "chroot"):
            self.stub(f"bin/{word}")

    def check(self, *hosts: str, **env: str) -> tuple[int, str]:
        """Its status and what it said."""
        done = self.run("mk/check-hosts", *hosts, PATH=f"{self.top}/bin:{os.environ['PATH']}", **env)
        return done.returncode, done.stdout


@pytest.fixture(name="hosts")
def _hosts(run: Path) -> Hosts:
    return Hosts(run)


def test_fresh_each_time(hosts: Hosts) -> None:
    """Each run gets a fresh system, and debootstrap runs once."""
    system = hosts.cache / "hosts/debian14"
    for _ in range(2):
        assert hosts.check("debian14")[0] == 0
        assert {path.name for path in system.iterdir()} == {"etc", "dev", "proc", "root"}
        (system / "stray").touch()
    assert len(hosts.calls("bin/debootstrap")) == 1
    assert len(hosts.calls("bin/git")) == len(hosts.calls("bin/chroot")) == 2


def test_one_that_cannot_be_made(hosts: Hosts) -> None:
    """A system that cannot be created costs its own commands only."""
    (hosts.top / "no-bookworm").touch()
    status, said = hosts.check("debian12", "debian14")
    assert status == 1
    assert "cannot set up bookworm (amd64): debootstrap failed; log: " in said
    assert "debian14: make boot: passed" in said and "debian12: make" not in said


def test_proxy_of_the_user(hosts: Hosts) -> None:
    """The user's proxy is passed on to the system."""
    assert hosts.check("debian14", http_proxy="http://proxy:1", no_proxy="a, b")[0] == 0
    (call,) = hosts.calls("bin/chroot")
    assert {"http_proxy=http://proxy:1", "no_proxy=a, b"} < set(call.args)
    assert not [word for word in call.args if word.startswith("https_proxy")]


def test_names_are_looked_at_first(hosts: Hosts) -> None:
    """An unknown name ends the run before anything is created."""
    status, said = hosts.check("debian14", "debian99")
    assert status == 1
    assert "no such host: debian99; there are: debian12 debian13 debian14 ppc64el" in said
    assert not hosts.calls("bin/debootstrap")
