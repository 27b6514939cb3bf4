# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/library.md names every public header. tests/library compiles and runs its example."""

from __future__ import annotations

import re

from tests.lib.build.parts import TOP

ROW = re.compile(r"^\| (`\w+\.h`(?:, `\w+\.h`)*) \| (.*) \|$", re.MULTILINE)


def test_every_header_is_listed_once() -> None:
    """With what it is for."""
    text = (TOP / "docs/library.md").read_text(encoding="utf-8")
    rows = [(re.findall(r"\w+\.h", names), purpose) for names, purpose in ROW.findall(text)]
    assert all(purpose.strip() for _, purpose in rows)
    listed = sorted(name for names, _ in rows for name in names)
    assert listed == sorted(header.name for header in TOP.glob("include/vdma/*.h"))
