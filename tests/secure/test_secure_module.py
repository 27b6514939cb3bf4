# SPDX-License-Identifier: GPL-2.0-or-later
"""Our module in a secure VM: pools that come, go and fill up, devices that come and go,
and devices that are refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.lib.build import cross
from tests.lib.guest import queues, secure
from tests.lib.guest.linux import Guest
from tests.lib.machine.devices import Expected
from tests.secure.guests import Plan, Steps, boot, device, module

BLK, NET, RNG = device("blk", True, 1), device("net", False, 2), device("rng", True, 3)
PLAIN = device("blk", False, 4, "plain")
SCSI, P9 = device("scsi", True, 5), device("p9", True, 6)
PAGES_IN_POOL = 48
# A network card's
NET_PAGES = 128
GPU_PAGES = 256


def calls(run: Path, number: int) -> list[int]:
    """How many pages each ultracall of a kind was about."""
    log = (run / "qemu.log").read_text(errors="replace")
    found = re.findall(rf"spapr_uv_call call={number:#x} r4=\S+ r5=(\w+) status=0", log)
    return [int(pages, 16) for pages in found]


@pytest.mark.extended
def test_pools_come_and_go_under_load(run: Path) -> None:
    """Each pool is shared once and unshared once while others are in use."""
    rounds = 20
    script = f"""
begin
(for i in 1 2 3; do run_io; done) &
for i in $(seq {rounds}); do
    echo {RNG.address} >/sys/bus/pci/drivers/virtio-pci/unbind
    echo {RNG.address} >/sys/bus/pci/drivers/virtio-pci/bind
done
wait
run_device {RNG.address}
give_back
"""
    watch, result = boot(run, Plan(script, (BLK, NET, RNG)))
    result.check(ignore=("I/O bad: the guest read another generator",))
    watch.check_module()
    for pages, count in ((PAGES_IN_POOL, 2 + rounds), (NET_PAGES, 1)):
        shared = calls(run, 0xF130).count(pages)
        assert shared == calls(run, 0xF134).count(pages) == count


# A disk has its driver before the module comes.
BOUND_BEFORE = f"""
ask start
keep_control
load bus
insmod /lib/modules/virtio_blk.ko
wait_for disk_of {BLK.address}
load policy
"""

LATE = f"""{BOUND_BEFORE}
load drivers
settle
for fn in {BLK.address} {RNG.address}; do
    report late "fn=$fn" "mode=$(cat $PCI/$fn/virtio*/dma_policy/mode)"
