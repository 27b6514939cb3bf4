# SPDX-License-Identifier: GPL-2.0-or-later
"""The matrix of matrix.toml: every kind of virtio device in a secure VM.

With our module all I/O is right and no device touches a private page. Without it, the
kernel's own behaviour is a baseline (tests/secure/stock.py)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lib.guest import secure
from tests.lib.guest.linux import Guest, GuestImage, Result
from tests.lib.machine.devices import Device, Expected
from tests.lib.machine.pseries import Machine
from tests.lib.machine.screen import Picture
from tests.secure import stock
from tests.secure.matrix import CASES, MatrixCase

MIB = 1 << 20
BALLOON_MIB = 64
MODULES = ("virtio_console", "virtio_balloon", "9p", "9pnet_virtio", "virtio_gpu")
# Ways to tell a device of memory that is in no pool: our module leaves them alone.
MODULE_OPTIONS = {"balloon": "free-page-reporting=on", "gpu": "hostmem=64M"}
DISKS = ("blk", "scsi")


class MatrixWatch(secure.Watch):
    """Answers the guest's questions, and notes what the host sees then."""

    def __init__(self, guest: Guest, picture: Picture) -> None:
        super().__init__(guest)
        self.picture = picture
        self.problems: list[str] = []

    def run(self) -> None:
        """Serve until the guest has given back all pages."""
        self.serve(
            screen=self.screen,
            inflate=lambda: self.balloon(-BALLOON_MIB),
            deflate=lambda: self.balloon(0),
        )

    def expected(self, device: Device) -> Expected:
        """Mode and reason of a device; other tests check whether firmware tags it."""
        line = self.guest.report().device(device.address) or {}
        tagged = line.get("property", "-") != "-"
        return replace(self.guest.expected(device), property=tagged)

    def screen(self) -> None:
        """Does the guest's picture arrive?"""
        guest = self.guest
        if not guest.until(lambda: self.picture.shown(guest.qemu.qmp, "gpu", guest.run)):
            self.problems.append("gpu")

    def balloon(self, mib: int) -> None:
        """Have the balloon at MIB from full memory."""
        qmp = self.guest.qemu.qmp
        target = (self.guest.machine.mem_mib + mib) * MIB
        qmp.command("balloon", value=target)
        if not self.guest.until(lambda: qmp.command("query-balloon")["actual"] == target):
            self.problems.append("balloon")


def machine_of(case: MatrixCase) -> Machine:
    """The machine of a case."""
    args = ["-trace", "ram_block_discard_range"]
    options = dict(MODULE_OPTIONS) if case.module else {}
    if case.extra == "iothread":
        args += [word for name in DISKS for word in ("-object", f"iothread,id={name}-thread")]
        options |= {name: f"iothread={name}-thread" for name in DISKS}
    append = [f"swiotlb={case.swiotlb}"] if case.swiotlb else []
    append += ["iommu=off"] if case.extra == "iommu-off" else []
    return secure.machine(
        case.devices(),
        append=" ".join(append),
        guard="deny" if case.module else "report",
        device_options=options,
        kernel=case.kernel,
        smp=case.cpus,
        args=args,
    )


def boot(run: Path, case: MatrixCase) -> tuple[MatrixWatch, Result]:
    """Boot one case to its end."""
    machine = machine_of(case)
    text, files = secure.script("matrix.sh")
    text = f"EXTRA={case.extra}\n{text}"
    picture = Picture()
    files["picture"] = picture.xrgb
    image = GuestImage(case.module, text, files, MODULES, disk_mib=4)
    with Guest(machine, run, image) as guest:
        host = MatrixWatch(guest, picture)
        host.run()
        return host, guest.finish(expect=host.expected)


@pytest.mark.parametrize("case", CASES)
def test_matrix(
    run: Path, case: MatrixCase, record_property: Callable[[str, str], None]
) -> None:
    """With our module no device touches private memory; without it, nothing goes wrong that
    stock.json does not know."""
    host, result = boot(run, case)
    assert result.report.one("svm") == {"value": "1", "cpus": str(case.cpus)}
    seen = host.check_control()
    cells = stock.cells(case, result, host.problems, seen)
    stock.save(case, cells, seen, result.versions["kernel"])
    if not case.module:
        verdicts = stock.verdicts(case, cells, result.versions["kernel"])
        record_property("fixed", ", ".join(verdicts["fixed"]) or "nothing")
        assert not verdicts["new"]
        return
    assert cells == {name: stock.RIGHT for name in cells}
    host.check_module()
    result.check(ignore=secure.KNOWN_WARNINGS)
    assert "dropping features 0x20, which mode bounce does not support" in result.console
    assert "-host_visible" in result.console
    balloon = result.report.one("balloon")
    assert balloon is not None and balloon["after"] == balloon["before"]
    assert int(balloon["before"]) - int(balloon["low"]) == BALLOON_MIB << 10
    # The pages that it took are private: QEMU may not drop them.
    assert "ram_block_discard_range" not in (run / "qemu.log").read_text(errors="replace")
