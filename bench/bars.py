# SPDX-License-Identifier: GPL-2.0-or-later
"""What was promised, and whether it is so. Each bar says what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.document import Document, Json
from bench.stats import Summary, ratio

# Of direct, that bypass has to reach.
LEAST = 0.97

COUNTS = "exact counts"
SAMPLES = "medians of samples"


def bar(name: str, state: str, basis: str, detail: str, decided: bool = True) -> Json:
    """One verdict: state is "met", "not met" or "not measured"."""
    return {"name": name, "state": state, "basis": basis, "detail": detail, "decided": decided}


def percent(found: Summary) -> str:
    """A ratio with its interval."""
    return f"{found.median:.1%} ({found.low:.1%} to {found.high:.1%})"


def speed(document: Document, row: Json) -> Json:
    """Bypass against direct, for one workload."""
    name = f"{row['name']}: bypass reaches {LEAST:.0%} of direct"
    of = (document.values(mode, row["name"]) for mode in ("bypass", "direct"))
    found = ratio(*of)
    if found is None:
        return bar(name, "not measured", SAMPLES, "no round has both")
    if found.median >= LEAST:
        # certain only if the noise does not reach below
        return bar(name, "met", SAMPLES, percent(found), found.side_of(LEAST) > 0)
    return bar(name, "not met", SAMPLES, percent(found), found.side_of(LEAST) < 0)


def no_count(document: Document, key: str, what: str) -> Json:
    """Bypass causes none of them, in any workload."""
    name = f"0 {what} per I/O in bypass"
    counted = [entry for entry in document.counts if entry["configuration"] == "bypass"]
    if not counted:
        return bar(name, "not measured", COUNTS, "bypass was not counted")
    ios = sum(entry["ios"] for entry in counted)
    wrong = [f"{entry['workload']} {entry[key]}" for entry in counted if entry[key]]
    workloads = {entry["workload"] for entry in counted}
    detail = ", ".join(wrong) or f"0 in {ios} I/Os of {len(workloads)} workloads"
    return bar(name, "not met" if wrong else "met", COUNTS, detail)


def _by_memory(document: Document, key: str) -> dict[int, int]:
    """Of bypass with one device, where our module decides first."""
    return {
        entry["memory_mib"]: entry[key]
        for entry in document.setup
        if entry["configuration"] == "bypass"
        and entry["devices"] == 1
        and entry["kernel"] != "6.12"
    }


def _sizes(found: dict[int, int]) -> str:
    return ", ".join(f"{value} with {mib // 1024} GiB" for mib, value in sorted(found.items()))


def memory(document: Document, name: str, key: str, good: Callable[[list[int]], bool]) -> Json:
    """Something that must not grow with the size of memory."""
    found = _by_memory(document, key)
    if len(found) < 2:
        return bar(name, "not measured", COUNTS, "set-up was not counted for two sizes")
    state = "met" if good(list(found.values())) else "not met"
    return bar(name, state, COUNTS, _sizes(found))


def instructions(document: Document) -> Iterator[Json]:
    """The bare-metal loop: within 1 % of direct, for each kind of ring."""
    counts = {
        (entry["ring"], entry["mode"]): entry["instructions"]
        for entry in document.bare_metal
        if "instructions" in entry
    }
    for ring in ("split", "packed"):
        direct, bypass = (counts.get((ring, mode)) for mode in ("direct", "bypass"))
        name = f"bare metal, {ring} ring: bypass takes direct's instructions, within 1 %"
        if direct is None or bypass is None:
            yield bar(name, "not measured", COUNTS, "the bare-metal bench was not run")
        else:
            state = "met" if bypass <= 1.01 * direct else "not met"
            yield bar(name, state, COUNTS, f"{bypass} and {direct} a read")


def judge(document: Document) -> list[Json]:
    """All bars."""
    bars = [no_count(document, "dma_hypercalls", "hypercalls")]
    bars.append(no_count(document, "translations", "IOMMU translations"))
    bars += instructions(document)
    text = "0 bytes of TCE tables for bypass, however large memory is"
    bars.append(memory(document, text, "table_bytes", lambda found: not any(found)))
    text = "bypass is set up with the same number of TCE calls, however large memory is"
    bars.append(memory(document, text, "tce_calls", lambda found: len(set(found)) == 1))
    bars += [speed(document, row) for row in document.workloads]
    return bars
