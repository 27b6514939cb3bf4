# SPDX-License-Identifier: GPL-2.0-or-later
"""Folders of runs: two runs at the same time never share one."""

from __future__ import annotations

import os
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP
from tests.lib.host import runs


def test_each_run_has_its_own(run: Path) -> None:
    """Runs that begin in one second get separate folders, and the link points to the newest."""
    with ExitStack() as stack:
        folders = [stack.enter_context(runs.fresh(run / "boot")) for _ in range(5)]
        assert len(set(folders)) == 5 and folders == sorted(folders)
        for folder in folders:
            (folder / "console.log").touch()
        latest = run / "boot" / runs.LATEST
        assert latest.resolve() == folders[-1].resolve()
        assert not Path(os.readlink(latest)).is_absolute()


def test_a_folder_in_use_is_refused(run: Path) -> None:
    """A folder in use is refused with one line, before anything in it changes."""
    command = ["tools/vdma-run/vdma-run", "boot", "--run", run / "mine"]
    with runs.locked(run / "mine") as folder:
        (folder / "devices.json").write_text("[]")
        done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (128, "")
        assert done.stderr == f"vdma-run boot: cannot use {folder}: another run is using it\n"
        assert (folder / "devices.json").read_text() == "[]"
        with pytest.raises(runs.Busy):
            with runs.use(folder, run):
                pass
    with runs.use(folder, run) as again:
        assert again == folder


def test_old_runs_go_unless_in_use(run: Path) -> None:
    """Only old runs beyond the newest ten, and not in use, are removed."""
    long_ago = time.time() - 2 * runs.DAY
    old = [run / f"20200101-0000{n:02}" for n in range(runs.KEPT + 5)]
    for folder in old:
        folder.mkdir()
        (folder / runs.LOCK).touch()
        if folder != old[2]:
            os.utime(folder / runs.LOCK, (long_ago, long_ago))
    (run / "trees").mkdir()
    with runs.locked(old[0]), runs.fresh(run) as new:
        os.utime(old[0] / runs.LOCK, (long_ago, long_ago))
        kept = [folder for folder in old if folder.exists()]
        assert kept == [old[0], old[2], *old[-runs.KEPT + 1 :]]
        assert new.exists() and (run / "trees").exists()


def test_what_cannot_be_removed_stays(run: Path) -> None:
    """A folder of a run by another user does not stop one's own."""
    old = [run / f"20200101-0000{n:02}" for n in range(runs.KEPT + 2)]
    for folder in old:
        # a lock that cannot be opened, whoever runs this
        (folder / runs.LOCK).mkdir(parents=True)
        os.utime(folder / runs.LOCK, (0, 0))
    with runs.fresh(run) as new:
        assert new.exists() and old[0].exists()
