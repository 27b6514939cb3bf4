# SPDX-License-Identifier: GPL-2.0-or-later
"""Baselines: which cases are known to fail, with which kernel and which QEMU.

    {"version": 1, "entries": [{"kernel": "6.12", "qemu": "*", "cases": {"ID": "REASON"}}]}

A kernel is named by its row, version, release or build-id, a QEMU likewise; "*" is any.
A failure without an entry is new, a failure with an entry is known, and a case with an
entry that passes is fixed. Only new failures are bad.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vdma_run.results import FAILED, PASSED, BadResults, Case, Results

NEW, KNOWN, FIXED = "new", "known", "fixed"
ANY = "*"
VERSION = 1

Names = frozenset[str]


@dataclass
class Entry:
    """What fails with one kernel and one QEMU: a reason for each case."""

    kernel: str = ANY
    qemu: str = ANY
    cases: dict[str, str] = field(default_factory=dict)

    def covers(self, kernels: Iterable[str], qemus: Iterable[str]) -> bool:
        """Is it about a kernel and a QEMU that have these names?"""
        return self.kernel in (ANY, *kernels) and self.qemu in (ANY, *qemus)


def names(part: str, case: Case, run: Mapping[str, str]) -> Names:
    """What the kernel or QEMU of a case is called: by what it booted, or else by what
    its run was asked for."""
    found = {
        word
        for key, value in case.properties.items()
        if key.startswith(f"{part}.")
        for word in value.split()
    }
    return frozenset(found or {run[part]} if part in run else found)


def key(part: str, case: Case, run: Mapping[str, str]) -> str:
    """The name by which an entry is written: a row's, or else a build-id."""
    row = case.properties.get(f"{part}.row", "")
    if row and "/" not in row and " " not in row:
        return row
    return case.properties.get(f"{part}.build_id") or run.get(part) or ANY


class Baseline:
    """A file of known failures. EXACT: a failure with another message is new. COMMENT:
    the file's, which an update keeps."""

    def __init__(
        self, entries: Iterable[Entry] = (), exact: bool = False, comment: str = ""
    ) -> None:
        self.entries = list(entries)
        self.exact = exact
        self.comment = comment

    def reason(self, case: str, kernels: Iterable[str], qemus: Iterable[str] = ()) -> str | None:
        """Why a case is known to fail; None if it is not."""
        kernels, qemus = tuple(kernels), tuple(qemus)
        for entry in self.entries:
            if case in entry.cases and entry.covers(kernels, qemus):
                return entry.cases[case]
        return None

    def judge(self, results: Results) -> dict[str, str]:
        """A verdict for each case that fails, or that was known to."""
        found = {}
        for case in results:
            reason = self.reason_of(case, results.properties)
            if case.outcome == FAILED:
                known = reason == case.message if self.exact else reason is not None
                found[case.id] = KNOWN if known else NEW
            elif case.outcome == PASSED and reason is not None:
                found[case.id] = FIXED
        return found

    def reason_of(self, case: Case, run: Mapping[str, str]) -> str | None:
        """Why a case of a run is known to fail."""
        return self.reason(case.id, names("kernel", case, run), names("qemu", case, run))

    def set(self, kernel: str, qemu: str, case: str, reason: str) -> None:
        """Know a case to fail, with these."""
        for entry in self.entries:
            if (entry.kernel, entry.qemu) == (kernel, qemu):
                entry.cases[case] = reason
                return
        self.entries.append(Entry(kernel, qemu, {case: reason}))

    def drop(self, kernels: Iterable[str], qemus: Iterable[str], case: str) -> None:
        """Know no more of it, with these."""
        kernels, qemus = tuple(kernels), tuple(qemus)
        for entry in self.entries:
            if entry.covers(kernels, qemus):
                entry.cases.pop(case, None)

    def update(self, results: Results) -> None:
        """Have all that fails now known, and what passes no more; what did not run stays."""
        run = results.properties
        for name, verdict in self.judge(results).items():
            case = results.cases[name]
            if verdict == NEW:
                self.set(key("kernel", case, run), key("qemu", case, run), name, case.message)
            elif verdict == FIXED:
                self.drop(names("kernel", case, run), names("qemu", case, run), name)

    def text(self) -> str:
        """As a file has it: sorted, so that two can be compared."""
        entries = [
            {"kernel": entry.kernel, "qemu": entry.qemu, "cases": dict(sorted(entry.cases.items()))}
            for entry in sorted(self.entries, key=lambda entry: (entry.kernel, entry.qemu))
            if entry.cases
        ]
        head = {"$comment": self.comment} if self.comment else {}
        return json.dumps({**head, "version": VERSION, "entries": entries}, indent=1) + "\n"


def _entries(content: dict[str, Any]) -> Iterator[Entry]:
    for fields in content["entries"]:
        entry = Entry(**fields)
        if not all(isinstance(text, str) for text in (entry.kernel, entry.qemu)):
            raise ValueError("kernel and qemu are names")
        if not all(isinstance(reason, str) for reason in dict(entry.cases).values()):
            raise ValueError("the reason of a case is text")
        yield entry


def read(file: Path, exact: bool = False) -> Baseline:
    """A file that text() has made; else BadResults with a line."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(content, dict) or content.get("version") != VERSION:
            raise ValueError(f"want version {VERSION}")
        return Baseline(_entries(content), exact, str(content.get("$comment", "")))
    except OSError as error:
        raise BadResults(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, TypeError, KeyError) as error:
        raise BadResults(f"cannot read {file}: not a baseline: {error}") from error
