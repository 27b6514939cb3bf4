# SPDX-License-Identifier: GPL-2.0-or-later
"""Guests that migrate from QEMU to QEMU, and what each move must preserve."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.lib.guest.baremetal import GuestRow, Run
from tests.lib.host.process import Closing
from tests.lib.machine.migrate import (
    MigrationFailed,
    address_spaces,
    different_pages,
    migrate,
    migrate_postcopy,
)
from tests.lib.machine.qemu import Qemu
from tests.lib.machine.qmp import QmpError
from tests.lib.peers.testpmd import Testpmd

Change = Callable[[list[str]], list[str]]
START_LIMIT = END_LIMIT = 90.0


class MigrationChain:
    """QEMU runs the guest; each later QEMU has a folder of its own in FOLDER and COMMAND as
    its command line. To COMPARE memory, which must be shared, the guest is stopped."""

    def __init__(
        self, qemu: Qemu, command: list[str], folder: Path, compare: bool = False
    ) -> None:
        self.qemu = qemu
        self.command = command
        self.folder = folder
        self._compare = compare
        self._count = 0

    def _log(self) -> Path:
        return self.folder / f"qemu{self._count}"

    def target(self, change: Change = list) -> Qemu:
        """A QEMU that waits for the guest, with a changed command line."""
        self._count += 1
        self._log().mkdir()
        stop = ["-S"] if self._compare else []
        return Qemu([*change(self.command), *stop, "-incoming", "defer"], self._log())

    def move(self, postcopy: bool = False) -> list[str]:
        """Move to a new QEMU; what differs there. POSTCOPY: the guest runs there before its
        memory is there, and memory is not compared."""
        target = self.target()
        try:
            before = address_spaces(self.qemu)
            found = self._postcopy(target) if postcopy else self._precopy(target)
            if address_spaces(target) != before:
                found.append("functions reach other memory than before")
        except BaseException:
            target.close()
            raise
        self.qemu.close()
        self.qemu = target
        return found

    def _precopy(self, target: Qemu) -> list[str]:
        migrate(self.qemu, target)
        if not self._compare:
            return []
        lost = different_pages(self.qemu, target)
        target.qmp.command("cont")
        return [f"page {page:#x} is not the same" for page in lost[:8]]

    def _postcopy(self, target: Qemu) -> list[str]:
        info = migrate_postcopy(self.qemu, target)
        return [] if info["ram"]["postcopy-requests"] else ["no page was missed"]

    def refused(self, change: Change) -> str:
        """Try a QEMU that must refuse the guest; the target's message."""
        with self.target(change) as target:
            with pytest.raises((MigrationFailed, QmpError)):
                migrate(self.qemu, target)
            target.process.wait(END_LIMIT)
        assert self.runs()
        return (self._log() / "qemu.log").read_text()

    def refused_here(self) -> str:
        """Try to leave a QEMU that must not let the guest go; the source's message."""
        with self.target() as target:
            with pytest.raises(QmpError) as refusal:
                migrate(self.qemu, target)
        assert self.runs()
        return str(refusal.value)

    def runs(self) -> bool:
        """Is the guest still running?"""
        return bool(self.qemu.qmp.command("query-status")["status"] == "running")


class MigratingProgram(MigrationChain, Closing):
    """A row's guest. Writing to its last disk tells it to end."""

    def __init__(self, row: GuestRow, folder: Path) -> None:
        self.run = Run(row, folder, shared=True)
        (folder / "console.log").touch()
        try:
            command = self.run.command()
            first = Qemu(command, folder)
        except BaseException:
            self.run.close()
            raise
        super().__init__(first, command, folder, compare=True)
        self._stop = self.run.disks[-1].path

    def target(self, change: Change = list) -> Qemu:
        """As of a MigrationChain; a peer that serves one QEMU at a time gets a second socket."""
        for end in self.run.network_peers:
            if isinstance(end, Testpmd):
                paths = str(end.path), str(end.other)
                self.command = [arg.replace(*paths) for arg in self.command]
                end.move()
        return super().target(change)

    def wait_for(self, text: str) -> None:
        """Wait until the guest has printed TEXT."""
        end = time.monotonic() + START_LIMIT
        while text not in self.run.console():
            assert self.qemu.running() and time.monotonic() < end, f"never said: {text}"
            time.sleep(0.05)

    def finish(self) -> list[str]:
        """Tell the guest to end, and check the run."""
        with self._stop.open("r+b") as file:
            word = file.read(8)
            file.seek(0)
            file.write(bytes(8))
        found = self.run.guarded(self.qemu) if self.run.row.secure else []
        self.qemu.wait(self.run.row.limit)
        with self._stop.open("r+b") as file:
            file.write(word)
        return found + self.run.check()

    def close(self) -> None:
        """End QEMU and the guest's peers."""
        self.qemu.close()
        self.run.close()
