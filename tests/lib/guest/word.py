# SPDX-License-Identifier: GPL-2.0-or-later
"""A word in the memory of the bare-metal program, by which a test tells it to go on."""

from __future__ import annotations

import mmap
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.lib.guest.baremetal import Run
from tests.lib.host.process import until
from tests.lib.machine.qemu import Qemu

LIMIT = 60.0


def says(boot: Run, pattern: str) -> re.Match[str]:
    """Wait until the guest says it."""
    assert until(lambda: re.search(pattern, boot.console()), LIMIT), f"never said: {pattern}"
    found = re.search(pattern, boot.console())
    assert found
    return found


@contextmanager
def word(boot: Run, qemu: Qemu) -> Iterator[Callable[[int], None]]:
    """The word, to be set. The guest says where it is, and its memory is shared."""
    address = int(says(boot, r"the host's word is at (\d+)\n")[1])
    page = address & -mmap.PAGESIZE
    with qemu.memory().open("r+b") as file, mmap.mmap(
        file.fileno(), mmap.PAGESIZE, offset=page
    ) as memory:
        at = address - page

        def write(value: int) -> None:
            memory[at : at + 8] = value.to_bytes(8, "big")

        yield write
