# SPDX-License-Identifier: GPL-2.0-or-later
"""A tree with vdma-run and tests that boot nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.run.tree import Tree


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """A command that is called here does not change how the tests take signals."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def tree(run: Path) -> Tree:
    """In this test's folder."""
    return Tree(run / "tree")
