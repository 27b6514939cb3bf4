# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that follow each other on one machine: reboot, panic, kexec, kdump."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib import parts
from tests.lib.devices import DEVICES
from tests.lib.guest import Cargo, Guest
from tests.lib.machine import Machine

BLK = DEVICES[0]
MIB = 1 << 20
LIMIT = 390.0
RESERVED = "crashkernel=512M"

# What a life is, is written on a disk that has nothing else: the number of those
# before it, and behind that the kernel and initramfs for those that kexec starts.
LIVES = "0000:00:08.0"
KERNEL_AT = 1
SCRIPT = """
. /lib/vdma.sh
load policy {parameters}
load bus
rebind_idle
load drivers
settle
disk=/dev/$(disk_of {lives})
life=$(dd if=$disk bs=8 count=1 status=none | tr -d " ")
run_device {blk}
report life number=$life cmdline=$(tr ' ' ',' </proc/cmdline)
next() {{
    printf '%-8s' $1 | dd of=$disk bs=8 count=1 conv=notrunc,fsync status=none
}}
# take FILE OFFSET SIZE: from the disk, in MiB and bytes
take() {{
    dd if=$disk bs=1M skip=$2 status=none | head -c $3 >$1
}}
kernels() {{
    chmod 755 /bin/kexec /lib64/ld64.so.2
    take /run/kernel {kernel_at} {kernel_size}
    take /run/initrd {initrd_at} {initrd_size}
}}
case $life in
first)
    next second
    reboot -f
    ;;
second)
    next third
    echo c >/proc/sysrq-trigger
    ;;
third)
    next fourth
    kernels
    LD_LIBRARY_PATH=/lib kexec -l /run/kernel --initrd=/run/initrd \\
        --command-line="$(cat /proc/cmdline)" || fail "kexec -l"
    LD_LIBRARY_PATH=/lib kexec -e || fail "kexec -e"
    ;;
fourth)
    next last
    kernels
    LD_LIBRARY_PATH=/lib kexec -p /run/kernel --initrd=/run/initrd \\
        --command-line="$(sed 's/crashkernel=[^ ]*//' /proc/cmdline) maxcpus=1 reset_devices" ||
        fail "kexec -p"
    # the disk is at work when the kernel dies
    dd if=/dev/$(disk_of {blk}) of=/dev/null bs=1M iflag=direct 2>/dev/null &
    echo c >/proc/sysrq-trigger
    ;;
last) [ -e /proc/vmcore ] || fail "no /proc/vmcore" ;;
*) fail "life $life" ;;
esac
"""


@dataclass(frozen=True)
class Way:
    """A mode, and how the guest is made to take it."""

    mode: str
    reason: str
    parameters: str = ""
    append: str = ""


WAYS = (
    Way("bypass", "dt-bypass"),
    Way("identity", "administrator", parameters="mode=identity"),
    Way("tce", "administrator", parameters="mode=tce"),
)
NAMES = ["first", "second", "third", "fourth", "last"]


class Lives(Guest):
    """A guest that finds the number of its life, and the next kernel, on a disk."""

    def __init__(self, machine: Machine, run: Path, way: Way) -> None:
        kernel = (parts.part(f"kernel-{machine.kernel}") / "vmlinux").read_bytes()
        initrd_at = KERNEL_AT + -(-len(kernel) // MIB)
        self._disk = run / "lives.img"
        files = {
            str(path.relative_to(root)): path.read_bytes()
            for root in [parts.part("kexec-ppc64le") / "root"]
            for path in root.rglob("*")
            if path.is_file()
        }
        fields = {
            "parameters": way.parameters,
            "lives": LIVES,
            "blk": BLK.address,
            "kernel_at": KERNEL_AT,
            "kernel_size": len(kernel),
            "initrd_at": initrd_at,
            "initrd_size": "%INITRD%",
        }
        script = SCRIPT.format(**fields)
        with self._disk.open("wb") as file:
            file.write(b"first   ")
            file.seek(KERNEL_AT * MIB)
            file.write(kernel)
            file.truncate((initrd_at + 64) * MIB)
        self._initrd_at = initrd_at
        super().__init__(machine, run, Cargo(script=script, disk_mib=8, files=files))

    def _prepare(self) -> None:
        super()._prepare()
        initrd = self.run / "initramfs.cpio"
        # its own size stands in it, in as many bytes as the mark
        size = f"{initrd.stat().st_size:<8}".encode()
        data = initrd.read_bytes().replace(b"%INITRD%", size)
        initrd.write_bytes(data)
        with self._disk.open("r+b") as file:
            file.seek(self._initrd_at * MIB)
            file.write(data)


def window_changes(run: Path) -> list[str]:
    """Every opening and closing of the disk's window: "enabled=1 by hypercall"."""
    log = (run / "qemu.log").read_text(errors="replace")
    return re.findall(r"spapr_vdma_window vdma-pci.0-01.0 (enabled=\d by .*)", log)


@pytest.mark.parametrize(
    "way",
    [pytest.param(w, id=w.mode, marks=pytest.mark.more) for w in WAYS],
)
def test_lives(run: Path, way: Way) -> None:
    """Each kernel's devices work, in the same mode, and no window is left behind."""
    args = ("-drive", f"if=none,id=lives,format=raw,cache=unsafe,file={run}/lives.img")
    args += ("-device", "virtio-blk-pci,drive=lives,addr=8,disable-legacy=on")
    args += ("-action", "reboot=reset,panic=none", "-trace", "spapr_vdma_window")
    args += ("-trace", "spapr_iommu_ddw_*")
    machine = Machine(devices=(BLK,), args=args, append=f"{RESERVED} {way.append}")
    with Lives(machine, run, way) as guest:
        result = guest.finish(LIMIT)
    lives = [line["number"] for line in result.report.all("life")]
    assert lives == NAMES
    for line in result.report.all("device"):
        assert (line["mode"], line["reason"]) == (way.mode, way.reason)
    expected = {"panic", "Oops", "BUG", "WARNING"}
    assert [p for p in result.problems if not any(word in p for word in expected)] == []
    opened = window_changes(run)
    if way.mode == "bypass":
        # kexec's kernels find it open, and it stays open
        assert opened[:5] == [
            "enabled=1 by hypercall",
            "enabled=0 by reset",
            "enabled=1 by hypercall",
            "enabled=0 by reset",
            "enabled=1 by hypercall",
        ]
    else:
        assert opened == []
