# SPDX-License-Identifier: GPL-2.0-or-later
"""pytest as a child: which tests there are, and what becomes of each while they run."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tests.lib.build.parts import Wrong
from vdma_run.results import UNJUDGED, BadResults, Case, Results, read

# pytest's exit statuses.
OK, FAILURES, STOPPED, BROKEN, WRONG, NONE = range(6)

# Modules, and what people know them by.
NEEDED = {"pytest": "pytest", "xdist": "pytest-xdist", "pytest_timeout": "pytest-timeout"}

TICK = 1.0
GRACE = 60.0


class WrongSelection(Wrong):
    """pytest does not understand what was asked for."""


class Trouble(Exception):
    """pytest itself did not work."""


@dataclass(frozen=True)
class Ended:
    """A test has, with this OUTCOME; DETAILS of a failure."""

    test: str
    outcome: str
    log: str = ""
    details: str = ""


def derived(test: str) -> str:
    """The id that a test has in a JUnit file whose case does not say it: one whose worker
    crashed."""
    file, _, rest = test.partition("::")
    bare, bracket, parameters = rest.partition("[")
    words = [file.removesuffix(".py").replace("/", "."), *bare.split("::")]
    return f"{'.'.join(words[:-1])}::{words[-1]}{bracket}{parameters}"


@dataclass
class Suite:
    """The tests of a tree, TOP, in an ENVIRONMENT that names kernel and QEMU. CLOSING is the
    line with which pytest ended."""

    top: Path
    environment: Mapping[str, str]
    results: Results = field(default_factory=Results)
    closing: str = ""

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "pytest", "-o", f"cache_dir={self.top}/build/pytest", *words]

    def collect(self, paths: Sequence[str], marks: str, expression: str) -> list[str]:
        """Ids of the tests that are asked for."""
        words = ["--collect-only", "-q", *(["-m", marks] if marks else [])]
        words += ["-k", expression] if expression else []
        done = subprocess.run(
            self._command(*words, *paths), cwd=self.top, env=self.environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        )  # fmt: skip
        lines = done.stdout.splitlines()
        if done.returncode == WRONG:
            wrong = [line for line in lines if line.startswith("ERROR")]
            raise WrongSelection((wrong or lines or ["?"])[0].removeprefix("ERROR: "))
        if done.returncode not in (OK, NONE):
            raise Trouble(f"cannot collect tests:\n{done.stdout}")
        found = lines[: lines.index("")] if "" in lines else lines
        return [line for line in found if "::" in line]

    def run(
        self,
        tests: Sequence[str],
        folder: Path,
        jobs: int,
        ended: Callable[[Ended], None],
        tick: Callable[[], None],
    ) -> None:
        """Run TESTS; FOLDER gets pytest's own log and its JUnit. There is a result for each
        of them, also after Ctrl-C. ENDED is called for each, TICK each second."""  # fmt: skip
        only, junit = folder / "only", folder / "pytest.xml"
        junit.unlink(missing_ok=True)
        only.write_text("\n".join(tests) + "\n", encoding="utf-8")
        files = sorted({test.partition("::")[0] for test in tests})
        reader, writer = os.pipe()
        # a worker even for one: what kills it is that test's failure
        words = ["-n", str(min(jobs, len(tests))), f"--junitxml={junit}"]
        # with =, or pytest takes their values for files while it looks for conftest.py
        words += [f"--only={only}", f"--events={writer}", *files]
        with (folder / "pytest.log").open("w", encoding="utf-8") as log:
            process = subprocess.Popen(
                self._command(*words), cwd=self.top, env=self.environment, pass_fds=[writer],
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        os.close(writer)
        try:
            _watch(reader, ended, tick)
            process.wait()
        except KeyboardInterrupt:
            _stop(process)
            raise
        finally:
            os.close(reader)
            _complete(self.results, tests, junit)
            self.closing = _closing(folder / "pytest.log")
        if process.returncode not in (OK, FAILURES):
            raise Trouble(
                f"pytest ended with status {process.returncode}; log: {folder}/pytest.log"
            )


def _closing(log: Path) -> str:
    """pytest's last line, or "" if it did not get there."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return lines[-1] if lines and lines[-1].startswith("==") else ""


def _watch(reader: int, ended: Callable[[Ended], None], tick: Callable[[], None]) -> None:
    """Read what Events in tests/conftest.py writes, to its end."""
    rest = b""
    worst: dict[str, dict[str, Any]] = {}
    while True:
        if not select.select([reader], [], [], TICK)[0]:
            tick()
            continue
        data = os.read(reader, 1 << 16)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            event = json.loads(line)
            if worst.get(event["id"], event)["outcome"] == "passed" or event["id"] not in worst:
                worst[event["id"]] = event
            if event["when"] in ("teardown", "???"):
                event = worst.pop(event["id"])
                ended(Ended(event["id"], event["outcome"], event["log"], event["details"]))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """What Ctrl-C does: pytest ends its guests and writes what has run."""
    try:
        os.killpg(process.pid, signal.SIGINT)
        process.wait(GRACE)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _complete(found: Results, tests: Iterable[str], junit: Path) -> None:
    """A result for each test, in their order, whatever the file has."""
    try:
        there = read(junit)
    except BadResults:
        there = Results()
    lost = Case("", UNJUDGED, message="did not run")
    for test in tests:
        case = there.cases.get(test) or there.cases.get(derived(test)) or lost
        found.add(Case(test))
        found.add(replace(case, id=test))
