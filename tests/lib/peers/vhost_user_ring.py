# SPDX-License-Identifier: GPL-2.0-or-later
"""The device's side of a ring in a guest's memory: virtio 1.2, 2.7 and 2.8.

No suppression of notifications and no event index: after use() a driver's next
kick always comes, so that nothing here has to order a store before a load,
which Python can't. Stores are in order on x86, and those of 16 bits are whole.
"""

from __future__ import annotations

import mmap
import os
import struct
from dataclasses import dataclass, field
from typing import Protocol

NEXT = 1
WRITE = 2

# 2.8.13: descriptor flags of a packed ring
AVAIL = 1 << 7
USED = 1 << 15

DESC_LEN = 16

# The device's access to memory, in vhost-user's numbers
RO, WO, RW = 1, 2, 3


class RingError(Exception):
    """A rule of the ring is broken."""


class Unreachable(RingError):
    """An IOMMU is in the way."""


@dataclass
class Region:
    """A piece of a guest's memory: where the guest and where QEMU has it."""

    guest: int
    size: int
    user: int
    view: memoryview


class Memory:
    """A guest's memory, shared by QEMU as files."""

    def __init__(self) -> None:
        self.regions: list[Region] = []

    def add(self, fd: int, guest: int, size: int, user: int, offset: int) -> None:
        """Map a piece; the file is ours to close."""
        whole = mmap.mmap(fd, offset + size)
        os.close(fd)
        self.regions.append(Region(guest, size, user, memoryview(whole)[offset:]))

    def at_guest(self, address: int, length: int, access: int = RW) -> memoryview:
        """Memory by guest physical address; there is no IOMMU to deny an ACCESS."""
        return self._find(address, length, [region.guest for region in self.regions])

    def at_user(self, address: int, length: int) -> memoryview:
        """Memory by QEMU's address, which is how it names the parts of a ring."""
        return self._find(address, length, [region.user for region in self.regions])

    def _find(self, address: int, length: int, starts: list[int]) -> memoryview:
        for region, start in zip(self.regions, starts):
            at = address - start
            if 0 <= at and at + length <= region.size:
                return region.view[at : at + length]
        raise RingError(f"{length} bytes at {address:#x} are not in the guest's memory")


@dataclass
class Chain:
    """A buffer that the driver has made available."""

    id: int
    descs: int = 0
    out: list[memoryview] = field(default_factory=list)
    room: list[memoryview] = field(default_factory=list)
    lost: bool = False

    def add(self, memory: Memory, address: int, length: int, flags: int) -> None:
        """Add a descriptor; if its buffer is unreachable, the chain is lost."""
        try:
            part = memory.at_guest(address, length, WO if flags & WRITE else RO)
        except Unreachable:
            part = memoryview(bytearray(length))
            self.lost = True
        (self.room if flags & WRITE else self.out).append(part)
        self.descs += 1

    def capacity(self) -> int:
        """Bytes that the device may write."""
        return sum(map(len, self.room))


@dataclass(frozen=True)
class Areas:
    """Where a ring's three areas are, in QEMU's addresses."""

    desc: int
    driver: int
    device: int


class Ring(Protocol):
    """What both formats can do."""

    num: int

    def fetch(self) -> Chain | None:
        """The next buffer that is available."""

    def use(self, buffer: int, length: int, descs: int, entries: int = 1) -> None:
        """Give a buffer back: its number, what was written, and how far to move
        on, in descriptors of a packed ring and entries of a split one."""

    def move(self, entries: int) -> None:
        """Move the used index alone, which a split ring has."""

    def wants_call(self) -> bool:
        """Does the driver want to be interrupted?"""

    def base(self) -> int:
        """Where the ring is, as GET_VRING_BASE has it."""

    def held(self) -> int:
        """Buffers (descriptors of a packed ring) that were taken and not given back."""

    def scribble(self) -> None:
        """Spoil all that the driver has written and must not read again."""


