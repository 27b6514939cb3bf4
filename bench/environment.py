# SPDX-License-Identifier: GPL-2.0-or-later
"""The host and the programs of a session."""

from __future__ import annotations

import os
import platform
import re
from pathlib import Path

from bench.results import Json
from bench.guest import HostSetup
from tests.lib.build import parts
from tests.lib.machine import emulators, versions


def _found(pattern: str, file: str) -> str:
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else "unknown"


def describe(host: HostSetup) -> Json:
    """For bench.json; Results.booted() adds kernels and modules."""
    tools = (parts.part("bench-ppc64le") / "VERSION").read_text(encoding="utf-8").strip()
    emulator = emulators.of(host.qemu)
    return {
        "cpu": _found(r"^(?:model name|cpu)\s*: (.*)", "/proc/cpuinfo"),
        "cpus": os.cpu_count() or 1,
        "memory_mib": int(_found(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) // 1024,
        "host_kernel": platform.release(),
        "load": os.getloadavg()[0],
        "accel": host.accel,
        "smp": host.smp(),
        "qemu": f"{emulator.version} ({emulator.name})",
        "tools": tools,
        "vdma": versions.tree(),
    }
