# SPDX-License-Identifier: GPL-2.0-or-later
"""Live migration between two QEMUs on this host."""

from __future__ import annotations

import os
import re
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.lib.machine.qemu import Qemu

LIMIT = 120.0
PAGE = 4096
CAPABILITIES = ("return-path",)
POSTCOPY = ("return-path", "postcopy-ram")
# Bytes a second: one host, no reason to be slow; and slow enough for a guest to miss pages
FAST, SLOW = 1 << 32, 16 << 20


class MigrationFailed(Exception):
    """The source reports a failure, and goes on."""


def migrate(source: Qemu, target: Qemu) -> dict[str, Any]:
    """Move the guest to TARGET, which waits for it and leaves it stopped.

    Returns what QEMU has counted.
    """
    with _begun(source, target, CAPABILITIES, FAST):
        *_, info = _progress(source)
    return info


def migrate_postcopy(source: Qemu, target: Qemu) -> dict[str, Any]:
    """Move the guest to TARGET, where it runs at once, and its memory after it.

    Returns what QEMU has counted.
    """
    info: dict[str, Any] = {}
    switched = running = False
    with _begun(source, target, POSTCOPY, SLOW):
        for info in _progress(source):
            if info["status"] == "active" and not switched:
                source.qmp.command("migrate-start-postcopy")
                switched = True
            if not running and target.qmp.command("query-status")["status"] != "inmigrate":
                target.qmp.command("cont")
                running = True
    return info


@contextmanager
def _begun(
    source: Qemu, target: Qemu, capabilities: Iterable[str], bandwidth: int
) -> Iterator[None]:
    """A migration that has begun."""
    states = [{"capability": name, "state": True} for name in capabilities]
    limits = {"max-bandwidth": bandwidth, "max-postcopy-bandwidth": bandwidth}
    with tempfile.TemporaryDirectory(prefix="vdma-") as folder:
        uri = f"unix:{folder}/migration"
        for end in (target, source):
            end.qmp.command("migrate-set-capabilities", capabilities=states)
        source.qmp.command("migrate-set-parameters", **limits)
        target.qmp.command("migrate-incoming", uri=uri)
        source.qmp.command("migrate", uri=uri)
        yield


def _progress(source: Qemu) -> Iterator[dict[str, Any]]:
    """What the source says of it, now and then, until it is complete."""
    end_time = time.monotonic() + LIMIT
    while time.monotonic() < end_time:
        info: dict[str, Any] = source.qmp.command("query-migrate")
        if info["status"] in ("failed", "cancelled", "postcopy-paused"):
            raise MigrationFailed(info.get("error-desc", "no reason given"))
        yield info
        if info["status"] == "completed":
            return
        time.sleep(0.02)
    raise MigrationFailed(f"not done after {LIMIT:.0f} s")


def different_pages(one: Qemu, other: Qemu) -> list[int]:
    """Addresses of pages that differ between two stopped guests."""
    found = []
    step = 256 * PAGE
    with one.memory().open("rb") as here, other.memory().open("rb") as there:
        ends = here.fileno(), there.fileno()
        for at in range(0, os.fstat(ends[0]).st_size, step):
            # read, not mapped: a page that nobody has touched stays without memory
            source, target = (os.pread(end, step, at) for end in ends)
            if source != target:
                pages = range(0, step, PAGE)
                found += [at + p for p in pages if source[p : p + PAGE] != target[p : p + PAGE]]
    return found


def address_spaces(qemu: Qemu) -> dict[str, list[str]]:
    """Memory that each function can reach: lines of "info mtree -f" by address space."""
    text = qemu.qmp.monitor("info mtree -f")
    found: dict[str, list[str]] = {}
    for view in re.split(r"^FlatView #\d+$", text, flags=re.MULTILINE):
        names = re.findall(r'^ AS "(vdma-[^"]+)"', view, re.MULTILINE)
        lines = re.findall(r"^  [0-9a-f]{16}-.*$", view, re.MULTILINE)
        for name in names:
            found[name] = [line.strip() for line in lines]
    return found


