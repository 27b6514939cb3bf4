# SPDX-License-Identifier: GPL-2.0-or-later
"""Ctrl-C ends scripts that run several programs, even if the running program handles it
and ends by itself, as pytest does."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.lib.host.stubtree import StubTree

# Ends with a status of its own, as a program that tidies up after Ctrl-C.
TIDY = "trap 'exit 2' INT\nsleep 3\n"
INTERRUPTED = 130


@pytest.mark.parametrize(
    "meets, command",
    [
        ("bin/python", ["mk/check-matrix", "bin/python"]),
        ("mk/part", ["mk/check-drift"]),
        ("bin/first", ["mk/unit-run", "bin/first", "bin/first"]),
    ],
)
def test_ctrl_c_ends_it(run: Path, meets: str, command: list[str]) -> None:
    """After Ctrl-C a script starts no other program."""
    tree = StubTree(run)
    tree.stub("mk/module-strict")
    tree.stub("mk/part", 'printf "/%s\\n" "$@"')
    tree.stub(meets, TIDY)
    assert tree.interrupted(meets, *command) == INTERRUPTED
    assert len(tree.calls(meets)) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="mk/check-hosts needs root")
def test_ctrl_c_ends_check_hosts(run: Path) -> None:
    """After Ctrl-C mk/check-hosts starts no other program; the systems are empty folders."""
    tree = StubTree(run)
    for name in ("debootstrap", "git"):
        tree.stub(f"bin/{name}")
    tree.stub("bin/unshare", TIDY)
    path = f"{tree.top}/bin:{os.environ['PATH']}"
    assert tree.interrupted("bin/unshare", "mk/check-hosts", PATH=path) == INTERRUPTED
    assert len(tree.calls("bin/unshare")) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="mk/setup would ask for a password")
def test_ctrl_c_ends_setup(run: Path) -> None:
    """After Ctrl-C mk/setup and its progress line end; no package is installed."""
    tree = StubTree(run)
    tree.stub("bin/dpkg-query")
    tree.stub("bin/apt-get", TIDY)
    path = f"{tree.top}/bin:{os.environ['PATH']}"
    assert tree.interrupted("bin/apt-get", "mk/setup", "boot", PATH=path) == INTERRUPTED
    assert len(tree.calls("bin/apt-get")) == 1
