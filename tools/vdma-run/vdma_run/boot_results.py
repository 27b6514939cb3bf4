# SPDX-License-Identifier: GPL-2.0-or-later
"""What came of a boot as cases, one for each device and one for the guest itself, in the
forms that CI reads."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.lib.guest.device_table import DeviceRow
from tests.lib.machine.devices import Device
from tests.lib.machine.versions import Versions
from vdma_run import results, status
from vdma_run.results import FAILED, PASSED, SKIPPED, UNJUDGED, Case, Results
from vdma_run.tap import text_tap

GUEST = "guest"


def add_options(parser: argparse.ArgumentParser) -> None:
    """Where they go."""
    for name, form in (("json", "JSON"), ("junit", "JUnit"), ("tap", "TAP 14")):
        parser.add_argument(f"--{name}", type=Path, metavar="FILE", help=f"write {form}")


def _case(name: str, lines: Sequence[str], outcome: str, log: str) -> Case:
    case = Case(name, outcome if lines else PASSED, details="\n".join(lines))
    case.message = lines[0] if lines else ""
    if lines and log:
        case.properties["log"] = log
    return case


class Outcome:
    """Of the command NAME with ARGUMENTS. DEVICES are all there could be, SKIPPED those
    that are not tried, with the reason."""

    def __init__(
        self, name: str, arguments: Sequence[str], devices: Sequence[Device]
    ) -> None:
        self._name = name
        self._again = shlex.join(["vdma-run", name, *arguments])
        self._devices = devices
        self.skipped: Mapping[str, str] = {}
        self.rows: Sequence[DeviceRow] = ()
        self.versions: Versions = {}
        self.problems: Sequence[str] = ()
        self.seconds = 0.0
        self.log = ""

    def _results(self, code: int) -> Results:
        found = Results()
        for part, facts in self.versions.items():
            found.properties |= {f"{part}.{key}": value for key, value in facts.items()}
        outcome = FAILED if code == status.BAD else UNJUDGED
        left = list(self.problems)
        for device in self._devices:
            name = f"{self._name}::{device.name}"
            if device.name in self.skipped:
                found.add(Case(name, SKIPPED, message=self.skipped[device.name]))
                continue
            starts = (f"{device.address}: ", f"{device.name}: ")
            lines = [line for line in left if line.startswith(starts)]
            left = [line for line in left if line not in lines]
            if outcome == UNJUDGED and code and not lines:
                lines = list(self.problems[:1])
            found.add(_case(name, lines, outcome, self.log))
        guest = _case(f"{self._name}::{GUEST}", left, outcome, self.log)
        guest.seconds = self.seconds
        found.add(guest)
        return found

    def write(self, options: argparse.Namespace, code: int) -> None:
        """All forms that are asked for; CODE is the exit status."""
        found = self._results(code)
        again = {c.id: self._again for c in found if c.outcome in (FAILED, UNJUDGED)}
        if options.json:
            devices = [row.json() for row in self.rows]
            more = {"status": code, "devices": devices, "problems": list(self.problems)}
            results.write(options.json, results.text_json(found, **more, again=again))
        if options.junit:
            results.write(options.junit, results.text_junit(found))
        if options.tap:
            results.write(options.tap, text_tap(found, again=again))