done
run_device {RNG.address}
insmod /skipsync.ko slot={RNG.slot} 2>/dev/null || :
rebind || fail rebind
settle
run_io
give_back
"""


def test_loaded_late(run: Path) -> None:
    """A bound device goes on with a warning until rebind; an unbound one is safe at once."""
    options = {"append": "swiotlb=force"}
    files = {"skipsync.ko": module("skipsync", run)}
    watch, result = boot(run, Plan(LATE, (BLK, RNG), options, files=files))
    result.check()
    watch.check_module()
    late = {line["fn"]: line["mode"] for line in result.report.all("late")}
    assert late[BLK.address] in ("identity", "tce")
    assert late[RNG.address] == "bounce"
    assert f"{BLK.address}: virtio DMA: bound before this module was loaded" in result.console
    assert f"skipsync: slot {RNG.slot}: 0" in result.console


NEW_DRIVER = f"""{BOUND_BEFORE}
virtio=$(virtio_of {BLK.address})
echo $virtio >/sys/bus/virtio/drivers/virtio_blk/unbind
echo $virtio >/sys/bus/virtio/drivers/virtio_blk/bind
settle
run_io
give_back
"""


def test_new_driver_of_a_device_found_bound(run: Path) -> None:
    """A device bound before the module bounces from its next driver on, also if its
    function stays bound."""
    watch, result = boot(run, Plan(NEW_DRIVER, (BLK,), {"append": "swiotlb=force"}))
    result.check()
    watch.check_module()


FOREIGN = """
begin
insmod /foreign.ko {parameters}
run_io
give_back
"""


@pytest.mark.extended
@pytest.mark.parametrize("parameters", ["f=0", "f=1", "f=1 clear=1"])
def test_device_that_is_not_on_pci(run: Path, parameters: str) -> None:
    """A device outside PCI gets a driver only with ACCESS_PLATFORM, which the driver can't
    clear."""
    files = {"foreign.ko": module("foreign", run)}
    watch, result = boot(run, Plan(FOREIGN.format(parameters=parameters), (RNG,), files=files))
    result.check()
    watch.check_module()
    f = parameters != "f=0"
    assert ("foreign: the driver has the device, ACCESS_PLATFORM 1" in result.console) == f
    assert ("in a secure guest: only devices on PCI can have a bounce pool" in result.console) != f


NO_IOMMU = f"""
ask start
keep_control
load bus
load policy
load drivers
settle
run_device {PLAIN.address}
echo {PLAIN.address} >/sys/bus/pci/drivers/virtio-pci/unbind
echo {PLAIN.address} >/sys/bus/pci/drivers/virtio-pci/bind
settle
run_device {PLAIN.address}
report_device {RNG.address}
give_back
"""


def test_kernel_without_an_iommu(run: Path) -> None:
    """With iommu=off a device without F bounces, and one with F is refused."""
    watch, result = boot(run, Plan(NO_IOMMU, (RNG, PLAIN), {"append": "iommu=off"}))
    watch.check_module()
    line = result.report.device(RNG.address) or {}
    assert (line["driver"], line["mode"], line["reason"]) == ("-", "refuse", "iommu-off")
    result.check(ignore=(RNG.address,))
    assert "in a secure guest: the device obeys an IOMMU that the kernel does not" in result.console


FULL = f"""
begin
disk=/dev/$(disk_of {BLK.address})
ask slow
for i in $(seq 16); do
    dd if=$disk of=/dev/null bs=1M iflag=direct status=none || fail "read $i" &
done
wait
ask fast
v=/sys/bus/pci/devices/{BLK.address}/virtio0/dma_policy
report pool "full=$(cat $v/pool_full)" "bytes=$(cat $v/pool_bytes)" "max=$(cat $v/pool_used_max)"
for fn in {BLK.address} {SCSI.address}; do
    read_large $fn || fail "large requests of $fn"
done
write_files {P9.address} || fail "large requests of {P9.address}"
run_io
give_back
"""


def check_queues(run: Path) -> None:
    """No queue is set up before FEATURES_OK, and each ring is aligned to the order of its
    length (Linux: core-api/dma-api-howto.rst). The module shortens the card's long
    ring."""
    found = queues.queues((run / "qemu.log").read_text(errors="replace"))
    sizes = {(queue.device, queue.index): queue.num() for queue in found}
    assert sizes["virtio-blk", 1] == 1024 and sizes["virtio-net", 0] == 64
    assert [queue for queue in found if queue.early or not queue.aligned(4096)] == []


def test_full_pool_and_recovery(run: Path) -> None:
    """A full pool delays requests and is reported in one line; none is too large."""

    def steps(guest: Guest) -> Steps:
        qmp = guest.qemu.qmp
        none = {key: 0 for key in ("bps", "bps_rd", "bps_wr", "iops", "iops_rd", "iops_wr")}

        def throttle(iops: int) -> None:
            qmp.command("block_set_io_throttle", device="blk-disk", **(none | {"iops": iops}))

        return {"slow": lambda: throttle(20), "fast": lambda: throttle(0)}

    options = {
        "args": queues.TRACE,
        "device_options": {
            "blk": "opt_io_size=4194304,num-queues=2,queue-size=1024",
            "net": "rx_queue_size=1024",
        },
    }
    modules = ("9p", "9pnet_virtio")
    plan = Plan(FULL, (BLK, NET, SCSI, P9), options, modules=modules, disk_mib=8)
    watch, result = boot(run, plan, steps)
    # SLOF makes no node for 9p that could be tagged.
    result.check(ignore=(*secure.KNOWN_WARNINGS, f"{P9.address}: expected property"))
    watch.check_module()
    check_queues(run)
    pool = result.report.one("pool") or {}
    assert int(pool["full"]) > 0
    assert int(pool["max"]) <= int(pool["bytes"]) == PAGES_IN_POOL << secure.PAGE_SHIFT
    full = r"(\S+): virtio DMA: cannot map .*: bounce pool is full .*pool_kib"
    said = re.findall(full, result.console)
    # once on the console, once where the kernel's log is handed over
    assert said.count(BLK.address) == 2


IN_FLIGHT = """
begin
disk=/dev/$(disk_of {fn})
for i in 1 2 3 4; do
    while dd if=$disk of=/dev/null bs=64k iflag=direct status=none 2>/dev/null; do :; done &
