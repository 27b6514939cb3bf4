# SPDX-License-Identifier: GPL-2.0-or-later
"""What stock kernels get wrong in secure VMs: stock.json, a baseline of vdma-run's, with
what each device did in each case of the matrix, and the table of docs/secure-vm.md, which
`make docs` makes of it.

python3 -m tests.secure.stock compares the page with the baseline, or with --write rewrites
it; with --update it puts into the baseline what the last runs of the matrix have seen, as
`make secure-table` does. A case that has not run stays as it is."""

from __future__ import annotations

import argparse
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.lib.build import rows
from tests.lib.build.parts import BUILD, TOP
from tests.lib.guest.linux import Result
from tests.lib.guest.secure import Violation
from tests.lib.host.doc_table import WRITE, head, row, stays, update
from tests.secure.matrix import DEVICES, MatrixCase, cases
from vdma_run import baseline
from vdma_run.baseline import FIXED, NEW, Baseline
from vdma_run.results import FAILED, PASSED, Case, Results, write

Cells = dict[str, str]

FILE = TOP / "tests/secure/stock.json"
SEEN = BUILD / "secure"
PAGE = TOP / "docs/secure-vm.md"
MARK = "<!-- table: stock -->\n"
RIGHT = "right"
HEAD = ("kernel", "F", "swiotlb", "CPUs", *DEVICES)


def cells(case: MatrixCase, result: Result, failed: list[str], seen: Iterable[Violation]) -> Cells:
    """A word or two for each device: its I/O, and its accesses to private pages."""
    ways: dict[str, set[str]] = defaultdict(set)
    for violation in seen:
        ways[violation.device].add(violation.direction)
    rows_of = {row.device: row for row in result.rows}
    found = {}
    for device in case.devices():
        line = rows_of[device.address]
        if line.driver != device.driver:
            found[device.name] = "no driver"
        elif device.name in failed or not line.io.startswith("ok"):
            found[device.name] = "wrong"
        else:
            found[device.name] = RIGHT
        if ways[device.name]:
            found[device.name] += f", {' '.join(sorted(ways[device.name]))}"
    return found


def known() -> Baseline:
    """The committed baseline. A device that gets it wrong in another way is new."""
    return baseline.read(FILE, exact=True)


def results(case: MatrixCase, found: Cells, kernel: Mapping[str, str]) -> Results:
    """Each device as a case; KERNEL has what the kernel booted is called."""
    facts = {f"kernel.{key}": value for key, value in kernel.items()}
    there = Results()
    for device, cell in found.items():
        outcome = PASSED if cell == RIGHT else FAILED
        there.add(Case(f"{case.name()}/{device}", outcome, message=cell, properties=facts))
    return there


def verdicts(case: MatrixCase, found: Cells, kernel: Mapping[str, str]) -> dict[str, list[str]]:
    """Lines for people, of new and of fixed cases."""
    there = results(case, found, kernel)
    judged = known().judge(there)
    return {
        wanted: [
            f"{n}: {there.cases[n].message}" for n, verdict in judged.items() if verdict == wanted
        ]
        for wanted in (NEW, FIXED)
    }


def save(
    case: MatrixCase, found: Cells, seen: Iterable[Violation], kernel: Mapping[str, str]
) -> None:
    """Save the cells of a run, and the pages that each device touched."""
    pages: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for violation in seen:
        pages[violation.device][f"{violation.page():#x} {violation.direction}"] += 1
    content = {"kernel": kernel, "cells": found, "pages": pages}
    SEEN.mkdir(parents=True, exist_ok=True)
    (SEEN / f"{case.name()}.json").write_text(json.dumps(content, indent=1) + "\n")


def updated(there: Baseline, seen: Path) -> Baseline:
    """A baseline with what the last runs, whose files are in SEEN, have shown."""
    for case in cases():
        file = seen / f"{case.name()}.json"
        if not case.module and file.exists():
            content = json.loads(file.read_text(encoding="utf-8"))
            there.update(results(case, content["cells"], content["kernel"]))
    return there


def _line(case: MatrixCase, there: Baseline) -> str:
    kernel = rows.secure(case.kernel)
    cpus = f"{case.cpus} CPU" + "s" * (case.cpus > 1)
    swiotlb = "force" if case.swiotlb else ""
    found = [there.reason(f"{case.name()}/{device}", [kernel]) or RIGHT for device in DEVICES]
    return row((case.kernel, "yes" if case.f else "no", swiotlb, cpus, *found))


def page(text: str, there: Baseline) -> str:
    """The text of the page, with the table that a baseline makes."""
    stock = [case for case in cases() if not case.module]
    for case in stock:
        # all right would be said of a kernel that nobody has tried
        if rows.secure(case.kernel) not in [entry.kernel for entry in there.entries]:
            raise ValueError(f"{FILE.name} has no {rows.secure(case.kernel)} (make secure-table)")
    before, mark, after = text.partition(MARK)
    # the old table, if there is one, goes to the next empty line
    rest = after if after.startswith("\n") else after[after.index("\n\n") + 1 :]
    return before + mark + head(HEAD) + "".join(_line(case, there) for case in stock) + rest


def main() -> int:
    """Compare, write, or update."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(WRITE, action="store_true", help="into the page, as make docs does")
    parser.add_argument("--update", action="store_true", help="the baseline, from build/secure")
    options = parser.parse_args()
    if options.update:
        write(FILE, updated(known(), SEEN).text())
        print(f"  {'DATA':7} {FILE}")
        return 0
    try:
        text = page(PAGE.read_text(encoding="utf-8"), known())
    except ValueError as error:
        stays(PAGE, str(error))
        return 1
    return update(PAGE, text, options.write)


if __name__ == "__main__":
    sys.exit(main())
