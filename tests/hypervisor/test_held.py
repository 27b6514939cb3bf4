# SPDX-License-Identifier: GPL-2.0-or-later
"""A device's thread is held after it has seen that a page is shared, and before it uses
the page: until it is done, the page does not become private."""

from __future__ import annotations

import fcntl
import mmap
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.lib.guest.baremetal import GuestRow, Run
from tests.lib.host.process import Closing, until
from tests.lib.machine.qemu import Qemu

# What QEMU writes when a device has looked at a page, and before it has the page.
EVENT = "device_mapped"
LIMIT = 60.0
# Long enough for a guest that does not have to wait.
HOLD = 2.0
WRITE = "1 "  # the system call's number on x86-64
# Room for one line of the event and not for two: the request's header is mapped
# first, then the page.
ROOM = 90


class Brake(Closing):
    """The end of a pipe that QEMU logs to: a thread that logs is blocked while the pipe is
    full."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._size = fcntl.fcntl(self._pipe, fcntl.F_SETPIPE_SZ, 4096)
        self._free = threading.Thread(target=self._drain)
        self._done = False

    def pull(self) -> None:
        """Block each thread at its second line."""
        os.write(self._pipe, b"\n" * (self._size - ROOM))

    def release(self) -> None:
        """Let all threads go on."""
        self._free.start()

    def _drain(self) -> None:
        while not self._done:
            with suppress(BlockingIOError):
                os.read(self._pipe, self._size)
            time.sleep(0.01)

    def close(self) -> None:
        """QEMU has ended."""
        self._done = True
        if self._free.ident:
            self._free.join()
        os.close(self._pipe)


@contextmanager
def word_of(qemu: Qemu, address: int) -> Iterator[Callable[[int], None]]:
    """A word in the guest's memory, to be set."""
    page = address & -mmap.PAGESIZE
    with qemu.memory().open("r+b") as file, mmap.mmap(
        file.fileno(), mmap.PAGESIZE, offset=page
    ) as memory:
        at = address - page

        def write(value: int) -> None:
            memory[at : at + 8] = value.to_bytes(8, "big")

        yield write


def hold(boot: Run, qemu: Qemu, brake: Brake) -> bool:
    """Hold the disk's thread between look and use. Does the page become private?"""
    where = "the host's word is at "
    assert until(lambda: where in boot.console(), LIMIT)
    found = re.search(where + r"(\d+)\n", boot.console())
    assert found
    (thread,) = qemu.qmp.command("query-iothreads")
    call = Path(f"/proc/{qemu.process.pid}/task/{thread['thread-id']}/syscall")
    with word_of(qemu, int(found[1])) as write:
        brake.pull()
        qemu.qmp.command("trace-event-set-state", name=EVENT, enable=True)
        write(1)
        assert until(lambda: call.read_text().startswith(WRITE), LIMIT)
        write(2)
        private = until(lambda: "the page is private" in boot.console(), HOLD, 0.01)
        brake.release()
    return private


@pytest.mark.parametrize("device", ["blk f iothread", "blk iothread"])
def test_unshare_waits_for_a_thread_on_its_way(run: Path, device: str) -> None:
    """UV_UNSHARE_PAGE returns only when no device thread can still use the page."""
    row = GuestRow(
        name="held", run="test=revoke_held", mode="bounce", secure=True, devices=(device,)
    )
    (run / "console.log").touch()
    with Run(row, run, shared=True) as boot, Brake(run / "log.pipe") as brake:
        with Qemu([*boot.command(), "-D", str(run / "log.pipe")], run) as qemu:
            private = hold(boot, qemu, brake)
            guarded = boot.guarded(qemu)
            qemu.wait(LIMIT)
    assert boot.check() + guarded == []
    assert not private
