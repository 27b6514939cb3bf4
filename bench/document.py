# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.json: what a session has measured, all of it. bench/schema.json and
docs/benchmarking.md say what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

VERSION = 1

Json = dict[str, Any]


class BadDocument(Exception):
    """Not a bench.json that this program reads."""


@dataclass
class Document:
    """One session. The lists have an object for each row, sample or count."""

    started: str
    profile: str
    seed: int
    environment: Json
    seconds: float = 0.0
    complete: bool = False
    configurations: list[Json] = field(default_factory=list)
    workloads: list[Json] = field(default_factory=list)
    samples: list[Json] = field(default_factory=list)
    counts: list[Json] = field(default_factory=list)
    setup: list[Json] = field(default_factory=list)
    bare_metal: list[Json] = field(default_factory=list)
    missing: list[Json] = field(default_factory=list)
    bars: list[Json] = field(default_factory=list)

    def miss(self, what: str, why: str) -> None:
        """Something that was to be there is not."""
        entry = {"what": what, "why": why}
        if entry not in self.missing:
            self.missing.append(entry)

    def values(self, configuration: str, workload: str, key: str = "value") -> dict[int, float]:
        """One figure of a cell's samples, by round. "cpu_per_io" is made of two."""
        found = {}
        for sample in self.samples:
            if (sample["configuration"], sample["workload"]) == (configuration, workload):
                value = sample["cpu"] / sample["ios"] if key == "cpu_per_io" else sample[key]
                found[sample["round"]] = float(value)
        return found

    def counted(self, configuration: str, workload: str, key: str) -> list[float]:
        """What was counted in a cell, for each I/O: a figure for each pass."""
        return [
            entry[key] / entry["ios"]
            for entry in self.counts
            if (entry["configuration"], entry["workload"]) == (configuration, workload)
        ]

    def ran(self) -> list[str]:
        """Names of configurations that have run."""
        return [row["name"] for row in self.configurations if row["ran"]]

    def write(self, file: Path) -> None:
        """Write it whole or not at all."""
        text = json.dumps({"version": VERSION, **vars(self)}, indent=1) + "\n"
        half = file.with_suffix(".new")
        half.write_text(text, encoding="utf-8")
        half.rename(file)


def read(file: Path) -> Document:
    """A file that write() has written; else BadDocument with a line."""
    try:
        loaded = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadDocument(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise BadDocument(f"{file}: not JSON: {error}") from error
    if not isinstance(loaded, Mapping) or "version" not in loaded:
        raise BadDocument(f"{file}: not a bench.json")
    content = dict(loaded)
    version = content.pop("version")
    if version != VERSION:
        raise BadDocument(f"{file}: version {version}; this program reads {VERSION}")
    try:
        return Document(**content)
    except TypeError as error:
        raise BadDocument(f"{file}: not a whole bench.json") from error
