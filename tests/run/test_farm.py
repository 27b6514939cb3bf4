# SPDX-License-Identifier: GPL-2.0-or-later
"""Many machines: an array job of a Slurm that the test starts, and GNU parallel. The merged
result is that of one machine; a killed task runs again, and no case is lost or there twice."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP
from tests.run.cluster import Cluster, lacks
from tests.run.tree import Tree
from vdma_run import results

pytestmark = [
    pytest.mark.extended,
    pytest.mark.skipif(bool(lacks()), reason=f"not installed: {' '.join(lacks())}"),
]

DEMO = "tests/demo"
WORDS = "good or bad or skipped or slow"


def outcomes(file: Path) -> dict[str, str]:
    """By id."""
    return {case.id: case.outcome for case in results.read(file)}


def submit(tree: Tree, cluster: Cluster, *words: str) -> subprocess.Popen[str]:
    """slurm/submit, for two shards."""
    return subprocess.Popen(
        [tree.top / "slurm/submit", "2", "results", *words, DEMO, "-k", WORDS],
        cwd=tree.top, env=tree.environment(**cluster.environment), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip


def parent(process: int) -> int:
    """Of a process."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("PPid:"))


def test_slurm(tree: Tree, run: Path) -> None:
    """Two shards at once make the whole; a failure in one is the status of all."""
    tree.put("quick", "")
    tree.put("bad", "")
    whole = tree.run("check", DEMO, "-k", WORDS, "--junit", "whole.xml")
    with Cluster(run) as cluster, submit(tree, cluster) as job:
        said = job.communicate(timeout=120)[0]
    assert (whole.returncode, job.returncode) == (1, 1), said
    assert outcomes(tree.top / "results/junit.xml") == outcomes(tree.top / "whole.xml")
    shards = [outcomes(tree.top / f"results/{number}.xml") for number in (1, 2)]
    assert all(shards) and sum(map(len, shards)) == len(outcomes(tree.top / "whole.xml"))
    assert "7 cases: 5 passed, 1 skipped, 1 failed" in said


def test_slurm_runs_a_killed_task_again(tree: Tree, run: Path) -> None:
    """A shard whose vdma-run is killed leaves nothing, and runs again to its end."""
    with Cluster(run) as cluster, submit(tree, cluster) as job:
        end = time.monotonic() + 60
        while not (slow := tree.top / "slow").exists() or not slow.read_text():
            assert time.monotonic() < end and not isinstance(job.poll(), int)
            time.sleep(0.1)
        # the worker's parent is pytest, whose parent is vdma-run
        os.kill(parent(parent(int(slow.read_text()))), signal.SIGKILL)
        tree.put("quick", "")
        said = job.communicate(timeout=180)[0]
    assert job.returncode == 0, said
    logs = "".join(path.read_text() for path in (tree.top / "results").glob("[12].log"))
    assert logs.count("status 137, once more") == 1
    found = outcomes(tree.top / "results/junit.xml")
    assert found == {
        **dict.fromkeys(found, "passed"),
        **dict.fromkeys(tree.demo("skipped"), "skipped"),
    }
    assert len(found) == 7


def test_missing_shard_is_said(tree: Tree) -> None:
    """A farm that lost one judges nothing."""
    tree.put("quick", "")
    subprocess.run(
        [tree.top / "slurm/shard", "results", "1/2", DEMO, "-k", WORDS],
        cwd=tree.top,
        env=tree.environment(),
        check=True,
    )
    done = subprocess.run(
        [tree.top / "slurm/merge.sbatch", tree.top / "results"], env=tree.environment(),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        125,
        "vdma-run check: cannot merge: shard 2/2 is missing\n",
    )


@pytest.mark.skipif(not shutil.which("parallel"), reason="not installed: parallel")
def test_parallel(tree: Tree) -> None:
    """The recipe of docs/farm.md, on this machine alone: the same as one run. A shard with
    a failure is no lost shard."""
    tree.put("quick", "")
    tree.put("bad", "")
    tree.run("check", DEMO, "-k", WORDS, "--junit", "whole.xml")
    command = [
        "parallel",
        "--will-cite",
        "--sshlogin",
        "2/:",
        "--workdir",
        str(tree.top),
        "--retries",
        "3",
    ]
    command += [
        "slurm/shard",
        str(tree.top / "results"),
        "{}/3",
        DEMO,
        "-k",
        f"'{WORDS}'",
        ":::",
        "1",
        "2",
        "3",
    ]
    done = subprocess.run(
        command, env=tree.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    merge = [tree.top / "slurm/merge.sbatch", tree.top / "results"]
    assert (
        subprocess.run(merge, env=tree.environment(), capture_output=True, check=False).returncode
        == 1
    )
    assert outcomes(tree.top / "results/junit.xml") == outcomes(tree.top / "whole.xml")


READ_ONLY = """
mount --make-rprivate /
mount --bind "$1" "$1"
mount -o remount,bind,ro "$1"
if touch "$1/x" 2>/dev/null; then exit 9; fi
exec mk/part busybox
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_read_only_cache() -> None:
    """Parts that are there are found, as tests do."""
    part = subprocess.run(
        ["mk/part", "busybox"], cwd=TOP, capture_output=True, text=True, check=True
    )
    cache = Path(part.stdout.strip()).parents[1]
    command = ["unshare", "--mount", "sh", "-euc", READ_ONLY, "sh", str(cache)]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, part.stdout), done.stderr
