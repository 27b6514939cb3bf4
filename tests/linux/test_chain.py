# SPDX-License-Identifier: GPL-2.0-or-later
"""The whole chain: every device in the mode that its configuration calls for,
its I/O right by content, and nothing in the log that a kernel should not say."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lib import rows
from tests.lib.guest import Cargo, Guest
from tests.lib.machine import Machine
from tests.lib.parts import TOP

# Small disks: the checks are the same, and the boots are many.
CARGO = Cargo(disk_mib=8)

# Everyday kernels beside the usual one; the others are in test_modes.py.
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

# Two differences that others have one by one, or one that changes little; the usual
# one is what test_boot_program boots, "stock" is with nvramrc, and test_modes.py
# boots each kernel.
MORE = (
    *("usual", "nvramrc", "6.1", "stock-6.1", "stock-disable_ddw"),
    *("hash", "hash-6.1", "power8", "power10", "1GiB-1cpu"),
)
CASES = [
    pytest.param(name, marks=[pytest.mark.more] if name in MORE else []) for name in MACHINES
]


@pytest.mark.parametrize("name", CASES)
def test_chain(run: Path, name: str) -> None:
    """Modes, reasons, passed-over modes and I/O on one bus with all kinds."""
    with Guest(MACHINES[name], run, CARGO) as guest:
        result = guest.finish()
    result.check()


@pytest.mark.more
@pytest.mark.parametrize("append, mmu", [("", "Radix"), ("disable_radix", "Hash")])
def test_mmu_is_what_the_case_says(run: Path, append: str, mmu: str) -> None:
    """The hash cases above do run on the hash MMU."""
    script = "grep MMU /proc/cpuinfo | sed 's/.*: */mmu name=/' >&3\n"
    with Guest(Machine(append=append, devices=()), run, Cargo(script=script)) as guest:
        result = guest.finish()
    result.check()
    assert result.report.one("mmu") == {"name": mmu}


# Memory in two nodes; what is bound to the upper one has its pages, and with
# O_DIRECT its I/O, above 4 GiB.
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


@pytest.mark.more
@pytest.mark.parametrize("append", ["", "disable_ddw"])
def test_memory_above_4_gib(run: Path, append: str) -> None:
    """8 GiB, and all buffers of the I/O in the upper half."""
    machine = replace(HIGH, append=append)
    with Guest(machine, run, replace(CARGO, script=HIGH_SCRIPT)) as guest:
        result = guest.finish()
    result.check()
    assert result.report.one("high") == {"from": str(4 << 30), "allowed": "1"}


def test_boot_program(run: Path) -> None:
    """`make boot`: status 0, the table, and devices.json as documented."""
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "tests.lib.boot", "--run", run],
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


@pytest.mark.more
def test_boot_program_sees_a_wrong_mode(run: Path) -> None:
    """Status 1 and a line for each device that is not as it must be."""
    done = subprocess.run(
        ["/usr/bin/python3", "-m", "tests.lib.boot", "--run", run]
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


@pytest.mark.more
def test_hang_ends_with_a_line(run: Path) -> None:
    """A guest that never ends is killed at its limit, and what it was at stays."""
    cargo = Cargo(script="while :; do sleep 1; done\n")
    with Guest(Machine(devices=()), run, cargo) as guest:
        result = guest.finish(limit=25)
    assert "the guest had not ended after 25 s and was killed" in result.problems
    hung = (run / "hung.log").read_text()
    assert "CPU#0" in hung and "LISN" in hung
