# SPDX-License-Identifier: GPL-2.0-or-later
"""mk/module and mk/module-strict with a module that has a warning."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lib.build import rows
from tests.lib.build.parts import TOP

KERNEL = rows.kernels()[0]


@pytest.mark.extended
@pytest.mark.parametrize(
    "line, says",
    [
        ("static int vdp_planted(void) { return 0; }", "defined but not used"),
        ("int vdp_planted;", "Should it be static?"),
    ],
    ids=["compiler", "sparse"],
)
def test_warning(run: Path, line: str, says: str) -> None:
    """Stops no build, and is an error to mk/module-strict until it is mended."""
    for name in ("guest", "include", "mk"):
        shutil.copytree(TOP / name, run / name)
    source = run / "guest/linux/main.c"
    mended = source.read_text("utf-8")
    source.write_text(f"{mended}{line}\n", "utf-8")
    assert subprocess.run(["mk/module", KERNEL], cwd=run, check=False).returncode == 0
    for _ in range(2):
        done = strict(run)
        assert done.returncode == 1 and says in done.stderr, done.stderr
    source.write_text(mended, "utf-8")
    assert strict(run).returncode == 0


def strict(top: Path) -> subprocess.CompletedProcess[str]:
    """mk/module-strict's end."""
    return subprocess.run(
        ["mk/module-strict", KERNEL], cwd=top, check=False, text=True, capture_output=True
    )
