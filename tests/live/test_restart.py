# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that follow each other on one machine: reboot, panic, kexec, kdump. Each finds
its devices, and no unknown window."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.lib.build import kernels, parts
from tests.lib.guest import modes, secure
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import DmaMode
from tests.lib.machine.devices import DEVICES, F_OPTIONS, Device
from tests.lib.machine.pseries import Machine
from tests.live.conftest import Outcome

BLK_F, BLK = DEVICES[:2]
MIB = 1 << 20
LIMIT = 390.0
MEM_MIB = 1280

# A disk that takes its time: when a kernel ends, reads of it are not done.
SLOW, SLOW_BPS, READS = "0000:00:09.0", 256 << 10, 24
# A disk of its own says which boot this is, by name, followed by the kernel and the
# initramfs for boots by kexec.
STATE_DISK, KERNEL_AT = "0000:00:08.0", 1
DISKS = ("looked at", "slow")
# Printed before the control, alone, writes into free memory.
CONTROL = "memory-has-been-looked-at"
# CONFIG_PAGE_POISONING: what Linux fills free pages with, page_poison=1.
PAGE, POISON = 64 << 10, 0xAA

# QEMU is looked at before our module has done anything, and after.
COMMON = """
. /lib/vdma.sh
ask found
load policy {parameters}
bring_up
settle
disk=/dev/$(disk_of {state})
boot=$(dd if=$disk bs=8 count=1 status=none | tr -d " ")
run_device {blk}
report_device {slow}
report boot name=$boot
ask has
next() {{
    printf '%-8s' $1 | dd of=$disk bs=8 count=1 conv=notrunc,fsync status=none
}}
# More than the disk gives until the next kernel has its devices.
read_slowly() {{
    for i in $(seq {reads}); do
        dd if=/dev/$(disk_of {slow}) of=/dev/null bs=256k count=1 skip=$i iflag=direct \\
            status=none &
    done
    sleep 1
    ask dying
}}
"""

# Each comes by firmware.
REBOOT = """
case $boot in
first)
    next panic
    read_slowly
    reboot -f
    ;;
panic)
    next last
    read_slowly
    echo c >/proc/sysrq-trigger
    ;;
last) ask end ;;
esac
"""

# Each finds what the one before has left. It fills the memory that is free with a
# pattern, and says so when a page that it takes has changed.
KEXEC = """
# take FILE OFFSET SIZE: from the disk, in MiB and bytes
take() {{
    dd if=$disk bs=1M skip=$2 status=none | head -c $3 >$1
}}
# kexec_load OPTION WORD ...: for the next kernel's command line
kexec_load() {{
    local how=$1

    shift
    chmod 755 /bin/kexec /lib64/ld64.so.2
    take /run/kernel {kernel_at} {kernel_size}
    take /run/initrd {initrd_at} {initrd_size}
    LD_LIBRARY_PATH=/lib kexec $how /run/kernel --initrd=/run/initrd \\
        --command-line="$(sed 's/crashkernel=[^ ]*//' /proc/cmdline) $*" ||
        fail "kexec $how"
    rm /run/kernel /run/initrd
}}
# look_at_memory MIB: take so much, and look at each page on its way.
look_at_memory() {{
    mkdir -p /run/fill
    mount -t tmpfs -o size=$1m none /run/fill
    dd if=/dev/zero of=/run/fill/all bs=1M 2>/dev/null
    report looked mib=$(du -m /run/fill/all | cut -f 1)
    umount /run/fill
}}
case $boot in
first)
    next kexec
    kexec_load -l page_poison=1 crashkernel=256M
    read_slowly
    LD_LIBRARY_PATH=/lib kexec -e || fail "kexec -e"
    ;;
kexec)
    look_at_memory 640
    next last
    kexec_load -p maxcpus=1 reset_devices
    read_slowly
    echo c >/proc/sysrq-trigger
    ;;
last)
    [ -e /proc/vmcore ] || fail "no /proc/vmcore"
    look_at_memory 96
    echo {control} >/dev/console
    ask control
    look_at_memory 16
    ask end
    ;;
esac
"""


