# SPDX-License-Identifier: GPL-2.0-or-later
"""The back end of a vhost-user device: QEMU's messages, memory and rings.

As QEMU's docs/interop/vhost-user.rst has it, as far as a device without
migration needs it; vhost_user_iotlb.py adds the IOTLB. A thread serves one QEMU.
"""

from __future__ import annotations

import os
import secrets
import selectors
import socket
import struct
import threading
import traceback
from dataclasses import dataclass, field

from tests.lib.host.process import Closing
from tests.lib.peers.vhost_user_ring import (
    Areas,
    Memory,
    PackedRing,
    Ring,
    RingError,
    SplitRing,
    Unreachable,
)

# Requests
GET_FEATURES = 1
SET_FEATURES = 2
SET_OWNER = 3
SET_MEM_TABLE = 5
SET_VRING_NUM = 8
SET_VRING_ADDR = 9
SET_VRING_BASE = 10
GET_VRING_BASE = 11
SET_VRING_KICK = 12
SET_VRING_CALL = 13
SET_VRING_ERR = 14
GET_PROTOCOL_FEATURES = 15
SET_PROTOCOL_FEATURES = 16
GET_QUEUE_NUM = 17
SET_VRING_ENABLE = 18
GET_CONFIG = 24

# A message: request, flags, bytes that follow
HEADER = struct.Struct("<III")
VERSION = 1
REPLY = 1 << 2
NEED_REPLY = 1 << 3
NO_FD = 1 << 8
REGION = struct.Struct("<QQQQ")
REGIONS_MAX = 8

# Written into an eventfd
ONE = struct.pack("=Q", 1)

# Features other than virtio's, and those of the protocol
F_INDIRECT_DESC = 1 << 28
F_PROTOCOL_FEATURES = 1 << 30
F_VERSION_1 = 1 << 32
F_RING_PACKED = 1 << 34
F_IN_ORDER = 1 << 35
PROTOCOL_MQ = 1 << 0
PROTOCOL_CONFIG = 1 << 9


class Died(Exception):
    """The back end's process is gone, in the middle of what it was doing."""


@dataclass
class VhostQueue:
    """One of the device's queues, running while it has a ring."""

    num: int = 0
    areas: Areas = Areas(0, 0, 0)
    base: int = 0
    kick: int | None = None
    call: int | None = None
    enabled: bool = False
    started: bool = False
    stale: bool = False
    owes_call: bool = False
    ring: Ring | None = None

    def overlaps(self, base: int, size: int) -> bool:
        """Is a part of the ring in this range of addresses?"""
        areas = (
            (self.areas.desc, 16 * self.num),
            (self.areas.driver, 6 + 2 * self.num),
            (self.areas.device, 6 + 8 * self.num),
        )
        return any(at < base + size and base < at + length for at, length in areas)

    def forget(self) -> None:
        """The ring's memory may be gone: find it again before the next use."""
        if self.stale and self.ring:
            self.base = self.ring.base()
            self.ring = None
        self.stale = False


@dataclass
class VhostDevice:
    """A device's features and configuration; subclasses serve its rings."""

    queues: int = 1
    features: int = F_VERSION_1
    config: bytes = b""

    def serve(self, ring: Ring) -> bool:
        """Serve the requests in a ring; was any buffer used?"""
        raise NotImplementedError

    def started(self, ring: Ring, features: int) -> None:
        """A driver begins to use a ring, with these features."""


