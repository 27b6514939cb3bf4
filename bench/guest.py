# SPDX-License-Identifier: GPL-2.0-or-later
"""A Linux guest that takes orders: a PHB with a disk and a card for each
configuration, and bench/agent.sh on its second console."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.counts import EVENTS, hcall_name, read_trace
from bench.config import FOLDER, Configuration, Workload
from tests.lib.build import parts
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.report import Fields, Report, parse
from tests.lib.machine import emulators, slof
from tests.lib.machine.devices import Device, virtio
from tests.lib.machine.pseries import Machine

AGENT = parts.TOP / "bench/agent.sh"
TOOLS = "bench-ppc64le"

MEM_MIB, HOTPLUG_MIB = 2048, 1024
BOOT_LIMIT = 240.0


class CellError(Exception):
    """A cell has no result, and the guest cannot be used any more."""


class CellRefused(Exception):
    """A cell has no result, but the guest still works."""


@dataclass(frozen=True)
class HostSetup:
    """The settings common to all guests. NETSERVER is its port."""

    qemu: str
    kernel: str
    accel: str
    netserver: int

    def smp(self) -> int:
        """A CPU is left for QEMU's own threads."""
        return max(1, min(4, (os.cpu_count() or 1) - 1))


@dataclass
class Order:
    """The result of an order. CPU is QEMU's host time between go and done, WALL the
    time between them; both in seconds."""

    ios: int = 0
    bytes: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    wall: float = 0.0
    hcalls: Counter[str] = field(default_factory=Counter)
    copied: int = 0
    copies_known: bool = True
    dma: Counter[str] = field(default_factory=Counter)


def address(number: int, workload: Workload) -> str:
    """Where the device for a workload is on a PHB; PCI domains are PHBs."""
    return f"{number:04x}:00:{1 if workload.device == 'disk' else 2:02x}.0"


def _devices(number: int, row: Configuration) -> list[Device]:
    """A disk and a card, on a PHB of their own."""
    kinds = (("disk", "blk", "null"), ("net", "net", "net"))
    return [
        virtio(f"{name}{number}", model, slot, row.f, bus=f"phb{number}.0", kind=kind)
        for slot, (name, model, kind) in enumerate(kinds, 1)
    ]


def _forge(number: int, source: Path) -> list[str]:
    """QEMU's options that tag both devices of a PHB, whatever the plugin does."""
    size = slof.bypass_window(MEM_MIB, HOTPLUG_MIB)
    good = slof.tag_cells(slof.H_DMA_BYPASS, slof.WINDOW_BASE, size)
    nodes = (f"/pci@8000000200000{number:02x}/{name}" for name in ("scsi@1", "ethernet@2"))
    words = "".join(slof.tag_words(node, good) for node in nodes)
    source.write_text(f"hex\n{words}", encoding="ascii")
    return slof.prom_env(source)


def machine(host: HostSetup, rows: Sequence[Configuration], run: Path) -> Machine:
    """The machine for configurations that can share a guest."""
    phbs, devices, args = [], [], []
    first = rows[0]
    options: dict[str, str] = {}
    switches = emulators.of(host.qemu).switches
    for number, row in enumerate(rows, 1):
        switch = "dma-bypass=off" if switches and not row.bypass else ""
        phbs.append(",".join(filter(None, (switch, row.phb))))
        devices += _devices(number, row)
        extra = [row.device] if row.device else []
        options[f"net{number}"] = ",".join(extra)
        if row.iothread:
            args += ["-object", f"iothread,id=thread{number}"]
            extra.append(f"iothread=thread{number}")
        options[f"disk{number}"] = ",".join(extra)
        if row.forge_tag:
            args += _forge(number, run / "forge.fs")
    return Machine(
        kernel=first.kernel or host.kernel,
        qemu=host.qemu,
        append=first.append,
        accel="tcg,thread=multi" if host.accel == "tcg" else host.accel,
        cpu="power9" if host.accel == "tcg" else "host",
        smp=first.smp or host.smp(),
        mem_mib=MEM_MIB,
        hotplug_mib=HOTPLUG_MIB,
        phbs=tuple(phbs),
        devices=tuple(devices),
        machine_options=first.machine,
        device_options={name: text for name, text in options.items() if text},
        args=tuple(args),
    )


def image(host: HostSetup, rows: Sequence[Configuration]) -> GuestImage:
    """The agent, the workloads, and the tools that they use."""
    stock = [
        f"{number:04x}:00:{slot:02x}.0"
        for number, row in enumerate(rows, 1)
        if row.stock
        for slot in (1, 2)
    ]
    files = {f"bench/{file.name}": file.read_bytes() for file in FOLDER.glob("*.sh")}
    root = parts.part(TOOLS) / "root"
    for file in root.glob("*/*"):
        files[str(file.relative_to(root))] = file.read_bytes()
    conf = f"NETSERVER={host.netserver}\nSTOCK='{' '.join(stock)}'\n"
    files["etc/bench.conf"] = conf.encode()
    return GuestImage(script=AGENT.read_text(), files=files, talk=True)


