# SPDX-License-Identifier: GPL-2.0-or-later
"""Sessions side by side, for `vdma-run compare`: which differences from the first exceed
the noise.

Counts are exact: they differ if the passes of two sessions lie further apart than those
of one. Samples differ if the intervals of their medians do not touch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from bench.results import BadResults, Json, Results, read
from bench.stats import FEWEST, differ, summary
from bench.summary import COUNTED, MICROSECONDS, short
from vdma_run.comparison import COUNTS, DIFFERS, NOTHING, SPEED, Comparison, Line, changed

__all__ = ["BadResults", "compare", "read"]

# A frame that nobody waits for, a retransmission.
STRAY = 0.01

TIMED = (("value", ""), ("cpu_per_io", "us of CPU"))

Sessions = Sequence[Results]
Numbers = list[float]


def _cells(sessions: Sessions) -> Iterator[tuple[str, Json]]:
    """Configurations and workloads that the first session and another have."""
    for row in sessions[0].workloads:
        for name in sessions[0].ran():
            if any(_has(other, name, row) for other in sessions[1:]):
                yield name, row


def _has(session: Results, name: str, row: Json) -> bool:
    return name in session.ran() and row["name"] in [each["name"] for each in session.workloads]


def _speed(first: Numbers, other: Numbers) -> tuple[str, str, int]:
    """The change, what it means, and -1, 0 or 1 for less or more."""
    if not other:
        return NOTHING, "not measured", 0
    before, after = summary(first).median, summary(other).median
    change = f"{after / before - 1:+.0%}" if before else NOTHING
    if min(len(first), len(other)) < FEWEST:
        return change, "too few rounds", 0
    if not differ(first, other):
        return change, "within the noise", 0
    return change, DIFFERS, 1 if after > before else -1


def _timed(sessions: Sessions, name: str, row: Json) -> Iterator[Line]:
    for key, unit in TIMED:
        scale = MICROSECONDS if key == "cpu_per_io" else 1.0
        # less of a speed is worse, more of a cost
        worse = 1 if key == "cpu_per_io" else -1
        sides = [[scale * v for v in s.values(name, row["name"], key).values()] for s in sessions]
        if not sides[0] or not any(sides[1:]):
            continue
        judged = [_speed(sides[0], side) for side in sides[1:]]
        yield Line(
            SPEED,
            f"{row['name']} {name}",
            tuple(short(summary(side).median) if side else NOTHING for side in sides),
            unit or row["unit"],
            tuple(change for change, _, _ in judged),
            tuple(says for _, says, _ in judged),
            any(side == worse for _, _, side in judged),
        )


def _apart(first: Numbers, other: Numbers) -> bool:
    """Do counts of passes differ by more than passes of one session do?"""
    if not other:
        return False
    apart = max(min(other) - max(first), min(first) - max(other))
    # passes of one session differ by how I/Os were batched; two are few
    own = max(max(first) - min(first), max(other) - min(other))
    return apart > max(STRAY, STRAY * max(first), own)


def _counts(
    name: str, what: str, values: Sequence[str], differing: Sequence[bool]
) -> Iterator[Line]:
    """A line, if any of the later files differs."""
    if any(differing):
        says = tuple(f"{DIFFERS} (counts)" if each else "the same" for each in differing)
        yield Line(COUNTS, name, tuple(values), what, tuple("" for _ in says), says, True)


def _counted(sessions: Sessions, name: str, row: Json) -> Iterator[Line]:
    for key in COUNTED:
        sides = [session.counted(name, row["name"], key) for session in sessions]
        if sides[0]:
            values = [short(fmean(side)) if side else NOTHING for side in sides]
            what = f"{key.replace('_', ' ')} for each I/O"
            differing = [_apart(sides[0], side) for side in sides[1:]]
            yield from _counts(f"{row['name']} {name}", what, values, differing)


def _exact(lists: Sequence[list[Json]], keys: tuple[str, ...], what: str) -> Iterator[Line]:
    """Entries of the same KEYS whose other figures are not the same. An instruction
    or two come and go: whether a poll finds its request is for the host to say."""
    sides = [{tuple(entry.get(key) for key in keys): entry for entry in each} for each in lists]
    for identity, first in sides[0].items():
        others = [side.get(identity, {}) for side in sides[1:]]
        name = " ".join(str(value) for value in identity if value is not None)
        for key in sorted(set(first) - set(keys)):
            values = [first[key], *(other.get(key, NOTHING) for other in others)]
            differing = [
                v != NOTHING and abs(first[key] - v) > 1 + first[key] / 1000 for v in values[1:]
            ]
            yield from _counts(
                f"{what} {name}", key.replace("_", " "), list(map(str, values)), differing
            )


def compare(sessions: Sessions) -> Comparison:
    """All later ones with the first."""
    lines: list[Line] = []
    for name, row in _cells(sessions):
        lines += _counted(sessions, name, row)
        lines += _timed(sessions, name, row)
    setup_keys = ("configuration", "kernel", "memory_mib", "devices")
    lines += _exact([s.setup for s in sessions], setup_keys, "set-up")
    reads = [[entry for entry in s.bare_metal if "ring" in entry] for s in sessions]
    lines += _exact(reads, ("bench", "mode", "ring"), "bare metal")
    titles = [f"{s.started}, {len(s.samples)} samples" for s in sessions]
    environment = changed(
        [{k: v for k, v in s.environment.items() if k != "load"} for s in sessions]
    )
    differing = sum(line.differs() for line in lines)
    said = f"{differing} of {len(lines)} figures differ by more than the noise."
    if not lines:
        said = "They have nothing in common that could be compared."
    return Comparison(titles, environment, lines, bool(lines), said)
