# SPDX-License-Identifier: GPL-2.0-or-later
"""mk/part: parts in the cache are complete, however a build has ended."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP

# Half a build already looks like a part: it has a VERSION.
RECIPE = """
part_inputs=""
part_disk_mib=1
part_build() {
	note_version 1
	echo half >$OUT/content
	if [[ -e $TOP/stop ]]; then
		touch $TOP/stopped
		while [[ -e $TOP/stop ]]; do sleep 0.1; done
		exit 1
	fi
	echo whole >$OUT/content
}
"""
LIMIT = 30.0


class Tree:
    """mk/ with one recipe, and a cache of its own."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "tree"
        self.cache = folder / "cache"
        ignored = shutil.ignore_patterns("parts")
        shutil.copytree(TOP / "mk", self.top / "mk", ignore=ignored)
        (self.top / "mk/parts").mkdir()
        (self.top / "mk/parts/tiny.sh").write_text(RECIPE, encoding="ascii")

    def start(self) -> subprocess.Popen[str]:
        """mk/part tiny, in a process group of its own."""
        return subprocess.Popen(
            [self.top / "mk/part", "tiny"],
            env={**os.environ, "VDMA_CACHE": str(self.cache)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def part(self) -> Path:
        """The folder that it prints."""
        with self.start() as part:
            said, errors = part.communicate(timeout=LIMIT)
        assert part.returncode == 0, errors
        return Path(said.strip())

    def stop(self, number: signal.Signals) -> None:
        """Start a build, and end it half-way."""
        (self.top / "stop").touch()
        with self.start() as part:
            end = time.monotonic() + LIMIT
            while not (self.top / "stopped").exists():
                assert time.monotonic() < end and part.poll() is None
                time.sleep(0.05)
            part.send_signal(number)
            assert part.wait(LIMIT) != 0
            # ends a build that has lost its parent
            (self.top / "stop").unlink()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_interrupted_build(run: Path, number: signal.Signals) -> None:
    """An interrupted build leaves no part, and the next one builds it."""
    tree = Tree(run)
    tree.stop(number)
    assert not list((tree.cache / "parts").iterdir())
    assert (tree.part() / "content").read_text() == "whole\n"


def test_half_written_part(run: Path) -> None:
    """An incomplete part is replaced as a whole."""
    tree = Tree(run)
    folder = tree.part()
    (folder / "VERSION").unlink()
    (folder / "content").write_text("half\n")
    (folder / "stray").touch()
    assert tree.part() == folder
    assert (folder / "content").read_text() == "whole\n"
    assert not (folder / "stray").exists()
