# SPDX-License-Identifier: GPL-2.0-or-later
"""Baselines: a known failure is good, a new one bad, and a mended case is reported."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from vdma_run import baseline
from vdma_run.baseline import Baseline, Entry
from vdma_run.results import BadResults, Case, Results


def results(kernel: str = "6.12", qemu: str = "vdma", **outcomes: str) -> Results:
    """Cases by name, which all booted the same."""
    facts = {"kernel.row": kernel, "kernel.build_id": f"id-{kernel}", "qemu.row": qemu}
    cases = {
        n: Case(n, outcome, message=f"{n} is {outcome}", properties=facts)
        for n, outcome in outcomes.items()
    }
    return Results(cases)


KNOWN = Baseline([Entry("6.12", "*", {"a": "since ever", "b": "x"})])


def test_verdicts() -> None:
    """A known failure, a new one, and a case that passes now."""
    found = KNOWN.judge(results(a="failed", b="passed", c="failed", d="passed", e="skipped"))
    assert found == {"a": "known", "b": "fixed", "c": "new"}


def test_skipped_is_not_fixed() -> None:
    """Nor what could not be judged."""
    assert KNOWN.judge(results(a="skipped", b="unjudged")) == {}


def test_exact() -> None:
    """Then a case that fails in another way is new, until an update."""
    known = Baseline([Entry("6.12", "vdma", {"a": "a is failed", "b": "b is slow"})], exact=True)
    there = results(a="failed", b="failed")
    assert known.judge(there) == {"a": "known", "b": "new"}
    known.update(there)
    assert known.judge(there) == {"a": "known", "b": "known"}


@pytest.mark.parametrize(
    "kernel, qemu, known",
    [
        ("6.12", "vdma", True),
        ("id-6.12", "*", True),
        ("*", "vdma", True),
        ("*", "*", True),
        ("6.1", "*", False),
        ("6.12", "stock", False),
        ("id-6.1", "vdma", False),
        ("6", "*", False),
    ],
)
def test_kernel_and_qemu(kernel: str, qemu: str, known: bool) -> None:
    """An entry is about those that it names, by any of their names."""
    judged = Baseline([Entry(kernel, qemu, {"a": ""})]).judge(results(a="failed"))
    assert judged == {"a": "known" if known else "new"}


def test_case_that_booted_nothing() -> None:
    """Is judged by what the run was asked for."""
    there = Results({"a": Case("a", "failed")}, {"kernel": "6.12"})
    assert KNOWN.judge(there) == {"a": "known"}
    assert KNOWN.judge(Results({"a": Case("a", "failed")}, {"kernel": "6.1"})) == {"a": "new"}
    assert KNOWN.judge(Results({"a": Case("a", "failed")})) == {"a": "new"}


def test_update(tmp_path: Path) -> None:
    """After it nothing is new or fixed; what did not run, and other kernels, stay."""
    states = ("passed", "failed", "skipped")
    for before, after in itertools.product(itertools.product(states, repeat=2), repeat=2):
        known = Baseline([Entry("6.1", "*", {"a": "other"}), Entry("6.12", "*", {"z": "not run"})])
        known.update(results(**dict(zip("ab", before))))
        there = results(**dict(zip("ab", after)))
        known.update(there)
        (tmp_path / "b.json").write_text(known.text())
        again = baseline.read(tmp_path / "b.json")
        assert set(again.judge(there).values()) <= {"known"}
        assert again.judge(results(z="failed")) == {"z": "known"}
        assert again.judge(results("6.1", a="failed")) == {"a": "known"}
        assert again.text() == known.text()


def test_update_keeps_the_comment(tmp_path: Path) -> None:
    """Such as a licence."""
    (tmp_path / "b.json").write_text('{"$comment": "mine", "version": 1, "entries": []}')
    known = baseline.read(tmp_path / "b.json")
    known.update(results(a="failed"))
    assert known.text().splitlines()[1] == ' "$comment": "mine",'


def test_update_names_rows_and_build_ids() -> None:
    """A row by its name, a kernel from a path by its build-id."""
    known = Baseline()
    known.update(results(a="failed"))
    known.update(results("/src/vmlinux", a="failed"))
    found = sorted((e.kernel, e.qemu, e.cases) for e in known.entries)
    want = {"a": "a is failed"}
    assert found == [("6.12", "vdma", want), ("id-/src/vmlinux", "vdma", want)]


@pytest.mark.parametrize(
    "text, line",
    [
        (None, "No such file or directory"),
        ("{", "not a baseline"),
        ("[]", "not a baseline: want version 1"),
        ('{"version": 2, "entries": []}', "not a baseline: want version 1"),
        ('{"version": 1}', "not a baseline: 'entries'"),
        ('{"version": 1, "entries": [{"cpu": 1}]}', "not a baseline"),
        ('{"version": 1, "entries": [{"kernel": 6.12}]}', "not a baseline: kernel and qemu"),
        ('{"version": 1, "entries": [{"cases": {"a": 1}}]}', "not a baseline: the reason"),
    ],
)
def test_bad_file(tmp_path: Path, text: str | None, line: str) -> None:
    """One line that names the file."""
    file = tmp_path / "b.json"
    if text:
        file.write_text(text)
    with pytest.raises(BadResults) as caught:
        baseline.read(file)
    assert str(caught.value).startswith(f"cannot read {file}: {line}")
