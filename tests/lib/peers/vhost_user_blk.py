# SPDX-License-Identifier: GPL-2.0-or-later
"""A block device over vhost-user that injects one fault, or dies now and then.

It serves requests from a file. A read of the last sector alone makes it inject its
fault (docs/rings.md); after that it does nothing until the driver has reset it.
"""

from __future__ import annotations

import itertools
import os
import struct
from collections.abc import Callable
from pathlib import Path

from tests.lib.peers.vhost_user import Died, F_IN_ORDER, F_RING_PACKED, F_VERSION_1, VhostDevice
from tests.lib.peers.vhost_user_ring import Chain, Ring

SECTOR = 512

# Virtio 1.2, 5.2.3 to 5.2.6
F_SEG_MAX = 1 << 2
F_FLUSH = 1 << 9
F_MQ = 1 << 12
CONFIG = struct.Struct("<QII18xH24x")
SEG_MAX = 126
REQUEST = struct.Struct("<I4xQ")
READ, WRITE, FLUSH = 0, 1, 4
OK, FAILED, UNKNOWN = b"\0", b"\1", b"\2"

# A fault gets the ring, the buffer that triggered it, the buffer returned before, and
# the other buffers that the device holds.
Fault = Callable[[Ring, Chain, Chain, list[Chain]], None]


def _used(
    buffer: Callable[[Ring, Chain, Chain], int], more: Callable[[Chain], int] = lambda chain: 1
) -> Fault:
    """Return another buffer than the due one, or with another length."""

    def fault(ring: Ring, due: Chain, before: Chain, _: list[Chain]) -> None:
        ring.use(buffer(ring, due, before), more(due), due.descs)

    return fault


def _index(entries: Callable[[int], int]) -> Fault:
    """Move the index of a split ring by a wrong number of buffers."""

    def fault(ring: Ring, _: Chain, __: Chain, rest: list[Chain]) -> None:
        ring.move(entries(1 + len(rest)))

    return fault


def _batch(ring: Ring, due: Chain, _: Chain, rest: list[Chain]) -> None:
    """In order: a batch that ends after the index that announces it."""
    ring.use(rest[-1].id, 1, due.descs)


def _never_answer(_: Ring, __: Chain, ___: Chain, ____: list[Chain]) -> None:
    """Never answer."""


FAULTS: dict[str, Fault] = {
    "used-id": _used(lambda ring, due, before: ring.num),
    "used-id-max": _used(lambda ring, due, before: 0xFFFF),
    "used-never": _used(lambda ring, due, before: ring.num - 1),
    "used-inside": _used(lambda ring, due, before: due.id + 1),
    "used-twice": _used(lambda ring, due, before: before.id),
    "used-len": _used(lambda ring, due, before: due.id, lambda due: due.capacity() + 1),
    "used-len-max": _used(lambda ring, due, before: due.id, lambda due: 0xFFFFFFFF),
    "index-ahead": _index(lambda held: held + 1),
    "index-far": _index(lambda held: 0x8000),
    # the driver may not have seen the one before, but it has those before that
    "index-back": _index(lambda held: -2),
    "batch": _batch,
    "silent": _never_answer,
}


# When it dies: with a request taken, done, or answered.
MOMENTS = ("do", "answer", "call")


