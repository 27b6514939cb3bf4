# SPDX-License-Identifier: GPL-2.0-or-later
"""A copy of this tree's makefiles and scripts in which stubs record their calls: for
tests of the scripts that call them."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.lib.build.parts import TOP
from tests.lib.host.process import until

LIMIT = 20.0

STUB = """#!/bin/bash
printf '%s\\x1f' "{name}" "${{VDMA_KERNEL:-}}" "${{VDMA_QEMU:-}}" "$@" $'\\x1e' >>{calls}
{body}
"""


def _runs(group: int) -> bool:
    """Is there a process of the group?"""
    with suppress(ProcessLookupError):
        os.killpg(group, 0)
        return True
    return False


@dataclass(frozen=True)
class Call:
    """One call of a stub, and the rows that its environment named."""

    name: str
    kernel: str
    qemu: str
    args: tuple[str, ...]


class StubTree:
    """A copy of mk/ and the Makefile in FOLDER, with links to all else and an empty cache
    of its own."""

    def __init__(self, folder: Path) -> None:
        self.top = folder / "tree"
        self.cache = folder / "cache"
        self.cache.mkdir()
        self._calls = folder / "calls"
        shutil.copytree(TOP / "mk", self.top / "mk")
        shutil.copy(TOP / "Makefile", self.top)
        for path in TOP.iterdir():
            if path.name not in ("mk", "Makefile", "build", ".git"):
                (self.top / path.name).symlink_to(path)

    def stub(self, path: str, body: str = "") -> Path:
        """Replace the program at PATH by a script that records its calls and runs BODY."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STUB.format(name=path, calls=self._calls, body=body), encoding="utf-8")
        file.chmod(0o755)
        return file

    def calls(self, name: str) -> list[Call]:
        """Those of one stub so far, in their order."""
        text = self._calls.read_text(encoding="utf-8") if self._calls.exists() else ""
        found = [record.split("\x1f")[:-1] for record in text.split("\x1e\x1f")[:-1]]
        return [Call(*words[:3], tuple(words[3:])) for words in found if words[0] == name]

    def environment(self, **more: str) -> dict[str, str]:
        """A user's environment, and MORE."""
        usual = {name: os.environ[name] for name in ("PATH", "HOME")}
        return {**usual, "VDMA_CACHE": str(self.cache), **more}

    def interrupted(self, name: str, *command: str | Path, **env: str) -> int:
        """Run a program in the tree and press Ctrl-C when it has called the stub NAME; its
        status. It must leave no process running."""
        with subprocess.Popen(
            command, cwd=self.top, env=self.environment(**env), start_new_session=True,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                assert until(lambda: self.calls(name) or process.poll() is not None, LIMIT)
                assert process.poll() is None
                os.killpg(process.pid, signal.SIGINT)
                status = process.wait(LIMIT)
                assert until(lambda: not _runs(process.pid), LIMIT)
                return status
            finally:
                if _runs(process.pid):
                    os.killpg(process.pid, signal.SIGKILL)

    def run(self, *command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
        """Run a program in the tree; stdout has its errors, too."""
        return subprocess.run(
            command,
            cwd=self.top,
            env=self.environment(**env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=LIMIT,
            check=False,
        )
