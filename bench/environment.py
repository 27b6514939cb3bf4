# SPDX-License-Identifier: GPL-2.0-or-later
"""What a session ran on and with."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from pathlib import Path

from bench.document import Json
from bench.guest import Host
from tests.lib import parts


def _said(*command: str | Path) -> str:
    """The first line of a command's output; "" if it has none, or fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=parts.TOP)
    return done.stdout.partition("\n")[0].strip()


def _found(pattern: str, file: str) -> str:
    text = Path(file).read_text(encoding="utf-8", errors="replace")
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else "unknown"


def describe(host: Host) -> Json:
    """For bench.json."""
    tools = (parts.part("bench-ppc64le") / "VERSION").read_text(encoding="utf-8").strip()
    kernel = (parts.part(f"kernel-{host.kernel}") / "VERSION").read_text(encoding="utf-8")
    return {
        "cpu": _found(r"^(?:model name|cpu)\s*: (.*)", "/proc/cpuinfo"),
        "cpus": os.cpu_count() or 1,
        "memory_mib": int(_found(r"^MemTotal:\s*(\d+)", "/proc/meminfo")) // 1024,
        "host_kernel": platform.release(),
        "load": os.getloadavg()[0],
        "accel": host.accel,
        "smp": host.smp(),
        "qemu": _said(parts.qemu_binary(host.qemu), "--version") + f" ({host.qemu})",
        "kernel": kernel.strip(),
        "tools": tools,
        "vdma": _said("git", "describe", "--always", "--dirty") or "unknown",
    }
