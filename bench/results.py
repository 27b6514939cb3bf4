# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.json: all that a session has measured. bench/schema.json and
docs/benchmarking.md say what it means."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lib.build.parts import TOP
from tests.lib.machine.versions import Versions

# Version 1 called the criteria bars.
VERSION = 2
SCHEMA = TOP / "bench/schema.json"

Json = dict[str, Any]


class BadResults(Exception):
    """Not a bench.json that this program reads."""


@dataclass
class Results:
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
    criteria: list[Json] = field(default_factory=list)

    def miss(self, what: str, why: str) -> None:
        """Note that a part of the session is missing, and why."""
        entry = {"what": what, "why": why}
        if entry not in self.missing:
            self.missing.append(entry)

    def booted(self, versions: Versions) -> None:
        """A guest was booted with these. Kernels differ between guests, and their modules."""
        noted: Versions = self.environment.setdefault("versions", {})
        one = dict(versions)
        kernel, module = one.pop("kernel"), one.pop("module", {"build_id": "none"})
        noted[f"kernel {kernel['row']}"] = {**kernel, "module_build_id": module["build_id"]}
        noted.update(one)
        kernels = [f"{k['version']} ({k['row']})" for name, k in noted.items() if " " in name]
        self.environment["kernel"] = ", ".join(kernels)

    def shared(self, configuration: str, nbytes: int) -> None:
        """A configuration's devices are bounced through so many bytes."""
        self.row(configuration)["shared_bytes"] = nbytes

    def names(self) -> list[str]:
        """Of configurations that were asked for."""
        return [row["name"] for row in self.configurations]

    def row(self, configuration: str) -> Json:
        """The entry of a configuration, or {}."""
        found = [row for row in self.configurations if row["name"] == configuration]
        return found[0] if found else {}

    def base(self, configuration: str) -> str:
        """What a configuration is compared with."""
        return str(self.row(configuration)["base"])

    def smp(self, configuration: str) -> int:
        """How many CPUs its guest has."""
        return int(self.row(configuration)["smp"])

    def values(self, configuration: str, workload: str, key: str = "value") -> dict[int, float]:
        """One value of a cell's samples, by round; "cpu_per_io" is derived."""
        found = {}
        for sample in self.samples:
            if (sample["configuration"], sample["workload"]) == (configuration, workload):
                value = sample["cpu"] / sample["ios"] if key == "cpu_per_io" else sample[key]
                found[sample["round"]] = float(value)
        return found

    def counted(self, configuration: str, workload: str, key: str) -> list[float]:
        """Counts of a cell for each I/O, one for each pass that could count them."""
        entries = self.passes(configuration, workload)
        return [entry[key] / entry["ios"] for entry in entries if entry[key] is not None]

    def passes(self, configuration: str, workload: str) -> list[Json]:
        """All counts of a cell."""
        cell = (configuration, workload)
        return [e for e in self.counts if (e["configuration"], e["workload"]) == cell]

    def copies(self, configuration: str, workload: str) -> float | None:
        """Copies of each byte, None if they were not counted."""
        entries = self.passes(configuration, workload)
        copied = [entry["copied_bytes"] for entry in entries]
        nbytes = sum(entry["bytes"] for entry in entries)
        return sum(copied) / nbytes if nbytes and None not in copied else None

    def ran(self) -> list[str]:
        """Names of configurations that have run."""
        return [row["name"] for row in self.configurations if row["ran"]]

    def write(self, file: Path) -> None:
        """Write it whole or not at all."""
        text = json.dumps({"version": VERSION, **vars(self)}, indent=1) + "\n"
        half = file.with_suffix(".new")
        half.write_text(text, encoding="utf-8")
        half.rename(file)


def read(file: Path) -> Results:
    """A file that write() has written; else BadResults with a line."""
    try:
        loaded = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadResults(f"{file}: {error.strerror}") from error
    except ValueError as error:
        raise BadResults(f"{file}: not JSON: {error}") from error
    if not isinstance(loaded, Mapping) or "version" not in loaded:
        raise BadResults(f"{file}: not a bench.json")
    content = dict(loaded)
    version = content.pop("version")
    if version == 1:
        content["criteria"] = content.pop("bars", [])
    elif version != VERSION:
        raise BadResults(f"{file}: version {version}; this program reads {VERSION}")
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]
    try:
        for key, entries in content.items():
            for entry in entries if isinstance(entries, list) else ():
                if lacks := set(schema[key]["items"]["required"]) - set(entry):
                    raise LookupError(f"{key} without {min(lacks)}")
        return Results(**content)
    except (LookupError, TypeError) as error:
        raise BadResults(f"{file}: not a whole bench.json ({error.args[0]})") from error
