# SPDX-License-Identifier: GPL-2.0-or-later
"""The bare-metal program on a journey: at work until it is told that it is enough."""

from __future__ import annotations

import time
from pathlib import Path

from tests.lib.guest.baremetal import Row, Run
from tests.lib.machine.qemu import Qemu
from tests.lib.peers.testpmd import Testpmd
from tests.live.journey import Change, Journey

START_LIMIT = 90.0


class Traveller(Journey):
    """A row's guest. Its last disk is the way to tell it to end."""

    def __init__(self, row: Row, folder: Path) -> None:
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
        """As a Journey's; what serves one QEMU at a time has another place for it."""
        for end in self.run.ends:
            if isinstance(end, Testpmd):
                paths = str(end.path), str(end.other)
                self.command = [arg.replace(*paths) for arg in self.command]
                end.move()
        return super().target(change)

    def wait_for(self, text: str) -> None:
        """Until the guest has said it."""
        end = time.monotonic() + START_LIMIT
        while text not in self.run.console():
            assert self.qemu.running() and time.monotonic() < end, f"never said: {text}"
            time.sleep(0.05)

    def finish(self) -> list[str]:
        """Tell the guest that it is enough, and judge."""
        with self._stop.open("r+b") as file:
            word = file.read(8)
            file.seek(0)
            file.write(bytes(8))
        found = self.run.guarded(self.qemu) if self.run.row.secure else []
        self.qemu.wait(self.run.row.limit)
        with self._stop.open("r+b") as file:
            file.write(word)
        return found + self.run.judge()

    def close(self) -> None:
        """End all that is left of it."""
        self.qemu.kill()
        self.run.close()
