# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole chain: each device in the mode that its configuration calls for, with right
I/O and no trouble in the kernel's log."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import termios
import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lib.build import rows
from tests.lib.build.parts import TOP
from tests.lib.guest.linux import HARD_LIMIT, Guest, GuestImage
from tests.lib.machine.pseries import Machine

# Small disks: the checks are the same, and there are many boots.
IMAGE = GuestImage(disk_mib=8)

# Everyday kernels except the usual one; the others are in test_modes.py.
KERNELS = [k for k in rows.kernels(rows.EVERYDAY, secure_ones=False) if k != Machine().kernel]

MACHINES = {
    "usual": Machine(),
    **{kernel: Machine(kernel=kernel) for kernel in KERNELS},
    "nvramrc": Machine(firmware="nvramrc"),
    "no-firmware-tag": Machine(firmware="none"),
    "disable_ddw": Machine(append="disable_ddw"),
    "stock": Machine(qemu="stock"),
    "stock-6.1": Machine(qemu="stock", kernel="6.1"),
    "stock-disable_ddw": Machine(qemu="stock", append="disable_ddw"),
    "1GiB-1cpu": Machine(mem_mib=1024, smp=1),
    "4cpus": Machine(smp=4),
    "power8": Machine(cpu="power8"),
    "power10": Machine(cpu="power10"),
    "hash": Machine(append="disable_radix"),
    "hash-6.1": Machine(kernel="6.1", append="disable_radix"),
}

# Two differences that others have one by one, or what boots without an OS differ in, too.
# test_boot_program boots the usual machine, "stock" has nvramrc, and test_modes.py boots
# each kernel.
EXTENDED = (
    *("usual", "nvramrc", "6.1", "7.2-64k", "stock-6.1", "disable_ddw", "stock-disable_ddw"),
    *("no-firmware-tag", "hash", "hash-6.1", "power8", "power10", "1GiB-1cpu", "4cpus"),
)
CASES = [
    pytest.param(name, marks=[pytest.mark.extended] if name in EXTENDED else [])
    for name in MACHINES
]


@pytest.mark.parametrize("name", CASES)
def test_chain(run: Path, name: str) -> None:
    """On each machine, all devices of one bus get the right mode and do right I/O."""
    with Guest(MACHINES[name], run, IMAGE) as guest:
        result = guest.finish()
    result.check()


@pytest.mark.extended
@pytest.mark.parametrize("append, mmu", [("", "Radix"), ("disable_radix", "Hash")])
def test_mmu_is_what_the_case_says(run: Path, append: str, mmu: str) -> None:
    """The hash cases above do run on the hash MMU."""
    script = "grep MMU /proc/cpuinfo | sed 's/.*: */mmu name=/' >&3\n"
    with Guest(Machine(append=append, devices=()), run, GuestImage(script=script)) as guest:
        result = guest.finish()
    result.check()
    assert result.report.one("mmu") == {"name": mmu}


# Memory in two nodes; a process bound to the upper one has its pages, and with O_DIRECT
# its I/O, above 4 GiB.
HIGH = Machine(
    mem_mib=8192,
    hotplug_mib=0,
    args=(
        *("-object", "memory-backend-ram,id=low,size=4G"),
        *("-object", "memory-backend-ram,id=high,size=4G"),
        *("-numa", "node,nodeid=0,memdev=low,cpus=0-1"),
        *("-numa", "node,nodeid=1,memdev=high"),
    ),
)
HIGH_SCRIPT = """
mkdir /run/cgroup
mount -t cgroup2 cgroup2 /run/cgroup
echo +cpuset >/run/cgroup/cgroup.subtree_control
mkdir /run/cgroup/high
echo 1 >/run/cgroup/high/cpuset.mems
echo $$ >/run/cgroup/high/cgroup.procs
. /lib/boot.sh
block=$(ls -d /sys/devices/system/node/node1/memory[0-9]* | sed 's/.*memory//' | sort -n | head -n 1)
bytes=$(cat /sys/devices/system/memory/block_size_bytes)
report high "from=$((block * 0x$bytes))" \
    "allowed=$(sed -n 's/^Mems_allowed_list:[[:space:]]*//p' /proc/self/status)"
"""


@pytest.mark.extended
@pytest.mark.parametrize("append", ["", "disable_ddw"])
def test_memory_above_4_gib(run: Path, append: str) -> None:
    """With 8 GiB, I/O with all buffers in the upper half is right."""
    machine = replace(HIGH, append=append)
    with Guest(machine, run, replace(IMAGE, script=HIGH_SCRIPT)) as guest:
        result = guest.finish()
    result.check()
    assert result.report.one("high") == {"from": str(4 << 30), "allowed": "1"}


