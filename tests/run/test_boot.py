# SPDX-License-Identifier: GPL-2.0-or-later
"""vdma-run boots what no row has: parts under names of their own."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import xml.etree.ElementTree as xml
from pathlib import Path

import pytest

from tests.lib.build import kernels
from tests.lib.build.parts import BUILD, TOP, part
from tests.lib.guest.linux import HARD_LIMIT
from tests.lib.host.process import until
from tests.lib.machine import emulators
from tests.lib.machine.pseries import Machine

PROGRAM = TOP / "tools/vdma-run/vdma-run"


def vdma_run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the program, from another folder than the tree."""
    return subprocess.run(
        [PROGRAM, *arguments],
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=2 * HARD_LIMIT,
    )


def foreign_parts(run: Path) -> list[str | Path]:
    """Options for the usual parts, whose names say nothing."""
    kernel = kernels.of(Machine.kernel)
    assert kernel.modules
    (run / "k").mkdir()
    shutil.copy(kernel.image, run / "k/a")
    (run / "k/config").write_text(kernel.config)
    (run / "e").symlink_to(emulators.of("vdma").binary)
    shutil.copy(part("slof") / "slof-vdma.bin", run / "f")
    modules: list[str | Path] = ["--modules", kernel.modules, "--module", kernel.headers()]
    return ["--kernel", run / "k/a", *modules, "--qemu", run / "e", "--slof", run / "f"]


@pytest.mark.extended
def test_parts_without_a_row(run: Path) -> None:
    """All is right, and the reports say so and what was booted."""
    files = {form: run / form for form in ("json", "junit", "tap")}
    reports = [word for form, file in files.items() for word in (f"--{form}", file)]
    done = vdma_run("boot", *foreign_parts(run), "--run", run / "there", *reports)
    assert done.returncode == 0, done.stderr
    found = json.loads(files["json"].read_text())
    modes = {device["device"]: device["mode"] for device in found["devices"]}
    assert (found["status"], found["problems"]) == (0, [])
    assert (modes["0000:00:01.0"], modes["0000:00:05.0"]) == ("bypass", "identity")
    assert found["properties"]["kernel.row"] == str(run / "k/a")
    names = [device.name for device in Machine.devices]
    assert [case["id"] for case in found["cases"]] == [f"boot::{n}" for n in [*names, "guest"]]
    assert len(xml.parse(files["junit"]).findall(".//testcase")) == len(names) + 1
    assert files["tap"].read_text().count("\nok ") == len(names) + 1


@pytest.mark.extended
def test_stock_parts_without_a_row(run: Path) -> None:
    """A QEMU that has no bypass is expected to give none."""
    options = foreign_parts(run)
    options[options.index("--qemu") + 1] = emulators.of("stock").binary
    at = options.index("--slof")
    done = vdma_run("boot", *options[:at], *options[at + 2 :], "--run", run / "there")
    assert done.returncode == 0, done.stderr
    devices = json.loads((run / "there/devices.json").read_text())["devices"]
    assert devices[0]["mode"] == "identity" and not devices[0]["property"]


@pytest.mark.extended
@pytest.mark.parametrize(
    "append, says",
    [
        ("rdinit=/nix", "console: "),
        ("virtio_dma_policy.mode=foo", "guest: insmod virtio_dma_policy: "),
    ],
)
def test_what_cannot_be_judged(run: Path, append: str, says: str) -> None:
    """A kernel that does not get to the script, or does not take the module: status 125, and
    the reports have it."""
    options = ["--run", run / "there", "--append", append, "--tap", run / "tap"]
    done = vdma_run("boot", *options)
    lines = [line.removeprefix("vdma-run: ") for line in done.stderr.splitlines()]
    assert (done.returncode, lines[-1]) == (125, f"log: {run}/there/console.log")
    assert any(line.startswith(says) for line in lines), done.stderr
    if "mode=foo" in append:
        assert len(lines) == 2 and "foo" in lines[0]
    assert "unjudged" in (run / "tap").read_text()


@pytest.mark.extended
def test_quoted_parameters_reach_the_module(run: Path) -> None:
    """As they were written, blanks and all; no shell looks into them."""
    script = run / "script"
    script.write_text(
        ". /lib/vdma.sh\n"
        "parameters virtio_dma_policy | while read -r line; do\n"
        '\treport parameter "what=$line"\ndone\n'
    )
    append = """virtio_dma_policy.dyndbg="file device.c +p" "virtio_dma_policy.mode=$(x) 'y" z"""
    options = ["--run", run / "there", "--script", script, "--no-module", "--append", append]
    vdma_run("boot", *options)
    report = (run / "there/report.log").read_text().replace("\r", "")
    assert 'parameter what=dyndbg="file device.c +p"\n' in report
    assert "parameter what=\"mode=$(x) 'y\"\n" in report


