# SPDX-License-Identifier: GPL-2.0-or-later
"""Time and memory to explain a device tree, by its number of virtio functions.

    python3 -m bench.explain_report BENCH VDMACTL FOLDER

BENCH is bench/explain.c, compiled. Trees are made in FOLDER once: QEMU makes
those with up to 128 functions, on four PHBs, half of them behind bridges. With
512, QEMU takes minutes and all memory there is before it has made any: there,
each function of the tree with 128 stands four times.
"""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.lib.build import parts
from tests.lib.devicetree.trees import DATA, compile_tree
from tests.lib.host import runs
from tests.lib.machine import emulators
from tests.lib.machine.devices import F_OPTIONS
from tests.lib.machine.pseries import CAPABILITIES
from tests.lib.machine.qemu import Qemu

SIZES = (8, 32, 128)
COPIES = 4
ROUNDS = 1001
PROCESSES = 21

# Limits for 128 functions, and for the deviation from a straight line.
MOST_MS = 5.0
MOST_KIB = 2048
MOST_BENT = 0.1

FUNCTION = re.compile(
    r"^(?P<tabs>\t+)(?P<name>[\w-]+)@(?P<slot>[0-9a-f]+)(?P<fn>,[0-7])? \{\n"
    r"(?P<before>(?:(?P=tabs)\t[^\n]*\n)*?)(?P=tabs)\treg = <(?P<reg>0x[0-9a-f]+)"
    r"(?P<after>[^\n]*\n(?:(?P=tabs)\t[^\n]*\n)*?)(?P=tabs)\};\n",
    re.MULTILINE,
)


