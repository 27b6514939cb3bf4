# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run check: tests with the kernel, QEMU and firmware that are given.

Exit status: 0 good; 1 a case failed that no baseline knows; 125 cannot be judged: all is
skipped, none ran, a part does not build; 128 wrong usage, or a file that cannot be used;
129 internal error; 130 interrupted.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import shlex
import signal
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.lib.build import rows
from tests.lib.build.parts import IN_TREE, Missing, Unfit, Wrong
from tests.lib.host import runs
from tests.lib.machine import emulators
from vdma_run import baseline, choice, programs, results, shard, status, suite
from vdma_run.program import Parser
from vdma_run.progress import Progress
from vdma_run.results import FAILED, PASSED, SKIPPED, UNJUDGED, BadResults, Case, Results
from vdma_run.tap import text_tap

TOP = rows.TOP
FOLDER = TOP / "build/check"
# The tests that make check has time for.
MARKS = "not extended and not matrix"
TESTS = "tests"
BAD_ENDS = {FAILED: "FAILED", UNJUDGED: "NOT JUDGED"}
# A boot has one busy thread and a guest's memory, 3 GiB with all around it.
GUEST_KIB = 3 << 20


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = Parser(prog="vdma-run check", description=(__doc__ or "").partition("\n")[0])
    add = found.add_argument
    suites = "unit, fuzz, strict or a program of theirs"
    add("what", nargs="*", metavar="WHAT", help=f"{suites}; a folder, file or id of tests")
    choice.add_options(found, rows.kernels(secure_ones=False)[0], emulators.USUAL)
    add("-m", dest="marks", metavar="EXPR", help=f"by pytest's marks ({MARKS})")
    add("-k", dest="expression", default="", metavar="EXPR", help="by words in their ids")
    add("--last-failed", action="store_true", help="what failed in the last run")
    add("--shard", type=_shard, default=shard.Shard(), metavar="I/N", help="one of N parts of it")
    add("--list", action="store_true", help="print the ids and run nothing")
    add("--merge", action="store_true", help="run nothing: WHAT are results, or folders of them")
    add("--jobs", type=_jobs, metavar="N", help="boots at once (by CPUs and memory)")
    add("--run", type=Path, metavar="DIR", help="folder for it all (a fresh one in build/check)")
    add("--junit", type=Path, metavar="FILE", help="write JUnit")
    add("--tap", type=Path, metavar="FILE", help="write TAP 14")
    add("--json", type=Path, metavar="FILE", help="write JSON")
    add("--baseline", type=Path, metavar="FILE", help="known failures, which are not bad")
    add("--update", action="store_true", help="write what failed into the baseline")
    return found


def _shard(text: str) -> shard.Shard:
    try:
        return shard.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _jobs(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text}: want a number from 1 on")
    return int(text)


