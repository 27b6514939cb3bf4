# SPDX-License-Identifier: GPL-2.0-or-later
"""QEMUs, a row of mk/qemus or a binary, and what each can do, which it is asked."""

from __future__ import annotations

import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.lib.build import parts, rows
from tests.lib.build.parts import Missing, Unfit, Wrong

BINARY = "qemu-system-ppc64"
USUAL = "vdma"
LIMIT = 60.0

# The hypercall's name in /rtas/ibm,hypertas-functions, and the property that our plugin
# puts on a node (include/vdma/abi.h).
HCALL = b"hcall-dma-bypass\0"
PROPERTY = b"qemu,dma-bypass"

PHB = "spapr-pci-host-bridge"


@dataclass(frozen=True)
class Emulator:
    """NAME is for people. BYPASS: its machine announces H_DMA_BYPASS; SWITCHES: the
    administrator can forbid it, by dma-bypass=off; ULTRAVISOR: a guest can become a
    secure VM; INPUT_PATH: a character device can read from a file. SLOF is the image that
    was asked for, OWN_SLOF that which QEMU takes by itself. ROW is the row of mk/qemus,
    empty for a path.
    """

    name: str
    binary: Path
    version: str
    bypass: bool
    switches: bool
    ultravisor: bool
    input_path: bool
    slof: Path | None
    own_slof: Path | None
    row: str = ""


Spec = str | Emulator


def _questions(tree: Path) -> str:
    """For QMP; the answers come in this order."""
    asked: list[tuple[str, dict[str, str]]] = [
        ("qmp_capabilities", {}),
        ("query-version", {}),
        ("qom-list", {"path": "/machine"}),
        ("device-list-properties", {"typename": PHB}),
        ("query-command-line-options", {"option": "chardev"}),
        ("dumpdtb", {"filename": str(tree)}),
        ("quit", {}),
    ]
    return "".join(json.dumps({"execute": name, "arguments": of}) + "\n" for name, of in asked)


