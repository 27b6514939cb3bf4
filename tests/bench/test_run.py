# SPDX-License-Identifier: GPL-2.0-or-later
"""`make bench` in its smallest sessions."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.lib.build.parts import TOP

COMMAND = ["/usr/bin/python3", "-m", "bench.run", "--profile", "quick", "--rounds", "1"]
COMMAND += ["--seconds", "0.2", "--seed", "1", "--workloads", "read-4k-1"]


def command(folder: Path, *options: str) -> Sequence[str]:
    """The command of make bench."""
    return [*COMMAND, "--run", str(folder), *options]


def read(folder: Path) -> dict[str, Any]:
    """bench.json, which must be as the schema says."""
    content: dict[str, Any] = json.loads((folder / "bench.json").read_text())
    jsonschema.validate(content, json.loads((TOP / "bench/schema.json").read_text()))
    return content


def test_two_configurations(run: Path) -> None:
    """Counts match the modes, each configuration gives samples, and an unknown name costs
    nothing else."""
    done = subprocess.run(
        command(run, "--configurations", "bypass,nix,tce"),
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    assert "bench: nix: unknown configuration" in done.stderr
    assert "nix: unknown configuration" in done.stdout
    content = read(run)
    assert content["complete"]
    assert set(content["environment"]["versions"]) == {"kernel 6.12", "qemu", "slof", "tree"}
    assert [m["what"] for m in content["missing"]] == ["nix"]
    by_name = {entry["configuration"]: entry for entry in content["counts"]}
    bypass, tce = by_name["bypass"], by_name["tce"]
    assert bypass["ios"] == tce["ios"] == 500
    assert (bypass["dma_hypercalls"], bypass["translations"]) == (0, 0)
    # a call to map and one to unmap, 4 times a read: header, data, status, table
    assert tce["dma_hypercalls"] >= 8 * 500
    assert tce["translations"] >= 16 * 500
    samples = content["samples"]
    assert {s["configuration"] for s in samples} == {"bypass", "tce"}
    assert all(s["value"] > 0 and s["cpu"] > 0 for s in samples)
    assert "The IOMMU costs a disk 8 hypercalls" in (run / "report.html").read_text()


@pytest.mark.extended
def test_secure_configurations(run: Path) -> None:
    """Shared bytes, translations and copies tell swiotlb from our pools in one secure VM."""
    names = ("secure-swiotlb", "secure-bounce", "secure-quirk")
    options = ("--configurations", ",".join(names), "--workloads", "read-4k-jobs")
    done = subprocess.run(
        command(run, *options), cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    content = read(run)
    assert set(content["environment"]["versions"]) == {"kernel secure-6.12", "qemu", "slof", "tree"}
    shared = {row["name"]: row["shared_bytes"] for row in content["configurations"]}
    assert shared["secure-swiotlb"] == 64 << 20
    assert 0 < shared["secure-bounce"] == shared["secure-quirk"] < 64 << 20
    by_name = {entry["configuration"]: entry for entry in content["counts"]}
    assert by_name["secure-swiotlb"]["copied_bytes"] is None
    assert by_name["secure-quirk"]["translations"] == 0
    for name in names:
        assert by_name[name]["dma_hypercalls"] == 0
        assert name == "secure-quirk" or by_name[name]["translations"] > 0
    for name in ("secure-bounce", "secure-quirk"):
        entry = by_name[name]
        assert entry["bytes"] <= entry["copied_bytes"] <= 1.05 * entry["bytes"]
    criteria = [c for c in content["criteria"] if c["basis"] == "exact counts"]
    assert len(criteria) == 6 and {criterion["state"] for criterion in criteria} == {"met"}


@pytest.mark.extended
def test_guest_that_does_not_answer(run: Path) -> None:
    """A guest that does not answer costs its cell only: another guest takes over."""
    options = ("--configurations", "direct", "--limit", "0.01")
    done = subprocess.run(
        command(run, *options), cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    line = "direct read-4k-1: the guest did not answer in time; log: "
    assert done.stderr.count(line) == 1
    content = read(run)
    assert content["complete"] and not content["samples"]
    assert content["missing"][0]["why"].startswith("the guest did not answer in time")
    assert (run / "guest2/console.log").exists()


def interrupt(run: Path, when: str, number: signal.Signals) -> dict[str, Any]:
    """The results of a long session that was interrupted when it printed the pattern WHEN."""
    # what a shell starts in the background ignores Ctrl-C, and so do its children
    listen = ("env", "--default-signal=INT")
    with subprocess.Popen(
        [*listen, *command(run, "--configurations", "direct", "--rounds", "1000")],
        cwd=TOP,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as bench:
        assert bench.stderr
        try:
            while not re.search(when, line := bench.stderr.readline()):
                assert line, "the bench ended by itself"
            bench.send_signal(number)
            assert bench.wait(60) == 130
        finally:
            bench.kill()
        assert "interrupted; reporting the cells so far" in bench.stderr.read()
    content = read(run)
    assert not content["complete"]
    assert {"what": "the rest of the session", "why": "interrupted"} in content["missing"]
    assert "not complete" in (run / "report.html").read_text()
    assert not running(run)
    return content


@pytest.mark.extended
def test_interrupted(run: Path) -> None:
    """Ctrl-C keeps what was measured and leaves no guest running."""
    # a line comes now and then; after the first round there is a sample
    content = interrupt(run, r"round (?!1 )\d+ of 1000", signal.SIGINT)
    assert content["samples"]


def test_killed_early(run: Path) -> None:
    """SIGTERM before the first result writes an empty report."""
    # the plan is said before guests boot
    content = interrupt(run, "1000 rounds of", signal.SIGTERM)
    assert not content["samples"]


def running(folder: Path) -> list[str]:
    """Processes that were started with this folder."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = file.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if str(folder) in words and file.parent.name != str(os.getpid()):
            found.append(words)
    return found


@pytest.mark.parametrize(
    "option, line",
    [
        (("--profile", "nix"), "there is no profile nix; there are default, quick, secure"),
        (("--rounds", "0"), "--rounds 0: must be above 0"),
        (("--seconds", "-1"), "--seconds -1.0: must be above 0"),
        # a file system that has no room
        (("--run", "/proc"), "/proc: 0 MiB free, 256 MiB needed"),
        (("--run", "/proc/nix"), "No such file or directory: '/proc/nix'"),
    ],
)
def test_bad_option(run: Path, option: tuple[str, ...], line: str) -> None:
    """A bad option gives one line and boots nothing."""
    done = subprocess.run(
        command(run, *option), cwd=TOP, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.startswith("bench: ")
    assert done.stderr.rstrip().endswith(line)
    assert len(done.stderr.splitlines()) == 1
