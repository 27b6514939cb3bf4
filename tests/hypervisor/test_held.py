# SPDX-License-Identifier: GPL-2.0-or-later
"""Devices are held on their way to a page that a secure VM takes back: until they are done,
the page does not become private, and the hypervisor does everything else."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lib.guest import secure
from tests.lib.guest.baremetal import GuestRow, Run
from tests.lib.guest.word import LIMIT, word
from tests.lib.host.process import Closing, until
from tests.lib.machine.qemu import Qemu

# Written by QEMU when a device has looked at a page, and before it has the page.
EVENT = "device_mapped"
# Long enough for a guest that does not have to wait.
HOLD = 2.0
# Numbers of system calls on x86-64.
WRITE, FUTEX = "1 ", "202 "
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


def in_call(qemu: Qemu, number: str, thread: int = 0) -> bool:
    """Is a QEMU thread, by default the main one, in this system call?"""
    pid = qemu.process.pid
    return Path(f"/proc/{pid}/task/{thread or pid}/syscall").read_text().startswith(number)


def io_thread(qemu: Qemu) -> int:
    """The number of the only one."""
    (thread,) = qemu.qmp.command("query-iothreads")
    number: int = thread["thread-id"]
    return number


def trace_maps(qemu: Qemu) -> None:
    """Have QEMU log each buffer that a device maps."""
    qemu.qmp.command("trace-event-set-state", name=EVENT, enable=True)


def held_row(name: str, device: str) -> GuestRow:
    """A guest that takes a page back when the test says so."""
    run = "test=revoke_held"
    return GuestRow(name=name, run=run, mode="bounce", secure=True, devices=(device,))


def hold(boot: Run, qemu: Qemu, brake: Brake) -> bool:
    """Hold the disk's thread between look and use. Does the page become private?"""
    thread = io_thread(qemu)
    with word(boot, qemu) as write:
        brake.pull()
        trace_maps(qemu)
        write(1)
        assert until(lambda: in_call(qemu, WRITE, thread), LIMIT)
        write(2)
        private = until(lambda: "the page is private" in boot.console(), HOLD, 0.01)
        brake.release()
    return private


@pytest.mark.parametrize("device", ["blk f iothread", "blk iothread"])
def test_unshare_waits_for_a_thread_on_its_way(run: Path, device: str) -> None:
    """UV_UNSHARE_PAGE returns only when no device thread can still use the page."""
    (run / "console.log").touch()
    with Run(held_row("held", device), run, shared=True) as boot:
        with Brake(run / "log.pipe") as brake:
            with Qemu([*boot.command(), "-D", str(run / "log.pipe")], run) as qemu:
                private = hold(boot, qemu, brake)
                guarded = boot.guarded(qemu)
                qemu.wait(LIMIT)
    assert boot.check() + guarded == []
    assert not private


DIMM = 1 << 30  # where QEMU puts the first
UNPLUG = GuestRow(
    name="unplug",
    run=f"test=unplug_during_cas dimm={DIMM}",
    mode="bounce",
    secure=True,
    devices=("blk f iothread",),
    args="-m 512M,slots=1,maxmem=2G -object memory-backend-ram,id=spare,size=256M",
)


def main_thread_waits(qemu: Qemu) -> bool:
    """Is the main thread waiting for another one, rather than for work?"""
    for _ in range(20):
        if not in_call(qemu, FUTEX):
            return False
        time.sleep(0.01)
    return True


def unplug_during_cas(boot: Run, qemu: Qemu, brake: Brake) -> bool:
    """Unplug the DIMM while the disk's thread is on its way to it. Does the guest get its
    new device tree meanwhile?"""
    thread = io_thread(qemu)
    unplug = threading.Thread(target=lambda: qemu.qmp.command("device_del", id="dimm"))
    with word(boot, qemu) as write:
        qemu.qmp.command("device_add", driver="pc-dimm", id="dimm", memdev="spare")
        brake.pull()
        trace_maps(qemu)
        write(1)
        assert until(lambda: in_call(qemu, WRITE, thread), LIMIT)
        unplug.start()
        assert until(lambda: main_thread_waits(qemu), LIMIT)
        write(2)
        new = until(lambda: "the tree is new" in boot.console(), HOLD, 0.01)
        brake.release()
        unplug.join(LIMIT)
        assert until(lambda: not qemu.qmp.command("query-memory-devices"), LIMIT)
        write(3)
    return new


def test_cas_during_the_unplug_of_memory(run: Path) -> None:
    """Client architecture support resets all connectors but that of memory which is being
    unplugged: QEMU releases its big lock while devices lose the memory."""
    (run / "console.log").touch()
    with Run(UNPLUG, run, shared=True) as boot, Brake(run / "log.pipe") as brake:
        with Qemu([*boot.command(), "-D", str(run / "log.pipe")], run) as qemu:
            new = unplug_during_cas(boot, qemu, brake)
            guarded = boot.guarded(qemu)
            qemu.wait(LIMIT)
    assert boot.check() + guarded == []
    assert new


def holdable(boot: Run) -> list[str]:
    """The command line, with a disk whose requests can be held."""
    command = boot.command()
    (disk,) = [disk.path for disk in boot.disks]
    return [arg.replace(f"file={disk}", f"file=blkdebug::{disk}") for arg in command]


def unshare_during_read(boot: Run, qemu: Qemu, run: Path) -> bool:
    """Take a page back while a read into it is held. Does QMP answer meanwhile, and the
    guest go on only afterwards?"""
    with word(boot, qemu) as write:
        before = secure.metric(qemu.qmp, "uv-shared-pages")
        assert qemu.qmp.monitor('qemu-io b0 "break read_aio held"') == ""
        trace_maps(qemu)
        write(1)
        # the request's header, and the page
        log = run / "qemu.log"
        assert until(lambda: log.read_text(errors="replace").count(EVENT) >= 2, LIMIT)
        write(2)
        taken = until(lambda: secure.metric(qemu.qmp, "uv-shared-pages") < before, LIMIT)
        time.sleep(HOLD)
        private = "the page is private" in boot.console()
        qemu.qmp.monitor('qemu-io b0 "resume held"')
    return taken and not private


@pytest.mark.parametrize(
    "device", ["blk f iothread", pytest.param("blk f", marks=pytest.mark.extended)]
)
def test_qmp_answers_while_a_page_waits_for_io(run: Path, device: str) -> None:
    """UV_UNSHARE_PAGE waits for a read into the page, which ends when QMP says so."""
    (run / "console.log").touch()
    with Run(held_row("slow", device), run, shared=True) as boot:
        with Qemu(holdable(boot), run) as qemu:
            answered = unshare_during_read(boot, qemu, run)
            guarded = boot.guarded(qemu)
            qemu.wait(LIMIT)
    assert boot.check() + guarded == []
    assert answered
