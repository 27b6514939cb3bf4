# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads and checks bench/bench.toml, which says what to measure."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from tests.lib.build.parts import TOP

TABLE = TOP / "bench/bench.toml"
FOLDER = TOP / "bench/workloads"
DEVICES = ("disk", "net")
UNITS = ("IOPS", "MiB/s", "per second")


class BadConfig(Exception):
    """A row with an unknown or missing value."""


@dataclass(frozen=True)
class Configuration:
    """A path that a device's DMA takes to memory.

    MODE and PASSED_OVER are what the guest must say about the device. SETUP: its
    set-up is counted, too. F, BYPASS (the host's administrator allows it), IOTHREAD
    and DEVICE (more of QEMU's options) belong to the device, PHB to its PHB;
    FORGE_TAG: firmware tags it though the hypervisor will refuse; STOCK: its drivers
    come before our module, and the kernel does as it does without. APPEND, MACHINE,
    KERNEL and SMP (CPUs) belong to the guest: configurations that differ there can't
    share one. BASE is the configuration that it is compared with. REQUIRES: see
    requirements.py. WORKLOADS: only these, all if empty.
    """

    name: str
    title: str
    mode: str
    passed_over: str = ""
    setup: bool = False
    f: bool = True
    bypass: bool = False
    iothread: bool = False
    device: str = ""
    phb: str = ""
    forge_tag: bool = False
    append: str = ""
    machine: str = ""
    kernel: str = ""
    smp: int = 0
    stock: bool = False
    base: str = "direct"
    requires: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()

    def guest(self) -> tuple[str, str, str, int]:
        """What a guest must be like for it."""
        return (self.append, self.machine, self.kernel, self.smp)


@dataclass(frozen=True)
class Workload:
    """What a device is given to do: RUN in the guest, COUNT I/Os if counted."""

    name: str
    title: str
    device: str
    unit: str
    count: int
    run: str

    def value(self, ios: float, nbytes: float, seconds: float) -> float:
        """The result in the row's unit. More is better, whatever the unit."""
        return (nbytes / (1 << 20) if self.unit == "MiB/s" else ios) / seconds


@dataclass(frozen=True)
class Profile:
    """How much is measured; empty lists mean all."""

    rounds: int
    seconds: float
    setup: bool = False
    bare_metal: bool = False
    configurations: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()


@dataclass(frozen=True)
class Setup:
    """A guest whose set-up is counted; of these configurations, all if empty."""

    name: str
    kernel: str
    memory_mib: int
    devices: int
    configurations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    """The content of the file."""

    profiles: dict[str, Profile]
    configurations: tuple[Configuration, ...]
    workloads: tuple[Workload, ...]
    setups: tuple[Setup, ...]


Row = TypeVar("Row", Configuration, Workload, Profile, Setup)
Named = TypeVar("Named", Configuration, Workload, Setup)


def _row(kind: type[Row], entry: dict[str, Any], where: str) -> Row:
    known = {field.name: field for field in fields(kind)}
    if unknown := sorted(entry.keys() - known.keys()):
        raise BadConfig(f"{where}: unknown key {unknown[0]}")
    entry = {k: tuple(v) if isinstance(v, list) else v for k, v in entry.items()}
    try:
        return kind(**entry)
    except TypeError as error:
        # "__init__() missing 1 required positional argument: 'mode'"
        raise BadConfig(f"{where}: {str(error).partition('() ')[2]}") from error


def _named(kind: type[Named], entries: list[dict[str, Any]], where: str) -> tuple[Named, ...]:
    rows = tuple(_row(kind, e, f"{where} {e.get('name', '?')}") for e in entries)
    names = [row.name for row in rows]
    if twice := [name for name in names if names.count(name) > 1]:
        raise BadConfig(f"{where} {twice[0]}: is there twice")
    return rows


def read(table: Path = TABLE) -> Config:
    """Read the file; BadConfig has a line with the place of an error."""
    try:
        loaded = tomllib.loads(table.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise BadConfig(f"{table.name}: {error}") from error
    config = Config(
        {
            name: _row(Profile, entry, f"{table.name}: profile {name}")
            for name, entry in loaded.get("profile", {}).items()
        },
        _named(Configuration, loaded.get("configuration", []), f"{table.name}: configuration"),
        _named(Workload, loaded.get("workload", []), f"{table.name}: workload"),
        _named(Setup, loaded.get("setup", []), f"{table.name}: setup"),
    )
    for workload in config.workloads:
        where = f"{table.name}: workload {workload.name}"
        if workload.device not in DEVICES:
            raise BadConfig(f"{where}: device {workload.device} is not one of {', '.join(DEVICES)}")
        if workload.unit not in UNITS:
            raise BadConfig(f"{where}: unit {workload.unit} is not one of {', '.join(UNITS)}")
        if not (FOLDER / f"{workload.run.split()[0]}.sh").exists():
            raise BadConfig(f"{where}: bench/workloads has no {workload.run.split()[0]}.sh")
    names = [row.name for row in config.configurations]
    for row in config.configurations:
        if row.base not in names:
            raise BadConfig(f"{table.name}: configuration {row.name}: there is no base {row.base}")
    names = [workload.name for workload in config.workloads]
    lists = [row.workloads for row in config.configurations]
    lists += [profile.workloads for profile in config.profiles.values()]
    for wanted in lists:
        if unknown := [name for name in wanted if name not in names]:
            raise BadConfig(f"{table.name}: there is no workload {unknown[0]}")
    return config


def choose(rows: Sequence[Named], names: Sequence[str]) -> tuple[list[Named], list[str]]:
    """The rows of these names in their order of the file, all without any; and the
    names that no row has."""
    if not names:
        return list(rows), []
    have = [row.name for row in rows]
    return [row for row in rows if row.name in names], [n for n in names if n not in have]
