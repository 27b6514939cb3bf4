# SPDX-License-Identifier: GPL-2.0-or-later
"""Creates the corpus that fuzzing starts from: device trees of real machines.

    python3 -m tests.fuzz.corpus FOLDER

FOLDER/dt gets trees, FOLDER/property values of the property. QEMU's trees are
as QEMU makes them for firmware, and as SLOF hands them to a guest, with our tag
on each function that may bypass. Each is there whole, and once without large
properties that nothing here reads, so that mutation hits more of the rest. To these come
the trees of tests/data and tests/fuzz/regress.
"""

from __future__ import annotations

import re
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.lib.build import parts
from tests.lib.devicetree.trees import DATA, compile_tree
from tests.lib.machine import emulators
from tests.lib.machine.devices import F_OPTIONS
from tests.lib.machine.pseries import CAPABILITIES
from tests.lib.machine.qemu import Qemu

REGRESS = Path(__file__).parent / "regress"

# Nobody here reads these, and a bridge has 10 KiB of them.
BULK = re.compile(r"^\s*ibm,(drc-\w+|pa-features)[- \w]* = .*;\n", re.MULTILINE)

# Machine versions, as far as a QEMU still has them.
OLD = ("2.1", "2.7", "3.1", "5.0", "7.2")  # of the distribution's
NEW = ("3.0", "6.2", "8.0", "10.0")  # our QEMU's


def options(text: str) -> list[str]:
    """QEMU's options from one line of them."""
    return text.split()


def functions(count: int, bus: str, kind: str = "virtio-rng-pci,rng=r") -> list[str]:
    """COUNT functions, eight a slot, every other one with F."""
    args = ["-object", "rng-builtin,id=r"] if bus == "pci.0" else []
    for n in range(count):
        option = f"disable-modern=off,{F_OPTIONS if n % 2 else 'disable-legacy=off'}"
        place = f"bus={bus},addr={1 + n // 8:x}.{n % 8},multifunction=on"
        args += ["-device", f"{kind},{option},{place}"]
    return args


PHBS = options(" ".join(f"-device spapr-pci-host-bridge,index={n},id=phb{n}" for n in (1, 2, 3)))
NESTED = options(
    "-device pci-bridge,chassis_nr=1,id=outer,addr=1e "
    "-device pci-bridge,chassis_nr=2,id=inner,bus=outer,addr=1e"
)
MEMORY = options("-m 1G,slots=4,maxmem=8G")

# name, devices, more options
MACHINES: list[tuple[str, list[str], list[str]]] = [
    ("bare", [], []),
    ("one", functions(1, "pci.0"), []),
    ("full", functions(32, "pci.0"), MEMORY),
    ("bridges", [*functions(3, "pci.0"), *NESTED, *functions(2, "inner")], []),
    (
        "phbs",
        [*functions(2, "pci.0"), *PHBS, *functions(2, "phb1.0"), *functions(9, "phb3.0")],
        [*MEMORY, "-smp", "4"],
    ),
]


def qemu(kind: str, machine: str, rom: str) -> list[str]:
    """QEMU's command line, without devices."""
    emulator = emulators.of(kind)
    args = [str(emulator.binary), "-nodefaults", "-no-user-config"]
    args += ["-display", "none", "-M", f"{machine},{CAPABILITIES}"]
    if not emulator.own_slof:
        args += ["-bios", str(parts.part("slof") / rom)]
    return args


def from_qemu(args: list[str], run: Path) -> bytes:
    """The tree that QEMU has made for firmware."""
    tree = run / "tree"
    with Qemu([*args, "-S"], run) as machine:
        machine.dump_tree(tree)
    return tree.read_bytes()


