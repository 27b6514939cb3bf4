# SPDX-License-Identifier: GPL-2.0-or-later
"""Tables in docs/ that are generated from test results. Tests compare, only `make docs`
writes."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

WRITE = "--write"


def asked_to_write(description: str | None) -> bool:
    """The command line of a program that makes a table."""
    parser = argparse.ArgumentParser(description=(description or "").partition("\n")[0])
    parser.add_argument(WRITE, action="store_true", help="into the page, as make docs does")
    return bool(parser.parse_args().write)


def row(fields: Iterable[str]) -> str:
    """A line of a table."""
    return "| " + " | ".join(fields) + " |\n"


def head(fields: Sequence[str]) -> str:
    """The first two lines of a table."""
    return row(fields) + "|---" * len(fields) + "|\n"


def stays(page: Path, why: str) -> None:
    """Say why a page is not compared."""
    print(f"{page.name}: stays as it is: {why}", file=sys.stderr)


def update(page: Path, text: str, write: bool) -> int:
    """Write TEXT into a page, if WRITE; else compare, and print lines that it lacks. The
    exit status."""
    lines = page.read_text(encoding="utf-8").splitlines()
    if text.splitlines() == lines:
        return 0
    if write:
        page.write_text(text, encoding="utf-8")
        print(f"  {'DOC':7} {page}")
        return 0
    for line in text.splitlines():
        if line not in lines:
            print(f"{page.name}: not in it: {line}", file=sys.stderr)
    print(f"{page.name}: not what was seen; make docs brings it up to date", file=sys.stderr)
    return 1
