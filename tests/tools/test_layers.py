# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/lib has layers: a package imports from itself and from those before it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

LIB = TOP / "tests/lib"
LAYERS = ("build", "host", "machine", "devicetree", "peers", "guest")
IMPORT = re.compile(r"^from (?:bench|tests)\.?([\w.]*) import", re.MULTILINE)


def test_every_package_has_a_layer() -> None:
    """A new package is given its place in the list."""
    assert {path.parent.name for path in LIB.glob("*/*.py")} == set(LAYERS)
    assert [path.name for path in LIB.glob("*.py")] == ["__init__.py"]


@pytest.mark.parametrize("package", LAYERS)
def test_imports_go_down(package: str) -> None:
    """No circle between packages, and nothing of a single test in the library."""
    below = LAYERS[: LAYERS.index(package) + 1]
    allowed = re.compile(rf"lib\.({'|'.join(below)})(\.\w+)?")

    def wrong(path: Path) -> list[str]:
        found = IMPORT.findall(path.read_text(encoding="utf-8"))
        return [f"{path.name}: {name}" for name in found if not allowed.fullmatch(name)]

    assert [line for path in sorted((LIB / package).glob("*.py")) for line in wrong(path)] == []
