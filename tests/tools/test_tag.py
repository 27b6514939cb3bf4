# SPDX-License-Identifier: GPL-2.0-or-later
"""vdmactl tag and untag: their output, and that none is left incomplete."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP
from tests.lib.devicetree.trees import compile_tree
from tests.lib.devicetree.vdmactl import dump_tree, on_full_disk, one_line, vdmactl

NODE = "/pci@800000020000000/legacy-device@1"
DEVICE = "0000:00:01.0"
ON_BRIDGE = "/pci@800000020000000/pci@2/legacy-device@3"
WINDOW = "0x1000000000000000,0x80000000"
CELLS = "f010 10000000 0 0 80000000"


@pytest.fixture(name="tree")
def _tree(run: Path) -> Path:
    """Two virtio functions, one on a bridge, and one not virtio."""
    return dump_tree(
        run / "guest.dtb",
        *("-device", "virtio-rng-pci,addr=1,disable-legacy=on"),
        *("-device", "pci-bridge,id=b,addr=2,chassis_nr=1,shpc=off"),
        *("-device", "virtio-rng-pci,bus=b,addr=3"),
        *("-device", "e1000,addr=4,romfile="),
    )


def fdtget(tree: Path, node: str) -> str | None:
    """The property as another program reads it; or None."""
    done = subprocess.run(
        ["fdtget", "-tx", tree, node, "qemu,dma-bypass"],
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() if done.returncode == 0 else None


@pytest.mark.parametrize("device", [NODE, DEVICE])
def test_tag_and_untag(run: Path, tree: Path, device: str) -> None:
    """tag adds one property and changes nothing else; untag restores the tree."""
    tagged, back = run / "tagged.dtb", run / "back.dtb"
    done = vdmactl("tag", "--device", device, "--window", WINDOW, tree, tagged)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert fdtget(tagged, NODE) == CELLS
    assert fdtget(tagged, ON_BRIDGE) is None
    assert vdmactl("untag", "--device", device, tagged, back).returncode == 0
    assert source(back) == source(tree)
    assert source(tagged) != source(tree)


def source(tree: Path) -> str:
    """The whole tree as text."""
    return subprocess.run(
        ["dtc", "-q", "-I", "dtb", "-O", "dts", tree],
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_same_file_and_pipes(tree: Path) -> None:
    """OUT may be IN or standard output, and the file's mode stays."""
    tree.chmod(0o640)
    before = tree.read_bytes()
    args = ("--device", ON_BRIDGE, "--window", WINDOW)
    assert vdmactl("tag", *args, tree, tree).returncode == 0
    assert fdtget(tree, ON_BRIDGE) == CELLS
    assert tree.stat().st_mode & 0o777 == 0o640
    done = subprocess.run(
        [vdmactl("--version").args[0], "tag", *args, "-", "-"],
        input=before,
        capture_output=True,
        check=True,
    )
    assert done.stdout == tree.read_bytes()


