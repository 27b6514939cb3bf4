# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots a machine with a Linux guest and collects its results.

vdma-run is one user; a test is another:

    with Guest(Machine(append="disable_ddw"), tmp_path) as guest:
        guest.finish().check()
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.lib.build import kernels, policy
from tests.lib.build.parts import Missing
from tests.lib.guest import checks, initramfs
from tests.lib.guest.initramfs import Archive
from tests.lib.guest.disk import RandomDisk
from tests.lib.guest.report import Report, parse
from tests.lib.guest.device_table import DeviceRow, make_row
from tests.lib.host.process import Closing
from tests.lib.machine import pseries, versions
from tests.lib.machine.devices import Device, Expected, expected
from tests.lib.machine.pseries import Machine
from tests.lib.machine.qemu import Qemu, QemuError, find_trouble
from tests.lib.machine.versions import Versions
from tests.lib.peers.network import EchoServer

Expectation = Callable[[Device], Expected]

# Nothing in a guest takes this long, not even on a busy machine.
HARD_LIMIT = 180.0

# A pipe holds this much without a reader.
SERIAL_BYTES = 48 << 10


class NotBegun(QemuError, Missing):
    """The guest did not get to its script: what a test is about cannot be judged."""


@dataclass(frozen=True)
class GuestImage:
    """The content of a guest.

    POLICY: put our module in. SCRIPT: for busybox sh, instead of boot.sh.
    FILES: more files, by path without a slash at its start. MODULES: more of the
    kernel's, which the script loads as stage "more". INTERACTIVE: a shell follows, at a
    prompt unless its commands are PIPED. TALK: the guest's report goes to
    qemu.channel as well, and the guest reads from it.
    """

    policy: bool = True
    script: str | bytes | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    disk_mib: int = 64
    interactive: bool = False
    piped: bool = False
    talk: bool = False


@dataclass
class Result:
    """The results of a boot. PROBLEMS has a line for each."""

    report: Report
    console: str
    rows: list[DeviceRow]
    problems: list[str]
    seconds: float
    versions: Versions

    @property
    def begun(self) -> bool:
        """Did the guest get to its script?"""
        return bool(self.report.all("begin"))

    def left(self, ignore: tuple[str, ...]) -> list[str]:
        """The problems that have none of the words IGNORE."""
        return [p for p in self.problems if not any(word in p for word in ignore)]

    def check(self, ignore: tuple[str, ...] = ()) -> None:
        """Fail with a line for each problem that has none of the words IGNORE."""
        __tracebackhide__ = True
        left = self.left(ignore)
        if left and not self.begun:
            raise NotBegun("\n".join(left))
        if left:
            raise AssertionError("\n".join(left))


