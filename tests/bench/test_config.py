# SPDX-License-Identifier: GPL-2.0-or-later
"""bench.toml is valid, and an error in such a file gives one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import config, requirements

GOOD = """
[profile.default]
rounds = 5
seconds = 0.5
[[configuration]]
name = "direct"
title = "t"
mode = "direct"
[[workload]]
name = "read"
title = "t"
device = "disk"
unit = "IOPS"
count = 10
run = "fio rw=read"
"""


def test_the_real_table() -> None:
    """bench.toml is valid and has the configurations that the criteria compare."""
    found = config.read()
    assert {"direct", "bypass", "identity", "tce"} <= {c.name for c in found.configurations}
    assert {"disk", "net"} == {w.device for w in found.workloads}
    assert found.profiles["default"].rounds >= 5
    assert found.profiles["quick"].rounds >= 5


@pytest.mark.parametrize(
    "old, new, line",
    [
        ("rounds = 5", "rounds = ", "Invalid value"),
        ("rounds = 5", "", "profile default: missing 1 required positional argument: 'rounds'"),
        ("rounds = 5", "rounds = 5\nlaps = 1", "profile default: unknown key laps"),
        ('mode = "direct"', "", "configuration direct: missing 1 required"),
        ('mode = "direct"', 'mode = "direct"\nbase = "nix"', "direct: there is no base nix"),
        ('mode = "direct"', 'mode = "direct"\nworkloads = ["nix"]', "there is no workload nix"),
        ('device = "disk"', 'device = "tape"', "read: device tape is not one of disk, net"),
        ('unit = "IOPS"', 'unit = "knots"', "workload read: unit knots is not one of"),
        ('"fio rw=read"', '"dd"', "workload read: bench/workloads has no dd.sh"),
        ("[[workload]]", GOOD[GOOD.index("[[workload]]") :] + "[[workload]]", "is there twice"),
    ],
)
def test_bad_row(tmp_path: Path, old: str, new: str, line: str) -> None:
    """An invalid row gives one line that names the row and the error."""
    table = tmp_path / "bench.toml"
    table.write_text(GOOD)
    config.read(table)
    table.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(config.BadConfig) as caught:
        config.read(table)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_choose() -> None:
    """Rows are chosen in the file's order, and unknown names are returned."""
    workloads = config.read().workloads
    names = [row.name for row in workloads]
    assert config.choose(workloads, ()) == (list(workloads), [])
    chosen, unknown = config.choose(workloads, (names[2], "nix", names[0]))
    assert [row.name for row in chosen] == [names[0], names[2]]
    assert unknown == ["nix"]


@pytest.mark.parametrize(
    "need, why",
    [
        ("phb:dma-bypass", ""),
        ("phb:nix", "this QEMU's PHB has no option nix"),
        ("machine:x-ultravisor", ""),
        ("machine:nix", "this QEMU's machine has no option nix"),
        ("kernel:6.12", ""),
        ("kernel:0.1", "there is no kernel 0.1 (mk/kernels)"),
        ("back-end:nix", "the benchmarks can't start a nix back end yet"),
        ("nix", "its row requires nix, which is not known here"),
    ],
)
def test_needs(need: str, why: str) -> None:
    """Each kind of requirement is met or refused with the reason."""
    assert requirements.cannot_run((need,), "vdma") == why


def test_stock_qemu_has_no_bypass() -> None:
    """Configuration bypass cannot run with a stock QEMU, which is said."""
    row = next(row for row in config.read().configurations if row.name == "bypass")
    why = "this QEMU's PHB has no option dma-bypass"
    assert requirements.cannot_run(row.requires, "stock") == why
