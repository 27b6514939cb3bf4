# SPDX-License-Identifier: GPL-2.0-or-later
"""A session as text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from bench import summary
from bench.results import Results
from vdma_run.comparison import aligned

# How many configurations fit on a line.
ACROSS = 5


def _speeds(results: Results, base: str, names: Sequence[str]) -> str:
    lines = [["", base, *names]]
    for row in results.workloads:
        first = summary.result(results, base, row["name"])
        line = [row["name"], "-"]
        if first:
            value = summary.short(first.value.median)
            line[1] = f"{value} {row['unit']} {summary.noise(first.value)}"
        for name in names:
            found = summary.result(results, name, row["name"])
            line.append(summary.percentage(found.speed) if found else "-")
        if any(cell != "-" for cell in line[1:]):
            lines.append(line)
    return aligned(lines)


def _counts(results: Results) -> str:
    lines = [["", "hypercalls", "TCEs", "translations", "KiB copied", "copies", "QEMU's CPU"]]
    for row, name, cells, cpu in summary.costs(results):
        time = f"{cpu.median:.0f} us {summary.noise(cpu)}" if cpu else "-"
        lines.append([f"{row['name']} {name}", *cells, time])
    return aligned(lines)


def _bare_metal(results: Results) -> str:
    lines = [["", "hypercalls", "instructions"]]
    for entry in results.bare_metal:
        if "instructions" in entry:
            lines.append(
                [
                    f"{entry['mode']}, {entry['ring']} ring",
                    f"{entry['hypercalls'] / entry['reads']:.3g}",
                    str(entry["instructions"]),
                ]
            )
    return aligned(lines)


def _setup(results: Results) -> str:
    lines = [["", "memory", "devices", "TCE calls", "TCEs", "table bytes"]]
    for entry in results.setup:
        lines.append(
            [
                f"{entry['configuration']}, {entry['kernel']}",
                f"{entry['memory_mib'] // 1024} GiB",
                *(
                    str(entry[key])
                    for key in ("devices", "tce_calls", "tce_written", "table_bytes")
                ),
            ]
        )
    return aligned(lines)


def criterion_line(criterion: dict[str, object]) -> str:
    """One criterion, in words."""
    state = str(criterion["state"])
    if not criterion["decided"]:
        state += ", within the noise"
    return f"{state}: {criterion['name']} ({criterion['basis']}: {criterion['detail']})"


def text(results: Results) -> str:
    """All of it."""
    out = [summary.headline(results), ""]
    for base in summary.bases(results) if results.samples else ():
        names = summary.compared(results, base)
        out.append(f"Speed; of {base}'s, * if they differ by more than the noise")
        for start in range(0, max(1, len(names)), ACROSS):
            out += [_speeds(results, base, names[start : start + ACROSS]), ""]
    if results.counts:
        out += ["For each I/O", _counts(results), ""]
    if results.bare_metal:
        out += ["Bare metal: a 4 KiB read", _bare_metal(results), ""]
    if results.setup:
        out += ["Set-up", _setup(results), ""]
    out += [f"{line} [{basis}]" for line, basis in summary.conclusions(results)]
    out += ["", *(criterion_line(criterion) for criterion in results.criteria)]
    cannot = [row for row in results.configurations if not row["ran"]]
    if cannot or results.missing:
        out += ["", "Missing"]
        out += [f"{row['name']}: cannot run here: {row['why']}" for row in cannot]
        named = {row["name"] for row in cannot}
        out += [f"{m['what']}: {m['why']}" for m in results.missing if m["what"] not in named]
    return "\n".join(out)