class Guest(Closing):
    """A guest that runs while the with statement does. RUN is a folder for it."""

    def __init__(self, machine: Machine, run: Path, image: GuestImage = GuestImage()) -> None:
        self.machine = machine
        self.run = run
        self.image = image
        self._payload = os.urandom(checks.PAYLOAD_BYTES)
        self._peers: dict[str, EchoServer] = {}
        self._disks: dict[str, RandomDisk] = {}
        self._pipes: dict[str, int] = {}
        machine.check_fits()
        run.mkdir(parents=True, exist_ok=True)
        for old in ("console.log", "report.log"):
            (run / old).write_bytes(b"")
        self.versions = versions.of_machine(machine, image.policy)
        versions.write(self.versions, run)
        try:
            self._prepare()
            command = pseries.command(machine, run, image.interactive, image.talk)
            talk = f"id=report,logfile={run}/report.log" if image.talk else ""
            self.qemu = Qemu(command, run, image.interactive, talk)
        except BaseException:
            self._clean()
            raise

    def close(self) -> None:
        """End QEMU, and what served the guest."""
        self.qemu.close()
        self._clean()

    def report(self) -> Report:
        """What the guest has reported so far."""
        return parse((self.run / "report.log").read_text(errors="replace"))

    def console(self) -> str:
        """What the guest's console has had so far."""
        return (self.run / "console.log").read_text(errors="replace")

    def wait_for(self, word: str, count: int = 1, limit: float = HARD_LIMIT) -> Report:
        """Wait until the guest has reported COUNT lines that start with WORD."""
        while len((report := self.report()).all(word)) < count:
            trouble = QemuError if report.all("begin") else NotBegun
            if not self.qemu.running():
                raise trouble(f"the guest ended without reporting {word}")
            if self.qemu.seconds() > limit:
                self.qemu.examine()
                raise trouble(f"no report of {word} within {limit:.0f} s")
            time.sleep(0.05)
        return report

    def serve(
        self,
        answers: dict[str, Callable[[], str | None]],
        last: str,
        limit: float = HARD_LIMIT,
    ) -> None:
        """Answer each question of the guest with a word, up to LAST."""
        done = 0
        while True:
            asked = self.wait_for("ask", done + 1, limit).all("ask")[done]["what"]
            self.answer(answers[asked]() or "go")
            done += 1
            if asked == last:
                return

    def until(self, condition: Callable[[], bool], limit: float = 30.0) -> bool:
        """Wait until CONDITION holds, for LIMIT seconds; does it?"""
        end = time.monotonic() + limit
        while not condition():
            if not self.qemu.running() or time.monotonic() > end:
                return False
            time.sleep(0.1)
        return True

    def answer(self, word: str) -> None:
        """Let a guest go on that waits for us (tests/linux/vdma.sh, ask)."""
        os.write(self._pipes["answers"], f"{word}\n".encode())

    def finish(
        self,
        limit: float | None = HARD_LIMIT,
        expect: Expectation | None = None,
        partial: bool = False,
    ) -> Result:
        """Wait for the guest to power off and check the whole run; of an interactive one,
        check QEMU's and the kernel's messages only.

        EXPECT returns the report that each device must have; by default that of policy
        and machine. PARTIAL: the script need not report every device.
        """
        found: list[str] = []
        try:
            self.qemu.wait(limit)
        except QemuError as error:
            found.append(str(error))
        seconds = self.qemu.seconds()
        report, console = self.report(), self.console()
        rows = [row for row in self._rows(report) if not partial or report.device(row.device)]
        whole = not found and not self.image.interactive
        found += self._general_problems(report, console, whole)
        if self.image.interactive:
            # a person may do anything to devices, and end the guest at any time
            return Result(report, console, [], found, seconds, self.versions)
        if not report.lines.keys() - {"begin"}:
            found.append("guest: reported nothing")
            return Result(report, console, [], found, seconds, self.versions)
        found += [
            f"{line['address']}: module and device tree disagree: {line['disagreement']}"
            for line in report.all("device")
            if line.get("disagreement", "-") != "-"
        ]
        by_address = {row.device: row for row in rows}
        for device in self.machine.devices:
            want = (expect or self.expected)(device)
            if report.device(device.address):
                found += checks.problems(device, want, by_address[device.address])
            elif not partial:
                found.append(f"{device.address}: {device.name}: no report")
        return Result(report, console, rows, found, seconds, self.versions)

    def expected(self, device: Device) -> Expected:
        """The report that policy and machine call for."""
        machine = self.machine
        return expected(
            device,
            machine.emulator().bypass,
            machine.firmware_used(),
            machine.ddw(),
            self.image.policy,
            machine.secure(),
        )

    def _prepare(self) -> None:
        for device in self.machine.devices:
            if device.kind == "net":
                self._peers[device.name] = EchoServer()
            elif device.kind == "serial":
                os.write(self._open_pipe(device.name), self._payload[:SERIAL_BYTES])
            elif device.kind == "9p":
                folder = self.run / device.name
                folder.mkdir(exist_ok=True)
                (folder / "payload").write_bytes(self._payload)
        with ThreadPoolExecutor() as pool:
            disks = [device for device in self.machine.devices if device.kind == "disk"]
            made = pool.map(self._make_disk, disks)
            self._disks = dict(zip((device.name for device in disks), made))
        kernel = kernels.of(self.machine.kernel)
        module = policy.module(kernel) if self.image.policy else None
        base = initramfs.base(kernel, module, self.image.modules)
        self._open_pipe("answers")
        (self.run / "initramfs.cpio").write_bytes(base + self._own_files())

    def _make_disk(self, device: Device) -> RandomDisk:
        return RandomDisk(pseries.disk_file(self.run, device), self.image.disk_mib)

    def _open_pipe(self, name: str) -> int:
        # both ways, so that it opens at once and never ends
        pipe = os.open(pseries.fifo(self.run, name), os.O_RDWR)
        self._pipes[name] = pipe
        return pipe

    def _own_files(self) -> bytes:
        archive = Archive()
        script = self.image.script
        archive.add("main.sh", ". /lib/boot.sh\n" if script is None else script)
        archive.add("payload", self._payload)
        cards = []
        for index, device in enumerate(self.machine.devices):
            if device.name in self._peers:
                net, port = pseries.subnet(index), self._peers[device.name].port
                cards.append(f"{device.address},{net}.15,{net}.2,{port}")
        archive.add(
            "etc/vdma.conf",
            f"DISK_MIB={self.image.disk_mib}\n"
            f"SERIAL_BYTES={SERIAL_BYTES}\n"
            f"INTERACTIVE={int(self.image.interactive)}\n"
            f"PIPED={int(self.image.piped)}\n"
            f"NET='{' '.join(cards)}'\n",
        )
        for path, content in self.image.files.items():
            archive.add(path, content)
        return archive.finish()

    def _clean(self) -> None:
        for peer in self._peers.values():
            peer.close()
        for disk in self._disks.values():
            disk.path.unlink(missing_ok=True)
        for name, pipe in self._pipes.items():
            os.close(pipe)
            pseries.fifo(self.run, name).unlink()
        self._pipes.clear()
        (self.run / "initramfs.cpio").unlink(missing_ok=True)

    def _rows(self, report: Report) -> list[DeviceRow]:
        by_address = {device.address: device for device in self.machine.devices}
        rows = []
        for address in sorted({*by_address, *report.addresses()}):
            line = report.device(address)
            device = by_address.get(address)
            rows.append(make_row(address, line, self._check_io(device, line)))
        return rows

    def _check_io(self, device: Device | None, line: dict[str, str] | None) -> str:
        if line is None:
            return "bad: no report"
        if device is None:
            return "none"
        if "io" not in line:
            return "bad: the guest reported no I/O"
        try:
            if line["io"] == "disk" == device.kind:
                return checks.check_disk(line, self._disks[device.name])
            if line["io"] == "net" == device.kind:
                peer, virtio = self._peers[device.name], device.f is not None
                return checks.check_net(line, peer, self._payload, virtio)
            if line["io"] == "rng" == device.kind:
                return checks.check_rng(line)
            if line["io"] == "serial" == device.kind:
                sent, file = self._payload[:SERIAL_BYTES], f"{device.name}.out"
                return checks.check_copy(line, self.run / file, sent)
            if line["io"] == "9p" == device.kind:
                file = f"{device.name}/copy"
                return checks.check_copy(line, self.run / file, self._payload)
            if line["io"] == device.kind:
                # the test has looked itself
                return "ok"
        except (KeyError, ValueError) as error:
            return f"bad: guest's report has no right {error}"
        return f"bad: {line['io']}"

    @staticmethod
    def _general_problems(report: Report, console: str, whole: bool) -> list[str]:
        found = [f"guest: {line.get('what', '-')}" for line in report.all("fail")]
        found += [f"console: {line}" for line in find_trouble(console)]
        end = report.one("end")
        if whole and end is None and report.lines.keys() - {"begin"}:
            found.append("guest: ended before its work was done")
        elif end is not None and end.get("status") != "0":
            found.append(f"guest: script ended with status {end.get('status')}")
        return found
