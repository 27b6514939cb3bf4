# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest's own programs and modules, each made of one file of this tree."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.lib.build import kernels
from tests.lib.build.parts import TOP

STATIC = "-O2 -static -s"

# As in guest/linux/Kbuild: bits of struct device that newer kernels have functions for.
PROBES = """
ifneq ($(shell grep -sw -m 1 DEV_FLAG_DMA_SKIP_SYNC $(srctree)/include/linux/device.h),)
ccflags-y += -DHAVE_DEV_FLAGS
endif
"""


def program(run: Path, source: str, flags: str = STATIC) -> bytes:
    """A program for a ppc64le guest."""
    file = run / Path(source).stem
    options = f"{flags} -Wall -Wextra -Werror".split()
    command = ["powerpc64le-linux-gnu-gcc", *options, "-o", file, TOP / source]
    subprocess.run(command, check=True)
    return file.read_bytes()


def drc(run: Path) -> bytes:
    """The guest's program for dynamic reconfiguration connectors; it has no C library."""
    flags = "-Os -static -nostdlib -ffreestanding -fno-stack-protector"
    return program(run, "tests/hypervisor/drc.c", flags)


def module(run: Path, kernel: kernels.Spec, source: str) -> bytes:
    """A module for a kernel."""
    name = Path(source).stem
    folder = run / f"module-{name}"
    folder.mkdir()
    (folder / "Kbuild").write_text(f"obj-m := {name}.o\n{PROBES}")
    (folder / f"{name}.c").write_bytes((TOP / source).read_bytes())
    headers = kernels.of(kernel).headers()
    subprocess.run(["make", "-s", "-C", headers, f"M={folder}", "modules"], check=True)
    return (folder / f"{name}.ko").read_bytes()
