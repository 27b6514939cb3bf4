# SPDX-License-Identifier: GPL-2.0-or-later
"""The table of docs/secure-vm.md: what stock kernels do with private pages.

python3 -m tests.secure.stock_table compares it with the results of the last runs of the
matrix in build/secure, or with --write rewrites it from them; a row that has not run
stays as it is."""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from tests.lib.build.parts import BUILD, TOP
from tests.lib.guest.linux import Result
from tests.lib.guest.secure import Violation
from tests.lib.host.doc_table import asked_to_write, head, row, stays, update
from tests.secure.matrix import DEVICES, MatrixCase, cases

Cells = dict[str, str]

PAGE = TOP / "docs/secure-vm.md"
MARK = "<!-- table: stock -->\n"
RIGHT = "right"


def cells(
    case: MatrixCase, result: Result, failed: list[str], seen: Iterable[Violation]
) -> Cells:
    """A word or two for each device: its I/O, and its accesses to private pages."""
    ways: dict[str, set[str]] = defaultdict(set)
    for violation in seen:
        ways[violation.device].add(violation.direction)
    rows = {row.device: row for row in result.rows}
    found = {}
    for device in case.devices():
        row = rows[device.address]
        if row.driver != device.driver:
            found[device.name] = "no driver"
        elif device.name in failed or not row.io.startswith("ok"):
            found[device.name] = "wrong"
        else:
            found[device.name] = RIGHT
        if ways[device.name]:
            found[device.name] += f", {' '.join(sorted(ways[device.name]))}"
    return found


def _file(case: MatrixCase) -> Path:
    return BUILD / "secure" / f"{case.name()}.json"


def save(case: MatrixCase, found: Cells, seen: Iterable[Violation]) -> None:
    """Save the cells of a run, and the pages that each device touched."""
    pages: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for violation in seen:
        pages[violation.device][f"{violation.page():#x} {violation.direction}"] += 1
    file = _file(case)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"cells": found, "pages": pages}, indent=1) + "\n")


def _key(case: MatrixCase) -> tuple[str, ...]:
    cpus = f"{case.cpus} CPU" + "s" * (case.cpus > 1)
    swiotlb = "force" if case.swiotlb else ""
    return (case.kernel, "yes" if case.f else "no", swiotlb, cpus)


HEAD = ("kernel", "F", "swiotlb", "CPUs", *DEVICES)


def committed(case: MatrixCase) -> Cells:
    """The cells that the page has."""
    for line in PAGE.read_text(encoding="utf-8").partition(MARK)[2].splitlines():
        fields = [field.strip() for field in line.strip("|").split("|")]
        if tuple(fields[:4]) == _key(case):
            return dict(zip(DEVICES, fields[4:]))
    return {}


def main() -> int:
    """Compare, or write."""
    write = asked_to_write(__doc__)
    lines = head(HEAD)
    for case in cases():
        if case.module:
            continue
        if _file(case).exists():
            found = json.loads(_file(case).read_text())["cells"]
        elif not (found := committed(case)):
            stays(PAGE, f"{case.name()} has not run")
            return 1
        lines += row((*_key(case), *found.values()))
    page = PAGE.read_text(encoding="utf-8")
    before, mark, after = page.partition(MARK)
    # the old table, if there is one, goes to the next empty line
    rest = after if after.startswith("\n") else after[after.index("\n\n") + 1 :]
    return update(PAGE, before + mark + lines + rest, write)


if __name__ == "__main__":
    sys.exit(main())
