# SPDX-License-Identifier: GPL-2.0-or-later
"""The bare-metal program's benches: hypercalls and instructions, counted exactly.

They are rows of tests/guest/*.toml. QEMU's -icount makes a nanosecond of the
guest's time an instruction.
"""

from __future__ import annotations

import re
from pathlib import Path

from bench.results import Results, Json
from bench.progress import Progress
from bench.session import TROUBLES, reason
from tests.lib.guest import baremetal, ktap

SECONDS = {"blk-cost": 20.0, "bounce-cost": 12.0, "first-io": 6.0}
GROUP = "bench"

COST = re.compile(r"^(hypercalls|instructions)-(.*)-(split|packed)$")
BOUNCED = re.compile(r"^(calls|copied)-(read|write)-(\d+)$")


def rows() -> list[baremetal.GuestRow]:
    """The benches, in one byte order."""
    return [r for r in baremetal.table() if r.group == GROUP and r.endian == "be"]


def planned_seconds() -> float:
    """Roughly what they take."""
    return sum(SECONDS.get(row.name, 10.0) for row in rows())


def metrics(row: baremetal.GuestRow, console: str) -> list[Json]:
    """The metrics of a bench, an object for each mode and ring."""
    found: dict[tuple[str, str], Json] = {}
    for name, value in ktap.metrics(console):
        number = int(value.split()[0])
        if cost := COST.match(name):
            entry = found.setdefault((cost[2], cost[3]), {})
            entry |= {"bench": row.name, "mode": cost[2], "ring": cost[3], cost[1]: number}
            if cost[1] == "hypercalls":
                entry["reads"] = int(value.split()[2])
        elif cost := BOUNCED.match(name):
            entry = found.setdefault((cost[2], cost[3]), {})
            what = f"{cost[2]}-{int(cost[3]) >> 10}k"
            entry |= {"bench": row.name, "mode": "bounce", "what": what}
            keys = ("hypercalls", "reads") if cost[1] == "calls" else ("copied", "bytes")
            entry |= dict(zip(keys, (number, int(value.split()[2]))))
        elif name.startswith("first-io-"):
            entry = found.setdefault((row.mode, ""), {"bench": row.name, "mode": row.mode})
            entry[name.removeprefix("first-io-").replace("-", "_")] = number
    return list(found.values())


def measure(results: Results, progress: Progress, folder: Path) -> None:
    """Boot each."""
    for row in rows():
        progress.step(SECONDS.get(row.name, 10.0), f"bare metal  {row.name} {row.mode}")
        run = baremetal.Run(row, folder / row.id())
        run.folder.mkdir(parents=True, exist_ok=True)
        name = " ".join(filter(None, ("bare metal", row.name, row.mode)))
        try:
            problems = run.problems()
        except TROUBLES as error:
            problems = [reason(error)]
        if problems:
            results.miss(name, problems[0])
            progress.say(f"{name}: {problems[0]}; continuing with the other cells")
        else:
            results.bare_metal += metrics(row, run.console())
