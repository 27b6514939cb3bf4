# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels, modules and packages that are nothing but what vdma-run looks at."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
from pathlib import Path

PPC, PPC64, X86_64 = 20, 21, 62
PROGBITS, STRTAB, NOTE = 1, 3, 7


def elf(
    sections: dict[str, tuple[int, bytes]], machine: int = PPC64, little: bool = True
) -> bytes:
    """A 64-bit ELF file with these sections, each a kind and its content."""
    order = "<" if little else ">"
    names, body, rows = b"\0", b"", [bytes(64)]
    table = {**sections, ".shstrtab": (STRTAB, b"")}
    for name, (kind, content) in table.items():
        at = len(names)
        names += name.encode() + b"\0"
        data = names if kind == STRTAB else content
        rows.append(struct.pack(order + "IIQQQQIIQQ", at, kind, 0, 0, 64 + len(body), len(data), *[0] * 4))
        body += data
    ident = b"\x7fELF" + bytes([2, 1 if little else 2, 1]) + bytes(9)
    numbers = (2, machine, 1, 0, 0, 64 + len(body), 0, 64, 0, 0, 64, len(rows), len(rows) - 1)
    return ident + struct.pack(order + "HHIQQQIHHHHHH", *numbers) + body + b"".join(rows)


def kernel(
    file: Path,
    release: str = "1.2.3",
    build_id: bytes = b"\x01" * 20,
    config: str = "",
    **how: object,
) -> Path:
    """A vmlinux, with its CONFIG in it if there is any; HOW as for elf()."""
    note = struct.pack("<3I", 4, len(build_id), 3) + b"GNU\0" + build_id
    banner = f"Linux version {release} (somebody)\0".encode()
    if config:
        banner += b"IKCFG_ST" + gzip.compress(config.encode()) + b"IKCFG_ED"
    sections = {".rodata": (PROGBITS, banner), ".note.gnu.build-id": (NOTE, note)}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(elf(sections, **how))  # type: ignore[arg-type]
    return file


def zimage(file: Path, inner: bytes) -> Path:
    """A zImage around a vmlinux."""
    sections = {".kernel:vmlinux.strip": (PROGBITS, gzip.compress(inner))}
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(elf(sections, PPC, little=False))
    return file


def module(release: str = "1.2.3", depends: str = "") -> bytes:
    """A module's object file."""
    text = f"name=x\0depends={depends}\0vermagic={release} SMP mod_unload\0".encode()
    return elf({".modinfo": (PROGBITS, text)})


def package(file: Path, files: dict[str, bytes]) -> Path:
    """A package of Debian's."""
    tar = io.BytesIO()
    with tarfile.open(fileobj=tar, mode="w:xz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"./{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    data = b"!<arch>\n"
    for name, content in (("debian-binary", b"2.0\n"), ("data.tar.xz", tar.getvalue())):
        data += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(content):<10}`\n".encode()
        data += content + b"\n" * (len(content) % 2)
    file.write_bytes(data)
    return file
