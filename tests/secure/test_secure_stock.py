# SPDX-License-Identifier: GPL-2.0-or-later
"""What stock kernels get wrong: stock.json, and the table that is made of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.secure import stock
from tests.secure.matrix import DEVICES, MatrixCase, cases
from vdma_run.baseline import Baseline, Entry

CASE = MatrixCase("6.12", False, True, "", 4)
KERNEL = {"row": "secure-6.12", "version": "6.12.9-1", "build_id": "ab12"}
AS_KNOWN = {
    device: stock.known().reason(f"{CASE.name()}/{device}", ["secure-6.12"]) or stock.RIGHT
    for device in DEVICES
}


def test_page_is_up_to_date() -> None:
    """The baseline makes the table of docs/secure-vm.md; if not, run `make docs`."""
    text = stock.PAGE.read_text(encoding="utf-8")
    assert stock.page(text, stock.known()) == text


def test_no_case_that_nobody_runs() -> None:
    """What the baseline has, the matrix has."""
    there = {f"{case.name()}/{device}" for case in cases() if not case.module for device in DEVICES}
    assert {name for entry in stock.known().entries for name in entry.cases} <= there
    assert {case.kernel for case in cases() if not case.module} == {"6.12", "6.1"}


@pytest.mark.parametrize(
    "cell, new, fixed",
    [
        (AS_KNOWN["rng"], [], []),
        ("right", [], ["6.12-stock-f-4cpu/rng: right"]),
        ("wrong", ["6.12-stock-f-4cpu/rng: wrong"], []),
        ("right, read write", ["6.12-stock-f-4cpu/rng: right, read write"], []),
    ],
)
def test_verdicts(cell: str, new: list[str], fixed: list[str]) -> None:
    """A device that does worse, or does wrong in another way, is new."""
    assert AS_KNOWN["rng"] == "right, write"
    found = stock.verdicts(CASE, {**AS_KNOWN, "rng": cell}, KERNEL)
    assert found == {"new": new, "fixed": fixed}


def test_another_kernel_is_not_known() -> None:
    """What 6.12 gets wrong is new where another does."""
    found = stock.verdicts(CASE, AS_KNOWN, {"row": "secure-7.2", "build_id": "cd34"})
    assert len(found["new"]) == len(DEVICES) - list(AS_KNOWN.values()).count("right")


def test_update(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run has seen comes in, right or wrong, and what has not run stays."""
    monkeypatch.setattr(stock, "SEEN", run)
    found = {**AS_KNOWN, "rng": "right", "blk": "no driver"}
    stock.save(CASE, found, [], KERNEL)
    before, after = stock.known(), stock.updated(stock.known(), run)
    for device in DEVICES:
        reason = after.reason(f"{CASE.name()}/{device}", ["secure-6.12"])
        assert (reason or "right") == found[device]
        other = MatrixCase("6.12", False, False, "", 4).name() + f"/{device}"
        assert after.reason(other, ["secure-6.12"]) == before.reason(other, ["secure-6.12"])
    line = stock.page(stock.PAGE.read_text(encoding="utf-8"), after)
    assert "| 6.12 | yes |  | 4 CPUs | no driver |" in line


def test_a_kernel_that_has_not_run() -> None:
    """Gets no row full of "right"."""
    with pytest.raises(ValueError, match="has no secure-6.1 "):
        stock.page(stock.PAGE.read_text(encoding="utf-8"), Baseline([Entry("secure-6.12")]))


def test_file_is_sorted() -> None:
    """As an update writes it, so that its changes are all that git shows."""
    assert stock.FILE.read_text(encoding="utf-8") == stock.known().text()
    assert json.loads(stock.FILE.read_text(encoding="utf-8"))["version"] == 1