def _ask(binary: Path, tree: Path) -> list[Any]:
    """What QEMU answers, None where it refuses. It gets as firmware a file that is never
    run, for some is there to be loaded only where QEMU is installed."""
    command = [str(binary), "-M", "pseries", "-S", "-nodefaults", "-no-user-config"]
    command += ["-display", "none", "-m", "256M", "-bios", __file__, "-qmp", "stdio"]
    try:
        done = subprocess.run(
            command,
            input=_questions(tree),
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=LIMIT,
        )
    except OSError as error:
        raise Wrong(f"cannot run QEMU {binary}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise Missing(f"cannot use QEMU {binary}: no answer in {LIMIT:.0f} s") from error
    if done.returncode < 0:
        # a bisect goes on without it
        raise Missing(f"cannot use QEMU {binary}: {signal.strsignal(-done.returncode)}")
    try:
        answers = [json.loads(line) for line in done.stdout.splitlines()]
    except ValueError:
        answers = []
    objects = [answer for answer in answers if isinstance(answer, dict)]
    found = [a.get("return") for a in objects if "return" in a or "error" in a]
    if done.returncode or len(found) != 7:
        said = done.stderr.strip().splitlines() or ["it does not answer"]
        why = next((line for line in said if "nsupported machine type" in line), said[-1])
        raise Wrong(f"cannot use QEMU {binary}: {why.partition(f'{binary.name}: ')[2] or why}")
    return found


def _names(answer: list[dict[str, Any]] | None) -> set[str]:
    return {entry["name"] for entry in answer or []}


def _own_slof(binary: Path) -> Path | None:
    done = subprocess.run([binary, "-L", "help"], capture_output=True, text=True, check=False)
    images = (Path(folder) / "slof.bin" for folder in done.stdout.splitlines())
    return next(filter(Path.is_file, images), None)


@functools.cache
def probe(binary: Path) -> Emulator:
    """Ask a QEMU; it takes a tenth of a second."""
    with tempfile.TemporaryDirectory(prefix="vdma-") as folder:
        tree = Path(folder, "tree.dtb")
        _, version, machine, phb, chardev, dumped, _ = _ask(binary, tree)
        announced = dumped is not None and HCALL in tree.read_bytes()
    parameters = {name for option in chardev or [] for name in _names(option["parameters"])}
    number, package = version["qemu"], version["package"]
    text = f"{number['major']}.{number['minor']}.{number['micro']}"
    return Emulator(
        name=str(binary),
        binary=binary,
        version=package.strip(" ()") or text,
        bypass=announced,
        switches="dma-bypass" in _names(phb),
        ultravisor="x-ultravisor" in _names(machine),
        input_path="input-path" in parameters,
        slof=None,
        own_slof=_own_slof(binary),
    )


def _binary_of_row(row: str) -> Path:
    if rows.way(row) != "host":
        return parts.part(f"qemu-{row}") / "bin" / BINARY
    found = shutil.which(BINARY, path="/usr/bin")
    if not found:
        raise Missing("Debian's package qemu-system-ppc is not installed")
    return Path(found)


def _binary_at(spec: str) -> Path:
    """A binary, one in a build tree, or a command."""
    path = Path(spec)
    if path.is_dir():
        for place in (path / BINARY, path / "build" / BINARY, path / "bin" / BINARY):
            if place.is_file():
                return place.absolute()
        raise Wrong(f"cannot use QEMU {spec}: no {BINARY} in it")
    if path.is_file():
        return path.absolute()
    if "/" not in spec and (command := shutil.which(spec)):
        return Path(command)
    known = " ".join(rows.qemus())
    raise Wrong(f"cannot find QEMU {spec}: neither a program nor one of {known}")


def asked() -> str:
    """The QEMU that the caller asked for, or the usual one."""
    return os.environ.get("VDMA_QEMU") or USUAL


def role(spec: str) -> str:
    """What tests use a QEMU for: "vdma" has our side, "plain" the same without, "tsan" a
    sanitizer, "stock" is not built here."""
    if not rows.has("qemus", spec):
        return "vdma" if of(spec).bypass else "stock"
    flavour = rows.flavour(spec)
    return {"hooked": "vdma", "targets": "vdma"}.get(flavour, flavour)


def default() -> str:
    """The role that tests boot that do not care: "vdma", or what the caller asked for."""
    return role(asked())


def in_use(spec: str) -> str:
    """The row or path for a role: what the caller asked for, if it is one; else the
    usual one."""
    return asked() if role(asked()) == spec else spec


def named(name: str) -> Emulator:
    """The QEMU of this very row, or at a path."""
    if rows.has("qemus", name):
        return replace(probe(_binary_of_row(name)), name=name, row=rows.real(name))
    return probe(_binary_at(name))


def of(spec: Spec) -> Emulator:
    """The QEMU of a role, of a row, or at a path."""
    if isinstance(spec, Emulator):
        return spec
    name = in_use(spec) if rows.has("qemus", spec) else spec
    found = named(name)
    if name == os.environ.get("VDMA_QEMU") and (image := os.environ.get("VDMA_SLOF")):
        found = with_slof(found, Path(image))
    return found


def with_slof(emulator: Emulator, image: Path) -> Emulator:
    """The QEMU with another firmware."""
    if not image.is_file():
        raise Wrong(f"cannot find SLOF {image}: no such file")
    return replace(emulator, slof=image.absolute())


def has_plugin(image: Path) -> bool:
    """Is our plugin in this SLOF? Its sources are there as they are."""
    return PROPERTY in image.read_bytes()


def firmware_used(emulator: Emulator, firmware: str) -> str:
    """The way that our plugin gets into SLOF; "" is what the QEMU has by default."""
    if firmware:
        return firmware
    given = emulator.slof or emulator.own_slof
    if given:
        return "rom" if has_plugin(given) else "nvramrc"
    return "rom" if emulator.bypass else "nvramrc"


def firmware_image(emulator: Emulator, firmware: str) -> Path:
    """The SLOF for a way that our plugin gets in: as it was asked for, or QEMU's own, or
    ours. "rom" is an image with the plugin in it, "nvramrc" a plain one with the plugin
    in the NVRAM, "none" a plain one alone."""
    given = emulator.slof or (emulator.own_slof if firmware != "rom" else None)
    if not given:
        return parts.part("slof") / ("slof-vdma.bin" if firmware == "rom" else "slof.bin")
    if has_plugin(given) != (firmware == "rom"):
        has = "has" if has_plugin(given) else "lacks"
        raise Unfit(f"firmware {firmware}: {given} {has} our plugin")
    return given


def firmware_args(emulator: Emulator, firmware: str) -> list[str]:
    """QEMU's options for SLOF and the way our plugin gets in."""
    image = firmware_image(emulator, firmware)
    args = [] if image == emulator.own_slof else ["-bios", str(image)]
    if firmware == "nvramrc":
        packed = parts.built("firmware/vdma.nvramrc").read_text(encoding="ascii")
        # an argument a line, one of them empty (firmware/slof/pack)
        for argument in packed.removesuffix("\n").split("\n"):
            args += ["-prom-env", argument]
    return args
