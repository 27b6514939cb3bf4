# SPDX-License-Identifier: GPL-2.0-or-later
"""`vdmactl explain --qmp` says from outside what `vdmactl status` says inside, of every
function of the table, and what it cannot know."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.lib.devicetree.vdmactl import vdmactl
from tests.lib.guest import secure
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine.devices import DEVICES, virtio
from tests.lib.machine.pseries import Machine

# After its report the guest waits while we look from outside.
SCRIPT = ". /lib/boot.sh\nask explain\n"
# Known to the guest only.
ASSUMED = {"mask", "quirk", "pool", "mode", "live"}

PHB1 = (
    *DEVICES,
    virtio("far", "blk", 2, bus="phb1.0"),
    virtio("far-plain", "rng", 3, f=False, bus="phb1.0"),
)
MACHINES = {
    "": Machine(),
    "disable_ddw": Machine(append="disable_ddw"),
    "bypass off": Machine(args=("-global", "spapr-pci-host-bridge.dma-bypass=off")),
    "two PHBs": Machine(devices=PHB1, phbs=("",)),
    "secure": Machine(),
    "stock": Machine(qemu="stock"),
    "stock, disable_ddw": Machine(qemu="stock", append="disable_ddw"),
    "stock, two PHBs": Machine(qemu="stock", devices=PHB1, phbs=("",)),
}


@contextmanager
def socket_path() -> Iterator[Path]:
    """A place for a socket; a run's folder has too long a name."""
    with tempfile.TemporaryDirectory(prefix="vdma-") as folder:
        yield Path(folder, "qmp")


def monitor(path: Path) -> tuple[str, str]:
    """QEMU's option for one more QMP socket."""
    return "-qmp", f"unix:{path},server=on,wait=off"


def explain(path: Path, *args: str) -> tuple[dict[str, dict[str, Any]], str]:
    """Rows by address, and what it complained of."""
    done = vdmactl("explain", "--all", "--json", *args, "--qmp", path)
    assert done.returncode in (0, 1), done.stderr
    return {row["device"]: row for row in json.loads(done.stdout)}, done.stderr


def inside(line: dict[str, str]) -> tuple[object, ...]:
    """A row of the guest's report: driver, F, property, secure, mode, reason, passed over."""
    passed_over = [] if line["passed_over"] == "-" else line["passed_over"].split(",")
    f = {"1": True, "0": False, "-": None}[line["f"]]
    tagged, in_svm = line["property"] == "yes", line["secure"] == "1"
    return line["driver"], f, tagged, in_svm, line["mode"], line["reason"], passed_over


def outside(row: dict[str, Any], tagged: bool) -> tuple[object, ...]:
    """The same of a row of explain; TAGGED where that is unknown."""
    known = row["property"] if isinstance(row["property"], bool) else tagged
    keys = ("mode", "reason", "passed_over")
    return row["driver"], row["f"], known, row["secure"], *(row[key] for key in keys)


def look(machine: Machine, run: Path, seen: Callable[[Path], None]) -> dict[str, dict[str, str]]:
    """Boot a machine, have SEEN look at it from outside when all devices have done I/O, and
    return the guest's report by address."""
    with socket_path() as path:
        watched = replace(machine, args=(*machine.args, *monitor(path)))
        with Guest(watched, run, GuestImage(script=SCRIPT, disk_mib=8)) as guest:
            guest.serve({"explain": lambda: seen(path)}, last="explain")
            report = guest.report()
            assert guest.qemu.running()
    assert report.all("fail") == []
    return {line["address"]: line for line in report.all("device")}


@pytest.mark.extended
@pytest.mark.parametrize("name", MACHINES)
def test_agrees_with_status(run: Path, name: str) -> None:
    """From outside as from inside, for each function; nothing of the guest's own is claimed."""
    machine, answers = MACHINES[name], []
    if name == "secure":
        machine = secure.secured(machine)
    lines = look(machine, run, lambda path: answers.append(explain(path)))
    ((rows, said),) = answers
    ours = machine.emulator().bypass
    virtio_functions = {d.address for d in machine.devices if d.f is not None}
    assert set(lines) == {d.address for d in machine.devices}
    assert set(rows) == (set(lines) if ours else virtio_functions)
    for address, row in rows.items():
        line = lines[address]
        if address in virtio_functions:
            assert outside(row, line["property"] == "yes") == inside(line), address
        else:  # the tree has no names of Linux's drivers
            assert (row["driver"], line["driver"]) == ("8086:100e", "e1000")
            assert (row["mode"], line["mode"]) == ("-", "-")
    for address in virtio_functions:
        row = rows[address]
        assert ASSUMED <= set(row["assumed"])
        assert not {"f", "v1", "secure", "hcall"} & set(row["assumed"])
        assert not row["disagreement"]
        assert row["window"] is (row["mode"] == "bypass" if ours else None)
        assert isinstance(row["property"], bool) is ours
    if ours:
        assert said == ""
    else:
        assert "dumpdtb of this QEMU reads freed memory; tags unknown, virtio only" in said
        assert len(said.splitlines()) == 1


UNUSED = """
. /lib/vdma.sh
load policy mode=tce
bring_up
settle
run_io
ask explain
"""


@pytest.mark.extended
def test_request_that_only_the_guest_knows(run: Path) -> None:
    """A driver that leaves its bypass window closed differs from the decision; with the
    request given, it does not."""
    answers = []

    def seen(path: Path) -> None:
        answers.extend((explain(path), explain(path, "-A", "mode=tce")))

    with socket_path() as path:
        machine = Machine(devices=DEVICES[:1], args=monitor(path))
        with Guest(machine, run, GuestImage(script=UNUSED, disk_mib=8)) as guest:
            guest.serve({"explain": lambda: seen(path)}, last="explain")
    (blind, said), (told, nothing) = answers
    row, other = blind[DEVICES[0].address], told[DEVICES[0].address]
    assert (row["mode"], row["window"]) == ("bypass", False)
    assert row["disagreement"] == "its bypass window is closed: the driver uses another mode"
    assert said == (
        "vdmactl: 0000:00:01.0: mode should be bypass, reason dt-bypass; "
        + row["disagreement"] + "\n"
    )
    assert (other["mode"], other["reason"], other["disagreement"]) == ("tce", "requested", None)
    assert nothing == ""