class BlockDevice(VhostDevice):
    """Serves the image at PATH; FAULT is one of FAULTS, "scribble", or "" for none. After
    each DIES requests it dies, at one of MOMENTS after the other.

    "scribble" answers right, but first overwrites all that the driver has written into
    the ring.
    """

    def __init__(self, path: Path, fault: str = "", queues: int = 1, dies: int = 0) -> None:
        if fault and fault != "scribble" and fault not in FAULTS:
            raise ValueError(f"unknown fault {fault}")
        size = path.stat().st_size
        super().__init__(
            queues=queues,
            features=F_VERSION_1 | F_RING_PACKED | F_IN_ORDER | F_SEG_MAX | F_FLUSH | F_MQ,
            config=CONFIG.pack(size // SECTOR, 0, SEG_MAX, queues),
        )
        self.fault = fault
        self.injected = 0
        self._sectors = size // SECTOR
        self._path = path
        self._fd = os.open(path, os.O_RDWR)
        self._faulted: list[Ring] = []
        self._in_order = False
        self._dies = dies
        self._left = dies
        self._moments = itertools.cycle(MOMENTS)
        # at each start
        self.held: list[int] = []

    def close(self) -> None:
        """No request comes any more."""
        os.close(self._fd)

    def started(self, ring: Ring, features: int) -> None:
        """See Device: a new start for this device."""
        self._faulted.clear()
        self._in_order = bool(features & F_IN_ORDER)
        self.held.append(ring.held())

    def serve(self, ring: Ring) -> bool:
        """See Device."""
        if ring in self._faulted:
            return False
        chains: list[Chain] = []
        while chain := ring.fetch():
            chains.append(chain)
        if self.fault == "scribble" and any(map(self._asks, chains)):
            ring.scribble()
            self.injected += 1
        asks = (i for i, chain in enumerate(chains) if self.fault in FAULTS and self._asks(chain))
        at = next(asks, len(chains))
        self._use(ring, chains[:at])
        if at < len(chains):
            FAULTS[self.fault](ring, chains[at], chains[at - 1], chains[at + 1 :])
            self._faulted.append(ring)
            self.injected += 1
        return bool(chains)

    def _use(self, ring: Ring, chains: list[Chain]) -> None:
        """Serve the requests, unless we die meanwhile."""
        done = answered = len(chains)
        dies = 0 < self._left <= len(chains)
        if dies:
            moment = next(self._moments)
            done = self._left - (moment == "do")
            answered = self._left - (moment != "call")
            self._left = self._dies
        elif self._dies:
            self._left -= len(chains)
        lengths = [self._request(chain) for chain in chains[:done]]
        self._answer(ring, chains[:answered], lengths)
        if dies:
            raise Died

    def _answer(self, ring: Ring, chains: list[Chain], lengths: list[int]) -> None:
        """Give buffers back; in order (2.7.9), with one answer for all."""
        if self._in_order and chains:
            descs = sum(chain.descs for chain in chains)
            ring.use(chains[-1].id, lengths[len(chains) - 1], descs, len(chains))
            return
        for chain, length in zip(chains, lengths):
            ring.use(chain.id, length, chain.descs)

    def _asks(self, chain: Chain) -> bool:
        """Is it a read of the last sector alone?"""
        kind, sector = REQUEST.unpack_from(b"".join(chain.out))
        return kind == READ and sector == self._sectors - 1 and chain.capacity() == SECTOR + 1

    def _request(self, chain: Chain) -> int:
        """Do it; how many bytes of the buffer were written."""
        out = b"".join(chain.out)
        kind, sector = REQUEST.unpack_from(out)
        at = sector * SECTOR
        data, status = b"", OK
        if chain.lost:
            status = FAILED
        elif kind == READ:
            length = chain.capacity() - 1
            data = os.pread(self._fd, length, at)
            status = OK if len(data) == length else FAILED
        elif kind == WRITE and at + len(out) - REQUEST.size <= self._sectors * SECTOR:
            os.pwrite(self._fd, out[REQUEST.size :], at)
        elif kind == FLUSH:
            os.fsync(self._fd)
        else:
            status = FAILED if kind == WRITE else UNKNOWN
        return _fill(chain, data, status)


def _fill(chain: Chain, data: bytes, status: bytes) -> int:
    """Write all of a buffer: DATA, zeros, and STATUS at its end."""
    left = data.ljust(chain.capacity() - 1, b"\0") + status
    for room in chain.room:
        size = len(room)
        room[:] = left[:size]
        left = left[size:]
    return chain.capacity()
