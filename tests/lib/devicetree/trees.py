# SPDX-License-Identifier: GPL-2.0-or-later
"""Device trees of tests/data, and what vdmactl must report of them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.lib.build.parts import TOP

DATA = TOP / "tests/data"


def compile_tree(source: Path, folder: Path) -> Path:
    """Compile a device tree. dtc's warnings are off: it warns of intended errors."""
    blob = folder / source.with_suffix(".dtb").name
    command = ["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, source]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return blob


@dataclass(frozen=True)
class Function:
    """What vdmactl must report of one function: a line of a case."""

    where: str
    driver: str
    f: str
    tag: str
    row: int
    mode: str
    reason: str
    passed_over: tuple[str, ...] = ()

    def reasons(self) -> set[str]:
        """All reasons that appear in it."""
        return {self.reason, *(item.partition(":")[2] for item in self.passed_over)}


@dataclass
class ExplainCase:
    """A tree, vdmactl's arguments, and what it must report."""

    name: str
    tree: Path
    status: int
    args: tuple[str, ...]
    functions: list[Function] = field(default_factory=list)


def cases(file: Path) -> Iterator[ExplainCase]:
    """Reads a .cases file; its head says what a line is."""
    case = None
    for line in file.read_text(encoding="ascii").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if not line.startswith("\t"):
            if case:
                yield case
            name, tree, status, *args = words
            case = ExplainCase(name, file.parent / tree, int(status), tuple(args))
            continue
        assert case, f"{file}: a function without a case: {line}"
        where, driver, f, tag, row, mode, reason, *passed_over = words
        case.functions.append(
            Function(where, driver, f, tag, int(row), mode, reason, tuple(passed_over))
        )
    if case:
        yield case
