# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run check: exit statuses that bisect understands, results in every form, shards,
what failed last, a run that is killed."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.lib.host.process import until
from tests.run import fakes
from tests.run.tree import BROKEN, PROGRAM, Tree
from vdma_run import check, programs, results, suite
from vdma_run.progress import left
from vdma_run.results import Case

DEMO = "tests/demo/test_demo.py"
UNIT = """#!/bin/sh
cat >"$CMOCKA_XML_FILE" <<END
<testsuites>
  <testsuite name="x" time="0.000" tests="2" failures="$FAILS" errors="0" skipped="0" >
    <testcase name="one" time="0.250" >
    </testcase>
    <testcase name="two" time="0.500" >
    $([ $FAILS = 0 ] || echo '<failure>1 != 2</failure>')
    </testcase>
  </testsuite>
</testsuites>
END
exit $FAILS
"""


@pytest.mark.parametrize(
    "outcomes, code",
    [
        ("passed passed", 0),
        ("passed failed", 1),
        ("passed skipped", 0),
        ("skipped skipped", 125),
        ("passed unjudged", 125),
        ("failed unjudged", 1),
        ("", 125),
    ],
)
def test_verdict(outcomes: str, code: int) -> None:
    """Bad is what failed; a missing part, or all skipped, cannot be judged."""
    run = check.Check(check.parser().parse_args([]), {})
    for number, outcome in enumerate(outcomes.split()):
        run.results.add(Case(str(number), outcome))
    assert run.verdict() == code


@pytest.mark.parametrize(
    "names, code",
    [
        (["good[0]", "cleanup"], 1),
        (["good[0]", "skipped"], 0),
        (["good[0]", "missing"], 125),
        (["good[0]", "wrong"], 125),
        (["good[0]", "not_begun"], 125),
        (["good[0]", "begun"], 1),
    ],
)
def test_status_of_tests(tree: Tree, names: list[str], code: int) -> None:
    """What pytest's tests become; the last line is pytest's own."""
    done = tree.run("check", *tree.demo(*names))
    assert done.returncode == code, done.stderr
    assert re.fullmatch(r"=+ .*\bin [\d.]+s =+", done.stdout.splitlines()[-1])
    assert list(tree.outcomes()) == tree.demo(*names)
    assert tree.results()["status"] == code


@pytest.mark.parametrize(
    "words, code, line",
    [
        (["--shard", "3/2", DEMO], 128, "argument --shard: shard 3/2: want I/N"),
        (["--jobs", "0", DEMO], 128, "argument --jobs: 0: want a number"),
        (["--foo"], 128, "unrecognized arguments: --foo"),
        (["--kernel", "5.10", DEMO], 128, "cannot find kernel 5.10: neither a file nor one of"),
        (["--kernel", "/etc/passwd", DEMO], 128, "cannot boot kernel /etc/passwd: not an ELF"),
        (["--kernel", "a", "--kernel", "b", DEMO], 128, "--kernel: more than one, and not all"),
        (["--kernel", "/nix.deb", DEMO], 128, "cannot read package /nix.deb: No such file"),
        (["--qemu", "/no/such", DEMO], 128, "cannot find QEMU /no/such: neither"),
        (["--qemu", "no-such", DEMO], 128, "cannot find QEMU no-such: neither"),
        (["tests/none"], 128, "cannot find tests/none"),
        (["unit/test_none"], 128, "cannot find unit/test_none"),
        ([f"{DEMO}::test_none"], 128, "not found"),
        (["-k", "a b c", DEMO], 128, "Wrong expression passed to '-k'"),
        (["--junit", "pytest.ini/a.xml", DEMO], 128, "File exists"),
        (["--tap", "tests", DEMO], 128, "cannot write tests: Is a directory"),
        (["--json", "/proc/nix/a", DEMO], 128, "cannot write /proc/nix/a: No such file"),
        (["--update", DEMO], 128, "--update: which --baseline?"),
        (["--baseline", "none.json", DEMO], 128, "cannot read none.json: No such file"),
        (["--merge", "none.xml"], 128, "cannot read none.xml"),
        (["--last-failed"], 128, "--last-failed: no results in"),
        (["-k", "no_such_test", DEMO], 125, ""),
        (["tests/broken"], 129, "No module named 'nothing_of_this_name'"),
    ],
)
def test_status_of_usage(tree: Tree, words: list[str], code: int, line: str) -> None:
    """Neither good nor bad; argparse's 2 and a traceback's 1 would be bad in a bisect."""
    tree.put("tests/broken/test_broken.py", BROKEN)
    done = tree.run("check", *words)
    assert done.returncode == code, done.stderr
    assert line in done.stderr and "Traceback (most" not in done.stderr


