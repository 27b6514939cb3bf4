# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernel, QEMU and firmware, as boot and check alike take them from the command line, or
else from the environment."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lib.build import kernels, policy, rows
from tests.lib.build.parts import Wrong
from tests.lib.machine import emulators

# Read by tests (tests/lib/build/kernels.py, tests/lib/machine/emulators.py).
VARIABLES = {
    "kernel": "VDMA_KERNEL",
    "modules": "VDMA_MODULES",
    "module": "VDMA_MODULE",
    "qemu": "VDMA_QEMU",
    "slof": "VDMA_SLOF",
}


def add_options(
    parser: argparse.ArgumentParser, kernel: str, qemu: str, no_module: bool = False
) -> None:
    """The options; KERNEL and QEMU are the rows that are used without. NO_MODULE: the guest
    may do without ours."""
    add = parser.add_argument
    add("--kernel", action="append", metavar="KERNEL",
        help="a vmlinux or zImage, a build tree, Debian's packages (one --kernel each), or a "
        f"row of mk/kernels ({kernel})")
    add("--modules", metavar="DIR",
        help="the kernel's modules, or a folder with lib/modules (as the kernel's)")
    module = parser.add_mutually_exclusive_group()
    module.add_argument("--module", metavar="PATH",
        help="virtio_dma_policy.ko, or the headers or build tree to build it against")
    if no_module:
        module.add_argument("--no-module", action="store_true", help="boot without our module")
    add("--qemu", metavar="QEMU",
        help=f"a binary, a build tree, a command, or a row of mk/qemus ({qemu})")
    add("--slof", metavar="IMAGE", help="firmware (QEMU's own, or ours)")  # fmt: skip


def _kernel(asked: Sequence[str]) -> str:
    """What --kernel was given, as one word."""
    if len(asked) > 1 and not kernels.packages(kernels.SEPARATOR.join(asked)):
        raise Wrong("--kernel: more than one, and not all are Debian's packages")
    return kernels.SEPARATOR.join(asked)


def _absolute(name: str, spec: str) -> str:
    """What means the same in another folder; a row or a command is not a path."""
    if name == "kernel" and (packages := kernels.packages(spec)):
        return kernels.SEPARATOR.join(map(str, packages))
    if name in ("kernel", "qemu") and (rows.has(f"{name}s", spec) or not Path(spec).exists()):
        return spec
    return str(Path(spec).absolute())


def parts(options: argparse.Namespace) -> dict[str, str]:
    """What was asked for, by the names of VARIABLES."""
    given = {**vars(options), "kernel": _kernel(options.kernel or [])}
    asked = {n: given[n] or os.environ.get(v, "") for n, v in VARIABLES.items()}
    if given.get("no_module"):
        del asked["module"]
    return {name: _absolute(name, spec) for name, spec in asked.items() if spec}


def words(found: Mapping[str, str]) -> list[str]:
    """The same on a command line."""
    options = []
    for name, value in found.items():
        several = name == "kernel" and kernels.packages(value)
        for each in several or [value]:
            options += [f"--{name}", str(each)]
    return options


def use(found: Mapping[str, str]) -> None:
    """Let tests, which this process starts, have these parts. Look at those that are not
    rows: if they are wrong, each test would fail."""
    os.environ.update({VARIABLES[name]: value for name, value in found.items()})
    # what has its own modules or firmware is what was asked for
    kernel = found.get("kernel", kernels.default())
    qemu = found.get("qemu", emulators.USUAL)
    if found.keys() & {"modules", "module"} or not rows.has("kernels", kernel):
        os.environ["VDMA_KERNEL"] = kernel
        booted = kernels.of(kernel)
        if booted.module or booted.tree:
            policy.module(booted)
    if "slof" in found or not rows.has("qemus", qemu):
        os.environ["VDMA_QEMU"] = qemu
        emulators.of(qemu)