# Linux keeps a dynamic window that it finds when it starts for single TCEs.
AFTER_KEXEC = {modes.IDENTITY: DmaMode("bypass", "dt-bypass", ("identity:request-unavailable",))}
# For the kernel's command line.
APPEND = {"tce": "disable_ddw"}


def disk_for(mode: DmaMode) -> Device:
    """The disk under test."""
    return BLK_F if mode.f else BLK


def windows_of(mode: DmaMode) -> tuple[int, int]:
    """How many windows a mode has: dynamic ones, which Debian's kernel creates before our
    module comes, and bypass."""
    dynamic = mode.mode in ("direct", "bypass", "identity")
    return int(dynamic), len(DISKS) * (mode.mode == "bypass")


class RestartingGuest(Guest):
    """A guest that reads from a disk which boot it is in, and the next kernel."""

    def __init__(self, machine: Machine, run: Path, mode: DmaMode, script: str) -> None:
        kernel = kernels.of(machine.kernel).image.read_bytes()
        self._initrd_at = KERNEL_AT + -(-len(kernel) // MIB)
        self._disk = run / "state.img"
        fields = {
            "parameters": mode.parameters(),
            "state": STATE_DISK,
            "slow": SLOW,
            "reads": READS,
            "control": CONTROL,
            "blk": disk_for(mode).address,
            "kernel_at": KERNEL_AT,
            "kernel_size": len(kernel),
            "initrd_at": self._initrd_at,
            "initrd_size": "%INITRD%",
        }
        text = (COMMON + script).format(**fields)
        with self._disk.open("wb") as file:
            file.write(b"first   ")
            file.seek(KERNEL_AT * MIB)
            file.write(kernel)
            file.truncate((self._initrd_at + 64) * MIB)
        (run / "slow.img").write_bytes(b"stale\n!\n" * MIB)
        super().__init__(machine, run, GuestImage(script=text, disk_mib=8, files=parts.programs()))

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

    def _clean(self) -> None:
        super()._clean()
        for name in ("state.img", "slow.img"):
            (self.run / name).unlink(missing_ok=True)

    def write_into_free_pages(self) -> None:
        """Write like a device that was not stopped."""
        with self.qemu.memory().open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as memory:
            for at in range(0, len(memory), PAGE):
                if memory[at : at + PAGE] == bytes([POISON]) * PAGE:
                    memory[at + PAGE // 2] = 0


def machine(run: Path, mode: DmaMode) -> Machine:
    """A machine with a disk for the state, a slow disk, and memory that the host can
    reach."""
    f = f",{F_OPTIONS}" if mode.f else ""
    slow = f"if=none,id=slow-disk,format=raw,file={run}/slow.img,throttling.bps-read={SLOW_BPS}"
    args = ("-drive", f"if=none,id=state,format=raw,cache=unsafe,file={run}/state.img")
    args += ("-device", "virtio-blk-pci,drive=state,addr=8,disable-legacy=on")
    args += ("-drive", slow, "-device", f"virtio-blk-pci,id=slow,drive=slow-disk,addr=9{f}")
    args += ("-object", f"memory-backend-memfd,id=ram,size={MEM_MIB}M")
    args += ("-action", "reboot=reset,panic=none", "-trace", "spapr_vdma_window")
    args += ("-trace", "spapr_iommu_ddw_*")
    options = "memory-backend=ram"
    append = f"crashkernel=256M {APPEND.get(mode.mode, '')}".strip()
    if mode.secure:
        args += secure.TRACE
        options += ",x-ultravisor=on,x-dma-guard=deny"
        append += " svm=on"
    return Machine(
        kernel=kernels.default_secure() if mode.secure else kernels.default(),
        devices=(disk_for(mode),),
        args=args,
        append=append,
        machine_options=options,
        mem_mib=MEM_MIB,
    )


@dataclass(frozen=True)
class GuestMappings:
    """The state of a guest in QEMU: numbers of dynamic and bypass WINDOWS, and of SHARED
    pages."""

    windows: tuple[int, int]
    shared: int


def mappings_of(guest: Guest) -> GuestMappings:
    """Count windows, and shared pages."""
    qmp = guest.qemu.qmp
    tree = qmp.monitor("info mtree")
    spaces = tree.split("memory-region:", maxsplit=1)[0]
    dynamic = len(set(re.findall(r"tce-iommu-\w*[1-9a-f]\r?$", spaces, re.MULTILINE)))
    bypass = spaces.count("alias bypass @")
    return GuestMappings((dynamic, bypass), secure.metric(qmp, "uv-shared-pages"))


@dataclass
class History:
    """For each boot: mappings FOUND at its start, those that it HAD then, and how many
    reads were UNDONE at its end."""

    found: list[GuestMappings] = field(default_factory=list)
    had: list[GuestMappings] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)


def undone(guest: Guest) -> int:
    """Requests that the slow disk has taken."""
    path = "/machine/peripheral/slow/virtio-backend"
    status = guest.qemu.qmp.command("x-query-virtio-queue-status", path=path, queue=0)
    return int(status["inuse"])


def boot_all(run: Path, script: str, boots: dict[str, DmaMode]) -> History:
    """Run all BOOTS of a guest, each with the mode that its I/O must use. Reads are left
    undone."""
    __tracebackhide__ = True
    history = History()
    wanted = list(boots.values())
    with RestartingGuest(machine(run, wanted[0]), run, wanted[0], script) as guest:
        guest.serve(
            {
                "found": lambda: history.found.append(mappings_of(guest)),
                "has": lambda: history.had.append(mappings_of(guest)),
                "dying": lambda: history.undone.append(undone(guest)),
                "control": guest.write_into_free_pages,
                "end": lambda: None,
            },
            "end",
            LIMIT,
        )
        result = guest.finish(LIMIT, expect=lambda device: wanted[-1].expected())
    result.check(ignore=("sysrq triggered crash",))
    report = result.report
    assert [line["name"] for line in report.all("boot")] == list(boots)
    devices = report.all("device")
    seen = [(line["mode"], line["reason"]) for line in devices]
    assert seen == [(mode.mode, mode.reason) for mode in wanted for _ in DISKS]
    # the host has looked at the last
    io = [(line["sha256"], line["written"]) for line in devices if "io" in line]
    assert io == io[-1:] * len(boots)
    assert len(history.undone) == len(boots) - 1 and all(history.undone)
    assert [mappings.windows for mappings in history.had] == [windows_of(mode) for mode in wanted]
    if wanted[0].secure:
        assert secure.violations(run) == []
    return history


def cases(event: str) -> list[Any]:
    """An event in each mode; they take long."""
    return [
        pytest.param(mode, id=f"{event}-{mode.mode}", marks=pytest.mark.extended)
        for mode in modes.EACH_MODE
    ]


@pytest.mark.parametrize("mode", cases("reboot"))
def test_reboot(run: Path, outcome: Outcome, mode: DmaMode) -> None:
    """After reboot and panic no window is open, and each kernel gets the same modes."""
    outcome("reboot", mode.mode)
    outcome("panic", mode.mode)
    history = boot_all(run, REBOOT, dict.fromkeys(["first", "panic", "last"], mode))
    assert [mappings.windows[1] for mappings in history.found] == [0] * 3
    assert [mappings.shared for mappings in history.found] == [history.found[0].shared] * 3


@pytest.mark.parametrize("mode", cases("kexec"))
def test_kexec(run: Path, outcome: Outcome, mode: DmaMode) -> None:
    """Kernels started by kexec and kdump get their devices, and no device writes into their
    memory."""
    outcome("kexec", mode.mode)
    outcome("kdump", mode.mode)
    after = AFTER_KEXEC.get(mode, mode)
    history = boot_all(run, KEXEC, {"first": mode, "kexec": after, "last": after})
    found, had = history.found, history.had
    # who panics closes nothing, and takes nothing back
    assert [mappings.windows[1] for mappings in found] == [0, 0, had[1].windows[1]]
    assert found[1].shared == found[0].shared and found[2].shared >= had[1].shared
    console = (run / "console.log").read_text(errors="replace")
    without, with_control = console.split(CONTROL, maxsplit=1)
    # nothing has written but the control
    assert "pagealloc" not in without
    assert mode.secure or "pagealloc: memory corruption" in with_control
