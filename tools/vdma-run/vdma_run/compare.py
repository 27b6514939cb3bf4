# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run compare: results of tests or of benchmarks side by side, each with the first.

Exit status: 0, or 1 if a later file is worse in what --fail-on names; 125 if the files
have nothing in common; 128 wrong usage, or a file that cannot be read.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from tests.lib.build.parts import Unfit, Wrong
from vdma_run import results, status
from vdma_run.comparison import CASES, DIFFERS, KINDS, NOTHING, Comparison, Line, changed
from vdma_run.program import Parser
from vdma_run.results import FAILED, Results

FORMS = ("text", "json", "markdown")
# Say where and how many of the tests ran, not with which versions.
BOOKKEEPING = ("shard", "selection", "complete")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = Parser(prog="vdma-run compare", description=(__doc__ or "").partition("\n")[0])
    add = found.add_argument
    add("files", nargs="+", metavar="FILE", help="JUnit or JSON of vdma-run check, or bench.json")
    add("--format", choices=FORMS, default="text", help="(%(default)s)")
    add("--fail-on", type=_kinds, default=[], metavar="KINDS", help=f"of {', '.join(KINDS)}")
    return found


def _kinds(text: str) -> list[str]:
    kinds = text.split(",")
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise argparse.ArgumentTypeError(f"{unknown[0]}: want some of {','.join(KINDS)}")
    return kinds


def facts(side: Results) -> dict[str, str]:
    """What all cases of a run were run with."""
    found: dict[str, dict[str, None]] = {}
    for case in side:
        for key, value in case.properties.items():
            if "." in key:
                found.setdefault(key, {}).update(dict.fromkeys(value.split()))
    given = {key: value for key, value in side.properties.items() if key not in BOOKKEEPING}
    return {**{key: " ".join(values) for key, values in found.items()}, **given}


def _case(name: str, sides: Sequence[Results]) -> Line:
    cases = [side.cases.get(name) for side in sides]
    first, *later = [case.outcome if case else NOTHING for case in cases]
    says = tuple(DIFFERS if outcome != first else "the same" for outcome in later)
    bad = any(outcome == FAILED != first for outcome in later)
    return Line(CASES, name, (first, *later), "", tuple("" for _ in later), says, bad)


def compare_cases(names: Sequence[str], sides: Sequence[Results]) -> Comparison:
    """Runs of tests: the cases whose outcomes differ."""
    titles = []
    for name, side in zip(names, sides):
        counted = ", ".join(f"{n} {word}" for word, n in side.counts().items() if n)
        titles.append(f"{name}, {len(side.cases)} cases: {counted or 'none'}")
    ids = dict.fromkeys(case.id for side in sides for case in side)
    lines = [line for name in ids if (line := _case(name, sides)).differs()]
    common = set(sides[0].cases).intersection(*(side.cases for side in sides[1:]))
    said = f"{len(lines)} of {len(ids)} cases differ." if common else "No case is in all of them."
    return Comparison(titles, changed([facts(s) for s in sides]), lines, bool(common), said)


def _is_bench(text: str) -> bool:
    """Is it a bench.json, and no results of tests?"""
    try:
        content = json.loads(text)
    except ValueError:
        return False
    return isinstance(content, dict) and "cases" not in content


def _compare(files: Sequence[Path]) -> Comparison:
    texts = []
    for file in files:
        try:
            texts.append(file.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not text"
            raise Wrong(f"cannot read {file}: {reason}") from error
    kinds = [_is_bench(text) for text in texts]
    if not any(kinds):
        return compare_cases([str(file) for file in files], [results.read(file) for file in files])
    if not all(kinds):
        tests, bench = files[kinds.index(False)], files[kinds.index(True)]
        raise Unfit(f"cannot compare {tests}, results of tests, with {bench}, a benchmark's")
    # only here: an installed vdma-run may have no benchmarks
    from bench import compare as sessions  # pylint: disable=import-outside-toplevel

    try:
        return sessions.compare([sessions.read(file) for file in files])
    except sessions.BadResults as error:
        raise Wrong(f"cannot read {error}") from error


def compare(arguments: Sequence[str]) -> int:
    """vdma-run compare."""
    options = parser().parse_args(arguments)
    if len(options.files) < 2 or not all(options.files):
        raise Wrong("want two files of results or more")
    found = _compare([Path(file) for file in options.files])
    print({"text": found.text, "json": found.json, "markdown": found.markdown}[options.format]())
    if not found.matters:
        return status.UNJUDGED
    return status.BAD if found.bad(options.fail_on) else status.GOOD
