# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes initramfs archives: the cpio "newc" format, owned by root.

The kernel unpacks archives that follow each other, so an archive of a test's
own files may stand behind the common one (the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst).
"""

from __future__ import annotations

import stat


class Archive:
    """One archive, built in memory. Directories come into being by themselves."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._directories: set[str] = set()
        self._inode = 0

    def add(self, path: str, content: bytes | str, executable: bool = False) -> None:
        """Add a regular file; PATH has no slash at its start."""
        parent = path.rpartition("/")[0]
        self._add_directories(parent)
        data = content.encode() if isinstance(content, str) else content
        self._add_entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def finish(self) -> bytes:
        """The archive with its end mark; nothing may be added any more."""
        self._add_entry("TRAILER!!!", 0, b"")
        return bytes(self._data)

    def _add_directories(self, path: str) -> None:
        if not path or path in self._directories:
            return
        self._add_directories(path.rpartition("/")[0])
        self._directories.add(path)
        self._add_entry(path, stat.S_IFDIR | 0o755, b"")

    def _add_entry(self, path: str, mode: int, data: bytes) -> None:
        self._inode += 1
        name = path.encode() + b"\0"
        # inode, mode, uid, gid, links, mtime, size, device and rdev (major,
        # minor), length of the name, checksum (unused)
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        self._data += b"070701" + b"".join(b"%08x" % field for field in fields)
        self._data += name
        self._pad()
        self._data += data
        self._pad()

    def _pad(self) -> None:
        self._data += bytes(-len(self._data) % 4)
