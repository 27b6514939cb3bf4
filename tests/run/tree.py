# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of vdma-run and what it needs, with tests of its own that end as a test wants."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.lib.build.parts import TOP

LIMIT = 60.0
PROGRAM = "tools/vdma-run/vdma-run"

DEMO = """
import os, signal, time
from pathlib import Path
import pytest
from tests.lib.build.parts import Missing, Wrong
from tests.lib.guest.linux import Result
from tests.lib.guest.report import parse

@pytest.mark.parametrize("number", range(4))
def test_good(number): pass

def test_bad(run):
    (run / "console.log").write_text("Oops")
    assert not Path("bad").exists(), "it is bad"

def test_booted(run):
    (run / "versions.json").write_text('{"kernel": {"row": "6.12", "version": "6.12.9-1"}}')

def test_skipped(): pytest.skip("no such thing")

def test_missing(): raise Missing("part x is not there")

def test_wrong(): raise Wrong("built for another kernel")

def test_not_begun(): Result(parse(""), "", [], ["guest: reported nothing"], 0, {}).check()

def test_begun(): Result(parse("begin\\n"), "", [], ["guest: no report"], 0, {}).check()

def test_crash(): os.kill(os.getpid(), signal.SIGKILL)

def test_exit(): os.kill(os.getppid(), signal.SIGINT); time.sleep(3)

@pytest.mark.extended
def test_extended(): pass

def test_slow():
    Path("slow").write_text(str(os.getpid()))
    while not Path("quick").exists(): time.sleep(0.05)

@pytest.fixture
def unclean():
    yield
    assert False, "it is not clean"

def test_cleanup(unclean): pass
"""

BROKEN = "import nothing_of_this_name\n"


class Tree:
    """In FOLDER. DEMO's tests are in tests/demo/test_demo.py."""

    def __init__(self, folder: Path) -> None:
        self.top = folder
        for path in ("tools/vdma-run", "tests/lib", "mk", "slurm"):
            if (TOP / path).exists():
                shutil.copytree(
                    TOP / path, folder / path, ignore=shutil.ignore_patterns("__pycache__")
                )
        for path in ("tests/__init__.py", "tests/conftest.py", "pytest.ini"):
            shutil.copy(TOP / path, folder / path)
        self.put("tests/demo/test_demo.py", DEMO)

    def put(self, path: str, text: str, mode: int = 0o644) -> Path:
        """A file of the tree."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(mode)
        return file

    def environment(self, **more: str) -> dict[str, str]:
        """What a user has, and MORE."""
        return {**{name: os.environ[name] for name in ("PATH", "HOME")}, "JOBS": "1", **more}

    def start(self, *words: str | Path, **env: str) -> subprocess.Popen[str]:
        """vdma-run, as a session of its own."""
        return subprocess.Popen(
            [self.top / PROGRAM, *words], cwd=self.top, env=self.environment(**env), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip

    def run(self, *words: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        """vdma-run, to its end."""
        return subprocess.run(
            [self.top / PROGRAM, *words], cwd=self.top, env=self.environment(**env), text=True,
            capture_output=True, timeout=LIMIT, check=False,
        )  # fmt: skip

    def demo(self, *names: str) -> list[str]:
        """Ids of DEMO's tests."""
        return [f"tests/demo/test_demo.py::test_{name}" for name in names]

    def results(self, file: str | Path = "build/check/latest/results.json") -> Any:
        """A run's JSON."""
        return json.loads((self.top / file).read_text(encoding="utf-8"))

    def outcomes(self, file: str | Path = "build/check/latest/results.json") -> Mapping[str, str]:
        """By id."""
        return {case["id"]: case["outcome"] for case in self.results(file)["cases"]}