done
for i in 1 2 3; do
    sleep 0.3
    echo {fn} >/sys/bus/pci/drivers/virtio-pci/unbind
    wait
    echo {fn} >/sys/bus/pci/drivers/virtio-pci/bind
    settle
    disk=/dev/$(disk_of {fn})
    for j in 1 2 3 4; do
        while dd if=$disk of=/dev/null bs=64k iflag=direct status=none 2>/dev/null; do :; done &
    done
done
echo {fn} >/sys/bus/pci/drivers/virtio-pci/unbind
wait
echo {fn} >/sys/bus/pci/drivers/virtio-pci/bind
settle
run_io
give_back
"""


@pytest.mark.parametrize("kind", ["blk", pytest.param("scsi", marks=pytest.mark.extended)])
def test_unbind_with_requests_in_flight(run: Path, kind: str) -> None:
    """Unbinding under load resets the device before its pool goes; a new bind works."""
    disk = device(kind, True, 1)
    watch, result = boot(run, Plan(IN_FLIGHT.format(fn=disk.address), (disk,)))
    result.check(ignore=secure.KNOWN_WARNINGS)
    watch.check_module()


OUTLIVE = """
chmod 755 /bin/dumb
begin
wait_for [ -c /dev/dri/card0 ] || fail "no card"
dumb {how} >/run/dumb &
dumb=$!
wait_for grep holds /run/dumb || fail dumb
ask held
echo {fn} >/sys/bus/pci/drivers/virtio-pci/unbind
ask unbound
kill $dumb
wait $dumb
ask gone
give_back
"""


@pytest.mark.extended
@pytest.mark.parametrize("how", ["", "share"], ids=["handle", "dma_buf"])
def test_pool_outlives_its_driver(run: Path, how: str) -> None:
    """A pool stays shared while a process holds a buffer of the device, or only a dma_buf
    of one."""
    card = device("gpu", False, 2)
    shared: dict[str, int] = {}

    def steps(guest: Guest) -> Steps:
        def pages() -> int:
            return int(secure.metric(guest.qemu.qmp, "uv-shared-pages"))

        def note(when: str) -> None:
            shared[when] = pages()

        def gone() -> None:
            assert guest.until(lambda: pages() < shared["unbound"])
            note("gone")

        return {"held": lambda: note("held"), "unbound": lambda: note("unbound"), "gone": gone}

    files = {"bin/dumb": cross.program(run, "tests/linux/dumb.c")}
    script = OUTLIVE.format(fn=card.address, how=how)
    plan = Plan(script, (card,), files=files, modules=("virtio_gpu",))
    watch, result = boot(run, plan, steps)
    # the kernel's own check of the DMA API finds what the process holds
    result.check(ignore=("I/O", "no report", *secure.KNOWN_WARNINGS))
    assert watch.check_control() == []
    assert shared["held"] == shared["unbound"] == watch.shared["start"] + GPU_PAGES
    assert shared["gone"] == watch.shared["end"] == watch.shared["start"]


REFUSED = """
begin {parameters}
for fn in $(functions); do
    [ $fn = $CONTROL ] || run_device $fn
