# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads the tables of rows, mk/kernels and mk/qemus."""

from __future__ import annotations

from pathlib import Path

TOP = Path(__file__).resolve().parents[3]

EVERYDAY = "everyday"


def read(table: str) -> dict[str, list[str]]:
    """The fields of each row of a table, by name."""
    lines = (TOP / "mk" / table).read_text(encoding="utf-8").splitlines()
    fields = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: rest for name, *rest in fields}


def has(table: str, name: str) -> bool:
    """Is it the name of a row?"""
    return name in read(table)


def kernels(when: str = "", secure_ones: bool | None = None) -> list[str]:
    """Names of kernels: those with the mark WHEN, those for secure VMs or not."""
    return [
        name
        for name, fields in read("kernels").items()
        if when in ("", fields[-1]) and secure_ones in (None, is_secure(name))
    ]


def is_secure(kernel: str) -> bool:
    """Is a row of mk/kernels booted as a secure VM?"""
    return read("kernels")[kernel][3] == "secure"


def secure(kernel: str) -> str:
    """The row of the same series for secure VMs."""
    return kernel if is_secure(kernel) else f"secure-{kernel}"


def qemus() -> list[str]:
    """Names of all QEMUs, those that are another's included."""
    return list(read("qemus"))


def real(qemu: str) -> str:
    """The row itself, where a name is another's."""
    first, *fields = read("qemus")[qemu]
    return fields[0] if first == "=" else qemu


def flavour(qemu: str) -> str:
    """How a QEMU was built (mk/qemus)."""
    return read("qemus")[real(qemu)][3]


def way(qemu: str) -> str:
    """How a QEMU is had."""
    return read("qemus")[real(qemu)][0]
