# SPDX-License-Identifier: GPL-2.0-or-later
"""The plugin gives the same device tree from ROM and NVRAM, except for NVRAM variables
and addresses in SLOF's heap."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine.pseries import Machine

DUMP = """
. /lib/vdma.sh
cd /proc/device-tree
find . -type f | sort | while read -r file; do
    set -- $(md5sum "$file")
    report tree "file=$file" "md5=$1"
done
for fn in $(functions); do
    report_device "$fn"
done
"""

DIFFERS = re.compile(
    r"\./options/|/phandle$|/interrupt-map$|\./chosen/(linux,.*|rng-seed|cpu|memory|mmu|stdin|stdout)$"
)


def tree(run: Path, machine: Machine) -> tuple[dict[str, str], int]:
    """Checksum of each property that matters, and how many functions are tagged."""
    with Guest(machine, run, GuestImage(policy=False, script=DUMP, disk_mib=2)) as guest:
        result = guest.finish()
    # No I/O here: only that may be missing.
    result.check(ignore=("I/O", "driver"))
    lines = result.report.all("tree")
    sums = {line["file"]: line["md5"] for line in lines}
    kept = {file: md5 for file, md5 in sums.items() if not DIFFERS.search(file)}
    tagged = sum(line["property"] != "-" for line in result.report.all("device"))
    return kept, tagged


@pytest.mark.extended
def test_rom_and_nvramrc_give_the_same_tree(run: Path) -> None:
    """Plugins in ROM and NVRAM give the guest the same nodes and properties."""
    rom, in_rom = tree(run / "rom", Machine(firmware="rom"))
    nvramrc, in_nvramrc = tree(run / "nvramrc", Machine(firmware="nvramrc"))
    assert in_rom == in_nvramrc == 3
    assert len(rom) > 200
    assert rom == nvramrc
