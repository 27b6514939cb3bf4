# SPDX-License-Identifier: GPL-2.0-or-later
"""The cost of a request in mode bounce: no call to the hypervisor or the ultravisor, and
each byte of payload copied once. Counts, not times."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.guest.linux import Guest
from tests.secure.guests import Plan, Steps, boot, device, loader

COUNT = 200
SIZES = (4096, 131072)
PIECE = 65536
# A request's header and status, and what its table of descriptors has for them.
AROUND = 16 + 1 + 2 * 16
DESCRIPTOR = 16

SCRIPT = f"""
chmod 755 /bin/loader
begin
fn={{fn}}
policy=/sys/bus/pci/devices/$fn/virtio0/dma_policy
for size in {SIZES[0]} {SIZES[1]}; do
    for way in read write; do
        ask before
        echo "$TCE_HCALLS" >"$HCALLS/trigger"
        bytes=$(cat $policy/bounced_bytes)
        loader disk /dev/$(disk_of $fn) $way rand $size {COUNT} 1 || fail load
        bytes=$(($(cat $policy/bounced_bytes) - bytes))
        report cost "size=$size" "way=$way" "bytes=$bytes" "tce=$(tce_count)"
        echo "!$TCE_HCALLS" >"$HCALLS/trigger"
        ask after
    done
done
give_back
"""


@pytest.mark.parametrize(
    "f", [pytest.param(True, id="f"), pytest.param(False, id="no-f", marks=pytest.mark.extended)]
)
def test_no_calls_and_one_copy(run: Path, f: bool) -> None:
    """A disk's requests in mode bounce make no hypercall and copy each byte once."""
    disk = device("blk", f, 1)
    calls: list[int] = []

    def steps(guest: Guest) -> Steps:
        def count() -> None:
            log = (guest.run / "qemu.log").read_text(errors="replace")
            calls.append(len(re.findall("spapr_uv_call", log)))

        return {"before": count, "after": count}

    files = {"bin/loader": loader(run)}
    plan = Plan(SCRIPT.format(fn=disk.address), (disk,), files=files)
    watch, result = boot(run, plan, steps)
    watch.check_module()
    assert len(set(calls)) == 1 and len(calls) == 8
    costs = result.report.all("cost")
    assert [cost["tce"] for cost in costs] == ["0"] * 4
    for cost in costs:
        size = int(cost["size"])
        pieces = range(1, -(-size // PIECE) + 2)
        each = [size + AROUND + DESCRIPTOR * n for n in pieces]
        assert COUNT * each[0] <= int(cost["bytes"]) <= COUNT * each[-1], cost