@dataclass
class Backend(Closing):
    """Serves DEVICE to the one QEMU that connects, until close(); again and knowing nothing
    each time that it has Died. LIVES counts these times and the first."""

    device: VhostDevice
    problem: str = ""
    lives: int = 1
    protocol: int = PROTOCOL_MQ | PROTOCOL_CONFIG
    path: str = field(default_factory=lambda: f"vdma-{os.getpid()}-{secrets.token_hex(8)}")

    def __post_init__(self) -> None:
        self._connection: socket.socket | None = None
        self._begin()
        self._selector = selectors.DefaultSelector()
        # abstract: nothing to remove, and no limit by the length of our path
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind("\0" + self.path)
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def chardev(self, name: str) -> str:
        """QEMU's -chardev that connects to us."""
        return f"socket,id={name},path={self.path},abstract=on"

    def close(self) -> None:
        """Wait for the end of the thread; QEMU has ended."""
        try:
            self._listener.shutdown(socket.SHUT_RDWR)
        finally:
            self._listener.close()
        self._thread.join(10)

    def _begin(self) -> None:
        """Know nothing yet."""
        self._memory = Memory()
        self._features = 0
        self._queues = [VhostQueue() for _ in range(self.device.queues)]

    def _run(self) -> None:
        while self._dies():
            self.lives += 1
            self._begin()

    def _dies(self) -> bool:
        """Serve a connection; has the back end died?"""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return False
        self._connection = connection
        with connection:
            self._selector.register(connection, selectors.EVENT_READ)
            try:
                while self._turn(connection):
                    pass
            except ConnectionError:
                pass
            except Died:
                return True
            except (RingError, OSError, struct.error, KeyError, IndexError, ValueError):
                self.problem = traceback.format_exc()
            finally:
                self._selector.unregister(connection)
                for queue in self._queues:
                    self._stop(queue)
        return False

    def _turn(self, connection: socket.socket) -> bool:
        for key, _ in self._selector.select():
            if key.fileobj is connection:
                if not self._message(connection):
                    return False
            elif key.data.kick == key.fileobj:
                os.read(key.data.kick, 8)
                self._work(key.data)
        return True

    def _work(self, queue: VhostQueue) -> None:
        if queue.kick is None or not queue.enabled:
            return
        queue.forget()
        if not queue.ring:
            try:
                queue.ring = self._ring(queue)
            except Unreachable:
                return
            if not queue.started:
                self.device.started(queue.ring, self._features)
            queue.started = True
        used = self.device.serve(queue.ring)
        if (used or queue.owes_call) and queue.ring.wants_call() and queue.call is not None:
            os.write(queue.call, ONE)
        queue.owes_call = False

    def _message(self, connection: socket.socket) -> bool:
        header, fds, _, _ = socket.recv_fds(connection, HEADER.size, REGIONS_MAX)
        if not header:
            return False
        request, flags, size = HEADER.unpack(header)
        body = connection.recv(size, socket.MSG_WAITALL) if size else b""
        reply = self._answer(request, body, fds)
        if reply is None and flags & NEED_REPLY:
            reply = struct.pack("<Q", 0)
        if reply is not None:
            connection.sendall(HEADER.pack(request, VERSION | REPLY, len(reply)) + reply)
        return True

    def _answer(self, request: int, body: bytes, fds: list[int]) -> bytes | None:
        """The answer to QEMU, if it expects one."""
        if request == GET_FEATURES:
            return struct.pack("<Q", self.device.features | F_PROTOCOL_FEATURES)
        if request == GET_PROTOCOL_FEATURES:
            return struct.pack("<Q", self.protocol)
        if request == GET_QUEUE_NUM:
            return struct.pack("<Q", self.device.queues)
        if request == GET_CONFIG:
            offset, size, flags = struct.unpack_from("<III", body)
            config = self.device.config[offset : offset + size]
            return struct.pack("<III", offset, size, flags) + config.ljust(size, b"\0")
        if request == SET_FEATURES:
            (self._features,) = struct.unpack("<Q", body)
        elif request == SET_MEM_TABLE:
            self._set_memory(body, fds)
        elif request not in (SET_OWNER, SET_PROTOCOL_FEATURES):
            return self._answer_queue(request, body, fds)
        return None

    def _set_memory(self, body: bytes, fds: list[int]) -> None:
        (count,) = struct.unpack_from("<I", body)
        self._memory = Memory()
        for queue in self._queues:
            queue.stale = True
        for index in range(count):
            guest, size, user, offset = REGION.unpack_from(body, 8 + index * REGION.size)
            self._memory.add(fds[index], guest, size, user, offset)

    def _answer_queue(self, request: int, body: bytes, fds: list[int]) -> bytes | None:
        index, value = struct.unpack_from("<II", body)
        if request in (SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR):
            self._set_fd(request, index, fds)
            return None
        queue = self._queues[index]
        if request == SET_VRING_NUM:
            queue.num = value
        elif request == SET_VRING_BASE:
            queue.base = value
        elif request == SET_VRING_ADDR:
            desc, used, avail = struct.unpack_from("<QQQ", body, 8)
            queue.areas = Areas(desc, avail, used)
        elif request == SET_VRING_ENABLE:
            queue.enabled = bool(value)
            self._resume(queue)
        elif request == GET_VRING_BASE:
            base = queue.ring.base() if queue.ring else queue.base
            self._stop(queue)
            return struct.pack("<II", index, base)
        else:
            raise RingError(f"unknown request {request}")
        return None

    def _set_fd(self, request: int, index: int, fds: list[int]) -> None:
        fd = None if index & NO_FD else fds[0]
        queue = self._queues[index & 0xFF]
        if request == SET_VRING_KICK:
            self._start(queue, fd)
        elif request == SET_VRING_CALL:
            if queue.call is not None:
                os.close(queue.call)
            queue.call = fd
        elif fd is not None:
            os.close(fd)

    def _start(self, queue: VhostQueue, kick: int | None) -> None:
        self._stop(queue)
        if kick is None:
            raise RingError("a queue without notifications")
        queue.kick = kick
        self._selector.register(kick, selectors.EVENT_READ, queue)

    def _resume(self, queue: VhostQueue) -> None:
        """Look at a ring unasked: whoever died may have taken a kick and owe a call."""
        if self.lives > 1 and queue.enabled and queue.kick is not None:
            queue.owes_call = True
            os.write(queue.kick, ONE)

    def _ring(self, queue: VhostQueue) -> Ring:
        """Where the driver has put it, at the first kick: it is known then."""
        packed = self._features & F_RING_PACKED
        kind: type[PackedRing] | type[SplitRing] = PackedRing if packed else SplitRing
        return kind(self._memory, queue.num, queue.areas, queue.base)

    def _stop(self, queue: VhostQueue) -> None:
        if queue.kick is not None:
            self._selector.unregister(queue.kick)
            os.close(queue.kick)
        queue.kick = None
        queue.ring = None
        queue.started = queue.stale = queue.owes_call = False