REFUSED = {
    "no such device": (("--device", "0000:00:09.0"), "cannot find 0000:00:09.0 in {tree}: no such function"),
    "no such node": (("--device", NODE + "1"), "cannot find " + NODE + "1 in {tree}: no such function"),
    "a PHB": (("--device", "/pci@800000020000000"), "in {tree}: no such function"),
    "not virtio": (("--device", "0000:00:04.0"), "cannot use 0000:00:04.0 in {tree}: not a virtio function"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(run: Path, tree: Path, name: str) -> None:
    """A device that cannot be tagged exits 3 with a line, and no file is written."""
    args, says = REFUSED[name]
    out = run / "out.dtb"
    done = vdmactl("tag", *args, "--window", WINDOW, tree, out)
    assert says.format(tree=tree) in one_line(done, 3)
    assert not out.exists()


def test_untag_what_is_not_tagged(run: Path, tree: Path) -> None:
    """untag of a device without a tag exits 3, and no file is written."""
    out = run / "out.dtb"
    done = vdmactl("untag", "--device", DEVICE, tree, out)
    assert one_line(done, 3) == f"cannot untag {DEVICE} in {tree}: it has no tag"
    assert not out.exists()


@pytest.mark.parametrize(
    "window",
    ["0,0", "0x8000,0x10000", "0xffffffffffff0000,0x20000", "1,", ",1", "0x10000", "x,y"]
    + ["0x1000000000000000,0x80000000,", "0x10000000000000000,1", "-65536,1"],
)
def test_window_that_cannot_be(run: Path, tree: Path, window: str) -> None:
    """An invalid window exits 2, and no file is written."""
    out = run / "out.dtb"
    done = vdmactl("tag", "--device", DEVICE, "--window", window, tree, out)
    assert "--window" in one_line(done, 2) and one_line(done, 2).startswith("tag: ")
    assert not out.exists()


def regression(name: str, run: Path) -> Path:
    """A tree that fuzzing has found."""
    text = (TOP / "tests/fuzz/regress" / name).read_text(encoding="ascii")
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    blob = run / "found.dtb"
    blob.write_bytes(bytes.fromhex("".join(lines)))
    return blob


def test_untag_leaves_no_tag(run: Path) -> None:
    """untag removes both tags of a node that has two."""
    tree, out = regression("tag-two-tags.hex", run), run / "out.dtb"
    (tagged,) = (
        item["path"]
        for item in json.loads(vdmactl("explain", "-j", tree).stdout)
        if item["property"]
    )
    assert vdmactl("untag", "--device", tagged, tree, out).returncode == 0
    assert "qemu,dma-bypass" not in source(out)


@pytest.mark.parametrize(
    "name", ["endless-property.hex", "property-of-length-minus-1.hex", "version-4.hex"]
)
def test_trees_that_libfdt_let_pass(run: Path, name: str) -> None:
    """Damage that libfdt's check accepts gives a line and an end."""
    tree = regression(name, run)
    done = vdmactl("explain", tree)
    assert one_line(done, 3) == f"cannot read {tree}: device tree truncated or damaged"


def test_input_that_cannot_be_read(run: Path) -> None:
    """A missing file, and a tree that is too deep, give a line."""
    out, missing = run / "out.dtb", run / "missing"
    args = ("tag", "--device", DEVICE, "--window", WINDOW)
    assert one_line(vdmactl(*args, missing, out), 3) == f"cannot read {missing}: No such file or directory"
    deep = run / "deep.dts"
    phb = 'pci@1 { compatible = "IBM,Logical_PHB"; reg = <1 2 0 0>; '
    deep.write_text("/dts-v1/; / { " + phb + "a { " * 40 + "}; " * 40 + "}; };")
    tree = compile_tree(deep, run)
    assert "nested too deeply" in one_line(vdmactl(*args, tree, out), 3)
    assert not out.exists()


def test_output_that_cannot_be_written(run: Path, tree: Path) -> None:
    """If OUT cannot be written, its old content stays and no temporary file is left."""
    args = ("tag", "--device", DEVICE, "--window", WINDOW, tree)
    folder = run / "folder"
    folder.mkdir()
    assert one_line(vdmactl(*args, folder), 3) == f"cannot write {folder}: Is a directory"
    missing = run / "missing" / "out.dtb"
    assert one_line(vdmactl(*args, missing), 3) == (
        f"cannot write {missing}: No such file or directory; nothing was written"
    )
    assert one_line(vdmactl(*args, "/dev/full"), 3) == "cannot write /dev/full: No space left on device"
    done = on_full_disk(*args, "-")
    assert done.returncode == 3
    assert done.stderr == "vdmactl: cannot write standard output: No space left on device\n"
    assert vdmactl(*args, "/dev/null").returncode == 0
    out = run / "out.dtb"
    out.write_text("what was there")
    # a file may not grow beyond this many blocks of 1 KiB: less than the tree,
    # more than what gcc counts for make coverage
    limited = subprocess.run(
        ["bash", "-c", 'ulimit -f 8; trap "" XFSZ; exec "$@"', "-", vdmactl("-h").args[0]]
        + [os.fspath(arg) for arg in (*args, out)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert limited.returncode == 3
    assert limited.stderr == f"vdmactl: cannot write {out}: File too large; nothing was written\n"
    assert out.read_text() == "what was there"
    assert sorted(path.name for path in run.iterdir()) == ["folder", "guest.dtb", "out.dtb"]
