# SPDX-License-Identifier: GPL-2.0-or-later
"""mk/apt with a mirror that answers 404 for files which it lists: each step that
docs/building.md describes, in order, and a complete set from one suite."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP
from tests.lib.host.mirror import ARCH, Mirror, content

LATER = ("forky", "sid")
OLD = 3600.0


class Apt:
    """mk/apt with a cache and a mirror of its own; the variables `away` make the mirror
    unreachable."""

    def __init__(self, mirror: Mirror, folder: Path) -> None:
        self.mirror = mirror
        self.cache = folder / "cache"
        self.said = ""
        conf = folder / "apt.conf"
        conf.write_text('Acquire::http::Proxy::127.0.0.1 "DIRECT";\n', encoding="ascii")
        away = folder / "away.conf"
        away.write_text(
            'Acquire::http::Proxy "http://127.0.0.1:1";\nAcquire::Retries::Delay "false";\n',
            encoding="ascii",
        )
        self.away = {"APT_CONFIG": str(away), "no_proxy": ""}
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "VDMA_CACHE": str(self.cache),
            "VDMA_APT_DIR": str(mirror.apt_dir(folder / "apt")),
            "APT_CONFIG": str(conf),
            "no_proxy": "127.0.0.1",
        }

    def run(self, verb: str, *packages: str, suite: str = "trixie", **env: str) -> list[str]:
        """Packages that it fetched for a SUITE, "NAME VERSION" each, with right content; none
        if it failed."""
        done = subprocess.run(
            [TOP / "mk/apt", suite, ARCH, verb, *packages],
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        self.said = done.stderr
        files = [Path(line) for line in done.stdout.splitlines()]
        assert (done.returncode == 0) == bool(files), self.said
        found = []
        for file in files:
            name, version, _ = file.name.split("_")
            assert file.read_bytes() == content(name, version)
            found.append(f"{name} {version}")
        return sorted(found)

    def lists(self) -> int:
        """How often the last run has asked for lists."""
        return self.said.count("  LISTS ")

    def age(self, suite: str = "trixie") -> None:
        """Make its lists older than ten minutes."""
        then = time.time() - OLD
        os.utime(self.cache / f"apt/{suite}-{ARCH}/updated", (then, then))


@pytest.fixture(name="mirror", scope="module")
def _mirror(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mirror]:
    with Mirror(tmp_path_factory.mktemp("mirror")) as mirror:
        yield mirror


@pytest.fixture(name="apt")
def _apt(mirror: Mirror, run: Path) -> Apt:
    """Debian 13 lists two versions of two packages, later releases a third."""
    mirror.lost.clear()
    mirror.publish("trixie", ["prog 1", "prog 2", "libc 10", "libc 20"])
    mirror.publish("stable", [], codename="bookworm")
    for suite in LATER:
        mirror.publish(suite, [f"prog 3+{suite}", f"libc 3+{suite}"])
    return Apt(mirror, run)


def lose(apt: Apt, *packages: str) -> None:
    """The mirror lists them, and answers 404."""
    apt.mirror.lost |= {f"{package.replace(' ', '_')}_{ARCH}.deb" for package in packages}


def test_whole(apt: Apt) -> None:
    """The newest versions are fetched, and a warm cache makes no request."""
    assert apt.run("fetch", "prog", "libc") == ["libc 20", "prog 2"]
    asked = len(apt.mirror.asked)
    assert apt.run("fetch", "prog", "libc") == ["libc 20", "prog 2"]
    assert len(apt.mirror.asked) == asked


def test_newer_lists(apt: Apt) -> None:
    """A version that is gone is replaced by a newer one; only lists older than ten minutes
    are fetched again."""
    assert apt.run("fetch", "libc") == ["libc 20"]
    lose(apt, "prog 1", "prog 2", "tool 1")
    apt.mirror.publish("trixie", ["prog 2.1", "libc 20", "tool 1"])
    apt.age()
    assert apt.run("fetch", "prog", "libc") == ["libc 20", "prog 2.1"]
    assert "LISTS" in apt.said
    apt.mirror.publish("trixie", ["tool 2"])
    assert not apt.run("only", "tool")
    assert "LISTS" not in apt.said


def test_alias_suite(apt: Apt) -> None:
    """If a file is missing, the whole set comes from another suite of the same release."""
    lose(apt, "prog 2")
    apt.mirror.publish("stable", ["prog 1.9", "libc 1.9"], codename="trixie")
    assert apt.run("fetch", "libc", "prog") == ["libc 1.9", "prog 1.9"]
    assert "Debian 13 (trixie) lacks prog 2" in apt.said
    assert "trying the set from stable" in apt.said


def test_alias_suite_that_is_not_whole(apt: Apt) -> None:
    """Nothing comes from another suite that lacks part of the set."""
    lose(apt, "prog 2", "prog 1.9")
    apt.mirror.publish("stable", ["prog 1.9", "libc 1.9"], codename="trixie")
    assert apt.run("fetch", "libc", "prog") == ["libc 20", "prog 1"]
    assert "trying the set from stable" in apt.said


def test_older_version(apt: Apt) -> None:
    """The newest version that is served is used before any later release."""
    lose(apt, "prog 2")
    assert apt.run("fetch", "prog", "libc") == ["libc 20", "prog 1"]
    assert "using an older version of it" in apt.said


def test_packages_of_one_source(apt: Apt) -> None:
    """Packages of one source get one version, rebuilds included; others keep theirs."""
    tools = [f"{name} {version}" for name in ("tool", "data") for version in (1, 2, 3)]
    tools[1] += "+b1"
    apt.mirror.publish("trixie", [*tools, "libc 20"])
    lose(apt, "data 3")
    assert set(apt.run("only", "tool", "libc", "data")) == {"tool 2+b1", "data 2", "libc 20"}


def test_version_that_was_asked_for(apt: Apt) -> None:
    """A version pattern is kept: no other version is fetched."""
    lose(apt, "prog 2")
    assert not apt.run("only", "prog=2*")
    assert "cannot fetch prog=2*" in apt.said and "the mirror lacks prog" in apt.said


@pytest.mark.extended
def test_next_release(apt: Apt) -> None:
    """The whole set comes from the first later release that has it, but not with "only"."""
    lose(apt, "prog 1", "prog 2", "prog 3+forky")
    assert not apt.run("only", "libc", "prog")
    assert "cannot fetch libc prog" in apt.said
    assert apt.run("fetch", "libc", "prog") == ["libc 3+sid", "prog 3+sid"]
    tried = [line for line in apt.said.splitlines() if "trying the set from" in line]
    assert [line.rpartition(" ")[2] for line in tried] == ["forky", "sid"]


def test_newest_or_nothing(apt: Apt) -> None:
    """With VDMA_NEWEST nothing but the newest version is fetched."""
    lose(apt, "prog 2")
    assert not apt.run("fetch", "prog", "libc", VDMA_NEWEST="1")
    assert "the mirror lacks prog 2" in apt.said and "the newest that it lists" in apt.said


def test_newest_of_another_suite(apt: Apt, run: Path) -> None:
    """Another suite's newest version counts only if the first suite lists none."""
    newest = {"VDMA_NEWEST": "1", "VDMA_TROUBLE": str(run / "trouble")}
    assert not apt.run("only", "prog=9", **newest)
    assert "cannot fetch prog (ppc64el): Debian 13 lacks it" in apt.said
    assert apt.run("only", "prog", suite="sid", **newest) == ["prog 3+sid"]
    lose(apt, "prog 2")
    assert not apt.run("newest", "prog", **newest)
    assert not apt.run("newest", "prog", suite="sid", **newest)
    assert "the mirror lacks prog 2, the newest that it lists" in apt.said


