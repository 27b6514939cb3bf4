# SPDX-License-Identifier: GPL-2.0-or-later
"""A back end that reaches memory by I/O addresses only, and records QEMU's messages.

QEMU translates an address on request, and invalidates the translation when it no longer
holds (docs/interop/vhost-user.rst, "Memory access" and "IOTLB"). The back end uses each
translation until then.
"""

from __future__ import annotations

import selectors
import socket
import struct
from dataclasses import dataclass, field

from tests.lib.peers.vhost_user import (
    HEADER,
    NEED_REPLY,
    PROTOCOL_CONFIG,
    PROTOCOL_MQ,
    REGION,
    VERSION,
    Backend,
)
from tests.lib.peers.vhost_user_ring import RW, Memory, RingError, Unreachable

SET_BACKEND_REQ_FD = 21
IOTLB_MSG = 22
BACKEND_IOTLB_MSG = 1
PROTOCOL_REPLY_ACK = 1 << 3
PROTOCOL_BACKEND_REQ = 1 << 5
F_ACCESS_PLATFORM = 1 << 33

# I/O address, size, QEMU's address, permission, type
MESSAGE = struct.Struct("<QQQBB6x")
MISS, UPDATE, INVALIDATE = 1, 2, 3


@dataclass(frozen=True)
class Range:
    """A piece of a function's address space."""

    base: int
    size: int

    def __str__(self) -> str:
        return f"{self.size:#x} at {self.base:#x}"

    def holds(self, address: int) -> bool:
        """Is it in here?"""
        return self.base <= address < self.base + self.size


@dataclass
class IotlbMessages:
    """QEMU's messages in order, and how often we had to ask."""

    misses: int = 0
    updates: list[Range] = field(default_factory=list)
    gone: list[Range] = field(default_factory=list)


class IotlbMemory(Memory):
    """A guest's memory by I/O address."""

    def __init__(self, backend: IotlbBackend) -> None:
        super().__init__()
        self._backend = backend

    def at_guest(self, address: int, length: int, access: int = RW) -> memoryview:
        """A buffer: its I/O addresses must be in a row in memory, too."""
        start = user = self._backend.translate(address, access)
        at = address
        while at < address + length:
            if self._backend.translate(at, access) != start + (at - address):
                raise RingError(f"{length} bytes at {address:#x} are not in a row")
            at = self._backend.end_of(at)
        return super().at_user(user, length)

    def at_user(self, address: int, length: int) -> memoryview:
        """A ring: with an IOMMU, QEMU names it by I/O address."""
        return self.at_guest(address, length)


@dataclass
class IotlbBackend(Backend):
    """Serves a device that may have ACCESS_PLATFORM. MESSAGES are this life's, PAST those
    of the lives before."""

    protocol: int = (
        PROTOCOL_MQ | PROTOCOL_CONFIG | PROTOCOL_REPLY_ACK | PROTOCOL_BACKEND_REQ
    )
    messages: IotlbMessages = field(default_factory=IotlbMessages)
    past: list[IotlbMessages] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.device.features |= F_ACCESS_PLATFORM
        super().__post_init__()

    def _begin(self) -> None:
        super()._begin()
        if self.lives > 1:
            self.past.append(self.messages)
            self.messages = IotlbMessages()
        self._entries: list[tuple[Range, int, int]] = []
        self._requests: socket.socket | None = None

    def translate(self, address: int, access: int) -> int:
        """QEMU's address for an I/O address; asks if need be, and does no more than QEMU
        permits."""
        for _ in range(2):
            for entry, user, permitted in self._entries:
                if entry.holds(address) and permitted & access == access:
                    return user + (address - entry.base)
            self._ask(address, access)
        raise Unreachable(f"QEMU knows no memory at {address:#x}")

    def end_of(self, address: int) -> int:
        """Where the entry ends that an address is in."""
        return next(e.base + e.size for e, _, _ in self._entries if e.holds(address))

    def _ask(self, address: int, access: int) -> None:
        """Report a miss; QEMU may have other things to say before it answers."""
        assert self._requests and self._connection
        self.messages.misses += 1
        body = MESSAGE.pack(address, 0, 0, access, MISS)
        header = HEADER.pack(BACKEND_IOTLB_MSG, VERSION | NEED_REPLY, len(body))
        self._requests.sendall(header + body)
        with selectors.DefaultSelector() as selector:
            selector.register(self._requests, selectors.EVENT_READ)
            selector.register(self._connection, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in selector.select()]
                if self._connection in ready and not self._message(self._connection):
                    raise ConnectionError("QEMU has ended")
                if self._requests in ready:
                    self._requests.recv(HEADER.size + 8, socket.MSG_WAITALL)
                    return

    def _answer(self, request: int, body: bytes, fds: list[int]) -> bytes | None:
        if request == SET_BACKEND_REQ_FD:
            self._requests = socket.socket(fileno=fds[0])
        elif request == IOTLB_MSG:
            base, size, user, permitted, kind = MESSAGE.unpack(body)
            self._hear(kind, Range(base, size), user, permitted)
        else:
            return super()._answer(request, body, fds)
        return None

    def _hear(self, kind: int, what: Range, user: int, permitted: int) -> None:
        if kind == UPDATE:
            self.messages.updates.append(what)
            self._entries.append((what, user, permitted))
        elif kind == INVALIDATE:
            self.messages.gone.append(what)
            self._entries = [
                (entry, user, permitted)
                for entry, user, permitted in self._entries
                if entry.base + entry.size <= what.base or what.base + what.size <= entry.base
            ]
            for queue in self._queues:
                queue.stale |= queue.overlaps(what.base, what.size)

    def _set_memory(self, body: bytes, fds: list[int]) -> None:
        platform = self._features & F_ACCESS_PLATFORM
        self._memory = IotlbMemory(self) if platform else Memory()
        for queue in self._queues:
            queue.stale = True
        (count,) = struct.unpack_from("<I", body)
        for index in range(count):
            guest, size, user, offset = REGION.unpack_from(body, 8 + index * REGION.size)
            self._memory.add(fds[index], guest, size, user, offset)
