# SPDX-License-Identifier: GPL-2.0-or-later
"""The module loaded early and late, unloaded and loaded again; its parameters and
files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.lib.build import cross, kernels
from tests.lib.guest.linux import Guest, GuestImage, Result
from tests.lib.machine.devices import DEVICES, Device, Expected, virtio
from tests.lib.machine.pseries import Machine

BLK, NO_F = DEVICES[:2]
# Its driver takes ACCESS_PLATFORM back, which QEMU refuses.
BALLOON = virtio("balloon", "balloon", 7)
BALLOON_OPTIONS = "free-page-reporting=on,free-page-hint=on,iothread=hint"
# VIRTIO_BALLOON_F_FREE_PAGE_HINT and _REPORTING
FREE_PAGES = (3, 5)
BLK_ONLY = Machine(devices=(BLK,))
KERNELS = [BLK_ONLY.kernel, pytest.param("6.1", marks=pytest.mark.extended)]

Seen = tuple[str, str, str]

BYPASS: Seen = ("bypass", "dt-bypass", "-")
FOUND_IDENTITY: Seen = ("identity", "ddw-covers-memory", "bypass:already-bound")
UNLOADED: Seen = ("-", "-", "-")


def seen(result: Result, device: Device) -> list[Seen]:
    """All reports of a device."""
    return [
        (line["mode"], line["reason"], line["passed_over"])
        for line in result.report.all("device")
        if line["address"] == device.address
    ]


def boot(run: Path, machine: Machine, script: str, limit: float = 180.0) -> Result:
    """Boot with a script; every disk has 8 MiB of data."""
    image = GuestImage(script=". /lib/vdma.sh\n" + script, disk_mib=8)
    with Guest(machine, run, image) as guest:
        return guest.finish(limit, expect=lambda device: LAST)


# The last report of each device in most tests.
LAST = Expected(True, "bypass", "dt-bypass")

FN = BLK.address
PCI = "/sys/bus/pci/devices"

LATE = f"""
load bus
load drivers
settle
load policy
report_device {FN}
run_device {FN}
rebind
settle
run_device {FN}
"""


@pytest.mark.parametrize("kernel", KERNELS)
def test_late_load_lists_and_rebind_takes_over(run: Path, kernel: str) -> None:
    """A late module reports bound devices and leaves them alone; rebind decides them."""
    result = boot(run, replace(BLK_ONLY, kernel=kernel), LATE)
    result.check()
    assert seen(result, BLK) == [FOUND_IDENTITY, FOUND_IDENTITY, BYPASS]


RELOAD = f"""
load policy
bring_up
settle
report_device {FN}
dd if=/dev/vda of=/dev/null bs=64k iflag=direct count=100 status=none &
rmmod virtio_dma_policy || fail rmmod
wait
report_device {FN}
load policy
report_device {FN}
rmmod virtio_dma_policy
rebind {FN} 2>/dev/null && fail 'rebind without the module'
echo {FN} >/sys/bus/pci/drivers/virtio-pci/unbind
echo {FN} >/sys/bus/pci/drivers/virtio-pci/bind
settle
dd if=/dev/$(disk_of {FN}) of=/dev/null bs=1M iflag=direct count=8 status=none || fail read
load policy
report_device {FN}
rebind
settle
run_device {FN}
"""


@pytest.mark.parametrize("kernel", KERNELS)
def test_unload_and_reload(run: Path, kernel: str) -> None:
    """Unloading leaves a device its mode, and the kernel decides for later binds."""
    result = boot(run, replace(BLK_ONLY, kernel=kernel), RELOAD)
    result.check()
    assert seen(result, BLK) == [
        BYPASS,
        UNLOADED,
        # found again as it was left, in bypass
        BYPASS,
        # bound without the module: the kernel's dynamic window
        FOUND_IDENTITY,
        BYPASS,
    ]


OTHER = virtio("other", "blk", 1, bus="phb1.0")
EMPTY_PHB = f"""
load policy
bring_up
settle
report_device {FN}
echo 1 >{PCI}/{OTHER.address}/remove
rmmod virtio_dma_policy || fail rmmod
echo 1 >/sys/bus/pci/rescan
wait_for disk_of {OTHER.address} || fail "no disk after the rescan"
load policy
rebind
settle
run_device {FN}
run_device {OTHER.address}
"""


@pytest.mark.extended
def test_unload_leaves_nothing_in_a_phb_without_devices(run: Path) -> None:
    """After an unload, a PHB whose only device was removed works with a new one."""
    machine = Machine(devices=(BLK, OTHER), phbs=("",))
    boot(run, machine, EMPTY_PHB).check()


UNLOAD_UNDER_PROBE = f"""
load bus
load drivers
settle
unbind() {{ echo {FN} >/sys/bus/pci/drivers/virtio-pci/unbind; }}
bind() {{ echo {FN} >/sys/bus/pci/drivers/virtio-pci/bind; }}
delay=20000 gone=0
for i in $(seq 1 30); do
    unbind
    insmod /lib/modules/virtio_dma_policy.ko mode=bounce pool_kib=16384 || fail insmod
    bind &
    usleep $delay
    if rmmod virtio_dma_policy 2>/dev/null; then
        gone=$((gone + 1)) delay=$((delay + delay / 10 + 500))
        wait
    else
        # the pool held it; come earlier
        wait
        unbind
        rmmod virtio_dma_policy || fail rmmod
        bind
        delay=$((delay - delay / 8))
    fi