def test_debugger(run: Path) -> None:
    """The command that is printed is for the kernel and a socket, on which QEMU waits."""
    command = [PROGRAM, "boot", "--gdb", "--no-module", "--run", run / "there"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as program:
        try:
            assert program.stdout
            said = program.stdout.readline()
            image = kernels.of(kernels.default()).image
            assert said == f"gdb {image} -ex 'target remote {run}/there/gdb'\n"
            with socket.socket(socket.AF_UNIX) as gdb:
                gdb.settimeout(HARD_LIMIT)
                assert until(lambda: not gdb.connect_ex(str(run / "there/gdb")), HARD_LIMIT)
                gdb.sendall(b"$?#3f")
                # in two segments, at times
                with gdb.makefile("rb") as answer:
                    assert answer.read(2) == b"+$"
        finally:
            program.terminate()
        assert program.wait(HARD_LIMIT) == 143


@pytest.mark.extended
@pytest.mark.parametrize("more, code", [("", 0), ("exit 3\n", 1), ("fail it is bad\n", 1)])
def test_script(run: Path, more: str, code: int) -> None:
    """Is judged by its status and by what it says; what it does not report is skipped."""
    (run / "script").write_bytes(b"# \xff\n" + more.encode())
    files = ["--script", run / "script", "--run", run / "there", "--json", run / "json"]
    done = vdma_run("boot", "--no-module", *files)
    assert done.returncode == code, done.stderr
    cases = {c["id"]: c["outcome"] for c in json.loads((run / "json").read_text())["cases"]}
    assert cases.pop("boot::guest") == ("failed" if code else "passed")
    assert set(cases.values()) == {"skipped"}


FULL = """
mount -t tmpfs -o size=380m tmpfs "$1"
shift
exec "$@"
"""


@pytest.mark.extended
@pytest.mark.skipif(os.geteuid() != 0, reason="mounting needs root")
def test_a_disk_that_gets_full(run: Path) -> None:
    """Ends the run before the guest begins, which would hang until it was killed."""
    (run / "there").mkdir()
    boot = [PROGRAM, "boot", "--no-module", "--run", run / "there/it"]
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-euc", FULL, "sh", run / "there", *boot],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    says = f"vdma-run boot: cannot use {run}/there/it: No space left on device\n"
    assert (done.returncode, done.stderr) == (128, says)


def make(*words: str, **env: str) -> None:
    """Run make in this tree."""
    done = subprocess.run(
        ["make", "-s", *words], cwd=TOP, env={**os.environ, **env}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.extended
def test_installed(run: Path) -> None:
    """Without the tree, make or a package manager, for somebody whose cache is empty; and
    uninstalling leaves nothing, and needs no part."""
    root = [f"DESTDIR={run}/root", "PREFIX=/usr"]
    with (BUILD / "lib/lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make("install", *root)
    assert (run / "root/usr/bin/vdmactl").is_file()
    program = run / "root/usr/bin/vdma-run"
    kernel = kernels.of(Machine.kernel)
    assert kernel.modules
    module = TOP / f"build/linux/{kernel.row}/virtio_dma_policy.ko"
    options = ["--kernel", kernel.image, "--modules", kernel.modules, "--module", module]

    def installed(*words: str | Path) -> subprocess.CompletedProcess[str]:
        env = {"PATH": "/nix", "HOME": str(run / "home"), "LANG": os.environ.get("LANG", "C")}
        return subprocess.run(
            [program, *words], cwd="/", env=env, capture_output=True, text=True, check=False
        )

    boot = installed("boot", *options, "--qemu", emulators.of("vdma").binary)
    assert boot.returncode == 0, boot.stderr
    assert (run / "home/.cache/vdma/runs/boot/latest/devices.json").is_file()
    done = installed("check", "unit")
    assert (done.returncode, done.stderr.count("\n")) == (128, 1)
    assert "cannot run tests: they are not installed" in done.stderr
    (run / "bench.json").write_text('{"version": 2}')
    done = installed("compare", run / "bench.json", run / "bench.json")
    assert done.returncode == 128 and "cannot read " in done.stderr, done.stderr
    make("uninstall", *root, VDMA_CACHE="/proc/nix")
    assert not [path for path in (run / "root").rglob("*") if not path.is_dir()]
    assert not (run / "root/usr/share/vdma").exists()
