# SPDX-License-Identifier: GPL-2.0-or-later
"""Media from which SLOF loads a program by itself: a disk, or a server on the network."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

from tests.lib.machine.devices import F_OPTIONS

SECTOR = 512
FIRST = 8
ACTIVE, PREP = 0x80, 0x41
# After the devices of a test, so that each of them keeps its number.
PLACE = "addr=1f"
BOOT = f"{F_OPTIONS},bootindex=0,{PLACE}"


def disk(program: Path, image: Path) -> None:
    """A disk whose first partition, of type PReP boot, has the program."""
    content = program.read_bytes()
    sectors = -(-len(content) // SECTOR)
    entry = struct.pack("<B3xB3xII", ACTIVE, PREP, FIRST, sectors)
    record = bytes(446) + entry + bytes(48) + b"\x55\xaa"
    padding = bytes(sectors * SECTOR - len(content))
    image.write_bytes(record.ljust(FIRST * SECTOR, b"\0") + content + padding)


def options(kind: str, program: Path, folder: Path) -> list[str]:
    """QEMU's options for a device with F, "blk", "scsi" or "net", to load PROGRAM from."""
    if kind == "net":
        served = folder / "tftp"
        served.mkdir()
        shutil.copy(program, served / "program")
        user = f"user,id=boot,tftp={served},bootfile=program,ipv6=off"
        return ["-netdev", user, "-device", f"virtio-net-pci,netdev=boot,romfile=,{BOOT}"]
    image = folder / "boot.img"
    disk(program, image)
    drive = ["-drive", f"if=none,id=boot,format=raw,readonly=on,file={image}"]
    if kind == "blk":
        return [*drive, "-device", f"virtio-blk-pci,drive=boot,{BOOT}"]
    scsi = f"virtio-scsi-pci,id=bootbus,{F_OPTIONS},{PLACE}"
    return [*drive, "-device", scsi, "-device", "scsi-hd,bus=bootbus.0,drive=boot,bootindex=0"]
