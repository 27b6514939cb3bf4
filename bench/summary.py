# SPDX-License-Identifier: GPL-2.0-or-later
"""Values that text and page have in common, and conclusions with their basis."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import Results, Json
from bench.stats import Summary, ratio, summary

BASE = "direct"
# Configurations of the first picture, if they are there.
MAIN = ("bypass", "identity", "tce", "swiotlb")
COUNTED = ("dma_hypercalls", "tce_written", "translations", "copied_bytes")
MICROSECONDS = 1e6
LEAST_BYTES = 512


@dataclass(frozen=True)
class CellResult:
    """One cell: its value, and of its base's, if that is there."""

    value: Summary
    speed: Summary | None
    cpu: Summary
    cpu_ratio: Summary | None


def result(results: Results, configuration: str, workload: str) -> CellResult | None:
    """A cell's values; None if it has no samples."""
    values = results.values(configuration, workload)
    if not values:
        return None
    cpu = results.values(configuration, workload, "cpu_per_io")
    base = results.base(configuration)
    return CellResult(
        summary(list(values.values())),
        ratio(values, results.values(base, workload)),
        summary([seconds * MICROSECONDS for seconds in cpu.values()]),
        ratio(cpu, results.values(base, workload, "cpu_per_io")),
    )


def counts(results: Results, configuration: str, workload: str) -> dict[str, float] | None:
    """Counts of a cell for each I/O, the mean of all passes."""
    found = {key: results.counted(configuration, workload, key) for key in COUNTED}
    if not found["translations"]:
        return None
    return {key: statistics.fmean(values) for key, values in found.items() if values}


def copying(results: Results, configuration: str, workload: str) -> tuple[str, str]:
    """KiB copied for each I/O, and copies of each byte; "-" if not counted."""
    copies = results.copies(configuration, workload)
    if copies is None:
        return "-", "-"
    each = results.counted(configuration, workload, "copied_bytes")
    # of a request of one byte, nearly all that is copied is around it
    told = statistics.fmean(results.counted(configuration, workload, "bytes")) >= LEAST_BYTES
    return f"{statistics.fmean(each) / 1024:.3g}", f"{copies:.3g}" if told else "-"


def costs(results: Results) -> Iterator[tuple[Json, str, list[str], Summary | None]]:
    """The cost of an I/O for each workload and configuration that was counted, with both:
    counts as cells of a table, and QEMU's CPU time. The counts are hypercalls, TCEs,
    translations, KiB copied and copies of each byte."""
    for row in results.workloads:
        for name in results.ran():
            found, timed = counts(results, name, row["name"]), result(results, name, row["name"])
            if found is None:
                continue
            keys = ("dma_hypercalls", "tce_written", "translations")
            cells = [*(short(found[key]) for key in keys), *copying(results, name, row["name"])]
            yield row, name, cells, timed.cpu if timed else None


def short(number: float) -> str:
    """A number with three digits, as people write it."""
    if number == 0:
        return "0"
    for limit, unit in ((1e6, "M"), (1e4, "k")):
        if number >= limit:
            return f"{number / (1e6 if unit == 'M' else 1e3):.3g}{unit}"
    # a count that is all but whole is whole and a little of something else
    whole = number >= 100 or abs(number - round(number)) < 0.02
    return f"{number:.0f}" if whole else f"{number:.3g}"


def verdict(found: Summary | None) -> str:
    """Of a ratio to the base, in words."""
    if found is None:
        return "not measured"
    side = found.side_of(1.0)
    if side == 0:
        return "within the noise" if found.decides else "too few rounds"
    return "slower" if side < 0 else "faster"


def percentage(found: Summary | None) -> str:
    """A ratio and its noise; * if it differs from the base by more than that."""
    if found is None:
        return "-"
    if not found.decides:
        return f"{found.median:4.0%} ±?"
    mark = "*" if found.side_of(1.0) else " "
    return f"{found.median:4.0%} ±{100 * (found.high - found.low) / 2:<3.0f}{mark}"


def noise(found: Summary) -> str:
    """Half of a median's interval, if there are rounds enough to know it."""
    return f"±{found.noise:.0%}" if found.decides else "±?"


def bases(results: Results) -> list[str]:
    """Of the configurations that have run, those that others are compared with."""
    found = {results.base(name) for name in results.ran()}
    return [name for name in results.ran() if name in found]


def compared(results: Results, base: str = BASE) -> list[str]:
    """Configurations that have run and are compared with a base."""
    return [name for name in results.ran() if results.base(name) == base != name]