def from_slof(args: list[str], run: Path) -> bytes:
    """The tree that SLOF would give to a guest, read from where SLOF says it is."""
    console = run / "console"
    console.write_text("")
    args = [*args, "-chardev", f"file,id=console,path={console}"]
    args += ["-device", "spapr-vty,chardev=console"]
    args += ["-prom-env", "boot-command=fdt-flatten-tree .\" tree:\" . .\" :\""]
    with Qemu(args, run) as machine:
        while not (found := re.search(r"tree:([0-9a-f]+)\s*:", console.read_text("latin-1"))):
            if machine.seconds() > 90 or not machine.running():
                raise SystemExit(f"corpus: SLOF made no tree: {machine.last_words()}")
            time.sleep(0.1)
        tree = run / "tree"
        where = {"val": int(found[1], 16), "filename": str(tree)}
        machine.qmp.command("pmemsave", size=8, **where)
        size = struct.unpack(">II", tree.read_bytes())[1]
        machine.qmp.command("pmemsave", size=size, **where)
    return tree.read_bytes()


def known(kind: str, versions: tuple[str, ...]) -> list[str]:
    """The versions that a QEMU has."""
    command = [emulators.of(kind).binary, "-M", "help"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return [version for version in versions if f"pseries-{version} " in told]


def machines(run: Path) -> Iterator[tuple[str, bytes]]:
    """Trees of QEMU and of SLOF, by name."""
    for kind, versions in (("stock", OLD), ("vdma", NEW)):
        for version in known(kind, versions):
            for name, devices, more in MACHINES:
                args = qemu(kind, f"pseries-{version}", "slof.bin")
                yield f"{kind}-{version}-{name}", from_qemu([*args, *devices, *more], run)
    for name, devices, more in MACHINES[1:]:
        args = [*qemu("vdma", "pseries", "slof-vdma.bin"), *devices, *more]
        yield f"slof-{name}", from_slof(args, run)


def without_bulk(tree: bytes) -> bytes:
    """A tree without the properties that nothing here reads."""
    source = dtc(tree, "dtb", "dts").decode("latin-1")
    return dtc(BULK.sub("", source).encode("latin-1"), "dts", "dtb")


def dtc(data: bytes, before: str, after: str) -> bytes:
    """Convert a tree with dtc."""
    command = ["dtc", "-q", "-I", before, "-O", after, "-o", "-", "-"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def sources(run: Path) -> Iterator[tuple[str, bytes]]:
    """Trees of this repository, by name."""
    for file in sorted([*DATA.glob("*.dts"), *REGRESS.glob("*.dts")]):
        yield file.stem, compile_tree(file, run).read_bytes()
    for file in sorted(REGRESS.glob("*.hex")):
        lines = (line.partition("#")[0] for line in file.read_text(encoding="ascii").splitlines())
        yield file.stem, bytes.fromhex("".join(lines))


def values() -> Iterator[tuple[str, bytes]]:
    """Values of the property, right and almost right."""
    for name, call, base, size in (
        ("valid", 0xF010, 1 << 60, 3 << 30),
        ("to-the-end", 0xF010, 0xFFFF << 48, 1 << 48),
        ("other-call", 0xF011, 1 << 60, 3 << 30),
        ("unaligned", 0xF010, (1 << 60) + 4096, 3 << 30),
        ("empty-window", 0xF010, 1 << 60, 0),
        ("wraps", 0xF010, 0xFFFF << 48, (1 << 48) + 1),
    ):
        yield name, struct.pack(">IQQ", call, base, size)
    yield "short", struct.pack(">IQI", 0xF010, 1 << 60, 1)
    yield "long", struct.pack(">IQQI", 0xF010, 1 << 60, 3 << 30, 0)


def main() -> int:
    """Fill the folder."""
    if len(sys.argv) != 2:
        print("usage: tests.fuzz.corpus FOLDER", file=sys.stderr)
        return 2
    folder = Path(sys.argv[1])
    for kind in ("dt", "property"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        run = Path(temporary)
        for name, tree in machines(run):
            (folder / "dt" / name).write_bytes(tree)
            (folder / "dt" / f"{name}-small").write_bytes(without_bulk(tree))
        for name, tree in sources(run):
            (folder / "dt" / name).write_bytes(tree)
    for name, value in values():
        (folder / "property" / name).write_bytes(value)
    return 0


if __name__ == "__main__":
    sys.exit(main())
