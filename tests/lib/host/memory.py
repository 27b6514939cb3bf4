# SPDX-License-Identifier: GPL-2.0-or-later
"""How the host's kernel gives memory to processes."""

from __future__ import annotations

import mmap
import re
from pathlib import Path

SIZE = 16 << 20


def resident_kib(pid: int | str, kind: str) -> int:
    """A process's memory of KIND, a field of /proc/PID/status: KiB."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(rf"^{kind}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found, f"/proc/{pid}/status has no {kind}"
    return int(found[1])


def reads_take_memory() -> bool:
    """Whether a page that is only read takes memory. Most kernels map one page of zeroes
    for all of them; some of small virtual machines have none."""
    before = resident_kib("self", "RssAnon")
    with mmap.mmap(-1, SIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as memory:
        for offset in range(0, SIZE, mmap.PAGESIZE):
            memory[offset]
        return resident_kib("self", "RssAnon") - before > SIZE // 1024 // 2
