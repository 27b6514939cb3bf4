# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the tables of rows, mk/kernels and mk/qemus."""

from __future__ import annotations

import os
from pathlib import Path

TOP = Path(__file__).resolve().parents[3]

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


def qemus() -> list[str]:
    """Names of all QEMUs, those that are another's included."""
    return list(read("qemus"))


def real(qemu: str) -> str:
    """The row itself, where a name is another's."""
    first, *fields = read("qemus")[qemu]
    return fields[0] if first == "=" else qemu


def role(qemu: str) -> str:
    """What a QEMU is good for: "vdma" has our side, "plain" the same without, "tsan" a
    sanitizer, "stock" is not built here."""
    flavour = read("qemus")[real(qemu)][3]
    return {"hooked": "vdma", "targets": "vdma"}.get(flavour, flavour)


def default_qemu() -> str:
    """The role that tests boot that do not care: "vdma", or what the caller asked for."""
    return role(os.environ.get("VDMA_QEMU") or "vdma")


def in_use(qemu: str) -> str:
    """The row for a role: what the caller asked for, if it is one; else the usual one."""
    asked = os.environ.get("VDMA_QEMU") or "vdma"
    return asked if role(asked) == qemu else qemu


def way(qemu: str) -> str:
    """How a QEMU is had."""
    return read("qemus")[real(qemu)][0]
