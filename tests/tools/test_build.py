# SPDX-License-Identifier: GPL-2.0-or-later
"""mk/part's last line and status if a part is not built."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lib.host.stubtree import StubTree

UNJUDGED = 125


@pytest.fixture(name="tree")
def _tree(run: Path) -> StubTree:
    """A tree whose mk/apt fails."""
    tree = StubTree(run)
    tree.stub("mk/apt", "exit 1")
    return tree


def build(tree: StubTree, recipe: str) -> tuple[int, str]:
    """Status and reason."""
    (tree.top / "mk/parts/tiny.sh").write_text(
        f"part_disk_mib=1\n{recipe}\n", encoding="utf-8"
    )
    done = tree.run("mk/part", "tiny")
    line = done.stdout.splitlines()[-1].removeprefix("mk/part: cannot build part tiny: ")
    return done.returncode, line.partition("; log: ")[0]


FETCHES = 'part_build() { apt_debs trixie ppc64el prog; note_version 1; }'


def test_mirror_away(tree: StubTree) -> None:
    """If the mirror is away, that is the reason given."""
    away = "[[ ! -s $VDMA_TROUBLE ]] || exit 1; echo mirror away >$VDMA_TROUBLE; exit 1"
    tree.stub("mk/apt", away)
    assert build(tree, FETCHES) == (UNJUDGED, "mirror away")


def test_mirror_lacks_it(tree: StubTree) -> None:
    """If the mirror lacks a package, the reason names it."""
    assert build(tree, FETCHES) == (UNJUDGED, "cannot fetch prog")


def test_full_disk(tree: StubTree) -> None:
    """If the disk is full, that is the reason given, whatever the recipe says."""
    full = 'part_build() { note_version 1; echo 1 >/dev/full || part_fail "no such option"; }'
    assert build(tree, full) == (UNJUDGED, f"the disk that holds {tree.cache} is full")


def test_no_room_for_it(tree: StubTree) -> None:
    """A part that needs more room than there is fails before anything is fetched."""
    status, reason = build(tree, "part_disk_mib=999999999\n" + FETCHES)
    assert status == UNJUDGED and reason.startswith("it needs 999999999 MiB, ")
    assert not tree.calls("mk/apt")


def test_fetched_and_broken(tree: StubTree) -> None:
    """A recipe that fails counts as broken, whatever words its log has."""
    broken = "part_build() { note_version 1; echo the mirror lacks it, cannot fetch; false; }"
    assert build(tree, broken) == (1, "the mirror lacks it, cannot fetch")


def test_key_of_a_host(tree: StubTree) -> None:
    """A released Debian is known by its name, an unreleased one also by its C library."""
    recipe = "part_disk_mib=1\npart_build() { note_version 1; }\n"
    (tree.top / "mk/parts/busybox.sh").write_text(recipe, encoding="ascii")
    found = {}
    for release in ("VERSION_CODENAME=forky", "VERSION_CODENAME=forky\nVERSION_ID=14"):
        for library in ("glibc 2.43", "glibc 2.44"):
            (tree.top / "os-release").write_text(f"{release}\n", encoding="ascii")
            tree.stub("bin/getconf", f"echo {library}")
            done = tree.run(
                "unshare", "--map-root-user", "--mount", "sh", "-ec",
                "mount --bind os-release /etc/os-release; . /etc/os-release; exec mk/part busybox",
                PATH=f"{tree.top}/bin:{os.environ['PATH']}",
            )  # fmt: skip
            assert done.returncode == 0, done.stdout
            found[release, library] = done.stdout.splitlines()[-1]
    keys = list(found.values())
    assert len(set(keys[:2])) == 2 and len(set(keys)) == 3


@pytest.mark.parametrize(
    "have, text",
    [
        ("prog 1:2-1, more 9", ""),
        ("prog 1:2-1.1, more 1", ""),
        ("1:1.9-3 (of prog 3)", "; the mirror lists 1:2-1"),
    ],
)
def test_what_the_mirror_has_newer(tree: StubTree, have: str, text: str) -> None:
    """--versions lists newer versions only, and says if the mirror does not answer."""
    parts = tree.top / "mk/parts"
    for file in parts.iterdir():
        file.unlink()
    recipe = 'part_newest="apt_version trixie ppc64el prog"\npart_disk_mib=1\n'
    (parts / "tiny.sh").write_text(
        f"{recipe}part_build() {{ note_version '{have}'; }}\n", encoding="ascii"
    )
    tree.run("mk/part", "tiny")
    tree.stub("mk/apt", "echo 1:2-1")
    assert tree.run("mk/part", "--versions").stdout == f"{'tiny':20} {have}{text}\n"
    tree.stub("mk/apt", "exit 1")
    said = tree.run("mk/part", "--versions").stdout
    assert said == f"{'tiny':20} {have}; the mirror does not say what it has\n"
    assert tree.run("mk/part", "--here").stdout == f"{'tiny':20} {have}\n"
