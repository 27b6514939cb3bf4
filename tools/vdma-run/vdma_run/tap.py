# SPDX-License-Identifier: GPL-2.0-or-later
"""Results as TAP, version 14: one line for each case, and what else is known in a block
of YAML."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from vdma_run.results import FAILED, PASSED, SKIPPED, Case, Results


def _escape(text: str) -> str:
    """A description, in which # begins a directive."""
    return " ".join(text.replace("\\", "\\\\").replace("#", "\\#").split())


def _block(case: Case, again: str) -> Iterator[str]:
    """JSON's strings are YAML's, too."""
    facts: dict[str, object] = {"duration_ms": round(case.seconds * 1000, 3)}
    if case.outcome != PASSED:
        facts |= {"outcome": case.outcome, "message": case.message}
    if again:
        facts["again"] = again
    if case.details and case.outcome not in (PASSED, SKIPPED):
        facts["details"] = case.details
    yield "  ---"
    for key, value in (facts | case.properties).items():
        yield f"  {json.dumps(key) if '.' in key else key}: {json.dumps(value)}"
    yield "  ..."


def text_tap(
    results: Results, known: Mapping[str, str] | None = None, again: Mapping[str, str] | None = None
) -> str:
    """All cases. KNOWN failures, by id, are what TAP calls TODO, with the reason; AGAIN
    has commands that run a case alone."""
    lines = ["TAP version 14", f"1..{len(results.cases)}"]
    for number, case in enumerate(results, start=1):
        fine = case.outcome in (PASSED, SKIPPED)
        line = f"{'ok' if fine else 'not ok'} {number} - {_escape(case.id)}"
        if case.outcome == SKIPPED:
            line += f" # SKIP {_escape(case.message)}".rstrip()
        elif case.outcome == FAILED and case.id in (known or {}):
            line += f" # TODO {_escape((known or {})[case.id])}".rstrip()
        lines.append(line)
        lines += _block(case, (again or {}).get(case.id, ""))
    return "\n".join(lines) + "\n"
