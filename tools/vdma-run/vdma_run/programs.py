# SPDX-License-Identifier: GPL-2.0-or-later
"""Tests that are programs of their own: unit tests, fuzz targets, and the module without
a warning. An id is SUITE/NAME; make builds them."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from vdma_run.results import FAILED, SKIPPED, UNJUDGED, BadResults, Case, Results, read

UNIT, FUZZ, STRICT = "unit", "fuzz", "strict"
NAMES = (UNIT, FUZZ, STRICT)
FLAVOURS = ("unit", "unit-asan", "unit-tsan")
FUZZ_SECONDS = "10"
TICK = 0.2
# mk/part's status for what could not be fetched.
UNFETCHED = 125


def listed(top: Path, kernels: Iterable[str]) -> list[str]:
    """All ids that the tree's sources and these rows of kernels call for."""
    names = sorted(file.stem for file in (top / "tests/unit").glob("test_*.c"))
    found = [
        f"{flavour}/{name}"
        for flavour in FLAVOURS
        for name in names
        if flavour != "unit-tsan" or name.endswith("_threads")
    ]
    targets = sorted(
        file.stem.removeprefix("fuzz_") for file in (top / "tests/fuzz").glob("fuzz_*.c")
    )
    return found + [f"{FUZZ}/{target}" for target in targets] + [f"{STRICT}/{k}" for k in kernels]


def named(ids: Iterable[str], what: str) -> list[str]:
    """Those that a word of the command line means: a suite, a flavour or one of them."""
    return [
        name
        for name in ids
        if what in (name, name.partition("/")[0], UNIT if name.startswith("unit-") else name)
    ]


def matches(expression: str, name: str) -> bool:
    """pytest's -k for an id: words, "and", "or", "not", parentheses. ValueError if it is
    not one."""
    tokens = re.findall(r"[()]|[^\s()]+", expression)
    grammar = ("(", ")", "and", "or", "not")
    # nothing is left that could be more than a truth value
    words = [t if t in grammar else str(t.lower() in name.lower()) for t in tokens]
    try:
        found = eval(" ".join(words) or "True", {"__builtins__": {}})  # pylint: disable=eval-used
    except (SyntaxError, TypeError):
        found = None
    if not isinstance(found, bool):
        raise ValueError(f"-k {expression}: not an expression")
    return found


@dataclass
class Programs:
    """Runs them, at most JOBS suites at once. FOLDER is this run's, for their files. SAY is
    told each result as it comes."""

    top: Path
    folder: Path
    jobs: int
    say: Callable[[Case], object]
    results: Results = field(default_factory=Results)
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopped: bool = False

    def run(self, ids: Sequence[str]) -> None:
        """All of these, to their end. There is a result for each, also after Ctrl-C."""
        units = [name for name in ids if name.startswith("unit")]
        fuzzed = [name for name in ids if name.startswith(f"{FUZZ}/")]
        strict = [name for name in ids if name.startswith(f"{STRICT}/")]
        work = [(self._units, units), (self._fuzz, fuzzed), (self._strict, strict)]
        free = threading.Semaphore(self.jobs)
        troubles = list[str]()

        def one(act: Callable[[list[str]], None], names: list[str]) -> None:
            with free:
                try:
                    act(names)
                except OSError as error:
                    troubles.append(str(error))

        threads = [threading.Thread(target=one, args=each) for each in work if each[1]]
        for thread in threads:
            thread.start()
        try:
            for thread in threads:
                thread.join()
        except KeyboardInterrupt:
            self._stop()
            for thread in threads:
                thread.join()
            raise
        finally:
            self._complete(ids, ": ".join(["did not run", *troubles[:1]]))

    def _complete(self, ids: Iterable[str], why: str) -> None:
        there = {case.id.partition("::")[0] for case in self.results}
        for name in ids:
            if name not in there:
                self.results.add(Case(name, UNJUDGED, message=why))

    def _stop(self) -> None:
        """End what runs; what has not run is not judged."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                os.killpg(process.pid, signal.SIGTERM)

    def _call(self, command: Sequence[str | Path], tick: Callable[[], None]) -> tuple[int, str]:
        """Status and messages; of what does not start any more, those of a signal. TICK is
        called meanwhile."""
        with tempfile.TemporaryFile() as output:
            with self._lock:
                if self._stopped:
                    return -signal.SIGTERM, ""
                process = subprocess.Popen(
                    command, cwd=self.top, env={**os.environ, "VDMA_JUNIT": str(self.folder)},
                    stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                    start_new_session=True,
                )  # fmt: skip
                self._running.add(process)
            while True:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(TICK)
                    break
                tick()
            with self._lock:
                self._running.discard(process)
            output.seek(0)
            return process.returncode, output.read().decode(errors="replace")

    def _tell(self, case: Case) -> None:
        with self._lock:
            self.results.add(case)
            self.say(case)

    def _built(self, names: list[str], program: Callable[[str], Path], target: str) -> list[str]:
        """Those that are there; the others are skipped, with the reason."""
        for name in names:
            if not os.access(program(name), os.X_OK):
                self._tell(Case(name, SKIPPED, message=f"not built: run make {target}"))
        return [name for name in names if os.access(program(name), os.X_OK)]

    def _collect(self, command: Sequence[str | Path], names: Sequence[str]) -> None:
        """Run what leaves a file for each of NAMES, and take each as it comes; a program that
        leaves nothing did not run."""
        waiting = {name: self.folder / f"{name.replace('/', '-')}.xml" for name in names}
        for file in waiting.values():
            file.unlink(missing_ok=True)

        def take() -> None:
            for name, file in list(waiting.items()):
                if file.exists():
                    del waiting[name]
                    self._take(name, file)

        said = self._call(command, take)[1] if names else ""
        take()
        for name in waiting:
            self._tell(Case(name, UNJUDGED, message="did not run", details=said))

    def _take(self, name: str, file: Path) -> None:
        try:
            for case in read(file):
                self._tell(case)
        except BadResults as error:
            self._tell(Case(name, FAILED, message=str(error)))

    def _units(self, names: list[str]) -> None:
        names = self._built(names, lambda name: self.top / "build" / name, "unit")
        self._collect(["mk/unit-run", *(f"build/{name}" for name in names)], names)

    def _fuzz(self, names: list[str]) -> None:
        folder = self.top / "build/fuzz"
        names = self._built(names, lambda n: folder / f"fuzz_{n.partition('/')[2]}", "fuzz-replay")
        targets = [name.partition("/")[2] for name in names]
        self._collect(["mk/fuzz-run", "--replay", "build/fuzz", FUZZ_SECONDS, *targets], names)

    def _strict(self, names: list[str]) -> None:
        for name in names:
            start = time.monotonic()
            status, said = self._call(["mk/module-strict", name.partition("/")[2]], lambda: None)
            case = Case(name, seconds=time.monotonic() - start)
            message = (said.splitlines() or [f"status {status}"])[-1]
            if status < 0:
                case.add(Case(name, UNJUDGED, message="did not run"))
            elif status:
                outcome = UNJUDGED if status == UNFETCHED else FAILED
                case.add(Case(name, outcome, message=message, details=said))
            self._tell(case)
