# SPDX-License-Identifier: GPL-2.0-or-later
"""Results side by side: lines that compare each file with the first, and their forms."""

from __future__ import annotations

import json
import string
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

CASES, COUNTS, SPEED = "cases", "counts", "speed"
KINDS = (COUNTS, SPEED, CASES)

DIFFERS = "DIFFERS"
NOTHING = "-"


@dataclass(frozen=True)
class Line:
    """A figure, or a case. VALUES has an entry for each file; CHANGES and SAYS for each
    but the first. BAD: a later one is worse than the first, or differs where it must not."""

    kind: str
    name: str
    values: tuple[str, ...]
    what: str = ""
    changes: tuple[str, ...] = ()
    says: tuple[str, ...] = ()
    bad: bool = False

    def differs(self) -> bool:
        """Does any file differ from the first?"""
        return any(said.startswith(DIFFERS) for said in self.says)

    def cells(self) -> list[str]:
        """Of a table. What all files say alike is said once."""
        says = self.says if len(set(self.says)) > 1 else self.says[:1]
        figures = f"{' -> '.join(self.values)} {self.what}".rstrip()
        return [self.name, figures, ", ".join(filter(None, self.changes)), ", ".join(says)]


@dataclass
class Comparison:
    """TITLES has a line for each file, ENVIRONMENT those for what else differs. MATTERS:
    the files have anything in common."""

    titles: list[str]
    environment: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    matters: bool = True
    summary: str = ""

    def bad(self, kinds: Sequence[str]) -> bool:
        """Is any line of these kinds?"""
        return any(line.bad for line in self.lines if line.kind in kinds)

    def _heads(self) -> list[str]:
        return [f"{label}: {title}" for label, title in zip(labels(self.titles), self.titles)]

    def text(self) -> str:
        """For a terminal."""
        out = [*self._heads(), *self.environment, ""]
        if self.lines:
            out += [aligned([line.cells() for line in self.lines]), ""]
        return "\n".join([*out, self.summary])

    def markdown(self) -> str:
        """For a page."""
        out = [f"* {line}" for line in (*self._heads(), *self.environment)]
        if self.lines:
            out += [
                "",
                _row(["", *labels(self.titles), "", "change", ""]),
                "|---" * (len(self.titles) + 4) + "|",
            ]
        for line in self.lines:
            name, _, change, says = line.cells()
            out.append(_row([name, *line.values, line.what, change, says]))
        return "\n".join([*out, "", self.summary])

    def json(self) -> str:
        """For programs."""
        content: Mapping[str, object] = {"version": 1, **asdict(self)}
        return json.dumps(content, indent=1)


def labels(files: Sequence[object]) -> list[str]:
    """A, B, C, …"""
    letters = string.ascii_uppercase
    return [letters[n] if n < len(letters) else str(n + 1) for n in range(len(files))]


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Lines with aligned cells."""
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in lines
    )


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def changed(sides: Sequence[Mapping[str, object]]) -> list[str]:
    """A line for each fact that is not the same on all sides."""
    found = []
    for key in sorted(set().union(*sides)):
        values = [str(side.get(key, NOTHING)) for side in sides]
        if len(set(values)) > 1:
            found.append(f"{key}: {' -> '.join(values)}")
    return found
