# SPDX-License-Identifier: GPL-2.0-or-later
"""Live migration under verified I/O, there and back, in every mode."""

from __future__ import annotations

import re
import struct
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.build import parts
from tests.lib.guest import ktap
from tests.lib.guest.baremetal import GuestRow, table
from tests.lib.guest.disk import MIB
from tests.lib.machine import emulators, slof
from tests.lib.machine.migrate import MigrationFailed, migrate
from tests.lib.machine.qemu import Qemu
from tests.live.conftest import Outcome
from tests.live.migration import MigratingProgram

ROWS = [row for row in table("tests/live") if row.group == "migrate"]
# Moves: 20 there and 20 back; make check does one of each.
ROUNDS, SHORT = 40, 2
POSTCOPY_MOVES = 4
# docs/lifecycle.md tells why not testpmd.
POSTCOPY = [
    pytest.param(row, id=row.id()) for row in ROWS if not row.name.startswith("testpmd")
]


def event_of(row: GuestRow) -> str:
    """A row's event in docs/lifecycle.md."""
    kind = "dirty" if row.name.startswith("dirty") else row.name.removesuffix("-no-f")
    return f"migrate-{kind}"


SENT = re.compile(r"^ram_save_page ram: offset: (0x[0-9a-f]+)", re.MULTILINE)
# From here on guest/baremetal/test_dirty.c has no page but those it tells of.
DIRTY_HIGH = 256 * MIB


def logged(folder: Path) -> set[int]:
    """Pages from DIRTY_HIGH on that a source has sent again."""
    found: set[int] = set()
    for path in folder.glob("**/qemu.log"):
        times = Counter(SENT.findall(path.read_text(errors="replace")))
        found |= {int(page, 16) for page, count in times.items() if count > 1}
    return {page for page in found if page >= DIRTY_HIGH}


def tree(qemu: Qemu, folder: Path) -> bytes:
    """The guest's device tree, as QEMU has it."""
    file = folder / "guest.dtb"
    qemu.dump_tree(file)
    return file.read_bytes()


@pytest.mark.parametrize(
    ("row", "rounds"),
    [
        *(pytest.param(r, ROUNDS, id=r.id(), marks=pytest.mark.extended) for r in ROWS),
        pytest.param(ROWS[0], SHORT, id=f"short-{ROWS[0].id()}"),
    ],
)
def test_there_and_back(run: Path, outcome: Outcome, row: GuestRow, rounds: int) -> None:
    """Each migration keeps all pages, the I/O, the mode, the windows, and the device tree
    that the guest has handed back, with firmware's tags."""
    if rounds != SHORT:
        outcome(event_of(row), row.mode)
    with MigratingProgram(row, run) as guest:
        guest.wait_for("at work")
        handed_back = tree(guest.qemu, run)
        tagged = any("f" in device.split() for device in row.devices)
        assert (emulators.PROPERTY in handed_back) == tagged
        for number in range(rounds):
            assert guest.move() == [], f"move {number + 1}"
            assert tree(guest.qemu, run) == handed_back, f"move {number + 1}"
        problems = guest.finish()
    assert problems == []
    if row.name.startswith("dirty"):
        # that no written page is missing has been seen by each move's comparison
        metrics = ktap.metrics(guest.run.console())
        assert logged(run) == {int(page, 16) for name, page in metrics if name == "written"}


@pytest.mark.extended
@pytest.mark.parametrize("row", POSTCOPY)
def test_postcopy(run: Path, outcome: Outcome, row: GuestRow) -> None:
    """A guest whose memory follows it keeps its I/O, with pages that a device or a back end
    misses, and its windows."""
    outcome("migrate-postcopy", row.mode)
    with MigratingProgram(row, run) as guest:
        guest.wait_for("at work")
        for number in range(POSTCOPY_MOVES):
            assert guest.move(postcopy=True) == [], f"move {number + 1}"
        problems = guest.finish()
    assert problems == []


def test_window_of_another_page_size(run: Path) -> None:
    """A TCE window that takes the default one's place keeps its page size in a migration,
    though both have as many TCEs."""
    devices = ("blk f", "blk")
    row = GuestRow(name="window", run="test=migrating_window", mode="bypass", devices=devices)
    with MigratingProgram(row, run) as guest:
        guest.wait_for("at work")
        assert guest.move() == []
        assert guest.finish() == []


