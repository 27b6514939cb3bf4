# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/abi/qemu,dma-bypass.yaml is well formed, accepts right trees and rejects wrong
ones."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.lib.devicetree.binding import AVAILABLE, FOLDER, SCHEMA, validate
from tests.lib.devicetree.trees import DATA, compile_tree
from tests.lib.devicetree.vdmactl import dump_tree, vdmactl

pytestmark = AVAILABLE

PHB = "/pci@800000020000000"
BINDING = DATA / "binding"

# Nodes of malformed.dts and of binding/bad.dts, and the error of each.
MALFORMED = {
    "scsi@1": "True is not of type 'array'",
    "scsi@2": "is not of type 'array'",
    "scsi@3": "[61456, 268435456, 0, 0, 3221225472, 0] is too long",
    "scsi@4": "61456 was expected",
    "scsi@5": "32768 is not a multiple of 65536",
    "scsi@6": "0 is less than the minimum of 1",
}
MISPLACED = {
    "other-vendor@2": "vendor-id:0:0: 6900 was expected",
    "transitional@3": "device-id:0:0: 4159 is less than the minimum of 4160",
    "no-virtio@4": "device-id:0:0: 4224 is greater than the maximum of 4223",
    "no-vendor@5": "'vendor-id' is a required property",
    "no-device@6": "'device-id' is a required property",
    "no-reg@7": "'reg' is a required property",
    "short-reg@8": "reg:0: [16384, 0, 0, 0] is too short",
}
# A window that wraps around: no schema can add.
WRAPS = "scsi@7"


def test_schema_is_well_formed() -> None:
    """The schema follows the rules of devicetree.org."""
    command = ["dt-doc-validate", "-u", FOLDER, SCHEMA]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_example(run: Path) -> None:
    """The schema's own example validates, and the schema applies to its function."""
    command = ["dt-extract-example", SCHEMA]
    source = run / "example.dts"
    source.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    assert validate(compile_tree(source, run)) == ({"/example-0/pci/scsi@1"}, {})


def tagged(tree: Path, *args: str) -> dict[str, str]:
    """Paths of tagged functions, and why each is not in mode bypass."""
    done = vdmactl("explain", "-j", "-A", "hcall=yes", *args, tree)
    return {
        item["path"]: " ".join(item["passed_over"])
        for item in json.loads(done.stdout)
        if item["property"]
    }


@pytest.mark.parametrize("name", ["tagged", "bridges", "multifunction", "binding/good"])
def test_good(name: str, run: Path) -> None:
    """The schema applies to every tagged function and to no other, and finds no error."""
    tree = compile_tree(DATA / f"{name}.dts", run)
    nodes = set(tagged(tree))
    assert nodes and validate(tree) == (nodes, {})


@pytest.mark.parametrize(
    ("tree", "expected"),
    [(DATA / "malformed.dts", MALFORMED), (BINDING / "bad.dts", MISPLACED)],
    ids=["malformed", "misplaced"],
)
def test_bad(tree: Path, expected: dict[str, str], run: Path) -> None:
    """Each malformed function is reported for its own reason, and no other function is."""
    matched, wrong = validate(compile_tree(tree, run))
    assert {path.rpartition("/")[2] for path in matched} > set(expected)
    assert wrong.keys() == expected.keys()
    for node, says in expected.items():
        # That the size is 0 is said of much that has no size.
        entries = [x for x in wrong[node] if "'anyOf' conditional" not in x] or wrong[node]
        assert len(entries) == 1 and says in entries[0], entries


def test_schema_and_guest_agree(run: Path) -> None:
    """The schema rejects each tag that the guest calls malformed, except a window that wraps."""
    tree = compile_tree(DATA / "malformed.dts", run)
    malformed = {
        path.rpartition("/")[2]
        for path, passed_over in tagged(tree).items()
        if "bypass:property-malformed" in passed_over
    }
    assert malformed - {WRAPS} == validate(tree)[1].keys()
    assert WRAPS in malformed


def test_vdmactl_tag(run: Path) -> None:
    """A tag written by vdmactl validates; on a device with a legacy interface no tag does."""
    tree = dump_tree(
        run / "guest.dtb",
        *("-device", "virtio-rng-pci,addr=1,disable-legacy=on,disable-modern=off"),
        *("-device", "virtio-rng-pci,addr=2,disable-legacy=off"),
    )
    window = ("--window", "0x1000000000000000,0x80000000")
    for slot, complaint in ((1, False), (2, True)):
        out = run / f"tagged{slot}.dtb"
        device = ("--device", f"0000:00:{slot:02x}.0")
        assert vdmactl("tag", *device, *window, tree, out).returncode == 0
        matched, wrong = validate(out)
        assert len(matched) == 1
        assert bool(wrong) == complaint