def _range(found: list[Summary]) -> str:
    low, high = min(s.median for s in found), max(s.median for s in found)
    return f"{low:.0%}" if f"{low:.0%}" == f"{high:.0%}" else f"{low:.0%} to {high:.0%}"


def speeds(results: Results, name: str, device: str = "") -> list[Summary]:
    """Of its base, in each workload."""
    found = (
        result(results, name, row["name"])
        for row in results.workloads
        if device in ("", row["device"])
    )
    return [each.speed for each in found if each and each.speed]


def _example(results: Results, device: str) -> Json | None:
    """The workload that stands for a device: the last that does one thing at a time,
    where there is one."""
    rows = [row for row in results.workloads if row["device"] == device]
    single = [row for row in rows if row["name"].endswith(("-rr", "read-4k-1"))]
    return next(iter(single or rows), None)


def _cost(results: Results, configuration: str, row: Json) -> str:
    found = counts(results, configuration, row["name"])
    if found is None:
        return ""
    calls, translations = short(found["dma_hypercalls"]), short(found["translations"])
    return f"{calls} hypercalls and {translations} translations"


def headline(results: Results) -> str:
    """What the IOMMU costs each device, and what bypass gives back: counts first."""
    said, left = [], set()
    for device, owner in (("disk", "a disk"), ("net", "a network card")):
        row = _example(results, device)
        cost = row and (_cost(results, "tce", row) or _cost(results, "identity", row))
        if not row or not cost:
            continue
        what = row["title"].partition(": ")[2].partition(",")[0]
        what = what.removesuffix("s") if device == "disk" else what
        said.append(f"{owner} {cost} for each {what}")
        left.add(_cost(results, "bypass", row))
    if not said:
        return _bounced(results) or "This session has not counted what the IOMMU costs."
    if left == {"0 hypercalls and 0 translations"}:
        back = "bypass costs none of it"
    elif "" in left:
        back = "this session has not counted what bypass costs"
    else:
        back = f"bypass costs {' or '.join(sorted(left))}"
    return f"The IOMMU costs {', '.join(said)}; {back}."


def copied(results: Results, name: str) -> str:
    """How often a configuration copies a byte of a disk's, over all workloads."""
    disks = [row["name"] for row in results.workloads if row["device"] == "disk"]
    found = [each for disk in disks if (each := results.copies(name, disk)) is not None]
    if not found:
        return ""
    low, high = f"{min(found):.2f}", f"{max(found):.2f}"
    return low if low == high else f"{low} to {high}"


def _bounced(results: Results) -> str:
    """What bouncing costs a secure VM, in a session without the IOMMU's costs."""
    found = {
        row["mode"]: copied(results, row["name"])
        for row in results.configurations
        if row["name"] in results.ran()
    }
    if not found.get("bounce"):
        return ""
    # the kernel's swiotlb is the same in any guest
    swiotlb = found.get("swiotlb") or copied(results, "swiotlb")
    other = f", swiotlb {swiotlb}" if swiotlb else ""
    return f"In a secure VM, bouncing copies {found['bounce']} bytes for each of a disk's{other}."


def conclusions(results: Results) -> Iterator[tuple[str, str]]:
    """Sentences with their basis; certain ones come first."""
    for name in compared(results):
        entries = [entry for entry in results.counts if entry["configuration"] == name]
        if entries and not any(e["dma_hypercalls"] or e["translations"] for e in entries):
            ios = sum(entry["ios"] for entry in entries)
            yield f"{name} made no DMA hypercall and no translation in {ios} I/Os", "counts"
    copies = {name: copied(results, name) for name in results.ran()}
    said = [f"{name} {each}" for name, each in copies.items() if each not in ("", "0.00")]
    if said:
        yield f"bytes copied for each byte of a disk's: {', '.join(said)}", "counts"
    for base in bases(results):
        for name in compared(results, base):
            if found := speeds(results, name):
                yield _speed_sentence(name, base, found)


def _speed_sentence(name: str, base: str, found: list[Summary]) -> tuple[str, str]:
    text = f"{name} runs at {_range(found)} of {base}'s speed: "
    sides = [each.side_of(1.0) for each in found]
    slower, faster = sides.count(-1), sides.count(1)
    if not any(each.decides for each in found):
        return text + "too few rounds to tell", "noise"
    if not slower and not faster:
        return text + "no difference in any workload is larger than the noise", "noise"
    parts = [f"slower in {slower}"] * bool(slower) + [f"faster in {faster}"] * bool(faster)
    text += f"{' and '.join(parts)} of {len(found)} workloads by more than the noise"
    return text, "samples"
