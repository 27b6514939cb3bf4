# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices of the standard machine, and the mode that each must get."""

from __future__ import annotations

import re
from dataclasses import dataclass

F_OPTIONS = "iommu_platform=on,disable-legacy=on"


@dataclass(frozen=True)
class Device:
    """One PCI function.

    NAME is its id in QEMU, ADDRESS where the guest has it, BUS and SLOT where
    QEMU puts it. KIND says what I/O it does: disk, net, rng, serial, balloon, 9p
    or gpu; null is a disk as fast as QEMU can be, which stores nothing. F is None
    unless the device is virtio. ADMIN_OFF: the host's administrator forbids bypass.
    """

    name: str
    address: str
    model: str
    driver: str
    kind: str
    f: bool | None
    bus: str = "pci.0"
    slot: int = 0
    admin_off: bool = False


# Driver and kind of virtio functions, by model.
DRIVERS = {
    "9p": ("9pnet_virtio", "9p"),
    "balloon": ("virtio_balloon", "balloon"),
    "blk": ("virtio_blk", "disk"),
    "gpu": ("virtio_gpu", "gpu"),
    "net": ("virtio_net", "net"),
    "rng": ("virtio_rng", "rng"),
    "scsi": ("virtio_scsi", "disk"),
}


def virtio(
    name: str,
    model: str,
    slot: int,
    f: bool = True,
    bus: str = "pci.0",
    kind: str = "",
    admin_off: bool = False,
) -> Device:
    """A virtio function, MODEL "blk" and the like. On the bus phbN.0 it is in PCI domain
    N, on the bridge's bus on bus 1; KIND is the model's unless given."""
    driver, usual = DRIVERS[model]
    phb = re.fullmatch(r"phb(\d+)\.0", bus)
    address = f"{int(phb[1]) if phb else 0:04x}:{int(bus == 'bridge'):02x}:{slot:02x}.0"
    fields = (f"virtio-{model}-pci", driver, kind or usual, f, bus, slot, admin_off)
    return Device(name, address, *fields)


# Between net and scsi, slot 4 has the bridge.
BRIDGE_ARGS = ["-device", "pci-bridge,id=bridge,bus=pci.0,addr=4,chassis_nr=1,shpc=off"]
DEVICES = (
    virtio("blk-f", "blk", 1),
    virtio("blk", "blk", 2, f=False),
    virtio("net-f", "net", 3),
    virtio("scsi-f", "scsi", 1, bus="bridge"),
    virtio("rng-f", "rng", 5, admin_off=True),
    Device("e1000", "0000:00:06.0", "e1000", "e1000", "net", None, slot=6),
)


@dataclass(frozen=True)
class Expected:
    """What a guest must report of a device."""

    property: bool
    mode: str
    reason: str
    passed_over: tuple[str, ...] = ()


def expected(
    device: Device,
    bypass: bool,
    firmware: str,
    ddw: bool = True,
    policy: bool = True,
    secure: bool = False,
) -> Expected:
    """What a guest must report of a device: docs/abi/policy.md, applied to the machine.

    BYPASS: QEMU announces H_DMA_BYPASS; FIRMWARE as in Machine; DDW: the kernel makes dynamic windows;
    POLICY: our module is loaded; SECURE: the guest is a secure VM.
    """
    tagged = (
        bool(device.f)
        and bypass
        and firmware != "none"
        and not device.admin_off
    )
    if device.f is None:
        return Expected(False, "-", "not-virtio")
    if not policy:
        return Expected(tagged, "-", "-")
    if secure:
        reason = "secure-platform" if device.f else "secure-quirk"
        veto = ("bypass:secure-veto", "identity:secure-veto") if device.f else ()
        return Expected(tagged, "bounce", reason, veto)
    if not device.f:
        return Expected(False, "direct", "no-access-platform")
    if tagged:
        return Expected(True, "bypass", "dt-bypass")
    why = "bypass:property-absent" if bypass else "bypass:hcall-missing"
    if ddw:
        return Expected(False, "identity", "ddw-covers-memory", (why,))
    return Expected(False, "tce", "default-window", (why, "identity:ddw-absent"))
