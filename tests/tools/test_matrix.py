# SPDX-License-Identifier: GPL-2.0-or-later
"""make check-matrix: the rows of its combinations, and combinations that fail. Stubs
record the programs that it would run."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.lib.build import rows
from tests.lib.build.parts import TOP
from tests.lib.host.stubtree import StubTree

CHECK = "bin/python"
PASSED = 'echo "3 cases: 3 passed in 0:10"\n'
KERNELS = rows.kernels()
QEMUS = [name for name, fields in rows.read("qemus").items() if fields[-1] == "matrix"]


@pytest.fixture(name="tree")
def _tree(run: Path) -> StubTree:
    """Nothing is built or installed, and all tests pass."""
    tree = StubTree(run)
    for name in ("install", "module", "module-strict"):
        tree.stub(f"mk/{name}")
    tree.stub("mk/part", 'printf "/%s\\n" "$@"')
    tree.stub(CHECK, PASSED)
    return tree


def test_a_row_is_what_is_booted(tree: StubTree) -> None:
    """Each row is tested once with its own kernel or QEMU; KERNEL= and QEMU= set the other."""
    done = tree.run(
        "make", "check-matrix", f"PYTHON={tree.top}/{CHECK}", "CHECK_NEEDS=",
        "KERNEL=7.2", "QEMU=vdma-10.2",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    calls = tree.calls(CHECK)
    program = ("tools/vdma-run/vdma-run", "check")
    assert all(call.args[:2] == program for call in calls)
    assert [(call.kernel, call.qemu) for call in calls] == [
        ("7.2", "vdma-10.2"),
        *((kernel, "vdma-10.2") for kernel in KERNELS),
        *(("7.2", qemu) for qemu in QEMUS),
    ]
    for name in ("strict", "modes", *KERNELS, *QEMUS):
        assert f"MATRIX  {name}: passed" in done.stdout


def test_a_qemu_is_built_before_its_tests(tree: StubTree) -> None:
    """A QEMU is built before its tests, whose time is limited, and without it none runs."""
    missing = QEMUS[0]
    tree.stub("mk/part", f'[[ $1 != qemu-{missing} ]]\n')
    done = tree.run("mk/check-matrix", CHECK)
    assert done.returncode == 1
    assert [call.args for call in tree.calls("mk/part")] == [(f"qemu-{qemu}",) for qemu in QEMUS]
    assert [call.qemu for call in tree.calls(CHECK) if call.qemu] == QEMUS[1:]
    assert f"part-{missing}: status 1; log: " in done.stdout


def test_a_secure_row_is_its_own() -> None:
    """The cases of make check in the secure matrix use the requested kernel."""
    for kernel in rows.kernels(secure_ones=True):
        done = subprocess.run(
            ["/usr/bin/python3", "-m", "pytest", "-q", "--collect-only", "-m", "not extended",
             "-p", "no:cacheprovider", "tests/secure/test_secure_matrix.py"],
            cwd=TOP, env={**os.environ, "VDMA_KERNEL": kernel},
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        cases = re.findall(r"\[(.*?)-(?:module|stock)-", done.stdout)
        assert len(cases) >= 2 and set(cases) == {kernel.removeprefix("secure-")}


def test_each_combination_has_a_report(tree: StubTree) -> None:
    """Each combination writes a JUnit report of its own."""
    assert tree.run("mk/check-matrix", CHECK).returncode == 0
    reports = [call.args[-1] for call in tree.calls(CHECK)]
    assert reports == [
        f"--junit={tree.top}/build/junit/matrix-{name}.xml"
        for name in ("modes", *KERNELS, *QEMUS)
    ]


def test_no_test_is_no_success(tree: StubTree) -> None:
    """A row without tests fails, and the other rows are still tested."""
    tree.stub(CHECK, "[[ $VDMA_KERNEL != 6.1 ]] || exit 125\n" + PASSED)
    done = tree.run("mk/check-matrix", CHECK)
    assert done.returncode == 1
    assert "check-matrix: 6.1: no test for this row, or it cannot be judged; log: " in done.stdout
    assert len(tree.calls(CHECK)) == 1 + len(KERNELS) + len(QEMUS)
