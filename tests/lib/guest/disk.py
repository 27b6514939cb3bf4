# SPDX-License-Identifier: GPL-2.0-or-later
"""Disk images whose content the host knows before and after the guest ran."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

MIB = 1 << 20


class Disk:
    """An image: MIB of random data, then as much room for what the guest writes.

    The guest reads the data and writes its two halves, swapped, behind it
    (tests/linux/vdma.sh, io_disk): right data there has gone through the device
    both ways.
    """

    def __init__(self, path: Path, mib: int) -> None:
        self.path = path
        self._bytes = mib * MIB
        data = memoryview(os.urandom(self._bytes))
        with path.open("wb") as file:
            file.write(data)
            file.truncate(2 * self._bytes)
        half = self._bytes // 2
        self.sha256 = hashlib.sha256(data).hexdigest()
        self._swapped = hashlib.sha256(data[half:])
        self._swapped.update(data[:half])

    def written_right(self) -> bool:
        """Does what the guest wrote have the checksum that it must have?"""
        found = hashlib.sha256()
        with self.path.open("rb") as file:
            file.seek(self._bytes)
            while block := file.read(MIB):
                found.update(block)
        return found.digest() == self._swapped.digest()
