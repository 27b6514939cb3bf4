# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels that follow each other on one machine: reboot, panic, kexec, kdump. Each
finds its devices, and no window that it does not know of."""

from __future__ import annotations

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.lib.build import parts, rows
from tests.lib.guest import secure
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine.devices import DEVICES, F_OPTIONS, Device, Expected
from tests.lib.machine.pseries import Machine
from tests.live.conftest import Outcome

BLK_F, BLK = DEVICES[:2]
MIB = 1 << 20
LIMIT = 390.0
MEM_MIB = 1280

# A disk that takes its time: when a kernel ends, reads of it are not done.
SLOW, SLOW_BPS, READS = "0000:00:09.0", 256 << 10, 24
# What a life is, is written on a disk that has nothing else: its name, and behind
# that the kernel and initramfs for those that kexec starts.
LIVES, KERNEL_AT = "0000:00:08.0", 1
DISKS = ("looked at", "slow")
# What a kernel says once nothing but the control is to be seen.
CONTROL = "memory-has-been-looked-at"
# CONFIG_PAGE_POISONING: what Linux fills free pages with, page_poison=1.
PAGE, POISON = 64 << 10, 0xAA

# What QEMU has is looked at before our module has done anything, and after.
COMMON = """
. /lib/vdma.sh
ask found
load policy {parameters}
load bus
rebind_idle
load drivers
settle
disk=/dev/$(disk_of {lives})
life=$(dd if=$disk bs=8 count=1 status=none | tr -d " ")
run_device {blk}
report_device {slow}
report life name=$life
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
case $life in
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
case $life in
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


@dataclass(frozen=True)
class Way:
    """A mode, and how the guest is made to take it; AFTER kexec, if that is another."""

    mode: str
    reason: str
    passed_over: tuple[str, ...] = ()
    parameters: str = ""
    append: str = ""
    f: bool = True
    secure: bool = False
    after: Way | None = None

    def disk(self) -> Device:
        """The disk that is looked at."""
        return BLK_F if self.f else BLK

    def expected(self) -> Expected:
        """What is to be said about it."""
        return Expected(self.f, self.mode, self.reason, self.passed_over)

    def windows(self) -> tuple[int, int]:
        """Dynamic ones, which Debian's kernel makes before our module comes, and
        bypass."""
        dynamic = self.mode in ("direct", "bypass", "identity")
        return int(dynamic), len(DISKS) * (self.mode == "bypass")


ASKED = ("bypass:requested", "identity:requested")
VETO = ("bypass:secure-veto", "identity:secure-veto")
# Linux keeps a dynamic window that it finds when it starts for single TCEs.
AFTER = Way("bypass", "dt-bypass", ("identity:request-unavailable",))
WAYS = (
    Way("direct", "no-access-platform", f=False),
    Way("bypass", "dt-bypass"),
    Way("identity", "requested", ASKED[:1], "mode=identity", after=AFTER),
    Way("tce", "requested", ASKED, "mode=tce", append="disable_ddw"),
    Way("bounce", "secure-platform", VETO, secure=True),
)