def test_what_cannot_be_judged_is_no_failure(tree: Tree) -> None:
    """Nor is it called so while tests run."""
    missing, bad = tree.demo("missing", "begun")
    done = tree.run("check", missing, bad)
    assert f"NOT JUDGED {missing}\n" in done.stderr and f"FAILED {missing}" not in done.stderr
    assert f"FAILED {bad}\n" in done.stderr


def test_a_worker_that_dies(tree: Tree) -> None:
    """Is a failure of its test, and of no other."""
    done = tree.run("check", *tree.demo("crash", "good[0]", "good[1]"))
    assert done.returncode == 1
    assert tree.outcomes() == dict(
        zip(tree.demo("crash", "good[0]", "good[1]"), ("failed", "passed", "passed"))
    )


def test_pytest_that_stops(tree: Tree) -> None:
    """Is no failure of a test; what there is is written, and nobody merges it."""
    done = tree.run("check", *tree.demo("exit"), "--junit", "a.xml")
    assert done.returncode == 129
    assert "pytest ended with status 2; log: " in done.stderr
    assert tree.results()["status"] == 129 and set(tree.outcomes().values()) == {"unjudged"}
    assert "its run did not end" in tree.run("check", "--merge", "a.xml").stderr


def test_a_failure_says_all(tree: Tree) -> None:
    """Its reason, its log, and the one command that fails in the same way, alone."""
    tree.put("bad", "")
    done = tree.run("check", "--kernel", "6.1", DEMO, "-k", "bad or good")
    assert done.returncode == 1
    said = dict(line.split(":", 1) for line in done.stderr.splitlines() if ": " in line)
    assert "it is bad" in done.stderr
    assert (Path(said["  log"].strip()) / "console.log").read_text() == "Oops"
    again = shlex.split(said["  again"])
    assert again == [PROGRAM, "check", "--kernel", "6.1", *tree.demo("bad")]
    assert tree.run(*again[1:]).returncode == 1
    (tree.top / "bad").unlink()
    assert tree.run(*again[1:]).returncode == 0


def test_every_form(tree: Tree) -> None:
    """JUnit, TAP and JSON have the same cases, wherever they are written."""
    tree.put("bad", "")
    files = {name: tree.top / f"out/{name}" for name in ("junit", "tap", "json")}
    options = [word for name, file in files.items() for word in (f"--{name}", str(file))]
    assert (
        tree.run("check", *options, *tree.demo("good[0]", "bad", "skipped", "missing")).returncode
        == 1
    )
    want = dict(
        zip(
            tree.demo("good[0]", "bad", "skipped", "missing"),
            ("passed", "failed", "skipped", "unjudged"),
        )
    )
    for name in ("junit", "json"):
        assert {case.id: case.outcome for case in results.read(files[name])} == want
    tap = files["tap"].read_text().splitlines()
    assert [line.partition(" - ")[0] for line in tap if " - " in line] == [
        "ok 1",
        "not ok 2",
        "ok 3",
        "not ok 4",
    ]
    latest = tree.top / "build/check/latest"
    for name, file in (("junit", "junit.xml"), ("tap", "results.tap"), ("json", "results.json")):
        assert (latest / file).read_bytes() == files[name].read_bytes()


def test_what_a_test_booted(tree: Tree) -> None:
    """Is in its result."""
    tree.run("check", *tree.demo("booted"), "--junit", "a.xml")
    (case,) = results.read(tree.top / "a.xml")
    facts = {name: value for name, value in case.properties.items() if name != "log"}
    assert facts == {"kernel.row": "6.12", "kernel.version": "6.12.9-1"}


def test_shards_merged_are_the_whole(tree: Tree) -> None:
    """The same cases with the same outcomes; without one of them nothing is judged."""
    whole = tree.run("check", DEMO, "-k", "good or skipped or bad", "--json", "whole.json")
    shards = [f"{number}.xml" for number in (1, 2)]
    for number, file in enumerate(shards, 1):
        tree.run(
            "check", DEMO, "-k", "good or skipped or bad", "--shard", f"{number}/2", "--junit", file
        )
    done = tree.run("check", "--merge", *shards, "--json", "merged.json")
    assert (whole.returncode, done.returncode) == (0, 0)
    assert tree.outcomes("merged.json") == tree.outcomes("whole.json")
    assert all(results.read(tree.top / file).cases for file in shards)
    done = tree.run("check", "--merge", shards[1])
    assert (done.returncode, done.stderr) == (
        125,
        "vdma-run check: cannot merge: shard 1/2 is missing\n",
    )
    done = tree.run("check", "--merge", *shards, shards[1])
    assert done.returncode == 125 and "2.xml" in done.stderr