def default_jobs() -> int:
    """One for each CPU, as JOBS may say, and each 3 GiB of free memory."""
    wanted = os.environ.get("JOBS", "")
    cpus = int(wanted) if wanted.isdecimal() else len(os.sched_getaffinity(0))
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    return max(1, min(cpus, free // GUEST_KIB))


def alone(case: str) -> str:
    """The id by which a case is run again: of a program, one case cannot be."""
    return case if case.startswith("tests/") else case.partition("::")[0]


def within(name: str, word: str) -> bool:
    """Is a test, or a program, what a word of the command line means?"""
    word = word.rstrip("/")
    return name.startswith((f"{word}/", f"{word}::")) or bool(programs.named([name], word))


@dataclass
class Check:
    """One run. PARTS say with what; RESULTS has what there is so far."""

    options: argparse.Namespace
    parts: Mapping[str, str]
    results: Results = field(default_factory=Results)
    known: baseline.Baseline = field(default_factory=baseline.Baseline)
    _progress: Progress = field(default_factory=lambda: Progress((), {}, 1))

    def __post_init__(self) -> None:
        self._suite = suite.Suite(TOP, os.environ)
        self.jobs = self.options.jobs or default_jobs()

    # the selection

    def _last(self) -> Results:
        """The newest run that has ended."""
        ended = sorted(FOLDER.glob(f"{runs.NAMES}/results.json"))
        if not ended:
            raise Wrong(f"--last-failed: no results in {FOLDER}")
        return results.read(ended[-1])

    def _programs(self, words: Sequence[str]) -> list[str]:
        everyday = rows.kernels(rows.EVERYDAY)
        kernels = [k for k in rows.kernels() if k in everyday or f"{programs.STRICT}/{k}" in words]
        there = programs.listed(TOP, kernels)
        chosen = set[str]()
        for word in words:
            meant = programs.named(there, word)
            if not meant:
                raise Wrong(f"cannot find {word}: no such program")
            chosen.update(meant)
        try:
            expression = self.options.expression
            return [n for n in there if n in chosen and programs.matches(expression, n)]
        except ValueError as error:
            raise Wrong(str(error)) from error

    def _tests(self, paths: Sequence[str]) -> list[str]:
        for path in paths:
            if not (TOP / path.partition("::")[0]).exists():
                raise Wrong(f"cannot find {path}: neither a suite nor a file of tests")
        # a test that is named is wanted, whatever its marks
        marks = "" if any("::" in path for path in paths) else MARKS
        if isinstance(self.options.marks, str):
            marks = self.options.marks
        return self._suite.collect(paths, marks, self.options.expression)

    def selected(self) -> list[str]:
        """Ids of all that was asked for, before it is cut into shards."""
        what = self.options.what or [*programs.NAMES, TESTS]
        if self.options.last_failed:
            bad = [case.id for case in self._last() if case.outcome in (FAILED, UNJUDGED)]
            failed = dict.fromkeys(map(alone, bad))
            what = [name for name in failed if any(within(name, word) for word in what)]
        suites = (*programs.NAMES, *programs.FLAVOURS)
        words = [word for word in what if word.partition("/")[0] in suites]
        paths = [word for word in what if word not in words]
        return self._programs(words) + (self._tests(paths) if paths else [])

    # running it

    def run(self, ids: Sequence[str], folder: Path) -> None:
        """Programs first, boots last."""
        tests = [name for name in ids if name.startswith("tests/")]
        self._progress = Progress(ids, before(), self.jobs)
        others = programs.Programs(TOP, folder, self.jobs, self._program_ended)
        try:
            others.run([name for name in ids if name not in set(tests)])
            if tests:
                self._suite.run(tests, folder, self.jobs, self._test_ended, self._progress.show)
        finally:
            for case in (*others.results, *self._suite.results):
                self.results.add(case)

    def _program_ended(self, case: Case) -> None:
        self._progress.ended(alone(case.id), case.outcome == FAILED)
        self._tell(case.id, case.outcome, case.details or case.message, "")

    def _test_ended(self, event: suite.Ended) -> None:
        self._progress.ended(event.test, event.outcome == FAILED)
        self._tell(event.test, event.outcome, event.details, event.log)

    def _tell(self, name: str, outcome: str, details: str, log: str) -> None:
        """Of a case that is neither good nor skipped."""
        if outcome not in BAD_ENDS:
            return
        lines = [f"{BAD_ENDS[outcome]} {name}", details.rstrip()]
        lines += [f"  log:   {log}"] if log else []
        self._progress.say("\n".join([*lines, f"  again: {self.again(name)}"]))

    def again(self, name: str) -> str:
        """The command that runs a case alone."""
        named = choice.words(self.parts)
        return shlex.join(["tools/vdma-run/vdma-run", "check", *named, alone(name)])

    # what came of it

    def verdict(self) -> int:
        """The exit status."""
        verdicts = self.known.judge(self.results)
        counts = self.results.counts()
        if baseline.NEW in verdicts.values():
            return status.BAD
        if counts[UNJUDGED] or not counts[PASSED] + counts[FAILED]:
            return status.UNJUDGED
        return status.GOOD

    def write(self, folder: Path | None, code: int) -> None:
        """In all forms into FOLDER, and where the command line says."""
        verdicts = self.known.judge(self.results)
        bad = [case for case in self.results if case.outcome in (FAILED, UNJUDGED)]
        again = {case.id: self.again(case.id) for case in bad}
        reasons = {
            case.id: self.known.reason_of(case, self.results.properties) or ""
            for case in bad
            if verdicts.get(case.id) == baseline.KNOWN
        }
        more = {"status": code, "verdicts": verdicts, "again": again}
        texts = {
            "junit": ("junit.xml", results.text_junit(self.results)),
            "tap": ("results.tap", text_tap(self.results, reasons, again)),
            "json": ("results.json", results.text_json(self.results, **more)),
        }
        if folder:
            for file, text in texts.values():
                results.write(folder / file, text)
        for name, (_, text) in texts.items():
            if getattr(self.options, name):
                results.write(getattr(self.options, name), text)

    def say(self, seconds: float, folder: Path | None) -> None:
        """A few lines that end the run; of pytest's, the last stays the last."""
        verdicts = self.known.judge(self.results)
        why = Counter(case.message for case in self.results if case.outcome == SKIPPED)
        for reason, count in sorted(why.items()):
            print(f"skipped {count}: {reason}")
        for name, verdict in sorted(verdicts.items()):
            print(f"{verdict if self.options.baseline else FAILED}: {name}")
        for case in self.results:
            if case.outcome == UNJUDGED:
                print(f"not judged: {case.id}: {case.message}")
        counted = ", ".join(f"{n} {word}" for word, n in self.results.counts().items() if n)
        took = f" in {int(seconds) // 60}:{int(seconds) % 60:02}" if seconds else ""
        where = f"; results: {folder}" if folder else ""
        print(f"{len(self.results.cases)} cases: {counted or 'none ran'}{took}{where}")
        if self._suite.closing:
            print(self._suite.closing)
        sys.stdout.flush()


def before() -> dict[str, float]:
    """How long each test took in the newest of the runs that are kept. A program counts as
    a whole."""
    found: dict[str, float] = {}
    for file in sorted(FOLDER.glob(f"{runs.NAMES}/junit.xml"), reverse=True):
        took: dict[str, float] = {}
        try:
            for case in results.read(file):
                name = alone(case.id)
                if case.outcome in (PASSED, FAILED):
                    took[name] = took.get(name, 0.0) + case.seconds
        except BadResults:
            continue
        found = {**took, **found}
    return found


def finish(check: Check, folder: Path | None, seconds: float, code: int) -> int:
    """Judge, unless CODE says that the run did not end; write, say."""
    options = check.options
    if options.update and not code:
        check.known.update(check.results)
        results.write(options.baseline, check.known.text())
    code = code or check.verdict()
    check.write(folder, code)
    check.say(seconds, folder)
    return code


def stop(_number: int, _frame: object) -> None:
    """Any end that is asked for is Ctrl-C: what there is is written."""
    raise KeyboardInterrupt


def session(check: Check) -> int:
    """Choose, run, judge."""
    ids = check.selected()
    chosen = [name for name in ids if check.options.shard.has(name)]
    if check.options.list:
        print(*chosen, sep="\n")
        return status.GOOD if chosen else status.UNJUDGED
    properties = check.results.properties
    properties.update(check.parts)
    if check.options.shard.count > 1:
        properties["shard"] = str(check.options.shard)
        properties["selection"] = shard.selection(ids)
    start, code, trouble = time.monotonic(), status.GOOD, ""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    with runs.use(check.options.run, FOLDER) as folder:
        try:
            check.run(chosen, folder)
        except KeyboardInterrupt:
            code, trouble = status.INTERRUPTED, "interrupted"
        except suite.Trouble as error:
            code, trouble = status.INTERNAL, str(error)
        if trouble:
            properties["complete"] = "no"
            print(f"vdma-run check: {trouble}", file=sys.stderr)
        return finish(check, folder, time.monotonic() - start, code)


def need_tests() -> None:
    """Say if there is nothing that could run."""
    if not IN_TREE:
        raise Wrong("cannot run tests: they are not installed; run vdma-run from its source tree")
    for module, package in suite.NEEDED.items():
        if not importlib.util.find_spec(module):
            raise Missing(f"cannot run tests: {package} is not installed")


def merged(check: Check) -> int:
    """Results that are there already, as one."""
    files = results.files(map(Path, check.options.what))
    if not files:
        raise Wrong("--merge: no results")
    read = [(str(file), results.read(file)) for file in files]
    try:
        check.results = results.merge(read)
    except BadResults as error:
        raise Unfit(str(error)) from error
    return finish(check, None, 0.0, status.GOOD)


def check(arguments: Sequence[str]) -> int:
    """vdma-run check."""
    options = parser().parse_args(arguments)
    results.need_writable([options.junit, options.tap, options.json])
    if options.update and not options.baseline:
        raise Wrong("--update: which --baseline?")
    check_of = Check(options, {} if options.merge else choice.parts(options))
    if options.baseline and (options.baseline.exists() or not options.update):
        check_of.known = baseline.read(options.baseline)
    if options.merge:
        return merged(check_of)
    need_tests()
    choice.use(check_of.parts)
    try:
        return session(check_of)
    except suite.Trouble as error:
        print(f"vdma-run check: {error}", file=sys.stderr)
        return status.INTERNAL
