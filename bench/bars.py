# SPDX-License-Identifier: GPL-2.0-or-later
"""What was promised, and whether it is so. Each bar says what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.document import Document, Json
from bench.stats import Summary, ratio

# Of direct, that bypass has to reach.
LEAST = 0.97

# Bytes that a pool may copy for a byte of a disk's: the byte, header and status.
COPIES = 1.05
# Of swiotlb's memory, that a disk's and a card's pool may take.
SHARED = 0.1
# Where bouncing has to be faster than swiotlb, not only as fast.
MANY_CPUS = 4

COUNTS = "exact counts"
SAMPLES = "medians of samples"


def bar(name: str, state: str, basis: str, detail: str, decided: bool = True) -> Json:
    """One verdict: state is "met", "not met" or "not measured"."""
    return {"name": name, "state": state, "basis": basis, "detail": detail, "decided": decided}


def percent(found: Summary) -> str:
    """A ratio with its interval."""
    return f"{found.median:.1%} ({found.low:.1%} to {found.high:.1%})"


def speed(document: Document, workload: str, pair: tuple[str, str], least: float) -> Json:
    """The first of a PAIR against the second, for one workload."""
    ours, base = pair
    what = f"reaches {least:.0%} of {base}" if least < 1.0 else f"is as fast as {base}"
    if least == 1.0 and document.smp(ours) >= MANY_CPUS:
        what = f"is faster than {base}"
    name = f"{workload}: {ours} {what}"
    found = ratio(*(document.values(each, workload) for each in pair))
    if found is None:
        return bar(name, "not measured", SAMPLES, "no round has both")
    if found.median >= least:
        # certain only if the noise does not reach below
        return bar(name, "met", SAMPLES, percent(found), found.side_of(least) > 0)
    return bar(name, "not met", SAMPLES, percent(found), found.side_of(least) < 0)


def no_count(document: Document, key: str, what: str, mode: str = "bypass") -> Json:
    """A configuration causes none of them, in any workload."""
    name = f"0 {what} per I/O in {mode}"
    counted = [entry for entry in document.counts if entry["configuration"] == mode]
    if not counted:
        return bar(name, "not measured", COUNTS, f"{mode} was not counted")
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


def one_copy(document: Document, mode: str) -> Json:
    """Each byte of a disk's is copied once."""
    name = f"{mode} copies each byte to or from a disk once"
    disks = [row["name"] for row in document.workloads if row["device"] == "disk"]
    found = {disk: each for disk in disks if (each := document.copies(mode, disk)) is not None}
    if not found:
        return bar(name, "not measured", COUNTS, f"{mode} was not counted")
    good = all(1.0 <= each <= COPIES for each in found.values())
    detail = ", ".join(f"{each:.3f} in {disk}" for disk, each in found.items())
    return bar(name, "met" if good else "not met", COUNTS, detail)


def little_shared(document: Document, mode: str) -> Json:
    """The pools of a disk and a card are small beside swiotlb's."""
    base = document.base(mode)
    name = f"{mode} shares less than {SHARED:.0%} of what {base} does"
    ours, theirs = (document.row(each).get("shared_bytes") for each in (mode, base))
    if ours is None or not theirs:
        return bar(name, "not measured", COUNTS, "it is not known what is shared")
    state = "met" if ours < SHARED * theirs else "not met"
    detail = f"{ours // 1024} and {theirs // 1024} KiB, for a disk and a card"
    return bar(name, state, COUNTS, detail)


def bounced(document: Document) -> Iterator[Json]:
    """Our pools against swiotlb, in the secure VMs that were asked for."""
    modes = [row["name"] for row in document.configurations if row["mode"] == "bounce"]
    for mode in modes:
        yield no_count(document, "dma_hypercalls", "hypercalls", mode)
        yield one_copy(document, mode)
        yield little_shared(document, mode)
    for mode in modes:
        for workload in document.row(mode)["workloads"]:
            yield speed(document, workload, (mode, document.base(mode)), 1.0)


def bypassed(document: Document) -> list[Json]:
    """Bypass beside direct."""
    bars = [no_count(document, "dma_hypercalls", "hypercalls")]
    bars.append(no_count(document, "translations", "IOMMU translations"))
    bars += instructions(document)
    text = "0 bytes of TCE tables for bypass, however large memory is"
    bars.append(memory(document, text, "table_bytes", lambda found: not any(found)))
    text = "bypass is set up with the same number of TCE calls, however large memory is"
    bars.append(memory(document, text, "tce_calls", lambda found: len(set(found)) == 1))
    pair = ("bypass", "direct")
    bars += [speed(document, row["name"], pair, LEAST) for row in document.workloads]
    return bars


def judge(document: Document) -> list[Json]:
    """All bars; those of bypass and direct only if one of them was asked for."""
    asked = {"bypass", "direct"} & set(document.names())
    return [*(bypassed(document) if asked else ()), *bounced(document)]
