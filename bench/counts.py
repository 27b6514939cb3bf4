# SPDX-License-Identifier: GPL-2.0-or-later
"""What was counted while a device worked: hypercalls, TCEs, translations, copies.

Hypercalls are counted by the guest's kernel (tracepoint hcall_entry), those of all
devices together. QEMU's trace events name the PHB of TCE calls, TCEs and
translations.
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

EVENTS = "spapr_iommu_*"

# LoPAR, "Hypervisor Call Function Table"; 0xf000 is QEMU's RTAS, 0xf010 ours.
HCALLS = {
    0x20: "H_PUT_TCE",
    0x138: "H_STUFF_TCE",
    0x13C: "H_PUT_TCE_INDIRECT",
    0xF010: "H_DMA_BYPASS",
    0x54: "H_GET_TERM_CHAR",
    0x58: "H_PUT_TERM_CHAR",
    0x64: "H_EOI",
    0x68: "H_CPPR",
    0x6C: "H_IPI",
    0x74: "H_XIRR",
    0xE0: "H_CEDE",
    0xE4: "H_CONFER",
    0xE8: "H_PROD",
    0xF000: "RTAS",
}
TCE_HCALLS = ("H_PUT_TCE", "H_STUFF_TCE", "H_PUT_TCE_INDIRECT")
TRACED_CALLS = ("calls_put", "calls_stuff", "calls_indirect")

PUT = re.compile(r"spapr_iommu_pci_(put|indirect|stuff) liobn=0x([0-9a-f]+) (.*)")
XLATE = re.compile(r"spapr_iommu_xlate liobn=0x([0-9a-f]+) ")
CREATE = re.compile(
    r"spapr_iommu_ddw_create buid=0x([0-9a-f]+) .*page size=0x([0-9a-f]+), "
    r"requested=0x([0-9a-f]+),"
)
TCE_BYTES = 8


def hcall_name(opcode: int) -> str:
    """PAPR's name of a hypercall."""
    return HCALLS.get(opcode, f"{opcode:#x}")


def phb_of(liobn: str) -> int:
    """Number of the PHB that a table belongs to (QEMU, SPAPR_PCI_LIOBN)."""
    return int(liobn, 16) >> 8 & 0xFF


def _entries(kind: str, rest: str) -> int:
    """TCEs that a traced call has written."""
    if kind == "put":
        return 1
    # of an indirect call QEMU traces the index of the last entry, as "iobaN"
    found = re.search(r"iobaN=0x([0-9a-f]+)" if kind == "indirect" else r"npages=(\d+)", rest)
    assert found, rest
    return int(found[1], 16) + 1 if kind == "indirect" else int(found[1])


def add_line(line: str, phbs: dict[int, Counter[str]]) -> None:
    """Count one line of the trace for its PHB."""
    if found := PUT.search(line):
        counter = phbs.setdefault(phb_of(found[2]), Counter())
        counter[f"calls_{found[1]}"] += 1
        counter["tce_cleared" if found[1] == "stuff" else "tce_written"] += _entries(
            found[1], found[3]
        )
    elif found := XLATE.search(line):
        phbs.setdefault(phb_of(found[1]), Counter())["translations"] += 1
    elif found := CREATE.search(line):
        # BUID is 0x800000020000000 and the PHB's number
        counter = phbs.setdefault(int(found[1], 16) & 0xFFFF, Counter())
        counter["windows"] += 1
        counter["table_bytes"] += int(found[3], 16) // int(found[2], 16) * TCE_BYTES


def read_trace(log: Path, start: int = 0) -> dict[int, Counter[str]]:
    """Everything in QEMU's log from byte START on, by PHB."""
    phbs: dict[int, Counter[str]] = {}
    with log.open("r", encoding="utf-8", errors="replace") as file:
        file.seek(start)
        for line in file:
            add_line(line, phbs)
    return phbs
