# SPDX-License-Identifier: GPL-2.0-or-later
"""Forth for SLOF: packed for the NVRAM, and guests that end in firmware."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.lib.build import parts
from tests.lib.machine import emulators
from tests.lib.machine.pseries import CAPABILITIES
from tests.lib.machine.qemu import Qemu, QemuError

PACK = parts.TOP / "firmware/slof/pack"
PLUGIN = parts.TOP / "firmware/slof/vdma.fs"
FORTH = parts.TOP / "tests/firmware"

# A correct tag: the hypercall, and the start of the window.
H_DMA_BYPASS = 0xF010
WINDOW_BASE = 0x1000_0000_0000_0000

# SLOF takes 4 seconds; a busy machine may take several times that.
LIMIT = 90.0

# An exception in SLOF: it prints the registers and waits for a key.
EXCEPTION = re.compile(r"^\( [0-9a-f]+ \) .*$", re.MULTILINE)


def prom_env(*sources: Path) -> list[str]:
    """QEMU's options that make SLOF evaluate these files."""
    packed = subprocess.run(
        ["/usr/bin/python3", PACK, *sources], check=True, capture_output=True, text=True
    ).stdout
    args: list[str] = []
    for argument in packed.removesuffix("\n").split("\n"):
        args += ["-prom-env", argument]
    return args


def machine(
    qemu: str = "vdma", rom: str = "slof.bin", cpu: str = "power9"
) -> list[str]:
    """QEMU's command line for firmware alone, less the console itself."""
    emulator = emulators.of(qemu)
    args = [str(emulator.binary)]
    args += ["-nodefaults", "-no-user-config", "-display", "none"]
    args += ["-M", f"pseries,{CAPABILITIES}", "-accel", "tcg", "-cpu", cpu]
    args += ["-m", "512M", "-device", "spapr-vty,chardev=console"]
    if not emulator.own_slof:
        args += ["-bios", str(parts.part("slof") / rom)]
    return args


def command(
    run: Path, sources: Sequence[Path], devices: Sequence[str], **options: str
) -> list[str]:
    """QEMU's command line for firmware alone. A reset is one. OPTIONS as for machine()."""
    console = ["-chardev", f"file,id=console,path={run}/console.log"]
    return [*machine(**options), *console, *prom_env(*sources), *devices]


def boot(
    run: Path, sources: Sequence[Path], devices: Sequence[str], **options: str
) -> str:
    """Boot firmware alone until it powers off or resets; its console.

    OPTIONS as for machine()."""
    with Qemu([*command(run, sources, devices, **options), "-no-reboot"], run) as guest:
        guest.wait(LIMIT)
    return (run / "console.log").read_text(errors="replace").replace("\r", "")


class Prompt(Qemu):
    """SLOF at its prompt, with the words of SOURCES. OPTIONS as for machine()."""

    PROMPT = re.compile(r"^\d+ > \Z", re.MULTILINE)
    # How the line editor moves the cursor, and what a terminal does not show.
    EDITOR = re.compile(r"\x1b(\[\d*[A-Z]|\d)|\r")

    def __init__(
        self, run: Path, sources: Sequence[Path], devices: Sequence[str], **options: str
    ) -> None:
        stay = ["-prom-env", "auto-boot?=false"]
        args = [*machine(**options), *stay, *prom_env(*sources), *devices]
        super().__init__(args, run, talk=f"id=console,logfile={run}/console.log")
        self.said()

    def said(self) -> str:
        """The output up to the next prompt."""
        assert self.channel
        self.channel.settimeout(LIMIT)
        text = ""
        while not self.PROMPT.search(text):
            got = self.channel.recv(4096)
            if not got:
                raise QemuError(f"QEMU is gone: {self.last_words()}")
            text = self.EDITOR.sub("", text + got.decode("latin-1"))
        return text

    def ask(self, line: str) -> int:
        """Evaluate a line of Forth that leaves a number, and take that."""
        assert self.channel
        self.channel.sendall(f"{line} .d\r".encode())
        echoed, answer = self.said().split(" .d", 1)
        assert echoed.endswith(line), f"{line}: {echoed}{answer}"
        return int(answer.split()[0])

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Stop its CPU meanwhile. A device_add that fails waits for RCU, and a CPU without
        interrupts, like SLOF's, may keep it waiting for good."""
        self.qmp.command("stop")
        try:
            yield
        finally:
            self.qmp.command("cont")


def bypass_window(mem_mib: int, hotplug_mib: int) -> int:
    """Size of a machine's bypass window; hot-pluggable memory starts at a multiple of
    1 GiB."""
    return (mem_mib + hotplug_mib) << 20


def tag_cells(hcall: int, base: int, size: int) -> tuple[int, ...]:
    """The five cells of qemu,dma-bypass."""
    low = 0xFFFF_FFFF
    return (hcall, base >> 32, base & low, size >> 32, size & low)


def tag_words(node: str, cells: tuple[int, ...]) -> str:
    """Forth, in hex, that puts a tag on a node, right or wrong."""
    words = [f's" {node}" find-device']
    if cells:
        words.append(f"{cells[0]:x} encode-int")
        words += [f"{cell:x} encode-int encode+" for cell in cells[1:]]
    else:
        words.append("0 0")
    return " ".join([*words, 's" qemu,dma-bypass" property device-end\n'])


def ktap_problems(console: str, expected: int) -> list[str]:
    """Problems of a run that prints KTAP; EXPECTED checks, none skipped."""
    results = re.findall(r"^(not ok|ok) \d+ - (.*)$", console, re.MULTILINE)
    found = [f"{verdict}: {what}" for verdict, what in results if verdict != "ok"]
    found += [f"skipped: {what}" for _, what in results if "# SKIP" in what]
    found += re.findall(r"^Bail out!.*$", console, re.MULTILINE)
    found += EXCEPTION.findall(console)
    if len(results) != expected:
        found.append(f"{len(results)} checks, expected {expected}")
    return found
