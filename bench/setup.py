# SPDX-License-Identifier: GPL-2.0-or-later
"""The cost of setting devices up, by size of memory and number of devices.

All of it is counted, from QEMU's trace of a whole boot; nothing is timed. A guest
has a PHB for each configuration, with that many disks, and reads each once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from bench.counts import EVENTS, TRACED_CALLS, read_trace
from bench.results import Results, Json
from bench.guest import HostSetup
from bench.progress import Progress
from bench.config import Configuration, Setup, choose
from bench.session import TROUBLES, reason
from tests.lib.build.parts import TOP
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine import emulators
from tests.lib.machine.devices import virtio
from tests.lib.machine.pseries import Machine

SECONDS = 20.0
LIMIT = 600.0

SCRIPT = TOP / "bench/setup.sh"


def machine(host: HostSetup, case: Setup, rows: Sequence[Configuration]) -> Machine:
    """A PHB for each row, as many disks as the case says on each."""
    devices, phbs = [], []
    switches = emulators.of(host.qemu).switches
    for number, row in enumerate(rows, 1):
        switch = "dma-bypass=off" if switches and not row.bypass else ""
        phbs.append(",".join(filter(None, (switch, row.phb))))
        for slot in range(case.devices):
            name, bus = f"disk{number}-{slot}", f"phb{number}.0"
            devices.append(virtio(name, "blk", slot, row.f, bus=bus, kind="null"))
    return Machine(
        kernel=case.kernel,
        qemu=host.qemu,
        accel="tcg,thread=multi" if host.accel == "tcg" else host.accel,
        cpu="power9" if host.accel == "tcg" else "host",
        smp=host.smp(),
        mem_mib=case.memory_mib,
        phbs=tuple(phbs),
        devices=tuple(devices),
        args=("-trace", EVENTS),
    )


def _result(case: Setup, row: Configuration, said: Counter[str]) -> Json:
    return {
        "configuration": row.name,
        "kernel": case.kernel,
        "memory_mib": case.memory_mib,
        "devices": case.devices,
        "tce_calls": sum(said[name] for name in TRACED_CALLS),
        "tce_written": said["tce_written"],
        "windows": said["windows"],
        "table_bytes": said["table_bytes"],
    }


def _run(
    host: HostSetup, case: Setup, rows: Sequence[Configuration], run: Path, results: Results
) -> list[Json]:
    image = GuestImage(script=SCRIPT.read_text(encoding="utf-8"))
    with Guest(machine(host, case, rows), run, image) as guest:
        results.booted(guest.versions)
        guest.qemu.wait(LIMIT)
        report = guest.report()
    if failed := report.one("fail"):
        raise OSError(f"the guest: {failed['what']}")
    phbs = read_trace(run / "qemu.log")
    found = []
    for number, row in enumerate(rows, 1):
        where = f"{number:04x}:00:00.0"
        mode = (report.device(where) or {}).get("mode", "-")
        if mode != row.mode:
            raise OSError(f"{where} is in mode {mode}, not {row.mode}")
        found.append(_result(case, row, phbs.get(number, Counter())))
    return found


def measure(
    host: HostSetup,
    results: Results,
    progress: Progress,
    folder: Path,
    cases: Sequence[Setup],
    rows: Sequence[Configuration],
) -> None:
    """All cases, one guest after the other."""
    for case in cases:
        progress.step(SECONDS, f"set-up  {case.name}")
        try:
            mine = choose(rows, case.configurations)[0]
            results.setup += _run(host, case, mine, folder / f"setup-{case.name}", results)
        except TROUBLES as error:
            results.miss(f"set-up {case.name}", reason(error))
            text = f"cannot count {case.name}: {reason(error)}; continuing with the other cells"
            progress.say(text)
