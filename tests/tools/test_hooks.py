# SPDX-License-Identifier: GPL-2.0-or-later
"""The hooks into QEMU as a series: fixes of QEMU first, which need none of our files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

HOOKS = sorted((TOP / "hypervisor/qemu/hooks").glob("*.patch"))
FIXES = [path for path in HOOKS if "-fix-" in path.name]
OURS = re.compile(r"vdma|dma_guard|spapr_uv", re.IGNORECASE)


def ids(paths: list[Path]) -> list[str]:
    """Names for pytest."""
    return [path.stem for path in paths]


def parts_of(path: Path) -> tuple[str, list[str]]:
    """Its message, and the lines that it adds."""
    message, _, diff = path.read_text(encoding="utf-8").partition("\n---\n")
    return message, re.findall(r"^\+(?!\+\+ )(.*)$", diff, re.MULTILINE)


@pytest.mark.parametrize("path", HOOKS, ids=ids(HOOKS))
def test_message(path: Path) -> None:
    """A subject of one line, a reason, and whether it is upstream."""
    message, added = parts_of(path)
    headers, _, body = message.partition("\n\n")
    subject = re.search(r"^Subject: \[PATCH\] (\S+(?:, \S+)*: .*)$", headers, re.MULTILINE)
    assert subject and len(subject[1]) <= 72
    reason, _, trailer = body.partition("\n\nSPDX-License-Identifier: ")
    assert reason.strip() and added
    assert re.search(r"^Forwarded: (no$|not-needed, |https://)", trailer, re.MULTILINE)


@pytest.mark.parametrize("path", FIXES, ids=ids(FIXES))
def test_fix_stands_alone(path: Path) -> None:
    """It says what breaks without it, and needs none of our files."""
    message, added = parts_of(path)
    assert "\n\nWithout this, " in message
    assert [line for line in added if OURS.search(line)] == []


def test_fixes_come_first() -> None:
    """So that they apply to QEMU as it is; and what comes after them calls our files."""
    assert HOOKS[: len(FIXES)] == FIXES
    for path in HOOKS[len(FIXES) :]:
        message, added = parts_of(path)
        assert "Forwarded: not-needed, it calls hw/vdma" in message