def test_half_of_a_file(apt: Apt) -> None:
    """Half a file, or one with wrong content, is fetched again."""
    archives = apt.cache / f"apt/trixie-{ARCH}/archives"
    archives.mkdir(parents=True)
    right = content("prog", "2")
    (archives / f"prog_2_{ARCH}.deb").write_bytes(right[: len(right) // 2])
    (archives / f"libc_20_{ARCH}.deb").write_bytes(content("libc", "20")[::-1])
    assert apt.run("fetch", "prog", "libc") == ["libc 20", "prog 2"]


def test_nothing_named(apt: Apt) -> None:
    """A call without a package fails."""
    for verb in ("fetch", "only", "newest"):
        assert not apt.run(verb)
        assert f"{verb}: missing PACKAGE" in apt.said


def test_newest_by_new_lists(apt: Apt) -> None:
    """VDMA_NEWEST accepts lists newer than the given time, and fetches others once."""
    assert apt.run("fetch", "prog") == ["prog 2"]
    apt.mirror.publish("trixie", ["prog 2.1"])
    assert apt.run("fetch", "prog", VDMA_NEWEST="1") == ["prog 2"]
    now = str(time.time())
    assert apt.run("fetch", "prog", VDMA_NEWEST=now) == ["prog 2.1"]
    assert apt.run("fetch", "prog", VDMA_NEWEST=now) == ["prog 2.1"]
    assert apt.lists() == 0


def test_newest_is_not_known_without_the_mirror(apt: Apt) -> None:
    """Without the mirror nothing is called the newest, whatever lists there are."""
    assert apt.run("fetch", "prog") == ["prog 2"]
    apt.age()
    assert apt.run("fetch", "prog", VDMA_NEWEST="1", **apt.away) == ["prog 2"]
    for _ in range(2):
        assert not apt.run("fetch", "prog", VDMA_NEWEST=str(time.time()), **apt.away)
        assert "cannot fetch the lists of Debian 13, ppc64el: Failed to fetch" in apt.said


def test_mirror_away(apt: Apt) -> None:
    """A mirror that is away is asked once, and the cache is used."""
    assert not apt.run("fetch", "prog", **apt.away)
    assert "cannot fetch the lists of Debian 13, ppc64el: Failed to fetch" in apt.said
    assert apt.lists() == 1
    assert apt.run("fetch", "prog=1") == ["prog 1"]
    apt.age()
    assert apt.run("fetch", "prog", **apt.away) == ["prog 1"]
    assert "using the old ones" in apt.said
    apt.age()
    assert not apt.run("fetch", "libc", **apt.away)
    assert apt.said.splitlines()[-1].startswith("mk/apt: cannot fetch libc (ppc64el): cannot fetch")
    assert apt.lists() == apt.said.count("  FETCH ") == 1 and "trying the set" not in apt.said


@pytest.mark.extended
def test_suite_that_the_mirror_has_not(apt: Apt) -> None:
    """If the mirror lacks one suite, the next release is tried."""
    shutil.rmtree(apt.mirror.root / "dists/forky")
    lose(apt, "prog 1", "prog 2")
    assert apt.run("fetch", "prog") == ["prog 3+sid"]


def test_calls_of_one_build(apt: Apt, run: Path) -> None:
    """Once one call of a build finds the mirror away, the others do not ask."""
    trouble = {"VDMA_TROUBLE": str(run / "trouble")}
    assert not apt.run("fetch", "prog", **trouble, **apt.away)
    assert not apt.run("fetch", "prog", **trouble)
    assert apt.lists() == 0
    assert (run / "trouble").read_text() in apt.said.replace("; log: ", "\n")


@pytest.mark.extended
def test_full_disk(apt: Apt) -> None:
    """A full disk is reported, and nothing else is tried."""
    apt.mirror.publish("trixie", ["big 1", "big 2"])
    apt.cache.mkdir()
    script = f"""
        mount -t tmpfs -o size=8m tmpfs "$VDMA_CACHE"
        mk/apt trixie {ARCH} update
        free=$(df --output=avail -k "$VDMA_CACHE" | tail -n 1)
        head -c $((free - 512))K /dev/zero >"$VDMA_CACHE/fill"
        mk/apt trixie {ARCH} fetch big"""
    done = subprocess.run(
        ["unshare", "--map-root-user", "--mount", "sh", "-ec", script],
        cwd=TOP, env=apt.env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"the disk that holds {apt.cache} is full" in done.stderr.splitlines()[-1], done.stderr
    assert "older" not in done.stderr and "trying" not in done.stderr
