# SPDX-License-Identifier: GPL-2.0-or-later
"""The devices of the standard machine, and what becomes of each, as data."""

from __future__ import annotations

from dataclasses import dataclass

F_OPTIONS = "iommu_platform=on,disable-legacy=on"


@dataclass(frozen=True)
class Device:
    """One PCI function.

    NAME is its id in QEMU, ADDRESS where the guest has it, BUS and SLOT where
    QEMU puts it. KIND says what I/O it does: disk, net, rng, serial, balloon, 9p
    or gpu; null is a disk as fast as QEMU can be, which keeps nothing. F is None
    for what is not virtio. ADMIN_OFF: the host's administrator forbids bypass.
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


# Between net and scsi, slot 4 has the bridge.
BRIDGE_ARGS = ["-device", "pci-bridge,id=bridge,bus=pci.0,addr=4,chassis_nr=1,shpc=off"]
DEVICES = (
    Device("blk-f", "0000:00:01.0", "virtio-blk-pci", "virtio_blk", "disk", True, slot=1),
    Device("blk", "0000:00:02.0", "virtio-blk-pci", "virtio_blk", "disk", False, slot=2),
    Device("net-f", "0000:00:03.0", "virtio-net-pci", "virtio_net", "net", True, slot=3),
    Device(
        "scsi-f",
        "0000:01:01.0",
        "virtio-scsi-pci",
        "virtio_scsi",
        "disk",
        True,
        bus="bridge",
        slot=1,
    ),
    Device(
        "rng-f",
        "0000:00:05.0",
        "virtio-rng-pci",
        "virtio_rng",
        "rng",
        True,
        slot=5,
        admin_off=True,
    ),
    Device("e1000", "0000:00:06.0", "e1000", "e1000", "net", None, slot=6),
)


@dataclass(frozen=True)
class Expected:
    """What a guest should say about a device."""

    property: bool
    mode: str
    reason: str
    passed_over: tuple[str, ...] = ()


def expected(
    device: Device,
    qemu: str,
    firmware: str,
    ddw: bool = True,
    policy: bool = True,
    secure: bool = False,
) -> Expected:
    """What becomes of a device: docs/abi/policy.md, applied to what was set up.

    QEMU and FIRMWARE as in Machine; DDW: the kernel makes dynamic windows;
    POLICY: our module is loaded; SECURE: the guest is a secure VM.
    """
    tagged = (
        bool(device.f)
        and qemu == "vdma"
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
    why = "bypass:property-absent" if qemu == "vdma" else "bypass:hcall-missing"
    if ddw:
        return Expected(False, "identity", "ddw-covers-memory", (why,))
    return Expected(False, "tce", "default-window", (why, "identity:ddw-absent"))
