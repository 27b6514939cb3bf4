# SPDX-License-Identifier: GPL-2.0-or-later
"""Live migration under verified I/O, there and back, in every mode."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.baremetal import MIB, Row, Run, table
from tests.lib.migrate import MigrationFailed, address_spaces, different_pages, migrate
from tests.lib.qemu import Qemu
from tests.lib.qmp import QmpError
from tests.lib.testpmd import Testpmd
from tests.live.conftest import Outcome

ROWS = [row for row in table("tests/live") if row.group == "migrate"]
# Moves: 20 there and 20 back; fewer with testpmd, of which each needs a CPU, and
# make check is content with one of each.
ROUNDS, TESTPMD, SHORT = 40, 8, 2
START_LIMIT = 90.0


def rounds_of(row: Row) -> int:
    """How often it moves."""
    return TESTPMD if row.name.startswith("testpmd") else ROUNDS


def event_of(row: Row) -> str:
    """Its line in docs/lifecycle.md."""
    kind = "dirty" if row.name.startswith("dirty") else row.name.removesuffix("-no-f")
    return f"migrate-{kind}"


class Traveller:
    """A guest and the QEMU that it is in."""

    def __init__(self, row: Row, run: Path) -> None:
        self.run = Run(row, run)
        self._stack = ExitStack()
        self._stack.callback(self.run.close)
        self._command = self.run.command()
        (run / "console.log").touch()
        self._count = 0
        self._left: list[Testpmd] = []
        self.memory = int(row.memory.removesuffix("M")) * MIB
        self.qemu = self._start(self._command)
        self._stop = self.run.disks[-1].path

    def _start(self, command: list[str]) -> Qemu:
        self._count += 1
        folder = self.run.folder / f"qemu{self._count}"
        folder.mkdir()
        return self._stack.enter_context(Qemu(command, folder))

    def _target(self, change: Callable[[list[str]], list[str]] = list) -> Qemu:
        """A QEMU that waits for the guest, with a command line changed somehow."""
        for end in self.run.ends:
            # It serves one QEMU; the new one gets another.
            if isinstance(end, Testpmd):
                other = Testpmd(self.run.folder)
                self._stack.callback(other.close)
                paths = str(end.path), str(other.path)
                self._command = [arg.replace(*paths) for arg in self._command]
                self.run.ends = [other]
                self._left.append(end)
        return self._start([*change(self._command), "-S", "-incoming", "defer"])

    def wait_for(self, text: str) -> None:
        """Until the guest has said it."""
        end = time.monotonic() + START_LIMIT
        while text not in self.run.console():
            assert self.qemu.running() and time.monotonic() < end, f"never said: {text}"
            time.sleep(0.05)

    def move(self) -> list[str]:
        """To a new QEMU; what is not there as it was here."""
        target = self._target()
        before = address_spaces(self.qemu)
        migrate(self.qemu, target)
        lost = different_pages(self.qemu, target, self.memory)
        found = [f"page {page:#x} is not the same" for page in lost[:8]]
        if address_spaces(target) != before:
            found.append("functions reach other memory than before")
        target.qmp.command("cont")
        self.qemu.kill()
        self.qemu = target
        while self._left:
            self._left.pop().close()
        return found

    def refused(self, change: Callable[[list[str]], list[str]]) -> str:
        """To a QEMU that must not take it; what that one says."""
        target = self._target(change)
        with pytest.raises((MigrationFailed, QmpError)):
            migrate(self.qemu, target)
        target.process.wait(START_LIMIT)
        said = (self.run.folder / f"qemu{self._count}" / "qemu.log").read_text()
        assert self.qemu.qmp.command("query-status")["status"] == "running"
        return said

    def finish(self) -> list[str]:
        """Tell the guest that it is enough, and judge."""
        with self._stop.open("r+b") as file:
            word = file.read(8)
            file.seek(0)
            file.write(bytes(8))
        self.qemu.wait(self.run.row.limit)
        with self._stop.open("r+b") as file:
            file.write(word)
        return self.run.judge()

    def close(self) -> None:
        """End all that is left of it."""
        self._stack.close()


@pytest.mark.parametrize(
    ("row", "rounds"),
    [
        *(pytest.param(r, rounds_of(r), id=r.id(), marks=pytest.mark.more) for r in ROWS),
        pytest.param(ROWS[0], SHORT, id=f"short-{ROWS[0].id()}"),
    ],
)
def test_there_and_back(run: Path, outcome: Outcome, row: Row, rounds: int) -> None:
    """No page lost, no error in the I/O, mode and windows as before, each time."""
    if rounds != SHORT:
        outcome(event_of(row), row.mode)
    guest = Traveller(row, run)
    try:
        guest.wait_for("at work")
        for number in range(rounds):
            assert guest.move() == [], f"move {number + 1}"
        problems = guest.finish()
    finally:
        guest.close()
    assert problems == []


@dataclass(frozen=True)
class Refusal:
    """A destination that is not as the source, and what it has to say.

    OLD becomes NEW in its command line, and ADDED is added.
    """

    name: str
    mode: str
    says: str
    old: str = ""
    new: str = ""
    added: tuple[str, ...] = ()

    def change(self, command: list[str]) -> list[str]:
        """The command line of such a destination."""
        changed = [arg.replace(self.old, self.new) for arg in command] if self.old else command
        changed = [*changed, *self.added]
        assert changed != command
        return changed


MAY_NOT = "DMA bypass is enabled on the source, but this device may not bypass here"
REFUSALS = (
    Refusal("device-off", "bypass", MAY_NOT, "id=d0,", "id=d0,dma-bypass=off,"),
    Refusal(
        "phb-off",
        "bypass",
        MAY_NOT,
        added=("-global", "spapr-pci-host-bridge.dma-bypass=off"),
    ),
    Refusal(
        "maxmem",
        "bypass",
        "windows of source and destination differ in size; use the same maxmem",
        "512M",
        "512M,slots=1,maxmem=1G",
    ),
    # QEMU's own words for a window that can't be had
    Refusal(
        "no-windows",
        "identity",
        "spapr_iommu",
        added=("-global", "spapr-pci-host-bridge.ddw=off"),
    ),
)


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(r, id=r.name, marks=[] if r.name == "device-off" else [pytest.mark.more])
        for r in REFUSALS
    ],
)
def test_refused(run: Path, refusal: Refusal) -> None:
    """The destination says why, and the guest works on; elsewhere it may go."""
    row = next(row for row in ROWS if row.name == "blk" and row.mode == refusal.mode)
    guest = Traveller(row, run)
    try:
        guest.wait_for("at work")
        said = guest.refused(refusal.change)
        assert refusal.says in said
        assert guest.move() == []
        problems = guest.finish()
    finally:
        guest.close()
    assert problems == []
