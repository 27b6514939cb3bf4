# SPDX-License-Identifier: GPL-2.0-or-later
"""Where things stand: the tree, what it built, third-party parts, QEMU."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

from tests.lib.build import rows
from tests.lib.build.rows import TOP

BUILD = TOP / "build"


class Missing(Exception):
    """Something that must be there before a guest can boot is not there."""


class Wrong(Exception):
    """What was asked for is not what it has to be, or does not fit the rest."""


class Unfit(Exception):
    """What was asked for is right, but this cannot be run with it."""


@functools.cache
def part(name: str) -> Path:
    """Folder of a third-party part; fetches and builds it if need be."""
    done = subprocess.run(
        [TOP / "mk/part", name], stdout=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise Missing(f"part {name} is not there (mk/part said why)")
    return Path(done.stdout.strip())


def built(path: str) -> Path:
    """A file that make builds."""
    file = BUILD / path
    if not file.exists():
        raise Missing(f"build/{path} is not there: run make boot once")
    return file


def programs() -> dict[str, bytes]:
    """Debian's programs for a guest, with their libraries: files by path. None is
    executable yet, and LD_LIBRARY_PATH has to be /lib."""
    root = part("programs-ppc64le") / "root"
    files = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def has_built_in(kernel: str, option: str) -> bool:
    """Is CONFIG_OPTION=y in a kernel?"""
    config = (part(f"kernel-{kernel}") / "config").read_text(encoding="utf-8")
    return f"\nCONFIG_{option}=y\n" in config


def policy_module(kernel: str) -> Path:
    """Our kernel module for a kernel."""
    return built(f"linux/{kernel}/virtio_dma_policy.ko")


def qemu_binary(qemu: str) -> Path:
    """The emulator of a role (rows.role) or of a row."""
    row = rows.in_use(qemu)
    if rows.way(row) != "host":
        return part(f"qemu-{row}") / "bin/qemu-system-ppc64"
    found = shutil.which("qemu-system-ppc64", path="/usr/bin")
    if found is None:
        raise Missing("Debian's package qemu-system-ppc is not installed")
    return Path(found)


def firmware_image(qemu: str, firmware: str) -> Path | None:
    """The SLOF that firmware_args() has QEMU boot; None if QEMU does not tell."""
    if qemu != "stock":
        return part("slof") / ("slof-vdma.bin" if firmware == "rom" else "slof.bin")
    done = subprocess.run(
        [qemu_binary(qemu), "-L", "help"], capture_output=True, text=True, check=False
    )
    images = (Path(folder) / "slof.bin" for folder in done.stdout.split())
    return next(filter(Path.is_file, images), None)


def firmware_args(qemu: str, firmware: str) -> list[str]:
    """QEMU's options for SLOF and the way our plugin gets in.

    "rom" is the image with the plugin in it, "nvramrc" the plain one with the
    plugin in the NVRAM, "none" the plain one alone. Ours has no SLOF of its own.
    """
    if firmware == "rom":
        return ["-bios", str(part("slof") / "slof-vdma.bin")]
    args = ["-bios", str(part("slof") / "slof.bin")] if qemu != "stock" else []
    if firmware == "nvramrc":
        packed = built("firmware/vdma.nvramrc").read_text(encoding="ascii")
        # an argument a line, one of them empty (firmware/slof/pack)
        for argument in packed.removesuffix("\n").split("\n"):
            args += ["-prom-env", argument]
    return args