class Lives(Guest):
    """A guest that finds the name of its life, and the next kernel, on a disk."""

    def __init__(self, machine: Machine, run: Path, way: Way, script: str) -> None:
        kernel = (parts.part(f"kernel-{machine.kernel}") / "vmlinux").read_bytes()
        self._initrd_at = KERNEL_AT + -(-len(kernel) // MIB)
        self._disk = run / "lives.img"
        fields = {
            "parameters": way.parameters,
            "lives": LIVES,
            "slow": SLOW,
            "reads": READS,
            "control": CONTROL,
            "blk": way.disk().address,
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
        for name in ("lives.img", "slow.img"):
            (self.run / name).unlink(missing_ok=True)

    def write_into_free_pages(self) -> None:
        """As a device would do that nobody has stopped."""
        with self.qemu.memory().open("r+b") as opened, mmap.mmap(opened.fileno(), 0) as memory:
            for at in range(0, len(memory), PAGE):
                if memory[at : at + PAGE] == bytes([POISON]) * PAGE:
                    memory[at + PAGE // 2] = 0


def machine(run: Path, way: Way) -> Machine:
    """With a disk for the lives and one that is slow, and memory that we can reach."""
    f = f",{F_OPTIONS}" if way.f else ""
    slow = f"if=none,id=slow-disk,format=raw,file={run}/slow.img,throttling.bps-read={SLOW_BPS}"
    args = ("-drive", f"if=none,id=lives,format=raw,cache=unsafe,file={run}/lives.img")
    args += ("-device", "virtio-blk-pci,drive=lives,addr=8,disable-legacy=on")
    args += ("-drive", slow, "-device", f"virtio-blk-pci,id=slow,drive=slow-disk,addr=9{f}")
    args += ("-object", f"memory-backend-memfd,id=ram,size={MEM_MIB}M")
    args += ("-action", "reboot=reset,panic=none", "-trace", "spapr_vdma_window")
    args += ("-trace", "spapr_iommu_ddw_*")
    options = "memory-backend=ram"
    append = f"crashkernel=256M {way.append}".strip()
    if way.secure:
        args += secure.TRACE
        options += ",x-ultravisor=on,x-dma-guard=deny"
        append += " svm=on"
    return Machine(
        kernel=rows.default_secure_kernel() if way.secure else rows.default_kernel(),
        devices=(way.disk(),),
        args=args,
        append=append,
        machine_options=options,
        mem_mib=MEM_MIB,
    )


@dataclass(frozen=True)
class GuestMappings:
    """What QEMU has for the guest's devices: WINDOWS, dynamic and bypass, and pages
    that it SHARED."""

    windows: tuple[int, int]
    shared: int


def held(guest: Guest) -> GuestMappings:
    """Count windows, and shared pages."""
    qmp = guest.qemu.qmp
    tree = qmp.monitor("info mtree")
    spaces = tree.split("memory-region:", maxsplit=1)[0]
    dynamic = len(set(re.findall(r"tce-iommu-\w*[1-9a-f]\r?$", spaces, re.MULTILINE)))
    bypass = spaces.count("alias bypass @")
    return GuestMappings((dynamic, bypass), secure.metric(qmp, "uv-shared-pages"))


@dataclass
class Story:
    """What was FOUND at the start of each life, what it HAD then, and how many reads
    were not DONE at its end."""

    found: list[GuestMappings] = field(default_factory=list)
    had: list[GuestMappings] = field(default_factory=list)
    undone: list[int] = field(default_factory=list)


def undone(guest: Guest) -> int:
    """Requests that the slow disk has taken."""
    path = "/machine/peripheral/slow/virtio-backend"
    status = guest.qemu.qmp.command("x-query-virtio-queue-status", path=path, queue=0)
    return int(status["inuse"])


def live(run: Path, script: str, lives: dict[str, Way]) -> Story:
    """All lives of a guest, and how each must do its I/O. Reads are left undone."""
    __tracebackhide__ = True
    story = Story()
    ways = list(lives.values())
    with Lives(machine(run, ways[0]), run, ways[0], script) as guest:
        guest.serve(
            {
                "found": lambda: story.found.append(held(guest)),
                "has": lambda: story.had.append(held(guest)),
                "dying": lambda: story.undone.append(undone(guest)),
                "control": guest.write_into_free_pages,
                "end": lambda: None,
            },
            "end",
            LIMIT,
        )
        result = guest.finish(LIMIT, expect=lambda device: ways[-1].expected())
    result.check(ignore=("sysrq triggered crash",))
    report = result.report
    assert [line["name"] for line in report.all("life")] == list(lives)
    devices = report.all("device")
    seen = [(line["mode"], line["reason"]) for line in devices]
    assert seen == [(way.mode, way.reason) for way in ways for _ in DISKS]
    # the host has looked at the last
    io = [(line["sha256"], line["written"]) for line in devices if "io" in line]
    assert io == io[-1:] * len(lives)
    assert len(story.undone) == len(lives) - 1 and all(story.undone)
    assert [held.windows for held in story.had] == [way.windows() for way in ways]
    if ways[0].secure:
        assert secure.violations(run) == []
    return story


def cases(event: str) -> list[Any]:
    """An event in each mode; they take long."""
    return [pytest.param(way, id=f"{event}-{way.mode}", marks=pytest.mark.extended) for way in WAYS]


@pytest.mark.parametrize("way", cases("reboot"))
def test_reboot(run: Path, outcome: Outcome, way: Way) -> None:
    """Firmware starts without a window; each kernel gets what the one before had."""
    outcome("reboot", way.mode)
    outcome("panic", way.mode)
    story = live(run, REBOOT, dict.fromkeys(["first", "panic", "last"], way))
    assert [held.windows[1] for held in story.found] == [0] * 3
    assert [held.shared for held in story.found] == [story.found[0].shared] * 3


@pytest.mark.parametrize("way", cases("kexec"))
def test_kexec(run: Path, outcome: Outcome, way: Way) -> None:
    """The next kernel, and one for a dump, get their devices and keep their memory."""
    outcome("kexec", way.mode)
    outcome("kdump", way.mode)
    after = way.after or way
    story = live(run, KEXEC, {"first": way, "kexec": after, "last": after})
    found, had = story.found, story.had
    # who panics closes nothing, and takes nothing back
    assert [held.windows[1] for held in found] == [0, 0, had[1].windows[1]]
    assert found[1].shared == found[0].shared and found[2].shared >= had[1].shared
    console = (run / "console.log").read_text(errors="replace")
    before, after = console.split(CONTROL, maxsplit=1)
    # nothing has written but the control
    assert "pagealloc" not in before
    assert way.secure or "pagealloc: memory corruption" in after
