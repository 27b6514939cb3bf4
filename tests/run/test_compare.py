# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run compare: results of tests and of benchmarks, in each form, and its status."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bench.sessions import EVEN, GOOD, SLOW, session
from tests.lib.build.parts import TOP
from vdma_run import cli, compare, results
from vdma_run.results import Case, Results

SLOWER = session({"direct": (1.0,) * 5, "bypass": SLOW, "tce": SLOW}, {"tce": 16})
COUNTED = session({"direct": (1.0,) * 5, "bypass": EVEN, "tce": SLOW}, {"tce": 17})


def outcomes(version: str = "1", **them: str) -> Results:
    """Cases by name, with a kernel of this version."""
    facts = {"kernel.version": version, "log": f"/tmp/{version}"}
    return Results({n: Case(n, outcome, properties=facts) for n, outcome in them.items()})


@pytest.fixture(name="files")
def some_files(tmp_path: Path) -> Mapping[str, Path]:
    """Results of both kinds, by name."""
    for name, there in (("good", GOOD), ("slower", SLOWER), ("counted", COUNTED)):
        there.write(tmp_path / name)
    for name, outcome in (("passes", "passed"), ("fails", "failed"), ("skips", "skipped")):
        text = results.text_junit if name == "skips" else results.text_json
        (tmp_path / name).write_text(text(outcomes(name, **{"a[x|y]": outcome, "b": "passed"})))
    (tmp_path / "alien").write_text(results.text_json(outcomes(z="passed")))
    (tmp_path / "newer").write_text(json.dumps({"version": 99}))
    return {path.name: path for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    "names, fail_on, code",
    [
        ("good good", "counts,speed,cases", 0),
        ("good slower", "", 0),
        ("good slower", "counts,cases", 0),
        ("good slower", "speed", 1),
        ("slower good", "speed", 0),
        ("good counted", "speed", 0),
        ("good counted", "counts", 1),
        ("passes fails", "", 0),
        ("passes fails", "cases", 1),
        ("passes passes fails", "cases", 1),
        ("fails passes", "cases", 0),
        ("fails fails", "cases", 0),
        ("fails passes fails", "cases", 0),
        ("passes skips", "cases", 0),
        ("passes alien", "", 125),
        ("passes good", "", 125),
        ("good newer", "", 128),
        ("good none", "", 128),
        ("good", "", 128),
        ("good good", "time", 128),
    ],
)
def test_status(files: Mapping[str, Path], names: str, fail_on: str, code: int) -> None:
    """1 only for what was asked for, and only where it got worse."""
    words = [str(files.get(name, "/no/such/file")) for name in names.split()]
    assert cli.main(["compare", *words, *(["--fail-on", fail_on] if fail_on else [])]) == code


def test_cases_that_differ() -> None:
    """Each with its outcome in every file; and what was run."""
    sides = [
        outcomes("1", a="passed", b="passed"),
        outcomes("2", a="failed"),
        outcomes("1", a="passed"),
    ]
    found = compare.compare_cases(["x", "y", "z"], sides)
    text = found.text().splitlines()
    assert text[:4] == [
        "A: x, 2 cases: 2 passed",
        "B: y, 1 cases: 1 failed",
        "C: z, 1 cases: 1 passed",
        "kernel.version: 1 -> 2 -> 1",
    ]
    assert text[5].split() == [
        "a",
        "passed",
        "->",
        "failed",
        "->",
        "passed",
        "DIFFERS,",
        "the",
        "same",
    ]
    assert text[6].split() == ["b", "passed", "->", "-", "->", "-", "DIFFERS"]
    assert text[-1] == "2 of 2 cases differ."


def test_forms(files: Mapping[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    """JSON and markdown have the lines of the text."""
    words = [str(files[name]) for name in ("passes", "fails")]
    assert cli.main(["compare", *words, "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    (line,) = content["lines"]
    assert (line["kind"], line["name"], line["values"]) == ("cases", "a[x|y]", ["passed", "failed"])
    assert cli.main(["compare", *words, "--format", "markdown"]) == 0
    table = [row for row in capsys.readouterr().out.splitlines() if row.startswith("|")]
    assert table[0] == "|  | A | B |  | change |  |" and table[2].startswith(
        "| a[x\\|y] | passed | failed |"
    )
    assert len({row.replace("\\|", "").count("|") for row in table}) == 1


def test_make_calls_it(files: Mapping[str, Path]) -> None:
    """make bench-compare is the same."""

    def make(a: str, b: str) -> tuple[int, str, str]:
        command = ["make", "-s", "bench-compare", f"A={files.get(a, '')}", f"B={files.get(b, '')}"]
        done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    status, out, err = make("good", "good")
    assert (status, err) == (0, "") and "0 of 12 figures differ" in out
    status, out, err = make("good", "newer")
    assert (status, out) == (2, "")
    assert err.startswith(f"vdma-run compare: cannot read {files['newer']}: version 99")
    assert make("", "")[2].startswith("vdma-run compare: want two files of results or more\n")