def test_boot_program(run: Path) -> None:
    """`make boot` exits 0, prints the table and writes devices.json as documented."""
    done = subprocess.run(
        ["tools/vdma-run/vdma-run", "boot", "--run", run],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].split()[:3] == ["DEVICE", "DRIVER", "F"]
    document = json.loads((run / "devices.json").read_text())
    devices = document["devices"]
    assert document["schema"] == 2
    assert len(devices) == 6
    assert devices[0] == {
        "device": "0000:00:01.0",
        "driver": "virtio_blk",
        "f": True,
        "property": True,
        "secure": False,
        "mode": "bypass",
        "reason": "dt-bypass",
        "passed_over": [],
        "io": "ok 64 MiB sha256",
    }


@pytest.mark.extended
def test_boot_program_sees_a_wrong_mode(run: Path) -> None:
    """`make boot` exits 1 with a line for each device in a wrong mode."""
    done = subprocess.run(
        ["tools/vdma-run/vdma-run", "boot", "--run", run]
        + ["--append", "virtio_dma_policy.override=0000:00:01.0=tce"],
        cwd=TOP,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    wrong = [line for line in done.stderr.splitlines() if ": expected mode" in line]
    assert len(wrong) == 1
    assert "0000:00:01.0: expected mode bypass, reason dt-bypass" in wrong[0]
    assert "; seen mode tce, reason requested" in wrong[0]
    assert f"log: {run}/console.log" in done.stderr


class Shell:
    """`make shell`, with STDIN as its standard input."""

    def __init__(self, run: Path, stdin: int) -> None:
        self.process = subprocess.Popen(
            ["tools/vdma-run/vdma-run", "boot", "--shell", "--run", run],
            cwd=TOP,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )

    def end(self) -> tuple[int, str]:
        """Its exit status, and all that it has printed."""
        with self.process:
            try:
                said = self.process.communicate(timeout=HARD_LIMIT)[0]
            finally:
                self.process.terminate()
        return self.process.returncode, said


@pytest.mark.extended
def test_shell_reads_a_pipe(run: Path) -> None:
    """`make shell` runs all commands of a pipe, then ends the guest with status 0."""
    reader, writer = os.pipe()
    shell = Shell(run, reader)
    os.close(reader)
    # more than a terminal's line discipline holds
    lines = "".join(f"echo $(({n} + {n}))-{'x' * 40}\n" for n in range(200))
    with os.fdopen(writer, "w") as keys:
        # the last line has no end
        keys.write(f"vdmactl status 0000:00:01.0\n{lines}echo that-is-all")
    status, said = shell.end()
    assert status == 0, said
    said = said.replace("\r", "")
    assert re.search(r"^0000:00:01.0 +virtio_blk ", said, re.MULTILINE)
    want = "".join(f"{2 * n}-{'x' * 40}\n" for n in range(200))
    assert f"{want}that-is-all\n" in said


def test_shell_stopped_by_a_key(run: Path) -> None:
    """Ctrl-A X ends `make shell` with status 0 and restores the terminal."""
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    shell = Shell(run, slave)
    console = run / "console.log"
    end = time.monotonic() + HARD_LIMIT
    while not (console.exists() and "SLOF" in console.read_text(errors="replace")):
        assert time.monotonic() < end and shell.process.poll() is None
        time.sleep(0.1)
    os.write(master, b"\1x")
    status, said = shell.end()
    assert status == 0, said
    assert "QEMU: Terminated" in said
    assert termios.tcgetattr(slave) == before
    os.close(master)
    os.close(slave)


@pytest.mark.extended
def test_two_boots_at_once(run: Path) -> None:
    """Two boots at the same time use separate folders and both pass."""
    command = ["tools/vdma-run/vdma-run", "boot", "--smp", "1", "--memory", "1024"]
    null, pipe = subprocess.DEVNULL, subprocess.PIPE
    boots = [
        subprocess.Popen(command, cwd=TOP, stdout=null, stderr=pipe, text=True) for _ in range(2)
    ]
    for boot in boots:
        _, said = boot.communicate(timeout=2 * HARD_LIMIT)
        assert boot.returncode == 0, said


@pytest.mark.extended
def test_hang_ends_with_a_line(run: Path) -> None:
    """A guest that hangs is killed at its limit, and hung.log keeps its registers."""
    image = GuestImage(script="while :; do sleep 1; done\n")
    with Guest(Machine(devices=()), run, image) as guest:
        result = guest.finish(limit=25)
    assert "the guest had not ended after 25 s and was killed" in result.problems
    hung = (run / "hung.log").read_text()
    assert "CPU#0" in hung and "LISN" in hung
