# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench`: measure, then write bench.json, report.html and a table.

Run from the top of the tree: python3 -m bench.run --help
Exit status: 0 all that was asked for is in the report, 1 something is missing (a
line each), 2 nothing could be measured, 130 interrupted. Whether criteria are met
does not matter here: a machine may be slow.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from bench import baremetal, criteria, report, requirements, setup, text_report
from bench.results import Results
from bench.environment import describe
from bench.guest import HostSetup
from bench.netserver import Netserver
from bench.plot import PlotError
from bench.progress import Progress
from bench.config import BadConfig, Config, Configuration, Profile, Workload, choose, read
from bench.session import PASSES, Session, cells_of, planned_seconds, shuffled
from tests.lib.build import kernels, parts, rows as tables
from tests.lib.host import runs
from tests.lib.machine import emulators

FOLDER = parts.BUILD / "bench"

# Logs, traces and what guests boot from.
SPACE_MIB = 256


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="bench", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--profile", default="default", help="of bench.toml (%(default)s)")
    parser.add_argument("--configurations", default="", metavar="NAMES", help="only these")
    parser.add_argument("--workloads", default="", metavar="NAMES", help="only these")
    parser.add_argument("--rounds", type=int, help="how often each cell is measured")
    parser.add_argument("--seconds", type=float, help="how long each time")
    parser.add_argument("--seed", type=int, help="of the cells' order")
    parser.add_argument("--kernel", default="6.12", help="a path, or of mk/kernels (%(default)s)")
    parser.add_argument("--qemu", default="vdma", help="a path, or of mk/qemus (%(default)s)")
    parser.add_argument("--accel", default="tcg", help="tcg or kvm (%(default)s)")
    parser.add_argument("--limit", type=float, default=45.0, help="seconds for a cell")
    parser.add_argument(
        "--run", type=Path, metavar="DIR", help="folder for it all (a fresh one in build/bench)"
    )
    options = parser.parse_args()
    return options


def profile_of(rows: Config, options: argparse.Namespace) -> Profile:
    """The profile, as changed by the command line."""
    if options.profile not in rows.profiles:
        known = ", ".join(rows.profiles)
        raise BadConfig(f"there is no profile {options.profile}; there are {known}")
    profile = rows.profiles[options.profile]
    for key in ("rounds", "seconds"):
        value = getattr(options, key)
        if value is not None:
            if value <= 0:
                raise BadConfig(f"--{key} {value}: must be above 0")
            profile = dataclasses.replace(profile, **{key: value})
    for key in ("configurations", "workloads"):
        if names := getattr(options, key).replace(",", " ").split():
            profile = dataclasses.replace(profile, **{key: tuple(names)})
    return profile