def machine(count: int) -> list[str]:
    """QEMU's options for COUNT functions, every other pair with F."""
    args = ["-object", "rng-builtin,id=r", "-m", "4G,slots=4,maxmem=8G"]
    for phb in range(4):
        bus = f"phb{phb}.0" if phb else "pci.0"
        if phb:
            args += ["-device", f"spapr-pci-host-bridge,index={phb},id=phb{phb}"]
        args += ["-device", f"pci-bridge,id=b{phb},bus={bus},addr=1e,chassis_nr={phb + 1}"]
        for n in range(count // 4):
            place = f"bus={bus if n % 2 else f'b{phb}'},addr={1 + n // 16:x}.{n // 2 % 8}"
            option = F_OPTIONS if n % 4 < 2 else "disable-legacy=off"
            args += ["-device", f"virtio-rng-pci,rng=r,{option},{place},multifunction=on"]
    return args


def from_qemu(count: int, tree: Path) -> None:
    """The tree that QEMU makes of such a machine."""
    args = [str(emulators.of("vdma").binary), "-nodefaults", "-no-user-config", "-S"]
    args += ["-display", "none", "-M", f"pseries,{CAPABILITIES}"]
    args += ["-bios", str(parts.part("slof") / "slof.bin")]
    with Qemu([*args, *machine(count)], tree.parent) as qemu:
        qemu.dump_tree(tree)


def copies(match: re.Match[str]) -> str:
    """A function's node, and more of it in slots that are free."""
    text = match[0]
    for n in range(1, COPIES):
        slot = int(match["slot"], 16) + 2 * n
        reg = int(match["reg"], 16) + (2 * n << 11)
        text += f"{match['tabs']}{match['name']}@{slot:x}{match['fn'] or ''} {{\n"
        text += f"{match['before']}{match['tabs']}\treg = <{reg:#x}{match['after']}"
        text += f"{match['tabs']}}};\n"
    return text


def dtc(source: Path, before: str, target: Path, after: str) -> None:
    """One form of a tree from the other."""
    command: list[str | Path] = ["dtc", "-q", "-I", before, "-O", after, "-o", target, source]
    subprocess.run(command, check=True)


def repeat(tree: Path, target: Path) -> None:
    """A tree with COPIES times as many virtio functions."""
    source = target.with_suffix(".dts")
    dtc(tree, "dtb", source, "dts")
    text = source.read_text(encoding="latin-1")
    phb = text.index("IBM,Logical_PHB")
    source.write_text(text[:phb] + FUNCTION.sub(copies, text[phb:]), encoding="latin-1")
    dtc(source, "dts", target, "dtb")


def make_trees(folder: Path) -> list[Path]:
    """The trees, smallest first."""
    trees = [folder / f"{count}.dtb" for count in (*SIZES, COPIES * SIZES[-1])]
    for count, tree in zip(SIZES, trees):
        if not tree.exists():
            from_qemu(count, tree)
    if not trees[-1].exists():
        repeat(trees[-2], trees[-1])
    return trees


def said(*command: str | Path) -> str:
    """Standard output of a command that must succeed."""
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def instructions(bench: Path, tree: Path) -> int | None:
    """Instructions of explaining once; None without valgrind."""
    if not shutil.which("valgrind"):
        return None
    counts = []
    for times in ("0", "1"):
        command = ["valgrind", "--tool=cachegrind", "--cache-sim=no"]
        command += ["--cachegrind-out-file=/dev/null", str(bench), "run", times, str(tree)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = re.search(r"I +refs: +([\d,]+)", done.stderr)
        assert found, done.stderr
        counts.append(int(found[1].replace(",", "")))
    return counts[1] - counts[0]


@dataclass(frozen=True)
class Measurement:
    """The cost of one tree."""

    functions: int
    size: int
    microseconds: float
    stack: int
    process_kib: float
    instructions: int | None


def measure(bench: Path, vdmactl: Path, trees: list[Path]) -> list[Measurement]:
    """Measure each tree."""

    def peak(tree: Path) -> float:
        """Peak of vdmactl, in KiB, less what the tree itself takes."""
        runs = [said(bench, "rss", vdmactl, "explain", tree) for _ in range(PROCESSES)]
        kib = statistics.median(int(run.splitlines()[-1]) for run in runs)
        return kib - tree.stat().st_size / 1024

    smallest = peak(compile_tree(DATA / "empty.dts", trees[0].parent))
    rows = []
    for tree, line in zip(trees, said(bench, "time", str(ROUNDS), *trees).splitlines()):
        functions, size, microseconds, stack = line.split()
        rows.append(
            Measurement(
                int(functions),
                int(size),
                float(microseconds),
                int(stack),
                max(0.0, peak(tree) - smallest),
                instructions(bench, tree),
            )
        )
    return rows


def report_promise(met: bool, text: str) -> None:
    """Print whether a promise is met."""
    print(f"{'met    ' if met else 'NOT MET'}  {text}")


def line_through(rows: list[Measurement], of: str, values: list[float]) -> None:
    """The straight line that fits best, and whether it fits."""
    counts = [float(row.functions) for row in rows]
    slope, start = statistics.linear_regression(counts, values)
    bent = max(abs(y - start - slope * x) / y for x, y in zip(counts, values))
    text = f"{of}: {start:.0f} + {slope:.2f} a function, at most {bent:.1%} off"
    report_promise(bent <= MOST_BENT, f"grows linearly; {text}")


def main() -> int:
    """Measure, print, compare with the limits."""
    if len(sys.argv) != 4:
        print("usage: bench.explain_report BENCH VDMACTL FOLDER", file=sys.stderr)
        return 2
    bench, vdmactl, trees = (Path(arg).resolve() for arg in sys.argv[1:])
    try:
        with runs.locked(trees) as folder:
            rows = measure(bench, vdmactl, make_trees(folder))
    except runs.Busy as error:
        print(f"bench-explain: {error}", file=sys.stderr)
        return 2
    print("functions  tree      time      a function  instructions  stack   vdmactl's memory")
    for row in rows:
        count = "-" if row.instructions is None else f"{row.instructions / 1e6:.2f} M"
        print(
            f"{row.functions:9}  {row.size / 1024:4.0f} KiB  {row.microseconds:6.0f} us  "
            f"{row.microseconds / row.functions:7.2f} us  {count:>12}  "
            f"{row.stack:5} B  {row.process_kib:4.0f} KiB"
        )
    print(f"median of {ROUNDS} rounds; vdmactl's memory is beyond the tree and an empty one")
    print("the library allocates nothing: stack is all that it takes")
    print()
    big = next(row for row in rows if row.functions == SIZES[-1])
    milliseconds = big.microseconds / 1000
    report_promise(milliseconds < MOST_MS, f"{big.functions} functions in {milliseconds:.2f} ms")
    kib = big.process_kib + big.stack / 1024
    report_promise(kib < MOST_KIB, f"{big.functions} functions in {kib:.0f} KiB beyond the tree")
    line_through(rows, "microseconds", [row.microseconds for row in rows])
    if all(row.instructions for row in rows):
        line_through(rows, "instructions", [float(row.instructions or 0) for row in rows])
    return 0


if __name__ == "__main__":
    sys.exit(main())
