# SPDX-License-Identifier: GPL-2.0-or-later
"""The DMA guard with stock Linux: devices that are not virtio, denied requests, and
resets of a secure VM."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.guest import secure
from tests.lib.guest.linux import Guest
from tests.secure.guests import Plan, Steps, boot, device

BLK, NET = device("blk", True, 1), device("net", False, 2)
MSR_S = 1 << 22


def disk(run: Path, name: str) -> tuple[str, str]:
    """An option for a disk of 1 MiB."""
    file = run / f"{name}.img"
    file.write_bytes(bytes(1 << 20))
    return ("-drive", f"if=none,id={name}-disk,format=raw,file={file}")


FOREIGN = ("e1000", "nvme", "xhci", "vscsi", "vlan")
FOREIGN_SCRIPT = """
ask start
keep_control
load drivers
# By itself it looks for more disks for a minute.
insmod /lib/modules/scsi_transport_srp.ko
insmod /lib/modules/ibmvscsi.ko max_id=1 max_channel=0 || fail ibmvscsi
load more
wait_for [ -b /dev/nvme0n1 ] || fail nvme
for n in 1 2; do
    wait_for ls /sys/bus/scsi/devices/$((n - 1)):0:0:0/block || fail "disk $n"
done
for disk in /dev/nvme0n1 /dev/sd[ab]; do
    dd if=$disk of=/run/data bs=64k count=2 iflag=direct status=none || fail "read $disk"
    dd if=/run/data of=$disk bs=64k oflag=direct status=none || fail "write $disk"
done
for n in 0 1; do
    ip link set eth$n up
    ip addr add 10.0.9$n.15/24 dev eth$n
    ping -c 2 10.0.9$n.2 >/dev/null || fail "ping on eth$n"
done
give_back
"""


def test_devices_that_are_not_virtio(run: Path) -> None:
    """The guard filters a card, a disk, a USB host and PAPR's own devices."""
    args = [*disk(run, "nvme"), *disk(run, "usb"), *disk(run, "vscsi")]
    for place, name in enumerate(("e1000", "vlan")):
        args += ["-netdev", f"user,id={name}-net,net=10.0.9{place}.0/24,ipv6=off"]
    # disks: the kernel shares rings by itself, but not the data
    for option in (
        "nvme,id=nvme,bus=pci.0,addr=1,drive=nvme-disk,serial=1",
        "e1000,id=e1000,bus=pci.0,addr=2,netdev=e1000-net,romfile=",
        "qemu-xhci,id=xhci,bus=pci.0,addr=3",
        "usb-bot,id=stick,bus=xhci.0",
        "scsi-hd,bus=stick.0,drive=usb-disk",
        "spapr-vlan,id=vlan,netdev=vlan-net",
        "spapr-vscsi,id=vscsi",
        "scsi-hd,bus=vscsi.0,drive=vscsi-disk",
    ):
        args += ["-device", option]
    modules = ("nvme", "xhci_pci", "usb_storage", "ibmveth", "ibmvscsi")
    machine = {"guard": "report", "args": args}
    plan = Plan(FOREIGN_SCRIPT, (), machine, modules=modules, policy=False)
    watch, result = boot(run, plan)
    result.check()
    seen = watch.check_control()
    for name in FOREIGN:
        assert {v.direction for v in seen if v.device == name} == {"read", "write"}, name


DENIED = """
ask start
load bus
insmod /lib/modules/virtio_blk.ko &
ask end
sleep 1000
"""


def test_denied_requests_never_end(run: Path) -> None:
    """In mode deny a stock guest's disk reads no block."""
    plan = Plan(DENIED, (device("blk", False, 1),), policy=False)

    def steps(guest: Guest) -> Steps:
        def look() -> None:
            qmp = guest.qemu.qmp
            assert guest.until(lambda: secure.metric(qmp, "dma-guard-violations") > 0)
            stats = qmp.command("query-blockstats")
            assert [s["stats"]["rd_operations"] for s in stats] == [0]
            last = secure.metric(qmp, "dma-guard-last")
            line = r"device=blk address=0x\w+ size=\d+ direction=read"
            assert re.fullmatch(line, last)
            devices = secure.metric(qmp, "dma-guard-by-device")
            assert re.fullmatch(line + r" violations=\d+\n", devices)
            guest.qemu.close()

        return {"end": look}

    watch, _ = boot(run, plan, steps)
    assert {v.device for v in secure.violations(watch.guest.run)} == {"blk"}
    log = (run / "qemu.log").read_text(errors="replace")
    assert "denied=1" in log and "denied=0" not in log


LIFE = """
begin
run_io
ask again
case $ANSWER in
reboot) reboot -f ;;
reset) sleep 1000 ;;
esac
give_back
"""


def secure_cpus(guest: Guest) -> list[bool]:
    """MSR[S] of each CPU."""
    text = guest.qemu.qmp.monitor("info registers -a")
    return [bool(int(msr, 16) & MSR_S) for msr in re.findall(r"\bMSR (\w+) ", text)]


@pytest.mark.extended
@pytest.mark.parametrize("how", ["reset", "reboot"])
def test_the_next_boot_starts_fresh(run: Path, how: str) -> None:
    """A reset or reboot clears MSR[S], shared pages and the guard; the next boot is secure."""
    rounds: list[int] = []

    def steps(guest: Guest) -> Steps:
        def again() -> str:
            assert secure_cpus(guest) == [True] * 4
            rounds.append(secure.metric(guest.qemu.qmp, "uv-shared-pages"))
            if len(rounds) == 2:
                return "finish"
            if how == "reset":
                guest.qemu.qmp.command("system_reset")
                assert not any(secure_cpus(guest))
                assert secure.metric(guest.qemu.qmp, "uv-shared-pages") == 0
            return how

        return {"again": again}

    options = {"smp": 4, "args": ("-action", "reboot=reset")}
    watch, result = boot(run, Plan(LIFE, (BLK, NET), options), steps)
    result.check(ignore=("ended before its work",))
    watch.check_module()
    assert rounds[0] == rounds[1] > 0
    log = (run / "qemu.log").read_text(errors="replace")
    assert re.findall(r"spapr_uv_secure secure=(\d)", log)[:3] == ["1", "0", "1"]
