# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench-compare A=OLD B=NEW`: which differences between two sessions exceed
the noise.

Counts are exact: they differ if the passes of the two lie further apart than those
of one. Samples differ if the intervals of their medians do not touch. Exit status: 0 if
both could be read, 2 if not.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean

from bench.results import BadResults, Results, Json, read
from bench.stats import FEWEST, differ, summary
from bench.summary import COUNTED, MICROSECONDS, short
from bench.text_report import columns

# A frame that nobody waits for, a retransmission.
STRAY = 0.01

TIMED = (("value", ""), ("cpu_per_io", "us of CPU"))


def changes(a: Results, b: Results) -> Iterator[str]:
    """Differences between the environments, except the load."""
    for key in sorted(a.environment.keys() | b.environment.keys()):
        old, new = a.environment.get(key, "-"), b.environment.get(key, "-")
        if old != new and key != "load":
            yield f"{key}: {old} -> {new}"


def cells(a: Results, b: Results) -> Iterator[tuple[str, Json]]:
    """Configurations and workloads that both have."""
    there = {row["name"] for row in b.workloads}
    for row in a.workloads:
        for name in a.ran():
            if name in b.ran() and row["name"] in there:
                yield name, row


def _timed(a: Results, b: Results, name: str, row: Json) -> Iterator[list[str]]:
    for key, unit in TIMED:
        old, new = (list(d.values(name, row["name"], key).values()) for d in (a, b))
        if not old or not new:
            continue
        scale = MICROSECONDS if key == "cpu_per_io" else 1.0
        before, after = summary(old).median * scale, summary(new).median * scale
        change = f"{after / before - 1:+.0%}" if before else "-"
        if min(len(old), len(new)) < FEWEST:
            says = "too few rounds"
        else:
            says = "DIFFERS" if differ(old, new) else "within the noise"
        figures = [f"{short(before)} -> {short(after)} {unit or row['unit']}", change, says]
        yield [f"{row['name']} {name}", *figures]


def _counted(a: Results, b: Results, name: str, row: Json) -> Iterator[list[str]]:
    for key in COUNTED:
        old, new = (d.counted(name, row["name"], key) for d in (a, b))
        if not old or not new:
            continue
        apart = max(min(new) - max(old), min(old) - max(new))
        # passes of one session differ by how I/Os were batched; two are few
        own = max(max(old) - min(old), max(new) - min(new))
        if apart > max(STRAY, STRAY * max(old), own):
            what = f"{short(fmean(old))} -> {short(fmean(new))} {key.replace('_', ' ')}"
            yield [f"{row['name']} {name}", f"{what} for each I/O", "", "DIFFERS (counts)"]


def _exact(a: list[Json], b: list[Json], keys: tuple[str, ...], what: str) -> Iterator[list[str]]:
    """Entries of the same KEYS whose other figures are not the same. An instruction
    or two come and go: whether a poll finds its request is for the host to say."""
    old = {tuple(entry.get(key) for key in keys): entry for entry in a}
    for entry in b:
        before = old.get(tuple(entry.get(key) for key in keys))
        if before is None:
            continue
        name = " ".join(str(entry[key]) for key in keys if entry.get(key) is not None)
        for key in sorted(before.keys() & entry.keys() - set(keys)):
            if abs(before[key] - entry[key]) > 1 + before[key] / 1000:
                figures = f"{before[key]} -> {entry[key]} {key.replace('_', ' ')}"
                yield [f"{what} {name}", figures, "", "DIFFERS (counts)"]


def compare(a: Results, b: Results) -> str:
    """All of it, as text."""
    lines: list[list[str]] = []
    for name, row in cells(a, b):
        lines += _counted(a, b, name, row)
        lines += _timed(a, b, name, row)
    setup_keys = ("configuration", "kernel", "memory_mib", "devices")
    lines += _exact(a.setup, b.setup, setup_keys, "set-up")
    reads = [[e for e in d.bare_metal if "ring" in e] for d in (a, b)]
    lines += _exact(reads[0], reads[1], ("bench", "mode", "ring"), "bare metal")
    differing = sum(line[-1].startswith("DIFFERS") for line in lines)
    out = [f"{x}: {d.started}, {len(d.samples)} samples" for x, d in (("A", a), ("B", b))]
    out += changes(a, b)
    if not lines:
        return "\n".join([*out, "", "The two have nothing in common that could be compared."])
    says = f"{differing} of {len(lines)} figures differ by more than the noise."
    return "\n".join([*out, "", columns(lines), "", says])


def main() -> int:
    """Read both, print."""
    if len(sys.argv) != 3 or not all(sys.argv[1:]):
        print("usage: make bench-compare A=old.json B=new.json", file=sys.stderr)
        return 2
    try:
        print(compare(read(Path(sys.argv[1])), read(Path(sys.argv[2]))))
    except BadResults as error:
        print(f"bench-compare: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
