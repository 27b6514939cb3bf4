# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMU's trace, counted for each PHB."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from bench import counts

TRACE = """\
spapr_iommu_pci_put liobn=0x80000100 ioba=0x1000 tce=0x5003 ret=0
spapr_iommu_pci_indirect liobn=0x80000101 ioba=0x0 tcelist=0x7000 iobaN=0x1ff tceN=0x3 ret=0
spapr_iommu_pci_stuff liobn=0x80000200 ioba=0x0 tcevalue=0x0 npages=512 ret=0
spapr_iommu_xlate liobn=0x80000100 0x1000 -> 0x5000 perm=3 mask=0xfff
spapr_iommu_ddw_create buid=0x800000020000002 addr=0x0, page size=0x1000000, requested=0x80000000, \
start addr=0x800000000000000, liobn=0x80000201
spapr_iommu_put liobn=0x71000003 ioba=0x0 tce=0x3 ret=0
a guest's own line: spapr_iommu
"""


def test_by_phb(tmp_path: Path) -> None:
    """Calls, TCEs, translations and windows are counted for each PHB, and those of PCI only."""
    log = tmp_path / "qemu.log"
    log.write_text(TRACE)
    assert counts.read_trace(log) == {
        1: Counter(calls_put=1, calls_indirect=1, tce_written=513, translations=1),
        2: Counter(calls_stuff=1, tce_cleared=512, windows=1, table_bytes=128 * 8),
    }


def test_from_a_place_on(tmp_path: Path) -> None:
    """Lines of the trace before the given offset are not counted."""
    log = tmp_path / "qemu.log"
    log.write_text(TRACE)
    assert counts.read_trace(log, len(TRACE.splitlines(keepends=True)[0])) [1]["calls_put"] == 0


def test_names_of_hypercalls() -> None:
    """A known hypercall has its name, an unknown one its number."""
    assert counts.hcall_name(0x20) == "H_PUT_TCE"
    assert counts.hcall_name(0x999) == "0x999"
