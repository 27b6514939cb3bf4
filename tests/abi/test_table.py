# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/abi/policy.md says what the tests check: its tables are made of their data."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

PAGE = (TOP / "docs/abi/policy.md").read_text(encoding="utf-8")
TABLES = re.findall(r"^<!-- table: (\w+) -->$", PAGE, re.MULTILINE)


@pytest.fixture(name="generator")
def _generator(run: Path) -> Path:
    binary = run / "policy_doc"
    command = ["gcc", "-Wall", "-Wextra", "-Werror", f"-I{TOP}/include", "-o", binary]
    subprocess.run([*command, TOP / "tests/unit/policy_doc.c"], check=True)
    return binary


def write(generator: Path, page: str) -> subprocess.CompletedProcess[str]:
    """The page, generated."""
    return subprocess.run(
        [generator], input=page, capture_output=True, text=True, check=False
    )


def test_page_is_up_to_date(generator: Path) -> None:
    """The tables of policy.md match the tests' data; if not, run `make docs`."""
    done = write(generator, PAGE)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == PAGE


def test_what_is_wrong_is_noticed(generator: Path) -> None:
    """A changed, a missing and an extra line of each table are corrected."""
    assert len(TABLES) == 5
    for name in TABLES:
        mark = f"<!-- table: {name} -->\n"
        start = PAGE.index(mark) + len(mark)
        lines = PAGE[start : PAGE.index("\n\n", start) + 1].splitlines(keepends=True)
        changed = "".join(lines[:-1]) + lines[-1].replace("`", "'", 1)
        for wrong in ("", changed, "".join(lines[1:]), "".join([*lines, lines[-1]])):
            page = PAGE.replace("".join(lines), wrong)
            assert page != PAGE
            assert write(generator, page).stdout == PAGE


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("table: rows", "table: lines", "there is no such table: lines"),
        ("table: rows", "table: bypass", "the page has this table twice: bypass"),
        ("<!-- table: rows", "<!-- rows", "the page has no place for the table: rows"),
    ],
)
def test_page_without_room(generator: Path, old: str, new: str, says: str) -> None:
    """An unknown, a duplicate and a missing table each end with status 1 and a line."""
    done = write(generator, PAGE.replace(old, new))
    assert (done.returncode, done.stderr) == (1, f"policy_doc: {says}\n")
