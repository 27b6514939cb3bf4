# SPDX-License-Identifier: GPL-2.0-or-later
"""Links between README and docs/ lead to a file, and to a heading in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs import blocks
from tests.lib.build.parts import TOP


def anchors(page: Path) -> set[str]:
    """The headings of a page, as GitHub makes anchors of them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


PAGES = [str(page.relative_to(TOP)) for page in blocks.pages() if page.suffix == ".md"]


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Each of them."""
    text = (TOP / page).read_text(encoding="utf-8")
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", text):
        file, _, anchor = link.partition("#")
        target = (TOP / page).parent / file if file else TOP / page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link
