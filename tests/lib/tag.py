# SPDX-License-Identifier: GPL-2.0-or-later
"""Tags that no firmware would write: qemu,dma-bypass put on a node by Forth."""

from __future__ import annotations

HCALL = 0xF010
BASE = 0x1000_0000_0000_0000


def window_size(mem_mib: int, hotplug_mib: int) -> int:
    """The window's size; hot-pluggable memory starts at a multiple of 1 GiB."""
    return (mem_mib + hotplug_mib) << 20


def cells(hcall: int, base: int, size: int) -> tuple[int, ...]:
    """The five cells of qemu,dma-bypass."""
    low = 0xFFFF_FFFF
    return (hcall, base >> 32, base & low, size >> 32, size & low)


def forth(node: str, tag: tuple[int, ...]) -> str:
    """Forth, in hex, that puts a tag on a node."""
    words = [f's" {node}" find-device']
    if tag:
        words.append(f"{tag[0]:x} encode-int")
        words += [f"{cell:x} encode-int encode+" for cell in tag[1:]]
    else:
        words.append("0 0")
    return " ".join([*words, 's" qemu,dma-bypass" property device-end\n'])
