# SPDX-License-Identifier: GPL-2.0-or-later
"""Disk images whose content the host knows before and after the guest ran."""

from __future__ import annotations

import hashlib
import os
from array import array
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1 << 20
WORDS = MIB // 8


class RandomDisk:
    """An image: MIB of random data, then as much room for what the guest writes.

    The guest reads the data and writes its two halves, swapped, after it
    (tests/linux/vdma.sh, io_disk): right data there has passed the device both ways.
    """

    def __init__(self, path: Path, mib: int) -> None:
        self.path = path
        self._bytes = mib * MIB
        data = memoryview(os.urandom(self._bytes))
        with path.open("wb") as file:
            file.write(data)
            file.flush()
            # the guest must not be the first to find the disk full
            os.posix_fallocate(file.fileno(), 0, 2 * self._bytes)
        half = self._bytes // 2
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._swapped = hashlib.sha256(data[half:])
        self._swapped.update(data[:half])

    def written_right(self) -> bool:
        """Has the guest written the right data?"""
        found = hashlib.sha256()
        with self.path.open("rb") as file:
            file.seek(self._bytes)
            while block := file.read(MIB):
                found.update(block)
        return found.digest() == self._swapped.digest()


def pattern(seed: int, first: int, count: int) -> array[int]:
    """COUNT words of a disk's content, from word FIRST: each says where it is.

    The same as disk_word() in guest/baremetal/lib/disk.c.
    """
    words = array("Q", range(seed + first, seed + first + count))
    words.byteswap()  # big endian on the disk, on a little-endian host
    return words


@dataclass
class PatternDisk:
    """An image with the pattern, and its complement where the guest says that it has
    written."""

    path: Path
    mib: int = 8
    seed: int = field(default_factory=lambda: int.from_bytes(os.urandom(5), "big") << 20)

    def create(self) -> None:
        """Write the image."""
        with self.path.open("wb") as file:
            for mib in range(self.mib):
                pattern(self.seed, mib * WORDS, WORDS).tofile(file)

    def problems(self, written: int) -> list[str]:
        """Is the content right, with the second half written up to WRITTEN bytes?"""
        half = self.mib * MIB // 2
        expected = bytearray()
        for mib in range(self.mib):
            expected += pattern(self.seed, mib * WORDS, WORDS).tobytes()
        expected[half : half + written] = expected[half : half + written].translate(
            bytes(255 - byte for byte in range(256))
        )
        found = self.path.read_bytes()
        if found == expected:
            return []
        at = next(i for i, (a, b) in enumerate(zip(found, expected)) if a != b)
        return [f"{self.path.name}: wrong content at byte {at}"]
