# SPDX-License-Identifier: GPL-2.0-or-later
"""A pool, its operations and our module stay until the last user of a device's memory is
gone, and no other mapping is touched."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.build import cross
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import BOUNCE, REQUESTED
from tests.lib.machine.devices import DEVICES, Expected, virtio
from tests.lib.machine.pseries import Machine
from tests.lib.machine.screen import Picture

RNG = DEVICES[4]
GPU = virtio("gpu", "gpu", 9)
PAGE_SHIFT = 12

SCRIPT = f"""
. /lib/vdma.sh
unbind() {{ echo $1 >/sys/bus/pci/drivers/virtio-pci/unbind; }}
bind() {{ echo $1 >/sys/bus/pci/drivers/virtio-pci/bind; }}
# It would hold the card, too, and write on it.
no_console() {{ echo 0 >/sys/class/vtconsole/vtcon1/bind; }}
chmod 755 /bin/dumb
load policy mode=bounce
bring_up
load more
wait_for [ -c /dev/dri/card0 ] || fail "no card"
report_device {RNG.address}
insmod /hold.ko slot={RNG.slot} || fail hold
dumb >/run/dumb &
dumb=$!
wait_for grep holds /run/dumb || fail dumb
for fn in {GPU.address} {RNG.address}; do
    policy=$(echo $PCI/$fn/virtio*/dma_policy)
    report pool "fn=$fn" "base=$(cat $policy/window_base)" "bytes=$(cat $policy/pool_bytes)"
done
no_console
ask held
unbind {GPU.address}
unbind {RNG.address}
echo 1 >$PCI/{RNG.address}/remove
rmmod virtio_dma_policy 2>/dev/null && fail "unloaded under what it keeps"
ask unbound
bind {GPU.address}
kill $dumb
wait $dumb
no_console
io_gpu {GPU.address}
ask screen
report_device {GPU.address}
rmmod hold
unbind {GPU.address}
wait_for rmmod virtio_dma_policy 2>/dev/null || fail "not unloaded"
ask end
"""


def cleared(log: str, base: int, size: int) -> list[int]:
    """How often each page of a window's part was unmapped, from QEMU's trace, which has the
    end of each stuffed range."""
    count = [0] * (size >> PAGE_SHIFT)
    stuffed = r"pci_stuff liobn=\w+ ioba=(0x\w+) tcevalue=0x0 npages=(\d+) ret=0"
    for end, pages in re.findall(stuffed, log):
        last = (int(end, 16) - base) >> PAGE_SHIFT
        for page in range(last - int(pages), last):
            if 0 <= page < len(count):
                count[page] += 1
    return count


@pytest.mark.extended
def test_pool_stays_until_the_last_unmap(run: Path) -> None:
    """A pool stays until a process and a module have released the last mapping of it."""
    picture = Picture()
    marks: dict[str, int] = {}
    machine = Machine(devices=(RNG, GPU), args=("-trace", "spapr_iommu_pci_*"))
    files = {
        "picture": picture.xrgb,
        "bin/dumb": cross.program(run, "tests/linux/dumb.c"),
        "hold.ko": cross.module(run, machine.kernel, "tests/linux/hold.c"),
    }
    image = GuestImage(script=SCRIPT, files=files, modules=("virtio_gpu",))
    with Guest(machine, run, image) as guest:

        def mark(word: str) -> None:
            marks[word] = (run / "qemu.log").stat().st_size

        def screen() -> None:
            assert guest.until(lambda: picture.shown(guest.qemu.qmp, "gpu", run))

        steps = {word: lambda word=word: mark(word) for word in ("held", "unbound", "end")}
        guest.serve({**steps, "screen": screen}, "end")
        result = guest.finish(
            expect=lambda device: Expected(device is GPU, "bounce", "requested", REQUESTED)
        )
    # the test has looked at the I/O
    result.check(ignore=("I/O",))
    log = (run / "qemu.log").read_bytes().decode(errors="replace")
    for pool in result.report.all("pool"):
        place = int(pool["base"], 16), int(pool["bytes"])
        # the function that is gone for good has taken its pool out of the window
        removed = int(pool["fn"] == RNG.address)
        assert set(cleared(log[marks["held"] : marks["unbound"]], *place)) == {removed}
        assert set(cleared(log[marks["unbound"] : marks["end"]], *place)) == {1 - removed}
    # the virtio device had its transport's own when its record was gone
    assert "hold: operations virtio_pci_config_ops" in result.console
    # rings leave nothing: only what was held outlived the drivers
    outlived = re.findall(r"(\S+): virtio DMA: (\d+) mappings outlive", result.console)
    assert (RNG.address, "2") in outlived


FAR = virtio("far", "rng", 1, bus="phb1.0")
# Dynamic reconfiguration connectors of the function and of its PHB (PAPR 13.4)
FAR_INDEX, PHB_INDEX, PHB_NAME = "40010008", "20000001", "PHB 1"
UNPLUG = f"""
. /lib/vdma.sh
chmod 755 /bin/drc
load policy mode=bounce
bring_up
load more
report_device {FAR.address}
insmod /hold.ko domain=1 slot={FAR.slot} || fail hold
echo 1 >$PCI/{FAR.address}/remove
ask remove
echo "dt remove index 0x{FAR_INDEX}" >/sys/kernel/dlpar || fail "remove the function"
drc release {FAR_INDEX} || fail "release the function"
printf %s "{PHB_NAME}" >/sys/bus/pci/slots/control/remove_slot || fail "remove the PHB"
echo "dt remove index 0x{PHB_INDEX}" >/sys/kernel/dlpar || fail "remove the PHB's node"
drc release {PHB_INDEX} || fail "release the PHB"
ask gone
rmmod hold
wait_for rmmod virtio_dma_policy 2>/dev/null || fail "not unloaded"
report done
"""


@pytest.mark.extended
def test_phb_goes_before_the_pool(run: Path) -> None:
    """A module has memory of a function whose PHB is unplugged: the pool has left the
    PHB's window by then, and is freed later."""
    machine = Machine(devices=(FAR,), phbs=("",), append="slub_debug=FZPU oops=panic")
    files = {
        "bin/drc": cross.drc(run),
        "hold.ko": cross.module(run, machine.kernel, "tests/linux/hold.c"),
    }
    image = GuestImage(script=UNPLUG, files=files, modules=("rpaphp", "rpadlpar_io"))
    with Guest(machine, run, image) as guest:
        qmp = guest.qemu.qmp
        steps = {
            "remove": lambda: qmp.command("device_del", id="phb1"),
            "gone": lambda: qmp.wait_deleted({"phb1"}),
        }
        guest.serve(steps, "gone")
        result = guest.finish(expect=lambda device: BOUNCE.expected())
    result.check(ignore=("I/O",))
    assert result.report.one("done") is not None
    # the kernel's words when a window goes in which something is mapped
    assert "Unexpected TCEs" not in result.console
    assert "mappings outlive the driver" in result.console