class BenchGuest(Guest):
    """One guest for the rows that share it."""

    def __init__(self, host: HostSetup, rows: Sequence[Configuration], run: Path) -> None:
        run.mkdir(parents=True, exist_ok=True)
        self.rows = list(rows)
        self._orders = 0
        self._pending = b""
        super().__init__(machine(host, rows, run), run, image(host, rows))

    def number(self, row: Configuration) -> int:
        """Of the PHB that a configuration has."""
        return 1 + self.rows.index(row)

    def cpu_seconds(self) -> float:
        """Host CPU time of all QEMU threads, including those that have ended."""
        # the kernel's MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED)
        return time.clock_gettime(~self.qemu.process.pid << 3 | 2)

    def wait_ready(self, limit: float = BOOT_LIMIT) -> None:
        """Until the agent takes orders."""
        deadline = time.monotonic() + limit
        while not self._line("the guest did not boot", deadline).startswith("ready"):
            pass
        if failed := self.report().one("fail"):
            raise CellError(f"the guest: {failed['what']}")

    def wrong(self, row: Configuration) -> str:
        """How a configuration's devices differ from its row, or ""."""
        said: Report = self.report()
        for slot in (1, 2):
            where = f"{self.number(row):04x}:00:{slot:02x}.0"
            device = said.device(where)
            if device is None or "mode" not in device:
                return f"the guest did not report {where}"
            if not row.stock and device["mode"] != row.mode:
                return f"{where} is in mode {device['mode']}, reason {device['reason']}"
            if row.passed_over not in device["passed_over"]:
                return f"{where} passed over {device['passed_over']}, not {row.passed_over}"
        return ""

    def shared(self, row: Configuration) -> int:
        """Bytes that a row's devices are bounced through, 0 if they are not."""
        said = [self.report().device(f"{self.number(row):04x}:00:{slot:02x}.0") for slot in (1, 2)]
        found = [int(device["shared"] or 0) for device in said if device]
        # all of swiotlb's devices have the same buffers
        return max(found, default=0) if row.stock else sum(found)

    def order(
        self, row: Configuration, workload: Workload, milliseconds: int, count: int, limit: float
    ) -> Order:
        """Have a device do something; with a COUNT, count."""
        if count:
            return self._counted(row, workload, count, limit)
        return self._order(row, workload, milliseconds, 0, limit)

    def _counted(self, row: Configuration, workload: Workload, count: int, limit: float) -> Order:
        log = self.run / "qemu.log"
        start = log.stat().st_size
        self._trace(True)
        done = self._order(row, workload, 0, count, limit)
        self._trace(False)
        done.dma = read_trace(log, start).get(self.number(row), Counter())
        return done

    def _trace(self, enable: bool) -> None:
        self.qemu.qmp.command("trace-event-set-state", name=EVENTS, enable=enable)

    def _order(
        self, row: Configuration, workload: Workload, milliseconds: int, count: int, limit: float
    ) -> Order:
        self._orders += 1
        where = address(self.number(row), workload)
        words = f"{self._orders} {where} {milliseconds} {count} {workload.run}\n"
        self._send(words)
        done = Order()
        deadline = time.monotonic() + limit
        started = ended = (0.0, 0.0)
        while True:
            line = self._line("the guest did not answer", deadline)
            now = (time.monotonic(), self.cpu_seconds())
            word, *_ = line.split(" ")
            said: Fields = (parse(line + "\n").all(word) or [{}])[0]
            if word == "go":
                started = now
            elif word == "done" and ended[0] == 0.0:
                ended = now
            elif word == "hcall":
                done.hcalls[hcall_name(int(said["opcode"]))] += int(said["count"])
            elif word == "uncounted":
                done.copies_known = False
            elif word == "copied":
                done.copied += int(said["size"]) * int(said["count"])
            elif word == "result" and said.get("id") == str(self._orders):
                break
        if said["status"] != "0" or not int(said.get("ios", "0")) or said.get("usec") == "0":
            raise CellRefused(f"{workload.run.split()[0]} failed in the guest")
        done.ios, done.bytes = int(said["ios"]), int(said["bytes"])
        done.seconds = int(said["usec"]) / 1e6
        done.wall, done.cpu = (end - start for start, end in zip(started, ended))
        return done

    def _send(self, text: str) -> None:
        assert self.qemu.channel
        try:
            self.qemu.channel.sendall(text.encode())
        except OSError as error:
            raise CellError(f"the guest is gone: {self.qemu.last_words()}") from error

    def _line(self, what: str, deadline: float) -> str:
        """The next line that the guest says."""
        channel = self.qemu.channel
        assert channel
        while b"\n" not in self._pending:
            left = deadline - time.monotonic()
            if left <= 0:
                raise CellError(f"{what} in time")
            channel.settimeout(left)
            try:
                got = channel.recv(1 << 16)
            except TimeoutError:
                continue
            except OSError:
                got = b""
            if not got:
                raise CellError(f"the guest ended: {self.qemu.last_words()}")
            self._pending += got
        line, _, self._pending = self._pending.partition(b"\n")
        return line.decode(errors="replace").strip("\r")
