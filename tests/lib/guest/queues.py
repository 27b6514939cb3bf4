# SPDX-License-Identifier: GPL-2.0-or-later
"""Virtqueues as a driver sets them up, from QEMU's trace of what it writes into the
common configuration (struct virtio_pci_common_cfg: virtio 1.2, 4.1.4.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TRACE = ("-trace", "memory_region_ops_write")
WRITE = re.compile(
    r"memory_region_ops_write cpu \d+ mr (\w+) addr (\w+) value (\w+) size \d+"
    r" name 'virtio-pci-common-([\w-]+)'"
)

STATUS, SELECT, SIZE, ENABLE = 0x14, 0x16, 0x18, 0x1C
DESC_LOW, DESC_HIGH = 0x20, 0x24
AREAS = range(DESC_LOW, 0x38)
# FEATURES_OK and not yet DRIVER_OK (virtio 1.2, 3.1.1)
STEPS, AGREED = 0x0C, 0x08


@dataclass
class TracedQueue:
    """A queue and what was written of it. EARLY: some of it before FEATURES_OK."""

    device: str
    index: int
    early: bool = False
    written: dict[int, int] = field(default_factory=dict)

    def num(self) -> int:
        """How many entries it was given."""
        return self.written[SIZE]

    def bytes(self) -> int:
        """How long a split ring is, as Linux allocates it (vring_size(), 64)."""
        available = -(-(16 * self.num() + 2 * (3 + self.num())) // 64) * 64
        return available + 2 * 3 + 8 * self.num()

    def aligned(self, least: int) -> bool:
        """To the order of its length, from LEAST on?"""
        order = max(least, 1 << (self.bytes() - 1).bit_length())
        return (self.written[DESC_HIGH] << 32 | self.written[DESC_LOW]) % order == 0


def queues(log: str) -> list[TracedQueue]:
    """All that were given a size and enabled, in order. Firmware gives none."""
    found = []
    now: dict[tuple[str, int], TracedQueue] = {}
    registers: dict[tuple[str, int], int] = {}
    for region, address, text, device in WRITE.findall(log):
        offset, value = int(address, 16) & 0xFFF, int(text, 16)
        registers[region, offset] = value
        if offset not in (SIZE, ENABLE, *AREAS):
            continue
        index = registers[region, SELECT]
        queue = now.setdefault((region, index), TracedQueue(device, index))
        queue.written[offset] = value
        queue.early |= registers[region, STATUS] & STEPS != AGREED
        if offset == ENABLE and SIZE in now.pop((region, index)).written:
            found.append(queue)
    return found
