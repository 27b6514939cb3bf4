# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest takes pages back while a device has them: the device must not use a pointer
from before."""

from __future__ import annotations

import re
from pathlib import Path

from tests.lib.guest import secure
from tests.lib.guest.linux import Guest
from tests.lib.machine.screen import Picture
from tests.secure.guests import Plan, Steps, boot, device, module

BLK, GPU = device("blk", False, 1), device("gpu", False, 2)


# The pool of a device without F is where the device finds it.
SCRIPT = f"""
take_back() {{
    v=/sys/bus/pci/devices/$1/$(virtio_of $1)
    gfn=$(($(cat $v/dma_policy/window_base) / 65536))
    pages=$(($(cat $v/dma_policy/window_size) / 65536))
    insmod /ultracall.ko call=0xf134 gfn=$gfn pages=$pages
    rmmod ultracall
    report taken "fn=$1" "status=$(cat $v/status)"
}}
begin
io_gpu {GPU.address} >/dev/null
ask screen
take_back {GPU.address}
ask gpu
ask slow
disk=/dev/$(disk_of {BLK.address})
for i in 1 2 3 4; do
    (dd if=$disk of=/dev/null bs=1M iflag=direct status=none; report read "rc=$?") &
done
sleep 1
take_back {BLK.address}
ask end
"""


def test_pages_taken_back_under_a_device(run: Path) -> None:
    """Pages taken back reset a device that maps them for long; block I/O is waited for."""
    picture = Picture()
    counts: dict[str, int] = {}

    def steps(guest: Guest) -> Steps:
        qmp = guest.qemu.qmp
        none = {key: 0 for key in ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")}

        def count(when: str) -> None:
            counts[when] = secure.metric(qmp, "dma-guard-violations")

        def screen() -> None:
            assert guest.until(lambda: picture.shown(qmp, "gpu", run))
            count("screen")

        def end() -> None:
            done = [s["stats"]["rd_operations"] for s in qmp.command("query-blockstats")]
            counts["reads"] = max(done)
            guest.qemu.close()

        def slow() -> None:
            qmp.command("block_set_io_throttle", device="blk-disk", **(none | {"iops": 2}))

        return {
            "screen": screen,
            "gpu": lambda: count("gpu"),
            "slow": slow,
            "end": end,
        }

    files = {"picture": picture.xrgb, "ultracall.ko": module("ultracall", run)}
    plan = Plan(SCRIPT, (BLK, GPU), files=files, modules=("virtio_gpu",))
    watch, _ = boot(run, plan, steps)
    report, console = watch.guest.report(), watch.guest.console()
    assert re.findall(r"ultracall 0xf134: status (-?\d+)", console) == ["0", "0"]
    status = {line["fn"]: int(line["status"], 16) for line in report.all("taken")}
    assert counts["screen"] == 0 and counts["gpu"] > 0
    # the card was reset, the disk was not
    assert status[GPU.address] == 0 and status[BLK.address] & 0xF == 0xF
    seen = secure.violations(run)
    assert {v.device for v in seen[: counts["gpu"]]} == {"gpu"}
    # all that was under way had its data before the pages were gone
    assert counts["reads"] >= 4
