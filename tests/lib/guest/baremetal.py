# SPDX-License-Identifier: GPL-2.0-or-later
"""Boots the bare-metal program for a row of a table, such as tests/guest/*.toml."""

from __future__ import annotations

import itertools
import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from tests.lib.build import parts
from tests.lib.guest import ktap
from tests.lib.guest.disk import PatternDisk
from tests.lib.host.process import Closing
from tests.lib.machine import bootmedium, emulators
from tests.lib.machine.devices import F_OPTIONS
from tests.lib.machine.pseries import CAPABILITIES
from tests.lib.machine.qemu import Qemu, QemuError
from tests.lib.peers.network import Cable
from tests.lib.peers.testpmd import Testpmd
from tests.lib.peers.vhost_user_blk import BlockDevice
from tests.lib.peers.vhost_user_iotlb import IotlbBackend

SUFFIX = {"be": ".elf", "le": "-le.elf"}

# Keys of a row that may have a list: one run for each combination.
AXES = ("qemu", "endian", "page", "cpu", "mode", "load")

# How often QEMU looks for a back end that died
RECONNECT_MS = 20

# Options of a vhost-blk device that are not QEMU's.
RUNNER_OPTIONS = re.compile(r"(fault|error|dies)=")


@dataclass(frozen=True)
class GuestRow:
    """One run of the program. docs/testing.md tells what a row may say."""

    name: str
    run: str
    group: str = "guest"
    qemu: str = "vdma"
    endian: str = "be"
    page: str = "4k"
    cpu: str = "power9"
    mode: str = ""
    smp: int = 1
    memory: str = "512M"
    limit: float = 60.0
    boots: int = 1
    devices: tuple[str, ...] = ()
    drive: str = ""
    args: str = ""
    icount: bool = False
    secure: bool = False
    load: str = ""
    extended: bool = False
    fails: tuple[str, ...] = ()

    def id(self) -> str:
        """A name for the run and its folder."""
        axes = [self.qemu, self.endian, self.page, self.cpu, self.mode, self.load]
        return "-".join(filter(None, (self.group, self.name, *axes)))


def firsts(rows: list[GuestRow]) -> set[str]:
    """The first run of each row that is not extended: the first values of its lists."""
    names = {(row.group, row.name): row.id() for row in reversed(rows) if not row.extended}
    return set(names.values())


def _spread(entry: dict[str, Any]) -> Iterator[GuestRow]:
    """All runs of a row."""
    known = {f.name for f in fields(GuestRow)}
    if unknown := entry.keys() - known:
        raise ValueError(f"{entry.get('group')}-{entry.get('name')}: unknown {sorted(unknown)}")
    plain = {key: value for key, value in entry.items() if key not in AXES}
    for key in ("devices", "fails"):
        plain[key] = tuple(plain.get(key, ()))
    lists = [entry.get(axis, getattr(GuestRow, axis)) for axis in AXES]
    lists = [value if isinstance(value, list) else [value] for value in lists]
    for values in itertools.product(*lists):
        yield replace(GuestRow(**plain), **dict(zip(AXES, values)))


def _read(path: Path) -> Iterator[GuestRow]:
    """All runs of one table, with its defaults. A table of another kind has none."""
    with path.open("rb") as file:
        loaded = tomllib.load(file)
    for entry in loaded.get("test", ()):
        yield from _spread(loaded.get("default", {}) | entry)


def table(folder: str = "tests/guest") -> list[GuestRow]:
    """All runs of a folder's tables, each with a name of its own."""
    paths = sorted((parts.TOP / folder).glob("*.toml"))
    rows = [row for path in paths for row in _read(path)]
    names = [row.id() for row in rows]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"{folder}: twice: {sorted(twice)}")
    return rows


@dataclass
class ServedDisk:
    """A disk that the runner serves, with a FAULT of vhost_user_blk.py or without. It dies
    after each DIES requests.

    ERROR is the error that the guest must get, by its name in include/vdma/error.h;
    empty: none.
    """

    disk: PatternDisk
    fault: str = ""
    error: str = ""
    dies: str = "0"

    def __post_init__(self) -> None:
        self.device = BlockDevice(self.disk.path, self.fault, dies=int(self.dies))
        # It does not mind devices without ACCESS_PLATFORM.
        self.backend = IotlbBackend(self.device)

    def close(self) -> None:
        """QEMU has ended."""
        self.backend.close()
        self.device.close()

    def problems(self) -> list[str]:
        """Was the fault injected, and did the back end survive it?"""
        if self.backend.problem:
            return [f"{self.disk.path.name}: {self.backend.problem}"]
        if self.fault and not self.device.injected:
            return [f"{self.disk.path.name}: {self.fault}: the guest has not triggered it"]
        return []