@dataclass(frozen=True)
class Refusal:
    """A destination that differs from the source, and its message.

    OLD becomes NEW in its command line, and ADDED is added; QEMU is another one.
    """

    name: str
    mode: str
    says: str
    old: str = ""
    new: str = ""
    added: tuple[str, ...] = ()
    qemu: str = "vdma"

    def change(self, command: list[str]) -> list[str]:
        """The command line of such a destination."""
        changed = [arg.replace(self.old, self.new) for arg in command] if self.old else command
        changed = [str(emulators.of(self.qemu).binary), *changed[1:], *self.added]
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
        added=("-m", "256M,slots=1,maxmem=1G"),
    ),
    # QEMU's own messages for unknown or missing state
    Refusal("no-switch", "bypass", "spapr_vdma", qemu="plain"),
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
        pytest.param(r, id=r.name, marks=[] if r.name == "device-off" else [pytest.mark.extended])
        for r in REFUSALS
    ],
)
def test_refused(run: Path, outcome: Outcome, refusal: Refusal) -> None:
    """A destination that cannot keep the mode refuses, and the guest goes on."""
    outcome("migrate-without", refusal.mode, "The destination says why, and the source goes on.")
    row = next(row for row in ROWS if row.name == "blk" and row.mode == refusal.mode)
    with MigratingProgram(row, run) as guest:
        guest.wait_for("at work")
        said = guest.refused(refusal.change)
        assert refusal.says in said
        assert guest.move() == []
        problems = guest.finish()
    assert problems == []


@pytest.mark.extended
def test_from_a_qemu_without_it(run: Path) -> None:
    """A guest of Debian's QEMU may come and go back; a guest that began here may not go there."""
    firmware = str(parts.part("slof") / "slof.bin")
    switch = {"path": "/machine", "property": "cap-dma-bypass"}

    def machine(qemu: str, name: str, *more: str) -> Qemu:
        folder = run / name
        folder.mkdir()
        command = slof.machine(qemu=qemu)
        if "-bios" not in command:
            command += ["-bios", firmware]
        console = ["-chardev", "null,id=console", "-prom-env", "auto-boot?=false"]
        return Qemu([*command, *console, "-machine", "type=pseries-10.0", *more], folder)

    waits = ("-incoming", "defer")
    with (
        machine("stock-10.0", "old") as old,
        machine("vdma-10.0", "new", *waits) as new,
        machine("stock-10.0", "back", *waits) as back,
        machine("vdma-10.0", "fresh", "-S") as fresh,
        machine("stock-10.0", "none", *waits) as none,
    ):
        migrate(old, new)
        assert new.qmp.command("qom-get", **switch) is False
        migrate(new, back)
        assert fresh.qmp.command("qom-get", **switch) is True
        with pytest.raises(MigrationFailed):
            migrate(fresh, none)


def make_qcow2(path: Path, mib: int) -> None:
    """An image that has room for snapshots (QEMU's docs/interop/qcow2.rst): a header, the
    first reference counts, and a table of clusters that is empty."""
    cluster = 1 << 16
    header = struct.pack(
        ">4sIQIIQIIQQIIQ",
        *(b"QFI\xfb", 2, 0, 0, 16, mib * MIB, 0, 1, 3 * cluster, cluster, 1, 0, 0),
    )
    counts = struct.pack(">HHHH", 1, 1, 1, 1)
    table = struct.pack(">Q", 2 * cluster)
    parts_ = (header, table, counts, b"")
    path.write_bytes(b"".join(part.ljust(cluster, b"\0") for part in parts_))


@pytest.mark.extended
def test_snapshots_with_it_and_without(run: Path) -> None:
    """A snapshot of a guest that has not got H_DMA_BYPASS is loaded, and takes it from that
    guest alone: a snapshot with it can be loaded afterwards."""
    image = run / "snapshots.qcow2"
    make_qcow2(image, 1)
    switch = {"path": "/machine", "property": "cap-dma-bypass"}

    def machine(name: str, capability: str) -> Qemu:
        folder = run / name
        folder.mkdir()
        options = ["-chardev", "null,id=console", "-prom-env", "auto-boot?=false", "-S"]
        options += ["-drive", f"if=none,id=d,format=qcow2,file={image}"]
        return Qemu([*slof.machine(), *options, "-machine", f"cap-dma-bypass={capability}"], folder)

    with machine("old", "off") as old:
        assert old.qmp.monitor("savevm without") == ""
    with machine("new", "on") as new:
        assert new.qmp.monitor("savevm with") == ""
        for name in ("without", "with", "without", "with"):
            assert new.qmp.monitor(f"loadvm {name}") == ""
            assert new.qmp.command("qom-get", **switch) is (name == "with")
