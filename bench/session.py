# SPDX-License-Identifier: GPL-2.0-or-later
"""The cells of a session: every configuration with every workload.

All guests run at the same time, and cells of all configurations take turns in an
order that is drawn again for each round: whatever else the machine does then meets
each of them alike. What fails costs its own cell; a guest that hangs is killed and
another takes its place.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.counts import TCE_HCALLS, TRACED_CALLS
from bench.results import Results
from bench.guest import BenchGuest, CellError, CellRefused, HostSetup, Order
from bench.progress import Progress
from bench.config import Configuration, Profile, Workload
from tests.lib.build.parts import Missing
from tests.lib.machine.qemu import QemuError
from tests.lib.machine.qmp import QmpError

# Seconds that steps take; the progress line uses them.
BOOT_SECONDS = 15.0
COUNT_SECONDS = 0.9
OVERHEAD_SECONDS = 0.5

# How often each cell is counted.
PASSES = 2

# Longer than any cell on a busy machine.
CELL_LIMIT = 45.0

TROUBLES = (CellError, QemuError, QmpError, Missing, OSError)


@dataclass(frozen=True)
class Cell:
    """A configuration with a workload."""

    row: Configuration
    workload: Workload

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.row.name} {self.workload.name}"


def reason(error: BaseException) -> str:
    """An error as one line."""
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    return str(error).partition("\n")[0] or type(error).__name__


class Session:
    """Guests, and measurements on them."""

    def __init__(
        self,
        host: HostSetup,
        results: Results,
        progress: Progress,
        folder: Path,
        limit: float = CELL_LIMIT,
    ) -> None:
        self._host = host
        self._results = results
        self._progress = progress
        self._folder = folder
        self._limit = limit
        self._guests: dict[Configuration, BenchGuest] = {}
        self._boots = 0
        self._lost: set[Cell] = set()

    @contextmanager
    def guests(self, rows: Sequence[Configuration]) -> Iterator[None]:
        """Guests for all rows while the with statement runs."""
        groups: dict[object, list[Configuration]] = {}
        for row in rows:
            groups.setdefault(row.guest(), []).append(row)
        try:
            started = [self._start(group) for group in groups.values()]
            for guest in started:
                self._progress.step(BOOT_SECONDS, "guests boot")
                if guest:
                    self._settle(guest)
            yield
        finally:
            for guest in set(self._guests.values()):
                guest.close()
            self._guests.clear()

    def usable(self, rows: Sequence[Configuration]) -> list[Configuration]:
        """Rows whose guest runs and whose devices match their rows."""
        return [row for row in rows if row in self._guests]

    def count(self, cells: Sequence[Cell]) -> None:
        """Each cell once, a fixed number of I/Os, with everything counted.

        Timing may change how many I/Os go together, and so do counts: that there are
        several passes shows by how much.
        """
        for cell in cells:
            self._progress.step(COUNT_SECONDS, f"counting  {cell.name}")
            done = self._order(cell, 0, cell.workload.count)
            if done:
                self._results.counts.append(_counts(cell, done, self._host.accel == "tcg"))

    def round(self, number: int, cells: Sequence[Cell], profile: Profile) -> None:
        """Each cell once, against the clock. The order of CELLS is that of time."""
        for position, cell in enumerate(cells):
            text = f"round {number + 1} of {profile.rounds}  {cell.name}"
            self._progress.step(profile.seconds + OVERHEAD_SECONDS, text)
            done = self._order(cell, round(profile.seconds * 1000), 0)
            if done:
                value = cell.workload.value(done.ios, done.bytes, done.seconds)
                self._results.samples.append(
                    {
                        "configuration": cell.row.name,
                        "workload": cell.workload.name,
                        "round": number,
                        "position": position,
                        "value": value,
                        "ios": done.ios,
                        "bytes": done.bytes,
                        "seconds": done.seconds,
                        "cpu": done.cpu,
                        "wall": done.wall,
                    }
                )

    def _start(self, rows: list[Configuration]) -> BenchGuest | None:
        self._boots += 1
        try:
            guest = BenchGuest(self._host, rows, self._folder / f"guest{self._boots}")
        except TROUBLES as error:
            self._lose(rows, reason(error))
            return None
        self._results.booted(guest.versions)
        for row in rows:
            self._guests[row] = guest
        return guest

    def _settle(self, guest: BenchGuest) -> None:
        """Wait for a guest; drop configurations whose devices differ from their rows."""
        try:
            guest.wait_ready()
        except TROUBLES as error:
            self._drop(guest)
            self._lose(guest.rows, f"{reason(error)}; log: {guest.run}/console.log")
            return
        for row in guest.rows:
            if wrong := guest.wrong(row):
                del self._guests[row]
                self._lose([row], wrong)
            else:
                self._results.shared(row.name, guest.shared(row))

    def _drop(self, guest: BenchGuest) -> list[Configuration]:
        """End a guest; the rows that it had."""
        had = [row for row in guest.rows if self._guests.get(row) is guest]
        for row in had:
            del self._guests[row]
        guest.close()
        return had

    def _lose(self, rows: Sequence[Configuration], why: str) -> None:
        for row in rows:
            self._results.miss(row.name, why)
            self._progress.say(f"{row.name}: {why}")

    def _order(self, cell: Cell, milliseconds: int, count: int) -> Order | None:
        guest = self._guests.get(cell.row)
        if guest is None or cell in self._lost:
            return None
        try:
            return guest.order(cell.row, cell.workload, milliseconds, count, self._limit)
        except CellRefused as error:
            self._lose_cell(cell, reason(error))
        except TROUBLES as error:
            self._lose_cell(cell, f"{reason(error)}; log: {guest.run}/console.log")
            again = self._start(self._drop(guest))
            if again:
                self._settle(again)
        return None

    def _lose_cell(self, cell: Cell, why: str) -> None:
        self._lost.add(cell)
        self._results.miss(cell.name, why)
        self._progress.say(f"{cell.name}: {why}; continuing with the other cells")


def _counts(cell: Cell, done: Order, traced: bool) -> dict[str, object]:
    """TRACED: QEMU has seen the TCE calls, and says whose they were. Under KVM the
    host's kernel takes them, and the guest's count is all there is."""
    by_guest = sum(done.hcalls[name] for name in TCE_HCALLS)
    by_phb = sum(done.dma[name] for name in TRACED_CALLS)
    return {
        "configuration": cell.row.name,
        "workload": cell.workload.name,
        "ios": done.ios,
        "hypercalls": dict(sorted(done.hcalls.items())),
        "dma_hypercalls": (by_phb if traced else by_guest) + done.hcalls["H_DMA_BYPASS"],
        "tce_written": done.dma["tce_written"],
        "tce_cleared": done.dma["tce_cleared"],
        "translations": done.dma["translations"],
        "copied_bytes": done.copied if done.copies_known else None,
        "bytes": done.bytes,
    }


def cells_of(rows: Sequence[Configuration], workloads: Sequence[Workload]) -> list[Cell]:
    """The cells to measure; a row may restrict its workloads."""
    return [
        Cell(row, workload)
        for row in rows
        for workload in workloads
        if not row.workloads or workload.name in row.workloads
    ]


def shuffled(cells: Sequence[Cell], rng: random.Random) -> list[Cell]:
    """All cells of a workload stand together, so that what compares them is near
    in time; which comes when is drawn."""
    by_workload: dict[str, list[Cell]] = {}
    for cell in cells:
        by_workload.setdefault(cell.workload.name, []).append(cell)
    groups = list(by_workload.values())
    rng.shuffle(groups)
    for group in groups:
        rng.shuffle(group)
    return [cell for group in groups for cell in group]


def planned_seconds(cells: int, guests: int, profile: Profile) -> float:
    """A rough estimate of the whole session."""
    each = PASSES * COUNT_SECONDS + profile.rounds * (profile.seconds + OVERHEAD_SECONDS)
    return guests * BOOT_SECONDS + cells * each
