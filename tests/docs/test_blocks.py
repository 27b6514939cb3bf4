# SPDX-License-Identifier: GPL-2.0-or-later
"""The blocks of code in README, docs/ and the manual pages, and the parser of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import blocks


def test_every_block_names_its_language() -> None:
    """So that no command hides in a block of another kind; no block is indented instead."""
    for page in blocks.pages():
        for block in blocks.blocks(page):
            assert block.language in blocks.LANGUAGES, f"{page}:{block.line}"
        if page.suffix == ".md":
            assert not re.search(r"\n\n {4}\S", blocks.prose(page)), page


MARKDOWN = """Run `make  help`, or
`mk/part
slof`; `mk/part` is a file.

```sh
one \\
    two    # comment
# comment
three <<END
text
END
```

```text
four
```
"""
MANUAL = r""".Sh EXAMPLES
.Bd -literal -offset indent
one \e
    two
.Ed
Text
.EX
three
.EE
"""


@pytest.mark.parametrize(
    "name, text, expected",
    [
        ("page.md", MARKDOWN, ["one two", "three <<END", "make help", "mk/part slof"]),
        ("page.1", MANUAL, ["one two", "three"]),
    ],
    ids=["markdown", "manual"],
)
def test_parser(run: Path, name: str, text: str, expected: list[str]) -> None:
    """Blocks, displays, continuation lines, here-documents, spans; nothing else."""
    page = run / name
    page.write_text(text, encoding="utf-8")
    assert [command.name for command in blocks.commands(page)] == expected