done
report race "gone=$gone"
settle
load policy
rebind
settle
run_device {FN}
"""


@pytest.mark.extended
def test_unload_under_a_probe(run: Path) -> None:
    """Whichever of rmmod and probe comes first, no pool outlives the module."""
    result = boot(run, BLK_ONLY, UNLOAD_UNDER_PROBE)
    result.check()
    race = result.report.one("race")
    assert race and 0 < int(race["gone"]) < 30


E1000 = DEVICES[5]
UNLOAD_UNDER_QUESTION = f"""
insmod /slowmask.ko slot={E1000.slot}
load policy
echo 1 >/sys/module/slowmask/parameters/ask
sleep 1
rmmod virtio_dma_policy || fail rmmod
rmmod slowmask
report done
"""


@pytest.mark.extended
def test_unload_while_a_foreign_function_asks(run: Path) -> None:
    """A driver that is not virtio's may ask at any time, without the device's lock: our
    code is there until it has its answer."""
    machine = Machine(devices=(E1000,), append="oops=panic")
    files = {"slowmask.ko": cross.module(run, machine.kernel, "tests/linux/slowmask.c")}
    script = ". /lib/vdma.sh\n" + UNLOAD_UNDER_QUESTION
    with Guest(machine, run, GuestImage(script=script, files=files)) as guest:
        result = guest.finish()
    result.check(ignore=("no report",))
    assert result.report.one("done") is not None
    assert "slowmask: answered: 0" in result.console
    assert "slowmask: the PHB has its function back: 1" in result.console


RNG = DEVICES[4]
END_IN_CALLBACK = """
load policy
load bus
insmod /slowcb.ko || fail slowcb
report end status=0
taskset 1 poweroff -f
"""


@pytest.mark.extended
def test_end_waits_for_callbacks(run: Path) -> None:
    """When the kernel ends, no device is reset while an interrupt uses its ring."""
    machine = Machine(devices=(RNG,), args=("-smp", "2"))
    files = {"slowcb.ko": cross.module(run, machine.kernel, "tests/linux/slowcb.c")}
    script = ". /lib/vdma.sh\n" + END_IN_CALLBACK
    with Guest(machine, run, GuestImage(script=script, files=files)) as guest:
        result = guest.finish()
    assert result.report.all("fail") == []
    assert "slowcb: powering off on CPU 0 in a callback" in result.console
    assert "slowcb: not reset in a callback" in result.console


@dataclass(frozen=True)
class Asked:
    """Parameters, and the reports of a disk with F, a disk without, and a BALLOON with F
    (by default like the first)."""

    parameters: str
    f: Seen
    no_f: Seen = ("direct", "no-access-platform", "-")
    append: str = ""
    balloon: Seen | None = None


REQUESTS = {
    "auto": Asked("mode=auto", BYPASS),
    "tce for all": Asked(
        "mode=tce",
        ("tce", "requested", "bypass:requested,identity:requested"),
        ("direct", "no-access-platform", "tce:request-unsafe"),
    ),
    "identity for one": Asked(
        f"override={FN}=identity",
        ("identity", "requested", "bypass:requested"),
        balloon=BYPASS,
    ),
    "identity that cannot be had": Asked(
        f"override={FN}=identity",
        ("bypass", "dt-bypass", "identity:request-unavailable"),
        append="disable_ddw",
        balloon=BYPASS,
    ),
    "no IOMMU": Asked(
        "mode=tce",
        ("bypass", "dt-bypass", "tce:request-unavailable"),
        ("direct", "no-access-platform", "tce:request-unsafe"),
        append="iommu=off",
    ),
    "direct with F": Asked(
        f"override={FN}=direct",
        ("bypass", "dt-bypass", "direct:request-unsafe"),
        balloon=BYPASS,
    ),
    "bypass for all": Asked(
        "mode=bypass",
        BYPASS,
        ("direct", "no-access-platform", "bypass:request-unsafe"),
    ),
    "bounce": Asked(
        "mode=bounce",
        ("bounce", "requested", "bypass:requested,identity:requested"),
        ("direct", "no-access-platform", "bounce:request-unavailable"),
    ),
    "one differs from all": Asked(
        f"mode=identity override=0000:00:0f.0=tce,{FN}=tce",
        ("tce", "requested", "bypass:requested,identity:requested"),
        ("direct", "no-access-platform", "identity:request-unsafe"),
        balloon=("identity", "requested", "bypass:requested"),
    ),
}


# Others have each part of these.
EXTENDED = (
    *("auto", "identity for one", "bypass for all", "one differs from all"),
    *("direct with F", "bounce", "no IOMMU", "tce for all"),
)


@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.extended if n in EXTENDED else []) for n in REQUESTS]
)
def test_request(run: Path, name: str) -> None:
    """A requested mode is used, or passed over with a reason."""
    asked = REQUESTS[name]
    balloon = asked.balloon or asked.f
    by_name = {BLK.name: asked.f, NO_F.name: asked.no_f, BALLOON.name: balloon}

    def expect(device: Device) -> Expected:
        mode, reason, passed_over = by_name[device.name]
        items = () if passed_over == "-" else tuple(passed_over.split(","))
        return Expected(bool(device.f), mode, reason, items)

    script = f". /lib/vdma.sh\nload policy {asked.parameters}\nbring_up\nload more\nsettle\nrun_io\n"
    script += f"report balloon features=$(cat {PCI}/{BALLOON.address}/virtio*/features)\n"
    machine = Machine(
        devices=(BLK, NO_F, BALLOON),
        append=asked.append,
        device_options={BALLOON.name: BALLOON_OPTIONS},
        args=("-object", "iothread,id=hint"),
    )
    image = GuestImage(script=script, disk_mib=8, modules=("virtio_balloon",))
    with Guest(machine, run, image) as guest:
        result = guest.finish(expect=expect)
    result.check()
    # hints about free pages do not work with a pool of copies
    features = (result.report.one("balloon") or {})["features"]
    assert {features[bit] for bit in FREE_PAGES} == {"0" if balloon[0] == "bounce" else "1"}
    # Debian's kernel has created a window before our module comes
    open_window = balloon[0] == "bounce" and kernels.of(machine.kernel).built_in("VIRTIO_PCI")
    assert ("cannot close the kernel's dynamic window" in result.console) == open_window


BAD_PARAMETERS = {
    "mode=fast": "cannot load: mode=fast: unknown mode",
    "mode=refuse": "cannot load: mode=refuse: unknown mode",
    "override=0000:00:01.0": "cannot load: override=0000:00:01.0: not a list",
    "override=0000:00:21.0=tce": "cannot load: override=0000:00:21.0=tce: not a list",
    "override=0000:00:01.8=tce": "cannot load: override=0000:00:01.8=tce: not a list",
    "override=0000:100:01.0=tce": "cannot load: override=0000:100:01.0=tce: not a list",
    "override=0000:00:01.0=tce,zz": "cannot load: override=zz: not a list",
    "pool_kib=64": "cannot load: pool_kib=64: not 0 or 3072 to 16384",
    "pool_kib=16385": "cannot load: pool_kib=16385: not 0 or 3072 to 16384",
}


def test_bad_parameters(run: Path) -> None:
    """An invalid parameter keeps the module out, with one line in the log."""
    script = ". /lib/vdma.sh\nload bus\n"
    for parameters in BAD_PARAMETERS:
        script += (
            f"insmod /lib/modules/virtio_dma_policy.ko {parameters} 2>/dev/null &&"
            f" fail loaded\n"
        )
    # the usual way says why: as the kernel does, or else insmod
    script += "load policy mode=foo\necho more nix >>/lib/modules/order\nload more\n"
    with Guest(Machine(devices=()), run, GuestImage(script=script)) as guest:
        result = guest.finish()
    assert result.problems == [
        "guest: insmod virtio_dma_policy: cannot load: mode=foo: unknown mode",
        "guest: insmod nix: No such file or directory",
    ]
    for line in BAD_PARAMETERS.values():
        assert f"virtio_dma_policy: {line}" in result.console


FILES = f"""
load policy
bring_up
settle
for file in /sys/bus/pci/devices/{FN}/virtio*/dma_policy/*; do
    report file "${{file##*/}}=$(cat "$file")" "mode=$(stat -c %a "$file")"
done
report_device {FN}
run_device {FN}
"""


def test_sysfs_files(run: Path) -> None:
    """The files of docs/abi/sysfs-bus-virtio-dma_policy exist, are read-only and have one
    value each."""
    result = boot(run, BLK_ONLY, FILES)
    result.check()
    files: dict[str, str] = {}
    for line in result.report.all("file"):
        assert line.pop("mode", None) in ("444", "bypass")
        files |= line
    # if virtio_pci is built in: when found
    queries = 2 if kernels.of(BLK_ONLY.kernel).built_in("VIRTIO_PCI") else 1
    assert files == {
        "reason": "dt-bypass",
        "passed_over": "-",
        "window_base": "0x1000000000000000",
        "window_size": "0xc0000000",
        "pool_bytes": "0",
        "pool_used_max": "0",
        "pool_full": "0",
        "hcalls": str(queries + 1),
        "bounced_bytes": "0",
    }
    assert (
        f"virtio-pci {FN}: virtio DMA: mode bypass, reason dt-bypass, passed over -"
        in result.console
    )
