# SPDX-License-Identifier: GPL-2.0-or-later
"""The tests that docs/testing.md and docs/boot.md teach to write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import blocks
from tests.docs.scratch import TESTING, add_examples, run_in, scratch
from tests.lib.build.parts import TOP

BOOT = TOP / "docs/boot.md"


def pytest_in(tree: Path, *args: str) -> tuple[int, str]:
    """The same of pytest."""
    return run_in(tree, "/usr/bin/python3", "-m", "pytest", "-p", "no:cacheprovider", *args)


def test_examples_are_tests() -> None:
    """Python takes them, and what they import is there."""
    with scratch() as tree:
        add_examples(tree)
        boot = blocks.example(BOOT, "python", "from tests")
        (tree / "tests/linux/test_boot_example.py").write_text(boot)
        status, said = pytest_in(tree, "-q", "--collect-only", "tests/linux", "-k", "example")
        assert status == 0, said
        names = re.findall(r"^tests/linux/\w*example\.py::(\w+)$", said, re.MULTILINE)
        assert names == ["test_disable_ddw", "test_sixteen_cpus", "test_forgot_the_io"]


@pytest.mark.extended
@pytest.mark.timeout(1200)
def test_bare_metal_example() -> None:
    """It passes in both byte orders; with the check that fails it says so."""
    fails = blocks.example(TESTING, "c", "report(")
    shown = blocks.example(TESTING, "text", "not ok").splitlines()[:2]
    with scratch(built=False) as tree:
        add_examples(tree)
        status, said = run_in(tree, "make", "guest")
        assert status == 0, said
        status, said = pytest_in(tree, "-k", "boot-sums", "tests/guest")
        assert status == 0 and re.search(r"\b2 passed", said), said
        program = tree / "guest/baremetal/test_sums.c"
        text = program.read_text(encoding="utf-8")
        program.write_text(re.sub(r"report\(.*\);", fails.strip(), text))
        status, said = run_in(tree, "make", "guest")
        assert status == 0, said
        status, said = pytest_in(tree, "-k", "boot-sums and be", "tests/guest")
        assert status == 1 and all(line in said for line in shown), said
