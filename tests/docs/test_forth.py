# SPDX-License-Identifier: GPL-2.0-or-later
"""The words in docs/firmware.md that show what the plugin sees work at SLOF's prompt."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs import blocks
from tests.lib.build.parts import TOP
from tests.lib.machine.devices import F_OPTIONS
from tests.lib.machine.slof import Prompt

DISK = [
    "-blockdev",
    "null-co,node-name=d,read-zeroes=on",
    "-device",
    f"virtio-blk-pci,drive=d,addr=1,{F_OPTIONS}",
]
# Promises of comments in the page about two lines: the function has an address, and
# features include VERSION_1 and ACCESS_PLATFORM, bits 32 and 33.
ANSWERS = {"find-node": "-1", "vdma-features@": "3"}


@pytest.mark.extended
def test_words(run: Path) -> None:
    """SLOF knows each of them."""
    text = blocks.example(TOP / "docs/firmware.md", "forth", "hex")
    with Prompt(run, [TOP / "firmware/slof/vdma.fs"], DISK) as slof:
        assert slof.channel
        for line in text.splitlines():
            typed = line.split("\\ ")[0].strip()
            slof.channel.sendall(f"{typed}\r".encode())
            said = slof.said()
            assert "undefined word" not in said.lower(), said
            for word, answer in ANSWERS.items():
                assert word not in typed or answer in said.split(typed)[1], said
