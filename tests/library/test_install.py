# SPDX-License-Identifier: GPL-2.0-or-later
"""libvdma as another program uses it: installed, found by pkg-config."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.docs import blocks
from tests.lib.build.parts import BUILD, TOP
from tests.lib.devicetree.vdmactl import dump_tree

PREFIX = "/opt/vdma"
LIBRARY = "/opt/vdma/lib64"
HEADERS = sorted(TOP.glob("include/vdma/*.h"))
STRICT = ["-Wall", "-Wextra", "-Werror"]

# Two virtio functions, one on a bridge, and one not virtio.
DEVICES = """
    -device virtio-rng-pci,addr=1 -device pci-bridge,chassis_nr=1,id=b,addr=2
    -device virtio-rng-pci,bus=b,addr=3 -device e1000,romfile=,addr=4
""".split()
WAYS = [
    r"/pci@\w+/legacy-device@1: direct, the device ignores the IOMMU",
    r"/pci@\w+/pci@2/legacy-device@3: direct, the device ignores the IOMMU",
]


def shell(command: str | Sequence[str | Path], cwd: Path = TOP, **variables: str) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        command,
        shell=isinstance(command, str),
        cwd=cwd,
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}: {done.stdout}"
    return done.stdout


def make(target: str, root: Path) -> None:
    """Run make with another prefix; all share the .pc file in build/."""
    folders = [f"PREFIX={PREFIX}", f"LIBDIR={LIBRARY}", f"DESTDIR={root}"]
    with (BUILD / "lib/lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        shell(["make", "-s", *folders, target])


def files(root: Path) -> set[str]:
    """All files and links below a folder."""
    found = (path for path in root.rglob("*") if path.is_symlink() or path.is_file())
    return {"/" + str(path.relative_to(root)) for path in found}


PAGE = TOP / "docs/library.md"


def documented(pattern: str) -> list[str]:
    """Commands of docs/library.md that match."""
    found = (command.text for command in blocks.commands(PAGE))
    return [text for text in found if re.fullmatch(pattern, text)]


def public(run: Path) -> set[str]:
    """Functions that the headers declare, as the compiler has read them."""
    source = run / "all.c"
    source.write_text("".join(f"#include <vdma/{header.name}>\n" for header in HEADERS))
    listed = run / "all.aux"
    shell(["gcc", "-Iinclude", "-fsyntax-only", "-aux-info", listed, source])
    text = listed.read_text(encoding="ascii")
    extern = r"^/\* include/vdma/\S+ \*/ (?!static ).*?\b(vdma_\w+) \("
    return set(re.findall(extern, text, re.MULTILINE))


@pytest.fixture
def root(run: Path) -> Path:
    """A folder with everything installed below it."""
    folder = run / "root"
    make("install-lib", folder)
    return folder


@pytest.fixture
def tree(run: Path) -> Path:
    """A machine's device tree, by the distribution's QEMU."""
    return dump_tree(run / "machine.dtb", "-m", "512M", *DEVICES)


def test_install_and_uninstall(root: Path) -> None:
    """Install puts exactly these files in place, and uninstall removes them and nothing else."""
    version = shell("build/tools/vdmactl --version").split()[1]
    libraries = ["a", "so", "so.0", f"so.{version}"]
    assert files(root) == {
        *(f"{PREFIX}/include/vdma/{header.name}" for header in HEADERS),
        *(f"{LIBRARY}/libvdma.{name}" for name in libraries),
        f"{LIBRARY}/pkgconfig/libvdma.pc",
        f"{PREFIX}/bin/vdmactl",
        f"{PREFIX}/share/man/man1/vdmactl.1",
        f"{PREFIX}/share/bash-completion/completions/vdmactl",
    }
    assert shell([f"{root}{PREFIX}/bin/vdmactl", "--version"]) == f"vdmactl {version}\n"
    stranger = root / PREFIX[1:] / "include/other.h"
    stranger.touch()
    make("uninstall-lib", root)
    assert files(root) == {f"{PREFIX}/include/other.h"}
    assert not (root / PREFIX[1:] / "include/vdma").exists()


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_documented_example(root: Path, tree: Path, run: Path, compiler: str) -> None:
    """The program of docs/library.md compiles with its commands and explains a real tree."""
    (run / "way.c").write_text(blocks.example(PAGE, "c", "/* SPDX"), encoding="utf-8")
    library = f"{root}{LIBRARY}"
    variables = {
        "PKG_CONFIG_PATH": f"{library}/pkgconfig",
        "PKG_CONFIG_SYSROOT_DIR": str(root),
        "LD_LIBRARY_PATH": library,
    }
    commands = documented("cc .*")
    assert len(commands) == 2
    for command, shared in zip(commands, (True, False), strict=True):
        command = command.replace("cc", " ".join([compiler, *STRICT]), 1)
        shell(command, run, **variables)
        needed = shell(["readelf", "--dynamic", run / "way"])
        assert ("[libvdma.so.0]" in needed) == shared
        ways = shell([*documented_run(), tree], run, **variables).splitlines()
        assert len(ways) == len(WAYS), ways
        for way, expected in zip(ways, WAYS, strict=True):
            assert re.fullmatch(expected, way)


def documented_run() -> list[str]:
    """The documentation's `./way <FILE` with FILE as argument."""
    (line,) = documented(r"\./way <.*")
    return ["sh", "-c", line.replace("machine.dtb", '"$1"'), "sh"]


def test_exports_are_the_headers_functions(run: Path) -> None:
    """Both libraries define all declared functions, and the shared one exports no others."""
    declared = public(run)
    lines = shell("nm -D --defined-only --with-symbol-versions build/lib/libvdma.so")
    exported = re.findall(r" T (\w+)@@VDMA_\d+\.\d+$", lines, re.MULTILINE)
    others = re.findall(r" [^T] (\S+)$", lines, re.MULTILINE)
    assert set(exported) == declared
    assert all(re.fullmatch(r"VDMA_\d+\.\d+", name) for name in others)
    lines = shell("nm -g --defined-only build/lib/libvdma.a")
    defined = set(re.findall(r"^\w+ \w (\w+)$", lines, re.MULTILINE))
    assert defined >= declared
    assert all(name.startswith("vdma_") for name in defined)


@pytest.mark.parametrize("compiler", ["gcc -std=c11", "clang -std=c11", "gcc -std=gnu17"])
def test_headers_stand_alone(root: Path, compiler: str) -> None:
    """Each installed header compiles alone, and twice in a row."""
    for header in HEADERS:
        source = f"#include <vdma/{header.name}>\\n" * 2 + "extern int used;\\n"
        flags = f"{' '.join(STRICT)} -Wpedantic -I{root}{PREFIX}/include"
        shell(f"printf '{source}' | {compiler} {flags} -fsyntax-only -x c -")


def test_library_needs_libfdt_and_the_c_library_only() -> None:
    """The shared library needs no other library, and no allocator."""
    dynamic = shell("readelf --dynamic build/lib/libvdma.so")
    needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    assert sorted(needed) == ["libc.so.6", "libfdt.so.1"]
    assert re.findall(r"\(SONAME\).*\[(.*)\]", dynamic) == ["libvdma.so.0"]
    wanted = re.findall(r" U ([a-z]\w*)", shell("nm -D --undefined-only build/lib/libvdma.so"))
    foreign = {name for name in wanted if not name.startswith("fdt_")}
    pure = re.compile(r"(mem|str)(chr|cmp|cpy|len|move|set)")
    assert [name for name in foreign if not pure.fullmatch(name)] == []
