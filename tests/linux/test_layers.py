# SPDX-License-Identifier: GPL-2.0-or-later
"""The module's files call each other in one direction: that of the list in vdp.h."""

from __future__ import annotations

import re
import subprocess

from tests.lib.build.parts import TOP

FOLDER = TOP / "guest/linux"


def order() -> list[str]:
    """The files as vdp.h lists them, from the top down."""
    head = (FOLDER / "vdp.h").read_text(encoding="utf-8").partition("*/\n")[2].partition("*/")[0]
    return re.findall(r"^ \*\t(\w+\.c)\t", head, re.MULTILINE)


def definitions() -> dict[str, str]:
    """Which file has a function or variable for others."""
    command = ["ctags", "--c-kinds=fv", "-x", "--_xformat=%N %F", *sorted(FOLDER.glob("*.c"))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    pairs = (line.split() for line in done.stdout.splitlines())
    return {name: file.rpartition("/")[2] for name, file in pairs if name.startswith("vdp_")}


def test_no_file_calls_one_above_it() -> None:
    """And so there are no circles."""
    files, homes = order(), definitions()
    assert sorted(files) == sorted(path.name for path in FOLDER.glob("*.c"))
    wrong = []
    for number, file in enumerate(files):
        used = set(re.findall(r"\bvdp_\w+", (FOLDER / file).read_text(encoding="utf-8")))
        above = {name for name in used if homes.get(name) in files[:number]}
        wrong += [f"{file}: {name}() of {homes[name]}" for name in sorted(above)]
    assert wrong == []
