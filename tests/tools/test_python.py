# SPDX-License-Identifier: GPL-2.0-or-later
"""Rules for the Python code: layers of tests/lib, and tests that say what they prove."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

LIB = TOP / "tests/lib"
LAYERS = ("build", "host", "machine", "devicetree", "peers", "guest")
IMPORT = re.compile(r"^from (?:bench|tests)\.?([\w.]*) import", re.MULTILINE)


def test_every_package_has_a_layer() -> None:
    """Every package of tests/lib is in the list, and no module is outside of one."""
    assert {path.parent.name for path in LIB.glob("*/*.py")} == set(LAYERS)
    assert [path.name for path in LIB.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("package", LAYERS)
def test_imports_go_down(package: str) -> None:
    """No package imports from a later one or from a test."""
    below = LAYERS[: LAYERS.index(package) + 1]
    allowed = re.compile(rf"lib\.({'|'.join(below)})(\.\w+)?")

    def wrong(path: Path) -> list[str]:
        found = IMPORT.findall(path.read_text(encoding="utf-8"))
        return [f"{path.name}: {name}" for name in found if not allowed.fullmatch(name)]

    assert [line for path in sorted((LIB / package).glob("*.py")) for line in wrong(path)] == []


def silent(path: Path) -> Iterator[str]:
    """Tests of a file without a docstring."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            if not ast.get_docstring(node):
                yield f"{path.relative_to(TOP)}: {node.name}"


def test_every_test_says_what_it_proves() -> None:
    """Every test function has a docstring."""
    files = sorted((TOP / "tests").rglob("test_*.py"))
    assert len(files) > 40
    assert [line for path in files for line in silent(path)] == []
