# SPDX-License-Identifier: GPL-2.0-or-later
"""As much of ELF as tells kernels, modules and programs apart, without binutils."""

from __future__ import annotations

import mmap
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MACHINES = {
    3: "i386",
    20: "PowerPC",
    21: "64-bit PowerPC",
    22: "S390",
    40: "ARM",
    62: "x86-64",
    183: "AArch64",
    243: "RISC-V",
}
PPC, PPC64 = 20, 21
SHT_NOTE, SHT_NOBITS = 7, 8
NT_GNU_BUILD_ID = 3


class NotElf(ValueError):
    """It is no ELF file, or not a whole one."""


@dataclass(frozen=True)
class Section:
    """One entry of the section table."""

    name: str
    kind: int
    offset: int
    size: int


class Elf:
    """An ELF file in memory."""

    def __init__(self, data: bytes | mmap.mmap) -> None:
        if data[:4] != b"\x7fELF" or len(data) < 64:
            raise NotElf("not an ELF file")
        self.data = data
        self.wide = data[4] == 2
        self.little = data[5] == 1
        self._order = "<" if self.little else ">"
        (self.machine,) = self._unpack("H", 18)
        self.sections = self._read_sections()

    @property
    def machine_name(self) -> str:
        """For people."""
        return MACHINES.get(self.machine, f"machine {self.machine}")

    def content(self, name: str) -> bytes:
        """What a section holds; nothing if there is no such section."""
        found = (s for s in self.sections if s.name == name and s.kind != SHT_NOBITS)
        return next((self._bytes(section) for section in found), b"")

    def build_id(self) -> str:
        """What the linker has put in; empty if it has not."""
        for section in self.sections:
            if section.kind == SHT_NOTE:
                for owner, kind, text in self._notes(self._bytes(section)):
                    if (owner, kind) == (b"GNU\0", NT_GNU_BUILD_ID):
                        return text.hex()
        return ""

    def _unpack(self, layout: str, offset: int) -> tuple[int, ...]:
        try:
            return struct.unpack_from(self._order + layout, self.data, offset)
        except struct.error as error:
            raise NotElf("not a whole ELF file") from error

    def _read_sections(self) -> list[Section]:
        (table,) = self._unpack("Q", 40) if self.wide else self._unpack("I", 32)
        size, count, names = self._unpack("3H", 58 if self.wide else 46)
        layout = "IIQQQQ" if self.wide else "IIIIII"
        rows = [self._unpack(layout, table + n * size) for n in range(count)]
        if names >= len(rows):
            return []
        start = rows[names][4]
        found = []
        for row in rows:
            end = self.data.find(b"\0", start + row[0])
            name = self.data[start + row[0] : end].decode("latin-1")
            found.append(Section(name, row[1], row[4], row[5]))
        return found

    def _bytes(self, section: Section) -> bytes:
        return bytes(self.data[section.offset : section.offset + section.size])

    def _notes(self, data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
        at = 0
        while at + 12 <= len(data):
            name, size, kind = struct.unpack_from(self._order + "3I", data, at)
            start = at + 12 + (name + 3 & ~3)
            yield data[at + 12 : at + 12 + name], kind, data[start : start + size]
            at = start + (size + 3 & ~3)


def read(file: Path) -> Elf:
    """A file, mapped."""
    with file.open("rb") as opened:
        try:
            return Elf(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
        except ValueError as error:  # an empty one cannot be mapped
            raise NotElf("not an ELF file") from error


def build_id(file: Path) -> str:
    """The build-id that a linker gave a file; empty if it has none."""
    try:
        return read(file).build_id()
    except NotElf:
        return ""


def modinfo(module: bytes) -> dict[str, str]:
    """What a module says of itself; of a key that it has more than once, the last."""
    text = Elf(module).content(".modinfo").decode("latin-1")
    pairs = (entry.partition("=") for entry in text.split("\0"))
    return {key: value for key, _, value in pairs if key}