class Run(Closing):
    """One boot of the program. FOLDER gets its files; SHARED memory can be read by
    others."""

    def __init__(self, row: GuestRow, folder: Path, shared: bool = False) -> None:
        self.row = row
        self.folder = folder
        self._shared = shared or any(device.startswith("vhost-") for device in row.devices)
        self.disks: list[PatternDisk] = []
        self.network_peers: list[Cable | Testpmd] = []
        self.served_disks: dict[int, ServedDisk] = {}

    def problems(self) -> list[str]:
        """Boot, wait and check: all problems."""
        guarded: list[str] = []
        try:
            with self, Qemu(self.command(), self.folder) as guest:
                if self.row.secure:
                    guarded = self.guarded(guest)
                guest.wait(self.row.limit)
        except QemuError as error:
            # what the guest has said until then may tell why
            raise QemuError("\n".join([str(error), *self._report(self.console())])) from None
        return self.check() + guarded

    def close(self) -> None:
        """Close the peers of the guest's devices."""
        for peer in self.network_peers:
            peer.close()
        for disk in self.served_disks.values():
            disk.close()

    def check(self) -> list[str]:
        """Problems of a run that has ended."""
        console = self.console()
        found = self._report(console)
        for served in self.served_disks.values():
            found += served.problems()
        counts = ktap.metrics(console)
        for index, disk in enumerate(self.disks):
            written = [int(value) for name, value in counts if name == f"written{index}"]
            found += disk.problems(max(written, default=0))
            disk.path.unlink()
        return found

    def _report(self, console: str) -> list[str]:
        """Problems that each boot of the guest reports; a boot cut short counts as missing."""
        boots = ktap.boots(console)
        found = []
        if len(boots) != self.row.boots:
            found.append(f"the guest booted {len(boots)} times, not {self.row.boots}")
        for boot in boots:
            found += ktap.problems(boot)
        return found

    def guarded(self, guest: Qemu) -> list[str]:
        """Problems that the DMA guard and the ultravisor show when the guest is off: there
        must be as many violations as the guest caused on purpose, unless it says "any",
        and no shared page."""
        if guest.qmp.command("query-status")["status"] != "shutdown":
            guest.qmp.wait_event("SHUTDOWN")
        state = {
            name: guest.qmp.command("qom-get", path="/machine", property=name)
            for name in (
                "dma-guard-violations",
                "dma-guard-last",
                "dma-guard-by-device",
                "uv-shared-pages",
            )
        }
        guest.qmp.command("quit")
        caused = [n for name, n in ktap.metrics(self.console()) if name == "violations"]
        wanted = None if "any" in caused else sum(map(int, caused))
        found = []
        if wanted is not None and state["dma-guard-violations"] != wanted:
            found.append(
                f"the DMA guard counted {state['dma-guard-violations']} violations,"
                f" not {wanted}; the last: {state['dma-guard-last']}"
            )
        counts = re.findall(r" violations=(\d+)$", state["dma-guard-by-device"], re.MULTILINE)
        if sum(map(int, counts)) != state["dma-guard-violations"]:
            found.append(f"not all violations have a device: {state}")
        if state["uv-shared-pages"]:
            found.append(f"{state['uv-shared-pages']} pages are still shared")
        return found

    def console(self) -> str:
        """All that the console had."""
        text = (self.folder / "console.log").read_text(errors="replace")
        return text.replace("\r", "")

    def command(self) -> list[str]:
        """Create disks and peers, and QEMU's command line for them."""
        row = self.row
        emulator = emulators.of(row.qemu)
        args = [str(emulator.binary)]
        args += ["-nodefaults", "-no-user-config", "-display", "none"]
        args += ["-no-reboot"] if row.boots == 1 else []
        if row.secure:
            # The figures are read when the guest has powered off.
            args += ["-machine", "x-ultravisor=on", "-no-shutdown"]
            args += ["-trace", "dma_guard_*"]
        args += ["-cpu", row.cpu, "-smp", str(row.smp), *self._machine(), *self._accel()]
        plain = emulator.own_slof and not emulator.bypass
        args += emulators.firmware_args(emulator, "none" if plain else "rom")
        args += ["-chardev", f"file,id=console,append=on,path={self.folder}/console.log"]
        args += ["-device", "spapr-vty,chardev=console"]
        for index, device in enumerate(row.devices):
            args += self._device(index, device)
        words = [row.run, f"endian={row.endian}", f"page={row.page}"]
        words += [f"mode={row.mode}"] if row.mode else []
        words += ["icount=1"] if row.icount else []
        words += ["secure=1"] if row.secure else []
        words += [f"seed{index}={disk.seed}" for index, disk in enumerate(self.disks)]
        for index, disk in self.served_disks.items():
            words += [f"fault{index}={disk.fault}", f"error{index}={disk.error}"]
        return [*args, *shlex.split(row.args), *self._loaded(" ".join(words))]

    def _loaded(self, line: str) -> list[str]:
        """Options for QEMU or firmware to load the program with its command line."""
        if not self.row.load:
            return ["-kernel", str(parts.built(self._program())), "-append", line]
        program = parts.built(f"vdma-guest-boot{SUFFIX[self.row.endian]}")
        medium = bootmedium.options(self.row.load, program, self.folder)
        return [*medium, "-prom-env", f"boot-file={line}"]

    def _machine(self) -> list[str]:
        """Memory is shared if the runner serves a device."""
        machine = f"pseries,{CAPABILITIES}"
        memory = ["-m", self.row.memory]
        if self._shared:
            machine += ",memory-backend=ram"
            ram = f"memory-backend-memfd,id=ram,share=on,size={self.row.memory}"
            memory += ["-object", ram]
        return [*memory, "-M", machine]

    def _program(self) -> str:
        """A bench runs without the audit in its way."""
        name = "vdma-bench" if "bench=" in self.row.run else "vdma-guest"
        return name + SUFFIX[self.row.endian]

    def _accel(self) -> list[str]:
        """With icount an instruction is a nanosecond, and all CPUs share a thread."""
        if self.row.icount:
            return ["-accel", "tcg,thread=single", "-icount", "shift=0"]
        return ["-accel", "tcg,thread=multi"]

    def _device(self, index: int, device: str) -> list[str]:
        """QEMU's options for "blk", "vhost-blk", "net", "vhost-net" or "rng", with "f",
        "iothread" and its own options after it."""
        kind, *options = device.split()
        if kind == "vhost-blk":
            return self._vhost_blk(index, options)
        before: list[str] = []
        more = [F_OPTIONS if option == "f" else option for option in options]
        if "f" not in options:
            more.append("disable-legacy=on")
        if "iothread" in more:
            more[more.index("iothread")] = f"iothread=t{index}"
            before = ["-object", f"iothread,id=t{index}"]
        model = kind.removeprefix("vhost-")
        line = ",".join([f"virtio-{model}-pci", f"id=d{index}", *more])
        if kind == "blk":
            disk = self._disk(index)
            drive = f"if=none,id=b{index},format=raw,cache=unsafe,file={disk.path}"
            drive = ",".join(filter(None, (drive, self.row.drive)))
            return [*before, "-drive", drive, "-device", f"{line},drive=b{index}"]
        if model == "net":
            return [*self._network(index, kind), "-device", f"{line},netdev=n{index},romfile="]
        return ["-object", f"rng-builtin,id=r{index}", "-device", f"{line},rng=r{index}"]

    def _network(self, index: int, kind: str) -> list[str]:
        """The peer of a card: the runner, or testpmd."""
        if kind == "net":
            cable = Cable()
            self.network_peers.append(cable)
            return ["-netdev", f"socket,id=n{index},connect=127.0.0.1:{cable.port}"]
        testpmd = Testpmd(self.folder)
        self.network_peers.append(testpmd)
        socket = f"socket,id=c{index},path={testpmd.path}"
        return ["-chardev", socket, "-netdev", f"vhost-user,id=n{index},chardev=c{index}"]

    def _disk(self, index: int, mib: int = 8) -> PatternDisk:
        disk = PatternDisk(self.folder / f"disk{index}.img", mib)
        disk.create()
        self.disks.append(disk)
        return disk

    def _vhost_blk(self, index: int, options: list[str]) -> list[str]:
        """A disk that the runner serves: fault=, error= and dies= are its options, the
        rest QEMU's."""
        mine = [option for option in options if RUNNER_OPTIONS.match(option)]
        extra = [F_OPTIONS if o == "f" else o for o in options if o not in mine]
        served = ServedDisk(self._disk(index, 1), **dict(o.split("=", 1) for o in mine))
        self.served_disks[len(self.disks) - 1] = served
        line = ["vhost-user-blk-pci", f"id=d{index}", f"chardev=c{index}", "num-queues=1"]
        line += [*([] if "f" in options else ["disable-legacy=on"]), *extra]
        chardev = served.backend.chardev(f"c{index}")
        if served.dies != "0":
            chardev += f",reconnect-ms={RECONNECT_MS}"
        return ["-chardev", chardev, "-device", ",".join(line)]
