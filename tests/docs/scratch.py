# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of the tree, for commands that a reader types in a tree of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.docs import blocks
from tests.lib.build.parts import BUILD, TOP, part

TESTING = TOP / "docs/testing.md"


def _ignored(folder: str, names: list[str]) -> list[str]:
    """What was built, and what no user sees."""
    top = Path(folder) == TOP
    return [n for n in names if n == "__pycache__" or top and (n == "build" or n[0] == ".")]


@contextmanager
def scratch(built: bool = True) -> Iterator[Path]:
    """A copy of the tree, which shares what was BUILT or builds its own."""
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "vdma"
        shutil.copytree(TOP, tree, symlinks=True, ignore=_ignored)
        if built:
            (tree / "build").symlink_to(BUILD)
        yield tree


def environment(tree: Path) -> dict[str, str]:
    """Of a user who has installed vdmactl, and builds modules for our kernel."""
    keep = {k: v for k, v in os.environ.items() if not k.startswith("VDMA_")}
    return keep | {
        "PATH": f"{BUILD}/tools:/usr/sbin:/usr/bin:/sbin:/bin",
        "VDMA_CACHE": os.environ.get("VDMA_CACHE", f"{Path.home()}/.cache/vdma"),
        "DESTDIR": str(tree / "root"),
        "INSTALL_MOD_PATH": str(tree / "root"),
        "KDIR": f"{part('headers-6.12')}/build",
    }


def run_in(tree: Path, *command: str) -> tuple[int, str]:
    """Status and output of a command in a copy of the tree."""
    done = subprocess.run(
        command,
        cwd=tree,
        env=environment(tree),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def add_examples(tree: Path) -> None:
    """Put the tests that docs/testing.md teaches to write where it says."""
    linux = tree / "tests/linux/test_example.py"
    linux.write_text(
        blocks.example(TESTING, "python", "# tests/linux/test_example.py")
        + blocks.example(TESTING, "python", "SCRIPT")
    )
    program = tree / "guest/baremetal/test_sums.c"
    program.write_text(blocks.example(TESTING, "c", "// SPDX"))
    sources = tree / "mk/sources.mk"
    text = sources.read_text(encoding="utf-8")
    tests = "guest/baremetal/test_,"
    assert text.count(tests) == 1
    sources.write_text(text.replace(tests, f"{tests}sums.c "), encoding="utf-8")
    with (tree / "tests/guest/tests.toml").open("a", encoding="utf-8") as rows:
        rows.write(blocks.example(TESTING, "toml", "[[test]]"))
