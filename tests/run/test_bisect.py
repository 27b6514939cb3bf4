# SPDX-License-Identifier: GPL-2.0-or-later
"""The recipes of docs/bisect.md, as they are written there, find the commit that broke
something. Each runs on a small repository in which one commit does not build."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.docs import blocks
from tests.lib.build import kernels, rows
from tests.lib.build.parts import CACHE, TOP, part
from tests.lib.machine import emulators

PAGE = TOP / "docs/bisect.md"
FILES = TOP / "tests/run/bisect"

pytestmark = [pytest.mark.extended, pytest.mark.timeout(1200)]

# Commits after the good one, by what they replace in the file that changes.
Change = tuple[str, str, str]
FAULT, BROKEN = "fault", "does not build"


@dataclass
class Repository:
    """NAME is its folder in HOME; FILE changes from commit to commit."""

    home: Path
    name: str
    file: str

    @property
    def top(self) -> Path:
        """Where it is."""
        return self.home / self.name

    def git(self, *words: str) -> str:
        """Run git, for somebody who has told it a name."""
        names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        done = subprocess.run(
            ["git", *words], cwd=self.top, env={**os.environ, **names}, text=True,
            capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout

    def commit(self, subject: str) -> None:
        """All of FILE's folder that git is not told to ignore."""
        self.git("add", "-A")
        self.git("commit", "-q", "-m", subject)

    def fill(self, good: str, changes: tuple[Change, ...]) -> None:
        """The first commit has the tag GOOD; each change is one more."""
        self.git("init", "-q")
        self.commit("base")
        self.git("tag", good)
        path = self.top / self.file
        for subject, old, new in changes:
            text = path.read_text(encoding="utf-8")
            assert text.count(old) == 1, old
            path.write_text(text.replace(old, new), encoding="utf-8")
            self.commit(subject)
            if subject == BROKEN:
                # git begins in the middle, which is here
                self.git("commit", "-q", "--allow-empty", "-m", BROKEN)
                self.git("revert", "--no-edit", "HEAD~1")

    def bisect(self, log: Path, **variables: str) -> str:
        """Type what the page has for this tree; what was said. A commit was skipped, and git
        names the fault."""
        script = blocks.example(PAGE, "sh", f"cd ~/{self.name}\n")
        (self.home / "bin").mkdir()
        (self.home / "bin/vdma-run").symlink_to(TOP / "tools/vdma-run/vdma-run")
        env = {k: v for k, v in os.environ.items() if not k.startswith("VDMA_")} | variables
        env |= {"HOME": str(self.home), "VDMA_CACHE": str(CACHE)}
        env["PATH"] = f"{self.home}/bin:{env['PATH']}"
        with log.open("w", encoding="utf-8") as output:
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script], env=env, stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, check=False,
            )  # fmt: skip
        said = log.read_text(encoding="utf-8", errors="replace")
        assert done.returncode == 0, said[-3000:]
        (name,) = re.findall(r"^(\w{40}) is the first bad commit$", said, re.MULTILINE)
        assert self.git("log", "-1", "--format=%s", name).strip() == FAULT
        skipped = re.findall(r"^# skip: \[\w+\] (.*)$", self.git("bisect", "log"), re.MULTILINE)
        assert set(skipped) == {BROKEN}
        return said


def repository(run: Path, name: str, file: str) -> Repository:
    """An empty one in a home of its own."""
    found = Repository(run / "home", name, file)
    found.home.mkdir()
    return found


def test_kernel(run: Path) -> None:
    """A driver that hands out a byte of 128. The kernel is a row's, and the driver is built
    against its headers: the build is a kernel's in small."""
    there = repository(run, "linux", "drivers/virtio-rng.c")
    shutil.copytree(FILES / "linux", there.top)
    kernel = kernels.of(rows.kernels()[0])
    changes = (
        ("harmless", "of a test", "of a test that is bisected"),
        (BROKEN, "size, rng->length)", "size, rng->size)"),
        (FAULT, "memcpy(to, rng->data, size)", "memcpy(to, rng->data, sizeof(*rng->data))"),
        ("harmless, too", "quality = 1000", "quality = 900"),
    )
    there.fill("v6.12", changes)
    parts = {"ROW": str(kernel.image.parent), "HEADERS": str(kernel.headers().resolve())}
    said = there.bisect(run / "bisect.log", **parts)
    assert re.search(r"0000:00:05.0: I/O bad: \d+ different bytes", said)


def test_qemu(run: Path) -> None:
    """A QEMU that offers H_DMA_BYPASS and refuses it to every device. Each commit stands for
    a build of QEMU: it runs a build that there is, with options that a commit would make the
    default."""
    there = repository(run, "qemu", "qemu-system-ppc64.in")
    there.top.mkdir()
    shutil.copy(FILES / "qemu" / there.file, there.top)
    changes = (
        ("harmless", "# QEMU as", "# The QEMU as"),
        (BROKEN, 'set -- "$@"', 'if set -- "$@"'),
        (FAULT, 'set -- "$@"', 'set -- "$@" -global virtio-pci.dma-bypass=off'),
        ("harmless, too", "# The QEMU", "#  The QEMU"),
    )
    there.fill("v10.0.0", changes)
    (there.top / "build").mkdir()
    shutil.copy(FILES / "qemu/Makefile", there.top / "build")
    said = there.bisect(run / "bisect.log", QEMU=str(emulators.named("vdma").binary))
    assert "expected property yes, mode bypass" in said


def test_slof(run: Path) -> None:
    """A plugin that does not look beyond bridges, in SLOF's own tree, built by its own
    makefiles."""
    there = repository(run, "SLOF", "board-qemu/slof/vdma.fs")
    shutil.copytree(part("slof-tree") / "tree", there.top, symlinks=True)
    text = (TOP / "firmware/slof/vdma.fs").read_text(encoding="utf-8")
    assert (there.top / there.file).read_text(encoding="utf-8") == text
    changes = (
        ("harmless", "\\ The walk.", "\\ The walk:"),
        (BROKEN, "hex\n", '#include "nowhere.fs"\nhex\n'),
        (FAULT, "            vdma-bridge? IF dup RECURSE THEN\n", ""),
        ("harmless, too", "\\ The walk:", "\\ The walk."),
    )
    there.git("init", "-q")
    (there.top / ".git/info/exclude").write_text("*\n!*/\n!vdma.fs\n")
    there.fill("v20230918", changes)
    said = there.bisect(run / "bisect.log")
    assert "0000:01:01.0: expected property yes, mode bypass" in said
