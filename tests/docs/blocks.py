# SPDX-License-Identifier: GPL-2.0-or-later
"""Finds blocks of code, and commands, in README, docs/ and the manual pages.

In Markdown a block is fenced and names its language: `sh` has commands to type at the
top of the tree, `bash` part of a script. In a manual page each literal display is `sh`.
A command is a line of such a block, with its continuation lines and here-document, or a
span of code in the text that begins with a program and has arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.lib.build.parts import TOP

LANGUAGES = {"bash", "c", "dts", "forth", "json", "make", "python", "sh", "text", "toml"}

# The first word of a span that is a command, and not the name of a file or a tool
PROGRAM = re.compile(
    r"(make|taskset|vdmactl|insmod|modprobe|(qemu-system|powerpc64le-linux-gnu)-\w+|\S*python3"
    r"|(mk|build|firmware)/\S+) \S"
)
HERE_DOCUMENT = re.compile(r"<<(\w+)")
FENCE = "```"
DISPLAYS = {".Bd": ".Ed", ".EX": ".EE", ".nf": ".fi"}
ESCAPES = {r"\e": "\\", r"\-": "-", r"\&": ""}


@dataclass(frozen=True)
class Block:
    """A block of code: its page, the line before it, its language."""

    page: Path
    line: int
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """A command as it is typed, and where it stands."""

    page: Path
    line: int
    text: str

    @property
    def name(self) -> str:
        """What it is known by: the first line without comment, blanks squeezed."""
        lines = self.text.replace("\\\n", " ").split("\n")
        return " ".join(re.sub(r"\s#\s.*", "", lines[0]).split())

    @property
    def place(self) -> str:
        """FILE:LINE"""
        return f"{self.page.relative_to(TOP)}:{self.line}"


def pages() -> list[Path]:
    """README and the like, docs/, manual pages: sources, not what was built."""
    folders = [path for path in TOP.iterdir() if path.is_dir() and path.name[0] != "."]
    manuals = [page for path in folders if path.name != "build" for page in path.rglob("*.[1-8]")]
    return sorted([*TOP.glob("*.md"), *TOP.glob("docs/**/*.md"), *manuals])


def _markdown(page: Path, text: str) -> Iterator[Block]:
    start, language, lines = 0, "", list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith(FENCE):
            lines.append(line)
        elif start:
            yield Block(page, start, language, "\n".join(lines) + "\n")
            start = 0
        else:
            start, language, lines = number, line.removeprefix(FENCE), []
    assert not start, f"{page}:{start}: a block without an end"


def _manual(page: Path, text: str) -> Iterator[Block]:
    start, end, lines = 0, "", list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        word = line.split(" ", 1)[0]
        if start and word == end:
            plain = "\n".join(lines) + "\n"
            for escape, character in ESCAPES.items():
                plain = plain.replace(escape, character)
            yield Block(page, start, "sh", plain)
            start = 0
        elif start:
            lines.append(line)
        elif word in DISPLAYS:
            start, end, lines = number, DISPLAYS[word], []
    assert not start, f"{page}:{start}: a display without an end"


def blocks(page: Path) -> list[Block]:
    """The blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return list((_markdown if page.suffix == ".md" else _manual)(page, text))


def _typed(block: Block) -> Iterator[Command]:
    lines = iter(enumerate(block.text.splitlines(), block.line + 1))
    for number, line in lines:
        if not line.strip() or line.startswith("#"):
            continue
        text = line
        while text.endswith("\\"):
            text += "\n" + next(lines)[1]
        found = HERE_DOCUMENT.search(text)
        while found and text.rsplit("\n", 1)[-1] != found[1]:
            text += "\n" + next(lines)[1]
        yield Command(block.page, number, text)


def prose(page: Path) -> str:
    """The text of a Markdown page, with empty lines for its blocks."""
    fenced = re.compile(rf"^{FENCE}.*?^{FENCE}$", re.MULTILINE | re.DOTALL)
    return fenced.sub(lambda m: "\n" * m[0].count("\n"), page.read_text(encoding="utf-8"))


def _spans(page: Path) -> Iterator[Command]:
    """Commands in running text."""
    text = prose(page)
    for found in re.finditer(r"`([^`]+)`", text):
        span = " ".join(found[1].split())
        if PROGRAM.match(span):
            yield Command(page, text.count("\n", 0, found.start()) + 1, span)


def commands(page: Path) -> list[Command]:
    """The commands of a page: first those of its blocks, then those in the text."""
    typed = [c for block in blocks(page) if block.language == "sh" for c in _typed(block)]
    return typed + (list(_spans(page)) if page.suffix == ".md" else [])


def example(page: Path, language: str, first: str) -> str:
    """The one block of a page in this language that begins so."""
    (found,) = (b for b in blocks(page) if b.language == language and b.text.startswith(first))
    return found.text
