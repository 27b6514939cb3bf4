# SPDX-License-Identifier: GPL-2.0-or-later
"""Criteria that a session is judged by. Each says what it rests on."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from bench.results import Results, Json
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


def criterion(name: str, state: str, basis: str, detail: str, decided: bool = True) -> Json:
    """One verdict: state is "met", "not met" or "not measured"."""
    return {"name": name, "state": state, "basis": basis, "detail": detail, "decided": decided}


def percent(found: Summary) -> str:
    """A ratio with its interval."""
    return f"{found.median:.1%} ({found.low:.1%} to {found.high:.1%})"


def speed(results: Results, workload: str, pair: tuple[str, str], least: float) -> Json:
    """The first of a PAIR against the second, for one workload."""
    ours, base = pair
    what = f"reaches {least:.0%} of {base}" if least < 1.0 else f"is as fast as {base}"
    if least == 1.0 and results.smp(ours) >= MANY_CPUS:
        what = f"is faster than {base}"
    name = f"{workload}: {ours} {what}"
    found = ratio(*(results.values(each, workload) for each in pair))
    if found is None:
        return criterion(name, "not measured", SAMPLES, "no round has both")
    if found.median >= least:
        # certain only if the noise does not reach below
        return criterion(name, "met", SAMPLES, percent(found), found.side_of(least) > 0)
    return criterion(name, "not met", SAMPLES, percent(found), found.side_of(least) < 0)


def no_count(results: Results, key: str, what: str, mode: str = "bypass") -> Json:
    """A configuration causes no event of a kind in any workload."""
    name = f"0 {what} per I/O in {mode}"
    counted = [entry for entry in results.counts if entry["configuration"] == mode]
    if not counted:
        return criterion(name, "not measured", COUNTS, f"{mode} was not counted")
    ios = sum(entry["ios"] for entry in counted)
    wrong = [f"{entry['workload']} {entry[key]}" for entry in counted if entry[key]]
    workloads = {entry["workload"] for entry in counted}
    detail = ", ".join(wrong) or f"0 in {ios} I/Os of {len(workloads)} workloads"
    return criterion(name, "not met" if wrong else "met", COUNTS, detail)


def _by_memory(results: Results, key: str) -> dict[int, int]:
    """Of bypass with one device, where our module decides first."""
    return {
        entry["memory_mib"]: entry[key]
        for entry in results.setup
        if entry["configuration"] == "bypass"
        and entry["devices"] == 1
        and entry["kernel"] != "6.12"
    }


def _sizes(found: dict[int, int]) -> str:
    return ", ".join(f"{value} with {mib // 1024} GiB" for mib, value in sorted(found.items()))


def memory(results: Results, name: str, key: str, good: Callable[[list[int]], bool]) -> Json:
    """A count that must not grow with the size of memory."""
    found = _by_memory(results, key)
    if len(found) < 2:
        return criterion(name, "not measured", COUNTS, "set-up was not counted for two sizes")
    state = "met" if good(list(found.values())) else "not met"
    return criterion(name, state, COUNTS, _sizes(found))


def instructions(results: Results) -> Iterator[Json]:
    """The bare-metal loop: within 1 % of direct, for each kind of ring."""
    counts = {
        (entry["ring"], entry["mode"]): entry["instructions"]
        for entry in results.bare_metal
        if "instructions" in entry
    }
    for ring in ("split", "packed"):
        direct, bypass = (counts.get((ring, mode)) for mode in ("direct", "bypass"))
        name = f"bare metal, {ring} ring: bypass takes direct's instructions, within 1 %"
        if direct is None or bypass is None:
            yield criterion(name, "not measured", COUNTS, "the bare-metal bench was not run")
        else:
            state = "met" if bypass <= 1.01 * direct else "not met"
            yield criterion(name, state, COUNTS, f"{bypass} and {direct} a read")


def one_copy(results: Results, mode: str) -> Json:
    """Each byte of a disk's is copied once."""
    name = f"{mode} copies each byte to or from a disk once"
    disks = [row["name"] for row in results.workloads if row["device"] == "disk"]
    found = {disk: each for disk in disks if (each := results.copies(mode, disk)) is not None}
    if not found:
        return criterion(name, "not measured", COUNTS, f"{mode} was not counted")
    good = all(1.0 <= each <= COPIES for each in found.values())
    detail = ", ".join(f"{each:.3f} in {disk}" for disk, each in found.items())
    return criterion(name, "met" if good else "not met", COUNTS, detail)


def little_shared(results: Results, mode: str) -> Json:
    """The pools of a disk and a card are small compared with swiotlb's."""
    base = results.base(mode)
    name = f"{mode} shares less than {SHARED:.0%} of what {base} does"
    ours, theirs = (results.row(each).get("shared_bytes") for each in (mode, base))
    if ours is None or not theirs:
        return criterion(name, "not measured", COUNTS, "shared memory was not measured")
    state = "met" if ours < SHARED * theirs else "not met"
    detail = f"{ours // 1024} and {theirs // 1024} KiB, for a disk and a card"
    return criterion(name, state, COUNTS, detail)


def bounced(results: Results) -> Iterator[Json]:
    """Our pools against swiotlb, in the secure VMs that were asked for."""
    modes = [row["name"] for row in results.configurations if row["mode"] == "bounce"]
    for mode in modes:
        yield no_count(results, "dma_hypercalls", "hypercalls", mode)
        yield one_copy(results, mode)
        yield little_shared(results, mode)
    for mode in modes:
        for workload in results.row(mode)["workloads"]:
            yield speed(results, workload, (mode, results.base(mode)), 1.0)


def bypassed(results: Results) -> list[Json]:
    """Bypass compared with direct."""
    criteria = [no_count(results, "dma_hypercalls", "hypercalls")]
    criteria.append(no_count(results, "translations", "IOMMU translations"))
    criteria += instructions(results)
    text = "0 bytes of TCE tables for bypass, however large memory is"
    criteria.append(memory(results, text, "table_bytes", lambda found: not any(found)))
    text = "bypass is set up with the same number of TCE calls, however large memory is"
    criteria.append(memory(results, text, "tce_calls", lambda found: len(set(found)) == 1))
    pair = ("bypass", "direct")
    criteria += [speed(results, row["name"], pair, LEAST) for row in results.workloads]
    return criteria


def judge(results: Results) -> list[Json]:
    """All criteria; those of bypass and direct only if one of them was asked for."""
    asked = {"bypass", "direct"} & set(results.names())
    return [*(bypassed(results) if asked else ()), *bounced(results)]
