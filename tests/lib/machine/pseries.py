# SPDX-License-Identifier: GPL-2.0-or-later
"""A description of a machine, and QEMU's command line for it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.lib.build import kernels
from tests.lib.build.parts import Unfit
from tests.lib.machine import emulators
from tests.lib.machine.devices import BRIDGE_ARGS, DEVICES, F_OPTIONS, Device
from tests.lib.machine.emulators import Emulator
from tests.lib.machine.screen import HEIGHT, WIDTH

# TCG has no speculation to mitigate, and warns about each of these if asked.
CAPABILITIES = "cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off"

# Quiet, but warnings reach the console at once; a panic ends QEMU.
KERNEL_COMMAND_LINE = "console=hvc0 loglevel=5 panic=-1"


@dataclass(frozen=True)
class Machine:
    """A machine to boot.

    HOTPLUG_MIB is room for memory that may be plugged. Without any, Debian's 6.12
    asks for a dynamic window of 0 bytes and gets none: it takes the end of
    memory from /ibm,dynamic-reconfiguration-memory, which then is not there.

    KERNEL and QEMU are rows, paths, or what these were found to be; a QEMU may be a role
    (emulators.role), too. FIRMWARE is "rom", "nvramrc", "none", or "" for what the QEMU
    has by default. ARGS and MACHINE_OPTIONS go to QEMU as they are; DEVICE_OPTIONS add to
    single devices, by name. PHBS has options for each PHB after the first: their ids are
    phb1, phb2, …
    """

    kernel: kernels.Spec = kernels.default()
    # asking a QEMU that was named runs it
    qemu: emulators.Spec = field(default_factory=emulators.default)
    firmware: str = ""
    append: str = ""
    accel: str = "tcg,thread=multi"
    cpu: str = "power9"
    smp: int = 2
    mem_mib: int = 2048
    hotplug_mib: int = 1024
    phbs: tuple[str, ...] = ()
    devices: tuple[Device, ...] = DEVICES
    machine_options: str = ""
    device_options: dict[str, str] = field(default_factory=dict)
    args: tuple[str, ...] = ()

    def firmware_used(self) -> str:
        """How our plugin gets into SLOF."""
        return emulators.firmware_used(self.emulator(), self.firmware)

    def emulator(self) -> Emulator:
        """The QEMU, and what it can do."""
        return emulators.of(self.qemu)

    def ddw(self) -> bool:
        """Does the kernel make dynamic windows?"""
        return "disable_ddw" not in self.append.split()

    def secure(self) -> bool:
        """Does the guest become a secure VM?"""
        return "svm=on" in self.append.split()

    def check_fits(self) -> None:
        """Raise Unfit if these parts cannot be such a machine."""
        kernel, emulator = kernels.of(self.kernel), self.emulator()
        kernel.check_usable()
        if self.secure() and not kernel.secure:
            raise Unfit(f"kernel {kernel.name} has no CONFIG_PPC_SVM")
        if self.secure() and not emulator.ultravisor:
            raise Unfit(f"QEMU {emulator.name} has no ultravisor")

    def needs_bridge(self) -> bool:
        """Is a device behind the bridge?"""
        return any(device.bus == "bridge" for device in self.devices)


def command(
    machine: Machine, run: Path, terminal: bool = False, talk: bool = False
) -> list[str]:
    """QEMU's command line. RUN has disks and the initramfs and gets the logs.

    With TALK, the character device "report" is left for the caller to add.
    """
    capabilities = CAPABILITIES if machine.accel.startswith("tcg") else ""
    options = ",".join(filter(None, ("pseries", capabilities, machine.machine_options)))
    emulator = machine.emulator()
    args = [str(emulator.binary)]
    args += ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"]
    args += ["-M", options, "-accel", machine.accel, "-cpu", machine.cpu]
    args += ["-smp", str(machine.smp), "-m", _memory(machine)]
    args += emulators.firmware_args(emulator, machine.firmware_used())
    args += ["-kernel", str(kernels.of(machine.kernel).image)]
    args += ["-initrd", str(run / "initramfs.cpio")]
    args += ["-append", f"{KERNEL_COMMAND_LINE} {machine.append}".strip()]
    args += _consoles(machine, run, terminal, talk)
    for number, phb in enumerate(machine.phbs, 1):
        options = f"index={number},id=phb{number},{phb}".rstrip(",")
        args += ["-device", f"spapr-pci-host-bridge,{options}"]
    if machine.needs_bridge():
        args += BRIDGE_ARGS
    for index, device in enumerate(machine.devices):
        args += _device(machine, device, index, run)
    return args + list(machine.args)


def _memory(machine: Machine) -> str:
    size = f"{machine.mem_mib}M"
    if machine.hotplug_mib:
        size += f",slots=1,maxmem={machine.mem_mib + machine.hotplug_mib}M"
    return size


def subnet(index: int) -> str:
    """Network of the card with this index, without the last number."""
    return f"10.0.{index + 2}"


def disk_file(run: Path, device: Device) -> Path:
    """The image of a device with a disk."""
    return run / f"{device.name}.img"


def fifo(run: Path, name: str) -> Path:
    """A named pipe for a guest to read; the writer must hold it open."""
    path = run / f"{name}.fifo"
    if not path.exists():
        os.mkfifo(path)
    return path


def _consoles(machine: Machine, run: Path, terminal: bool, talk: bool) -> list[str]:
    # a guest that migrates goes on in the same files
    console = f"file,id=console,append=on,path={run}/console.log"
    args = []
    if terminal:
        console = f"stdio,id=console,mux=on,signal=off,logfile={run}/console.log"
        args += ["-mon", "chardev=console,mode=readline"]
    # hvc0 and hvc1; the second has the guest's report and nothing else
    args += ["-chardev", console]
    args += ["-device", "spapr-vty,chardev=console"]
    report = f"file,id=report,append=on,path={run}/report.log"
    # without, as in QEMU 7.2, guests can't ask
    if not terminal and machine.emulator().input_path:
        report += f",input-path={fifo(run, 'answers')}"
    if not talk:
        args += ["-chardev", report]
    args += ["-device", "spapr-vty,chardev=report"]
    return args


def _device(machine: Machine, device: Device, index: int, run: Path) -> list[str]:
    """Options for a device: its back end, then itself, then devices on it."""
    name = device.name
    before: list[str] = []
    after: list[str] = []
    options = [device.model, f"id={name}", f"bus={device.bus}", f"addr={device.slot:x}"]
    if device.f:
        options.append(F_OPTIONS)
    if device.admin_off and machine.emulator().switches:
        options.append("dma-bypass=off")
    if device.kind == "disk":
        drive = f"if=none,id={name}-disk,format=raw,cache=unsafe"
        before = ["-drive", f"{drive},file={disk_file(run, device)}"]
        if "scsi" in device.model:
            after = ["-device", f"scsi-hd,bus={name}.0,drive={name}-disk"]
        else:
            options.append(f"drive={name}-disk")
    elif device.kind == "null":
        drive = f"driver=null-co,node-name={name}-disk,size={4 << 30},read-zeroes=on"
        before = ["-blockdev", drive]
        options.append(f"drive={name}-disk")
    elif device.kind == "net":
        net = f"{subnet(index)}.0/24"
        before = ["-netdev", f"user,id={name}-net,net={net},ipv6=off"]
        options += [f"netdev={name}-net", "romfile="]
    elif device.kind == "rng":
        before = ["-object", f"rng-builtin,id={name}-source"]
        options.append(f"rng={name}-source")
    elif device.kind == "serial":
        port = f"file,id={name}-host,path={run}/{name}.out"
        before = ["-chardev", f"{port},input-path={fifo(run, name)}"]
        after = ["-device", f"virtserialport,bus={name}.0,chardev={name}-host"]
    elif device.kind == "9p":
        (run / name).mkdir(exist_ok=True)
        before = ["-fsdev", f"local,id={name}-fs,path={run}/{name},security_model=none"]
        options += [f"fsdev={name}-fs", f"mount_tag={name}"]
    elif device.kind == "gpu":
        # the EDID that QEMU makes has no mode as small as this
        options += [f"xres={WIDTH}", f"yres={HEIGHT}", "edid=off"]
    if name in machine.device_options:
        options.append(machine.device_options[name])
    return [*before, "-device", ",".join(options), *after]
