# SPDX-License-Identifier: GPL-2.0-or-later
""".gitlab-ci.yml and Containerfile: they call what there is."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from tests.lib.build.parts import TOP

CONTAINERFILE = (TOP / "Containerfile").read_text(encoding="utf-8")
RESERVED = ("variables", "default", "stages")


def pipeline() -> dict[str, Any]:
    """As a reader of YAML takes it."""
    yaml = pytest.importorskip("yaml")
    found: dict[str, Any] = yaml.safe_load((TOP / ".gitlab-ci.yml").read_text(encoding="utf-8"))
    return found


def commands() -> Iterator[list[str]]:
    """Words of every command of a job."""
    for name, job in pipeline().items():
        if name not in RESERVED:
            yield from (shlex.split(command) for command in job["script"])


def test_jobs() -> None:
    """Each is in a stage, and needs a job of an earlier one."""
    there = pipeline()
    stages = there["stages"]
    jobs = {name: job for name, job in there.items() if name not in RESERVED}
    assert sorted({job["stage"] for job in jobs.values()}) == sorted(stages)
    for job in jobs.values():
        for need in job.get("needs", []):
            assert stages.index(jobs[need]["stage"]) < stages.index(job["stage"])


def test_commands_exist() -> None:
    """Targets of make and programs of this tree."""
    seen = 0
    for program, *words in commands():
        seen += 1
        if program == "make":
            done = subprocess.run(
                ["make", "-n", *words], cwd=TOP, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, done.stderr
        else:
            assert os.access(TOP / program, os.X_OK), program
    assert seen >= 3


def test_every_shard_is_merged() -> None:
    """The folder that shards write is the folder that is merged."""
    shard = next(words for words in commands() if words[0] == "slurm/shard")
    merge = next(words for words in commands() if words[0] == "slurm/merge.sbatch")
    assert shard[1] == merge[1]
    assert shard[2] == "$CI_NODE_INDEX/$CI_NODE_TOTAL"
    report = pipeline()["report"]["artifacts"]["reports"]["junit"]
    assert report == f"{merge[1]}/junit.xml"


def test_container() -> None:
    """It copies and calls what there is, and installs sets of mk/packages."""
    copied = dict(re.findall(r"^COPY (\S+) (\S+)$", CONTAINERFILE, re.MULTILINE))
    assert copied and all((TOP / source).exists() for source in copied)
    install = re.search(r"^RUN (\S+)/setup (.*)$", CONTAINERFILE, re.MULTILINE)
    assert install and install[1] == copied["mk"]
    packages = (TOP / "mk/packages").read_text(encoding="utf-8")
    sets = {
        line.split("\t")[0] for line in packages.splitlines() if "\t" in line and line[0] != "#"
    }
    assert set(install[2].split()) <= sets
