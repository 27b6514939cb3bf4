# SPDX-License-Identifier: GPL-2.0-or-later
"""Checks the KTAP that a bare-metal guest prints (guest/baremetal/lib/ktap.c)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.lib.machine.slof import EXCEPTION

RESULT = re.compile(r"^(?P<indent> *)(?P<verdict>not ok|ok) (?P<number>\d+) - (?P<what>.*)$")
PLAN = re.compile(r"^(?P<indent> *)1\.\.(?P<count>\d+)$")
METRIC = re.compile(r"^ *# metric (\S+) (.*)$", re.MULTILINE)


@dataclass
class Level:
    """Results at one depth, until their plan or their parent's result."""

    results: list[str] = field(default_factory=list)
    planned: int | None = None

    def problems(self, of: str) -> list[str]:
        """Were as many results planned as came?"""
        if self.planned is None:
            return [f"{of}: no plan, {len(self.results)} results"]
        if self.planned != len(self.results):
            return [f"{of}: {self.planned} results planned, {len(self.results)} came"]
        return []


def boots(console: str) -> list[str]:
    """The text of each boot of the program; firmware's belongs to the first."""
    before, *rest = re.split(r"^(?=KTAP version 1$)", console, flags=re.MULTILINE)
    return [before + rest[0], *rest[1:]] if rest else [before]


def problems(console: str) -> list[str]:
    """Problems of a run, a line each.

    Skipped is not passed: a row of the table says where a test can run.
    """
    found: list[str] = []
    top, checks = Level(), Level()
    for line in console.splitlines():
        if plan := PLAN.match(line):
            level = checks if plan["indent"] else top
            level.planned = int(plan["count"])
        elif result := RESULT.match(line):
            what = result["what"]
            if "# SKIP" in what:
                found.append(f"skipped: {what}")
            if result["verdict"] != "ok":
                found.append(f"not ok: {what}")
            if result["indent"]:
                checks.results.append(what)
            else:
                top.results.append(what)
                # a test that does not exist has no checks, and is not ok
                if checks.results or result["verdict"] == "ok":
                    found += checks.problems(what)
                checks = Level()
    found += re.findall(r"^Bail out!.*$", console, re.MULTILINE)
    found += EXCEPTION.findall(console)
    found += top.problems("the run")
    if not top.results:
        found.append("the guest reported nothing")
    return found


def metrics(console: str) -> list[tuple[str, str]]:
    """Names and values of all metrics, in order."""
    return METRIC.findall(console)