class SplitRing:
    """A table of descriptors, those available, those used."""

    def __init__(self, memory: Memory, num: int, areas: Areas, base: int) -> None:
        self.num = num
        self._memory = memory
        self._desc = memory.at_user(areas.desc, num * DESC_LEN)
        self._avail = memory.at_user(areas.driver, 4 + 2 * num).cast("H")
        self._used = memory.at_user(areas.device, 4 + 8 * num)
        self._used_index = self._used[:4].cast("H")
        self._next = base
        self._given = self._used_index[1]

    def fetch(self) -> Chain | None:
        """See Ring."""
        if self._avail[1] == self._next:
            return None
        at = self._avail[2 + self._next % self.num]
        self._next = (self._next + 1) & 0xFFFF
        chain = Chain(at)
        while True:
            address, length, flags, following = struct.unpack_from(
                "<QIHH", self._desc, at * DESC_LEN
            )
            chain.add(self._memory, address, length, flags)
            if not flags & NEXT:
                return chain
            if chain.descs >= self.num or following >= self.num:
                raise RingError(f"the chain at {chain.id} has no end")
            at = following

    def use(self, buffer: int, length: int, descs: int, entries: int = 1) -> None:
        """See Ring."""
        struct.pack_into("<II", self._used, 4 + 8 * (self._given % self.num), buffer, length)
        self.move(entries)

    def move(self, entries: int) -> None:
        """See Ring."""
        self._given = (self._given + entries) & 0xFFFF
        self._used_index[1] = self._given

    def wants_call(self) -> bool:
        """See Ring."""
        return not self._avail[0] & 1

    def base(self) -> int:
        """See Ring."""
        return self._next

    def held(self) -> int:
        """See Ring."""
        return (self._next - self._given) & 0xFFFF

    def scribble(self) -> None:
        """See Ring."""
        self._desc[:] = b"\xa5" * len(self._desc)
        for i in range(1, 2 + self.num):
            self._avail[i] = 0xA5A5


class PackedRing:
    """One ring of descriptors, which the device overwrites."""

    def __init__(self, memory: Memory, num: int, areas: Areas, base: int) -> None:
        self.num = num
        self._memory = memory
        self._desc = memory.at_user(areas.desc, num * DESC_LEN)
        self._flags = self._desc.cast("H")
        self._event = memory.at_user(areas.driver, 4).cast("H")
        self._next = base & 0x7FFF
        self._wrap = bool(base & 0x8000)
        self._given = base >> 16 & 0x7FFF
        self._given_wrap = bool(base & 0x80000000)

    def _flags_of(self, at: int) -> int:
        return self._flags[at * DESC_LEN // 2 + 7]

    def fetch(self) -> Chain | None:
        """See Ring."""
        flags = self._flags_of(self._next)
        if bool(flags & AVAIL) != self._wrap or bool(flags & USED) == self._wrap:
            return None
        chain = Chain(0)
        while True:
            # the number counts in the last descriptor of a chain
            address, length, chain.id, flags = struct.unpack_from(
                "<QIHH", self._desc, self._next * DESC_LEN
            )
            chain.add(self._memory, address, length, flags)
            self._next, self._wrap = self._after(self._next, self._wrap, 1)
            if not flags & NEXT:
                return chain
            if chain.descs >= self.num:
                raise RingError(f"the chain before {self._next} has no end")

    def _after(self, at: int, wrap: bool, descs: int) -> tuple[int, bool]:
        at += descs
        return (at - self.num, not wrap) if at >= self.num else (at, wrap)

    def use(self, buffer: int, length: int, descs: int, entries: int = 1) -> None:
        """See Ring."""
        struct.pack_into("<IH", self._desc, self._given * DESC_LEN + 8, length, buffer)
        self._flags[self._given * DESC_LEN // 2 + 7] = (
            WRITE | AVAIL | USED if self._given_wrap else WRITE
        )
        self._given, self._given_wrap = self._after(self._given, self._given_wrap, descs)

    def move(self, entries: int) -> None:
        """See Ring."""
        raise RingError("a packed ring has no index")

    def wants_call(self) -> bool:
        """See Ring: 2.8.14, 1 is never."""
        return self._event[1] & 3 != 1

    def base(self) -> int:
        """See Ring."""
        avail = self._next | self._wrap << 15
        return avail | (self._given | self._given_wrap << 15) << 16

    def held(self) -> int:
        """See Ring."""
        wraps = self._wrap != self._given_wrap
        return self._next - self._given + (self.num if wraps else 0)

    def scribble(self) -> None:
        """See Ring: all but the flags, in which the device's own word stands."""
        for at in range(self.num):
            self._desc[at * DESC_LEN : at * DESC_LEN + 14] = b"\xa5" * 14