class Bench:
    """One run of the program. FOLDER gets what it writes."""

    def __init__(
        self, options: argparse.Namespace, rows: Config, profile: Profile, folder: Path
    ) -> None:
        self._options = options
        self._folder = folder
        self._rows = rows
        self._profile = profile
        self._seed = options.seed if options.seed is not None else random.randrange(1 << 32)
        self._progress = Progress(1.0)
        now = datetime.datetime.now(datetime.timezone.utc)
        self.results = Results(
            now.isoformat(timespec="seconds"), options.profile, self._seed, {}
        )

    def configurations(self, smp: int) -> list[Configuration]:
        """Those that can run; the results get all that were asked for. SMP is how
        many CPUs a guest has whose row does not say it."""
        chosen, unknown = choose(self._rows.configurations, self._profile.configurations)
        asked = choose(self._rows.workloads, self._profile.workloads)[0]
        for name in unknown:
            self._miss(name, "unknown configuration (bench/bench.toml)")
        can = []
        for row in chosen:
            why = requirements.cannot_run(row.requires, self._options.qemu)
            self.results.configurations.append(
                {
                    "name": row.name,
                    "title": row.title,
                    "mode": row.mode,
                    "base": row.base,
                    "smp": row.smp or smp,
                    "workloads": [cell.workload.name for cell in cells_of([row], asked)],
                    "ran": not why,
                    "why": why,
                }
            )
            if not why:
                can.append(row)
        return can

    def workloads(self) -> list[Workload]:
        """Those asked for."""
        chosen, unknown = choose(self._rows.workloads, self._profile.workloads)
        for name in unknown:
            self._miss(name, "unknown workload (bench/bench.toml)")
        for row in chosen:
            self.results.workloads.append(
                {"name": row.name, "title": row.title, "device": row.device, "unit": row.unit}
            )
        return chosen

    def measure(self) -> None:
        """Everything, until it is done or interrupted."""
        options, folder = self._options, self._folder
        with Netserver(folder) as server:
            host = HostSetup(options.qemu, options.kernel, options.accel, server.port)
            self.results.environment = describe(host)
            rows, workloads = self.configurations(host.smp()), self.workloads()
            setups = [row for row in rows if row.setup] if self._profile.setup else []
            self._plan(len(cells_of(rows, workloads)), len({r.guest() for r in rows}), bool(setups))
            self._linux(host, rows, workloads)
            if setups:
                cases = self._rows.setups
                setup.measure(host, self.results, self._progress, folder, cases, setups)
            # bypass is our QEMU's, and what else is there does not depend on it
            if self._profile.bare_metal and emulators.of(host.qemu).bypass:
                baremetal.measure(self.results, self._progress, folder)
        self.results.complete = True

    def finish(self) -> None:
        """Check the criteria and write the results, complete or not."""
        self._progress.end()
        results = self.results
        results.seconds = round(self._progress.seconds(), 1)
        measured = {sample["configuration"] for sample in results.samples}
        for row in results.configurations:
            if row["ran"] and row["name"] not in measured:
                row["ran"] = False
                row["why"] = next(
                    (m["why"] for m in results.missing if m["what"] == row["name"]),
                    "no sample",
                )
        results.criteria = criteria.judge(results)
        results.write(self._folder / "bench.json")
        report.write(results, self._folder / "report.html")
        print(text_report.text(results))
        print(f"\n{self._folder}/report.html shows it, bench.json has every sample")

    def _linux(self, host: HostSetup, rows: list[Configuration], workloads: list[Workload]) -> None:
        rng = random.Random(self._seed)
        session = Session(host, self.results, self._progress, self._folder, self._options.limit)
        with session.guests(rows):
            cells = cells_of(session.usable(rows), workloads)
            for _ in range(PASSES):
                session.count(shuffled(cells, rng))
            for number in range(self._profile.rounds):
                session.round(number, shuffled(cells, rng), self._profile)

    def _plan(self, cells: int, guests: int, setups: bool) -> None:
        planned = planned_seconds(cells, guests, self._profile)
        planned += setup.SECONDS * len(self._rows.setups) if setups else 0.0
        planned += baremetal.planned_seconds() if self._profile.bare_metal else 0.0
        self._progress = Progress(planned)
        self._progress.say(
            f"{cells} cells, {self._profile.rounds} rounds of {self._profile.seconds} s each, "
            f"seed {self._seed}"
        )

    def _miss(self, what: str, why: str) -> None:
        self.results.miss(what, why)
        self._progress.say(f"{what}: {why}")


def stop(_number: int, _frame: object) -> None:
    """Treat signals as Ctrl-C."""
    raise KeyboardInterrupt


def session(bench: Bench) -> int:
    """Measure, write, judge; the exit status."""
    status = 0
    try:
        bench.measure()
    except KeyboardInterrupt:
        bench.results.miss("the rest of the session", "interrupted")
        print("\nbench: interrupted; reporting the cells so far", file=sys.stderr)
        status = 128 + signal.SIGINT
    except (parts.Missing, parts.Wrong, parts.Unfit, OSError) as error:
        bench.results.miss("the session", str(error))
        print(f"bench: {error}", file=sys.stderr)
        status = 2
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        bench.finish()
    except (OSError, PlotError) as error:
        print(f"bench: cannot write the report: {error}", file=sys.stderr)
        return 2
    return status or (1 if bench.results.missing else 0)


def need_space(folder: Path) -> None:
    """Refuse to start without room for the session."""
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free >> 20
    if free < SPACE_MIB:
        raise OSError(f"{folder}: {free} MiB free, {SPACE_MIB} MiB needed")


def main() -> int:
    """One session, in a folder of its own."""
    options = arguments()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, stop)
    try:
        if not tables.has("kernels", options.kernel):
            kernels.of(options.kernel)
        elif tables.is_secure(options.kernel):
            raise BadConfig(f"--kernel {options.kernel}: for secure VMs only")
        os.environ["VDMA_QEMU"] = options.qemu
        options.qemu = emulators.role(options.qemu)
        rows = read()
        profile = profile_of(rows, options)
        need_space(options.run or FOLDER)
        with runs.use(options.run, FOLDER) as folder:
            return session(Bench(options, rows, profile, folder))
    except (BadConfig, parts.Missing, parts.Wrong, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
