# SPDX-License-Identifier: GPL-2.0-or-later
"""Recipes of mk/parts choose from the packages of a mirror, for which a stub of mk/apt
stands; packages are empty."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.host.stubtree import StubTree

# A release of the kernel is in the lists until it has been asked for and is not there.
APT = """
top=$(dirname "$0")/..
case "$3 $4 $5" in
"cache pkgnames linux-image-"*) cat "$top/listed" ;;
"cache depends "*) echo "  Depends: linux-kbuild-6.12" ;;
"newest "*"+gone"*) echo linux-image-6.12.8+here-powerpc64le >"$top/listed"; exit 1 ;;
"newest "*) for name in "${@:4}"; do echo "/${name}_$(cat "$top/version-$2")_$2.deb"; done ;;
"fetch libc6 "*) [[ -z ${VDMA_NEWEST:-} ]] && echo /libc6_2.41_amd64.deb ;;
"version qemu-system-ppc ") echo 1:11.1.2 ;;
"get -s "*) [[ ! -e $top/broken ]] && echo "Inst qemu-system-ppc (1:11.1.2)" ;;
"only "*) (($# > 3)) || echo; printf '/%s.deb\\n' "${@:4}" ;;
esac
"""
RUN = """
. mk/lib.bash
. mk/rows.bash
. mk/part-build.bash
ROW=$1
mkdir -p out/out work
OUT=$PWD/out/out
. mk/parts/$2@.sh
cd work
eval "$3"
"""
HERE = "6.12.8+here-powerpc64le"


@pytest.fixture(name="tree")
def _tree(run: Path) -> StubTree:
    tree = StubTree(run)
    tree.stub("mk/apt", APT)
    (tree.top / "listed").write_text(f"linux-image-{HERE}\n")
    for arch in ("ppc64el", "amd64"):
        (tree.top / f"version-{arch}").write_text("6.12.8-1\n")
    return tree


def recipe(tree: StubTree, *words: str, **env: str) -> tuple[int, str]:
    """Status and output of a function of a recipe: ROW KIND FUNCTION."""
    done = tree.run("bash", "-euo", "pipefail", "-c", RUN, "recipe", *words, **env)
    return done.returncode, done.stdout


def reason(tree: StubTree) -> str:
    """Why a recipe has ended."""
    return (tree.top / "out/reason").read_text()


def test_releases_that_newer_lists_have(tree: StubTree) -> None:
    """A release that only newer lists have is tried in the same build."""
    (tree.top / "listed").write_text("linux-image-6.12.9+gone-powerpc64le\n")
    status, said = recipe(tree, "6.12", "kernel", "find_release; echo $release")
    assert status == 0 and said.splitlines()[-1] == HERE
    assert said.count("SKIP    linux 6.12.9+gone") == 1


def test_parts_of_a_kernel_are_of_one_version(tree: StubTree) -> None:
    """A kernel whose parts differ in version is not used."""
    (tree.top / "version-amd64").write_text("6.12.9-1\n")
    assert recipe(tree, "6.12", "kernel", "find_release")[0] == 1
    assert reason(tree) == "the mirror has no complete 6.12 kernel (powerpc64le) for ppc64el\n"


def test_helpers_need_not_be_the_newest(tree: StubTree) -> None:
    """The C library of the build tools need not be the newest."""
    status, said = recipe(tree, "6.12", "kernel", "find_release; tail -n 1 headers", VDMA_NEWEST="1")
    assert (status, said) == (0, "/libc6_2.41_amd64.deb\n")


def test_what_qemu_needs_is_known(tree: StubTree) -> None:
    """A QEMU whose dependencies are unknown is not complete."""
    script = 'fetch_all; echo "$debs"'
    assert recipe(tree, "stock-11.1", "qemu", script) == (0, "/qemu-system-ppc.deb\n")
    (tree.top / "broken").touch()
    assert recipe(tree, "stock-11.1", "qemu", script)[0] == 1
    assert reason(tree).startswith("the mirror has no complete QEMU 11.1 for ")