def _until_slow(tree: Tree, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 30
    while not (tree.top / "slow").exists():
        assert time.monotonic() < end, "it has not begun"
        time.sleep(0.05)


def test_killed_and_run_again(tree: Tree) -> None:
    """A run that is killed leaves no result that could be merged; the next is whole."""
    words = ["check", *tree.demo("good[0]", "slow", "good[1]"), "--junit", "a.xml"]
    with tree.start(*words) as process:
        _until_slow(tree, process)
        os.killpg(process.pid, signal.SIGKILL)
    assert not (tree.top / "a.xml").exists()
    tree.put("quick", "")
    assert tree.run(*words).returncode == 0
    assert len(results.read(tree.top / "a.xml").cases) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(tree: Tree, number: signal.Signals) -> None:
    """What has not run is not judged, what there is is written, and nobody merges it."""
    with tree.start(
        "check", *tree.demo("good[0]", "slow", "cleanup"), "--junit", "a.xml"
    ) as process:
        _until_slow(tree, process)
        process.send_signal(number)
        assert process.wait(30) == 130
    found = results.read(tree.top / "a.xml").cases
    assert list(found) == tree.demo("good[0]", "slow", "cleanup")
    assert found[tree.demo("slow")[0]].outcome == "unjudged"
    done = tree.run("check", "--merge", "a.xml")
    assert done.returncode == 125 and "its run did not end" in done.stderr


def test_last_failed(tree: Tree) -> None:
    """What failed, and what could not be judged, in the newest run."""
    tree.put("bad", "")
    tree.run("check", *tree.demo("good[0]", "bad", "missing", "skipped"))
    done = tree.run("check", "--last-failed", "--list")
    assert (done.returncode, done.stdout.split()) == (0, tree.demo("bad", "missing"))
    for word, names in ((DEMO, ("bad", "missing")), ("tests", ("bad", "missing")), ("unit", ())):
        done = tree.run("check", "--last-failed", "--list", word)
        assert done.stdout.split() == tree.demo(*names)


def test_last_failed_of_a_run_that_has_ended(tree: Tree) -> None:
    """And not of a later run that was killed, or goes on."""
    tree.put("bad", "")
    tree.run("check", *tree.demo("bad"))
    (tree.top / "build/check/99991231-235959").mkdir()
    (tree.top / "build/check/latest").unlink()
    (tree.top / "build/check/latest").symlink_to("99991231-235959")
    assert tree.run("check", "--last-failed", "--list").stdout.split() == tree.demo("bad")


def test_list_runs_nothing(tree: Tree) -> None:
    """It prints ids; those of the extended set if asked for."""
    done = tree.run("check", "--list", DEMO, "-k", "good or extended")
    assert done.stdout.split() == tree.demo(*(f"good[{n}]" for n in range(4)))
    done = tree.run("check", "--list", DEMO, "-m", "extended")
    assert done.stdout.split() == tree.demo("extended")
    assert tree.run("check", "--list", *tree.demo("extended")).stdout.split() == tree.demo(
        "extended"
    )
    assert not (tree.top / "build/check").exists()


def test_baseline(tree: Tree) -> None:
    """Known failures are good, what passes now is told, and --update writes what there is."""
    tree.put("bad", "")
    words = ["check", *tree.demo("good[0]", "bad"), "--baseline", "known.json"]
    assert tree.run(*words, "--update").returncode == 0
    done = tree.run(*words, "--tap", "a.tap")
    assert done.returncode == 0 and f"known: {tree.demo('bad')[0]}" in done.stdout
    assert "# TODO AssertionError: it is bad" in (tree.top / "a.tap").read_text()
    (tree.top / "bad").unlink()
    done = tree.run(*words)
    assert done.returncode == 0 and f"fixed: {tree.demo('bad')[0]}" in done.stdout
    assert tree.run(*words, "--update").returncode == 0
    tree.put("bad", "")
    done = tree.run(*words)
    assert done.returncode == 1 and f"new: {tree.demo('bad')[0]}" in done.stdout


def test_programs_are_tests(tree: Tree) -> None:
    """Unit tests run with all else: case by case in the results, alone by their name; one
    that is not built is skipped, with the reason."""
    for name in ("test_x", "test_y"):
        tree.put(f"tests/unit/{name}.c", "")
    tree.put("build/unit/test_x", UNIT, 0o755)
    done = tree.run("check", "unit/test_x", FAILS="0")
    assert done.returncode == 0, done.stderr
    assert tree.outcomes() == {"unit/test_x::one": "passed", "unit/test_x::two": "passed"}
    done = tree.run("check", "unit", *tree.demo("good[0]"), "-k", "not asan", FAILS="1")
    assert done.returncode == 1 and f"again: {PROGRAM} check unit/test_x\n" in done.stderr
    assert "unit/test_x::two" in done.stderr and "1 != 2" in done.stderr
    assert tree.outcomes() == {
        "unit/test_y": "skipped",
        "unit/test_x::one": "passed",
        "unit/test_x::two": "failed",
        **dict.fromkeys(tree.demo("good[0]"), "passed"),
    }
    assert tree.run("check", "--last-failed", "--list").stdout == "unit/test_x\n"


@pytest.mark.parametrize("status, code", [(0, 0), (1, 1), (125, 125)])
def test_module_without_a_warning(tree: Tree, status: int, code: int) -> None:
    """Is bad if it has one, and not if its kernel's headers are not to be had."""
    tree.put("mk/module-strict", f"#!/bin/sh\necho a warning\nexit {status}\n", 0o755)
    done = tree.run("check", "strict/6.12")
    assert done.returncode == code, done.stderr
    assert ("a warning" in done.stderr) == bool(code)


def test_results_come_as_programs_end(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not when the last has: the time left goes by them."""
    monkeypatch.setenv("FAILS", "0")
    wait = "for i in $(seq 100); do [ -e go ] && break; sleep 0.1; done; [ -e go ] || FAILS=1"
    tree.put("build/unit/test_first", UNIT, 0o755)
    tree.put("build/unit/test_second", UNIT.replace("#!/bin/sh", f"#!/bin/sh\n{wait}"), 0o755)
    run = programs.Programs(tree.top, tree.top, 1, lambda case: tree.put("go", ""))
    run.run(["unit/test_first", "unit/test_second"])
    assert [case.outcome for case in run.results] == ["passed"] * 4


def test_programs_that_cannot_be_run(tree: Tree) -> None:
    """Are not judged, whatever else is right."""
    tree.put("tests/unit/test_x.c", "")
    tree.put("build/unit/test_x", UNIT, 0o755)
    (tree.top / "mk/unit-run").unlink()
    done = tree.run("check", "unit/test_x", *tree.demo("good[0]"))
    assert done.returncode == 125 and "Traceback" not in done.stderr, done.stderr
    assert tree.outcomes()["unit/test_x"] == "unjudged"
    assert "not judged: unit/test_x: did not run: " in done.stdout


def _waits(top: Path) -> bool:
    """Has the run of test_b alone started what runs it?"""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")[1:-1]
            if words == [b"mk/unit-run", b"build/unit/test_b"] and (process / "cwd").samefile(top):
                return True
    return False


@pytest.mark.extended
def test_two_runs_at_once(tree: Tree) -> None:
    """Each has the results of the programs that it has run itself."""
    wait = "#!/bin/sh\nuntil [ -e go-{0} ]; do touch in-{0}; sleep 0.1; done\n"
    for name in ("a", "b", "c"):
        tree.put(f"tests/unit/test_{name}.c", "")
        text = UNIT if name == "b" else UNIT.replace("#!/bin/sh\n", wait.format(name))
        tree.put(f"build/unit/test_{name}", text, 0o755)

    def at(name: str) -> None:
        assert until((tree.top / f"in-{name}").exists, 30)

    with tree.start("check", "unit", "-k", "not asan", "--json", "1", FAILS="1") as first:
        at("a")
        with tree.start("check", "unit/test_b", "--json", "2", FAILS="0") as second:
            assert until(lambda: _waits(tree.top), 30)
            tree.put("go-a", "")
            at("c")
            # several times as long as it takes to see a file that is there
            time.sleep(5 * programs.TICK)
            tree.put("go-c", "")
            assert (first.wait(60), second.wait(60)) == (1, 0)
    assert set(tree.outcomes("2").values()) == {"passed"}


def test_submit_says_what_is_wrong(tree: Tree) -> None:
    """Before a job waits in a queue."""
    done = subprocess.run(
        [tree.top / "slurm/submit", "2", "results", "--kernl", "x"], cwd=tree.top,
        env=tree.environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        128,
        "vdma-run check: unrecognized arguments: --kernl\n",
    )


FACTS = """
from tests.lib.build import kernels
from tests.lib.machine import emulators

def test_parts():
    assert kernels.of(kernels.default()).release == "7.7"
    assert emulators.of(emulators.default()).binary.name == "qemu-system-ppc64"
"""


def made_kernel(top: Path, form: str) -> list[str]:
    """Options for a kernel 7.7 that nobody could boot."""
    image = fakes.kernel(top / "there/vmlinux", "7.7", config="CONFIG_MODULES=y\n")
    if form == "build tree":
        return ["--kernel", "there"]
    if form == "zImage":
        fakes.zimage(top / "zImage", image.read_bytes())
        return ["--kernel", "zImage"]
    if form == "packages":
        root = "usr/lib/modules/7.7"
        fakes.package(top / "a.deb", {f"{root}/vmlinuz": image.read_bytes()})
        fakes.package(top / "b.deb", {f"{root}/kernel/drivers/a.ko": fakes.module("7.7")})
        return ["--kernel", "a.deb", "--kernel", "b.deb"]
    return ["--kernel", "there/vmlinux"]


@pytest.mark.parametrize(
    "form",
    [
        "vmlinux",
        "build tree",
        *(pytest.param(form, marks=pytest.mark.extended) for form in ("zImage", "packages")),
    ],
)
def test_parts_in_any_form(tree: Tree, form: str) -> None:
    """As boot takes them, by names that are relative; also by the command that runs a case
    again."""
    tree.put("tests/demo/test_parts.py", FACTS)
    tree.put("bin/qemu-system-ppc64", '#!/bin/sh\nexec /usr/bin/qemu-system-ppc64 "$@"\n', 0o755)
    cache = {"VDMA_CACHE": str(tree.top / "cache")}
    for qemu in ("qemu-system-ppc64", "bin/qemu-system-ppc64", "bin"):
        words = [*made_kernel(tree.top, form), "--qemu", qemu, "tests/demo/test_parts.py"]
        done = tree.run("check", *words, "--json", "a.json", **cache)
        assert done.returncode == 0, done.stderr + done.stdout
    tree.put("tests/demo/test_parts.py", FACTS.replace("7.7", "7.8"))
    done = tree.run("check", *words, **cache)
    again = re.search(r"again: \S+ (.*)", done.stderr)
    assert done.returncode == 1 and again
    assert "'7.7' == '7.8'" in tree.run(*shlex.split(again[1]), **cache).stderr


def test_module_of_another_kernel(tree: Tree) -> None:
    """Ends the run before it begins: each test would fail."""
    tree.put("x.ko", "")
    (tree.top / "x.ko").write_bytes(fakes.module("7.8"))
    done = tree.run("check", *made_kernel(tree.top, "vmlinux"), "--module", "x.ko", DEMO)
    assert done.returncode == 128 and "built for 7.8, and this is 7.7" in done.stderr


@pytest.mark.parametrize(
    "expression, name, want",
    [
        ("", "unit/test_x", True),
        ("X", "unit/test_x", True),
        ("x and not asan", "unit-asan/test_x", False),
        ("(x or y) and not tsan", "unit-asan/test_y", True),
        ("not (x or y)", "unit/test_z", True),
    ],
)
def test_expressions(expression: str, name: str, want: bool) -> None:
    """As pytest's -k."""
    assert programs.matches(expression, name) == want


@pytest.mark.parametrize("expression", ["a b", "and", "(a", "a or", "()"])
def test_no_expression(expression: str) -> None:
    """One line; nothing is evaluated but truth values."""
    with pytest.raises(ValueError, match="not an expression"):
        programs.matches(expression, "a")


def test_ids_of_other_junit() -> None:
    """What pytest calls a test whose worker died."""
    for test, name in (
        ("tests/a/test_b.py::test_c", "tests.a.test_b::test_c"),
        ("tests/a/test_b.py::test_c[x::y.py]", "tests.a.test_b::test_c[x::y.py]"),
        ("tests/a/test_b.py::TestC::test_d", "tests.a.test_b.TestC::test_d"),
    ):
        assert suite.derived(test) == name


def test_time_left() -> None:
    """By the last run's times; as soon as some have run, by how fast they did."""
    before = {"a": 10.0, "b": 30.0, "c": 20.0}
    assert left(before, [], before, 0, 2) == 30
    assert left(["b", "c"], ["a"], before, 40, 2) == 200
    # a test that has never run takes as long as most
    assert left(["b", "new"], ["a"], before, 10, 2) == 50
    assert left(["new"], [], {}, 0, 1) == 1
