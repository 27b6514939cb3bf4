# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the tables of rows, mk/kernels and mk/qemus."""

from __future__ import annotations

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]

EVERYDAY = "everyday"


def read(table: str) -> dict[str, list[str]]:
    """The fields of each row of a table, by name."""
    lines = (TOP / "mk" / table).read_text(encoding="utf-8").splitlines()
    fields = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: rest for name, *rest in fields}


def kernels(when: str = "", secure_ones: bool | None = None) -> list[str]:
    """Names of kernels: those with the mark WHEN, those for secure VMs or not."""
    return [
        name
        for name, fields in read("kernels").items()
        if when in ("", fields[-1]) and secure_ones in (None, is_secure(name))
    ]


def is_secure(kernel: str) -> bool:
    """Is it booted as a secure VM?"""
    return kernel.startswith("secure-")


def secure(kernel: str) -> str:
    """The row of the same series for secure VMs."""
    return kernel if is_secure(kernel) else f"secure-{kernel}"


def default_kernel() -> str:
    """What tests boot that do not care: the first row, or what the caller asked for."""
    asked = os.environ.get("VDMA_KERNEL", "")
    return kernels(secure_ones=False)[0] if not asked or is_secure(asked) else asked


def default_secure_kernel() -> str:
    """The same for tests of secure VMs."""
    asked = os.environ.get("VDMA_KERNEL", "")
    return asked if is_secure(asked) else kernels(EVERYDAY, secure_ones=True)[0]


def default_qemu() -> str:
    """The same for the emulator."""
    return os.environ.get("VDMA_QEMU") or "vdma"
