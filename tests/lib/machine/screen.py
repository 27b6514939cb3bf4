# SPDX-License-Identifier: GPL-2.0-or-later
"""A picture for a guest's frame buffer, to compare with its screen."""

from __future__ import annotations

import random
from pathlib import Path

from tests.lib.machine.qmp import Qmp

# Small, for all of it goes through a device's pool of shared pages.
WIDTH, HEIGHT = 160, 120
STRIDE = 4 * WIDTH


class Picture:
    """Random dots, always the same: as XRGB8888 for the guest, as RGB for us."""

    def __init__(self) -> None:
        source = random.Random(1)
        dots = [source.randbytes(3) for _ in range(WIDTH * HEIGHT)]
        self.xrgb = b"".join(dot[::-1] + b"\0" for dot in dots)
        self._rgb = b"".join(dots)

    def shown(self, qmp: Qmp, device: str, run: Path) -> bool:
        """Does a device's screen show it?"""
        file = run / f"{device}.ppm"
        qmp.command("screendump", filename=str(file), device=device)
        data = file.read_bytes()
        return data == b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + self._rgb
