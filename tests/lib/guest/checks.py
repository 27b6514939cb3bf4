# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks a device: what the guest reports against what the host has of it."""

from __future__ import annotations

from pathlib import Path

from tests.lib.guest.device_table import DeviceRow, as_text
from tests.lib.guest.disk import MIB, RandomDisk
from tests.lib.guest.report import Fields
from tests.lib.machine.devices import Device, Expected
from tests.lib.peers.network import EchoServer

PAYLOAD_BYTES = MIB
RANDOM_BYTES = 4096

# Of 4096 random bytes practically all 256 values occur.
RANDOM_DISTINCT_MIN = 240

# A card behind the IOMMU takes a TCE for each frame of the echo at least.
FRAME_BYTES = 1460
TCE_MIN = PAYLOAD_BYTES // FRAME_BYTES


def check_disk(line: Fields, disk: RandomDisk) -> str:
    """The I/O column for a disk; it starts with "ok" if all is right."""
    if line["sha256"] != disk.sha256:
        return "bad: guest read wrong data"
    if line["written"] != "yes":
        return "bad: guest could not write"
    if not disk.written_right():
        return "bad: guest wrote wrong data"
    return f"ok {line['mib']} MiB sha256"


def check_net(line: Fields, peer: EchoServer, payload: bytes, virtio: bool) -> str:
    """The I/O column for a network card."""
    # a guest may do its I/O more than once
    if not peer.received or any(data != payload for data in peer.received):
        sizes = [len(data) for data in peer.received]
        return f"bad: host received wrong data (bytes by connection: {sizes})"
    if line["same"] != "yes":
        return f"bad: guest received wrong data ({line['echoed']} bytes)"
    if virtio:
        return "ok 1 MiB echo"
    if int(line["tce"]) < TCE_MIN:
        return f"bad: {line['tce']} TCE calls, IOMMU not used"
    return f"ok 1 MiB echo, {line['tce']} TCE calls"


def check_rng(line: Fields) -> str:
    """The I/O column for a random number generator."""
    if not line["rng"].startswith("virtio_rng"):
        return "bad: guest read another generator"
    if int(line["bytes"]) != RANDOM_BYTES:
        return f"bad: {line['bytes']} bytes"
    if int(line["distinct"]) < RANDOM_DISTINCT_MIN:
        return f"bad: {line['distinct']} different bytes"
    return "ok 4 KiB random"


def check_copy(line: Fields, file: Path, payload: bytes) -> str:
    """The I/O column for what hands a file over, both ways."""
    if not file.is_file() or file.read_bytes() != payload:
        return "bad: host received wrong data"
    if line["same"] != "yes":
        return "bad: guest received wrong data"
    return f"ok {len(payload) >> 10} KiB both ways"


def problems(device: Device, want: Expected, row: DeviceRow) -> list[str]:
    """At most two lines: what the device should have said, and its I/O."""
    fields: list[tuple[str, object, object]] = [
        ("driver", device.driver, row.driver),
        ("F", device.f, row.f),
        ("property", want.property, row.property),
        ("mode", want.mode, row.mode),
        ("reason", want.reason, row.reason),
        ("passed over", " ".join(want.passed_over), " ".join(row.passed_over)),
    ]
    wrong = [field for field in fields if field[1] != field[2]]
    found = []
    if wrong:
        wanted = ", ".join(f"{name} {as_text(value)}" for name, value, _ in wrong)
        seen = ", ".join(f"{name} {as_text(value)}" for name, _, value in wrong)
        found.append(f"{row.device}: expected {wanted}; seen {seen}")
    if not row.io.startswith("ok"):
        found.append(f"{row.device}: I/O {row.io}")
    return found
