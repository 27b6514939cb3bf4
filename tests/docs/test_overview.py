# SPDX-License-Identifier: GPL-2.0-or-later
"""The two walks in docs/overview.md: the functions are where it says, and no file calls
back into an earlier one."""

from __future__ import annotations

import re

from tests.lib.build.parts import TOP

STEP = re.compile(r"^\d+\. `([\w/.]+)`: (.*(?:\n {3,}.*)*)", re.MULTILINE)
DEFINED = re.compile(r"^[a-z][^;={]*?\b(\w+)\([^;{]*\)\n\{", re.MULTILINE)
NAME = re.compile(r"`(\w+)\(\)`|`(vdma-[\w@]+)`")


def walks() -> list[list[tuple[str, list[str]]]]:
    """For each section that is a walk, its files and the functions named with each."""
    text = (TOP / "docs/overview.md").read_text(encoding="utf-8")
    found = []
    for section in text.split("\n## "):
        if section.startswith("How a "):
            steps = STEP.findall(section)
            found.append([(file, ["".join(n) for n in NAME.findall(said)]) for file, said in steps])
    return found


def test_functions_are_in_their_files() -> None:
    """Each step names at least one."""
    assert [len(walk) for walk in walks()] == [12, 3]
    for walk in walks():
        for file, names in walk:
            words = set(re.findall(r"[\w@-]+", (TOP / file).read_text(encoding="utf-8")))
            assert names and set(names) <= words, file


def test_no_step_back() -> None:
    """A file calls no function of an earlier one."""
    for walk in walks():
        earlier: dict[str, str] = {}
        for file, _ in walk:
            text = (TOP / file).read_text(encoding="utf-8")
            called = set(re.findall(r"\b(\w+)\(", text)) & earlier.keys()
            assert not called, [f"{file} calls {name}() of {earlier[name]}" for name in called]
            earlier |= {name: file for name in DEFINED.findall(text)}