done
give_back
"""


@pytest.mark.extended
def test_quirk_switched_off(run: Path) -> None:
    """With secure_quirk=0 a device without F is refused, and one with F works."""
    script = REFUSED.format(parameters="secure_quirk=0")
    watch, result = boot(run, Plan(script, (BLK, PLAIN)))
    watch.check_module()
    line = result.report.device(PLAIN.address) or {}
    assert (line["driver"], line["mode"]) == ("-", "refuse")
    assert line["reason"] == "secure-quirk-disabled"
    result.check(ignore=(PLAIN.address,))
    assert "in a secure guest: the device has no ACCESS_PLATFORM and the quirk" in result.console


@pytest.mark.extended
def test_legacy_device_is_refused(run: Path) -> None:
    """A device that virtio_pci drives without VERSION_1 is refused."""
    old, both = device("rng", False, 5, "old"), device("rng", False, 6, "both")
    options = {
        "append": "virtio_pci.force_legacy=1",
        "device_options": {
            "old": "disable-modern=on,disable-legacy=off",
            "both": "disable-modern=off,disable-legacy=off",
        },
    }
    script = REFUSED.format(parameters="")
    watch, result = boot(run, Plan(script, (BLK, old, both), machine=options))
    watch.check_module()
    for refused in (old, both):
        line = result.report.device(refused.address) or {}
        assert (line["driver"], line["mode"], line["reason"]) == ("-", "refuse", "secure-legacy")
    result.check(ignore=(old.address, both.address))


@pytest.mark.extended
def test_no_memory_for_a_pool(run: Path) -> None:
    """Without memory for a pool a device gets no driver, and nothing stays shared."""
    hungry = tuple(device("rng", True, slot, f"rng{slot}") for slot in range(2, 30))
    script = f"begin pool_kib=16384\nrun_device {BLK.address}\n"
    script += "".join(f"report_device {device.address}\n" for device in hungry) + "give_back\n"
    watch, result = boot(run, Plan(script, (BLK, *hungry), {"mem_mib": 512}))
    watch.check_module()
    lines = [result.report.device(device.address) or {} for device in hungry]
    found = {(line["driver"], line["mode"], line["reason"]) for line in lines}
    refused = ("-", "refuse", "secure-no-pool")
    assert found == {("virtio_rng", "bounce", "secure-platform"), refused}
    assert "cannot allocate 16384 KiB bounce pool (pool_kib): " in result.console
    result.check(ignore=tuple(device.address for device in hungry))


PLUG = {"driver": "virtio-rng-pci", "id": "new", "bus": "pci.0", "addr": "8"}
HOT = """
chmod 755 /bin/drc
begin
run_io &
ask plug
wait_for drc acquire 40000040 || fail acquire
echo "dt add index 0x40000040" >/sys/kernel/dlpar || fail add
echo 1 >/sys/bus/pci/rescan
wait_for driver_of 0000:00:08.0
run_device 0000:00:08.0
wait
run_io
echo 1 >/sys/bus/pci/devices/0000:00:08.0/remove
echo "dt remove index 0x40000040" >/sys/kernel/dlpar || fail remove
drc release 40000040 || fail release
ask unplug
give_back
"""


@pytest.mark.parametrize(
    "f", [pytest.param(True, id="f"), pytest.param(False, id="no-f", marks=pytest.mark.extended)]
)
def test_hot_plug_and_unplug(run: Path, f: bool) -> None:
    """A plugged device gets a pool of its own, and unplugging leaves nothing shared."""
    new: dict[str, Any] = dict(PLUG)
    if f:
        new |= {"iommu_platform": True, "disable-legacy": "on"}

    def steps(guest: Guest) -> Steps:
        qmp = guest.qemu.qmp

        def unplug() -> None:
            qmp.command("device_del", id="new")
            qmp.wait_deleted({"new"})

        return {
            "plug": lambda: qmp.command("device_add", rng="source", **new),
            "unplug": unplug,
        }

    options = {"args": ("-object", "rng-builtin,id=source")}
    files = {"bin/drc": cross.drc(run)}
    watch, result = boot(run, Plan(HOT, (BLK,), options, files), steps)
    result.check()
    watch.check_module()
    line = result.report.device("0000:00:08.0") or {}
    wanted = Expected(f, "bounce", "secure-platform" if f else "secure-quirk")
    assert (line["mode"], line["reason"]) == (wanted.mode, wanted.reason)
    assert int(line["distinct"]) > 200


@pytest.mark.extended
def test_report_mode_changes_nothing(run: Path) -> None:
    """With the guard in mode report, the module lets no violation happen either."""
    options = {"guard": "report"}
    watch, result = boot(run, Plan("begin\nrun_io\ngive_back\n", (BLK, NET), options))
    result.check()
    watch.check_module()
    assert "denied=0" in (run / "qemu.log").read_text(errors="replace")
