# SPDX-License-Identifier: GPL-2.0-or-later
"""vdmactl status: joins what the module says with the device tree.

Every boot in tests/linux runs it in a real guest, where the two agree. Here the guest's
sysfs is made up, to contradict the tree as no right module does.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.devicetree.vdmactl import one_line, vdmactl

FN = "0000:00:01.0"
BASE, SIZE = 1 << 60, 0x8000_0000
TAG = struct.pack(">IQQ", 0xF010, BASE, SIZE)
VERSION_1, ACCESS_PLATFORM = 32, 33


@dataclass(frozen=True)
class StatusCase:
    """The module's report, the state of the guest, and the expected disagreement."""

    mode: str
    reason: str
    passed_over: str = "-"
    f: bool = True
    v1: bool = True
    tag: bytes | None = TAG
    announced: bool = True
    ddw: bool = True
    append: str = ""
    secure: bool = False
    base: int = BASE
    noted: bytes = b""
    bound: bool = True
    iommu_off: bool = False
    calls_for: str = ""


def write(folder: Path, **files: str | bytes) -> None:
    """Files in a new folder; _ stands for what a keyword cannot have."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name.replace("__", ",").replace("_", "-")).write_bytes(data)


def cells(*values: int) -> bytes:
    """Big-endian cells."""
    return struct.pack(f">{len(values)}I", *values)


def make_tree(root: Path, case: StatusCase) -> None:
    """The live device tree, as far as it matters."""
    base = root / "firmware/devicetree/base"
    calls = b"hcall-tce\0" + b"hcall-dma-bypass\0" * case.announced
    write(base, compatible=b"IBM,pseries\0")
    write(
        base / "rtas", ibm__hypertas_functions=calls, ibm__lrdr_capacity=cells(0, SIZE, 0, 0, 1)
    )
    write(base / "chosen", bootargs=f"quiet {case.append}".encode() + b"\0")
    if case.iommu_off:
        write(base / "chosen", linux__iommu_off=b"")
    phb = base / "pci@800000020000000"
    write(phb, compatible=b"IBM,Logical_PHB\0", reg=cells(0x8000000, 0x20000000, 0, 0))
    if case.ddw:
        write(phb, ibm__ddw_applicable=cells(1, 2, 3))
    if case.noted:
        write(phb, linux__direct64_ddr_window_info=case.noted)
    node = phb / "scsi@1"
    write(node, vendor_id=cells(0x1AF4), device_id=cells(0x1042 if case.v1 else 0x1001))
    write(node, class_code=cells(0x10000), reg=cells(0x800, 0, 0, 0, 0))
    if case.tag is not None:
        write(node, qemu__dma_bypass=case.tag)


def make_sysfs(root: Path, case: StatusCase | None) -> Path:
    """A guest with one disk; without the module if there is no CASE."""
    make_tree(root, case or StatusCase("", ""))
    device = root / "devices/pci0000:00" / FN
    virtio = device / "virtio0"
    (root / "bus/pci/devices").mkdir(parents=True)
    (root / "bus/pci/devices" / FN).symlink_to(f"../../../devices/pci0000:00/{FN}")
    write(device)
    (device / "class").write_text("0x010000\n")
    (device / "of_node").symlink_to(
        "../../../firmware/devicetree/base/pci@800000020000000/scsi@1"
    )
    case = case or StatusCase("", "")
    bits = ["0"] * 64
    # The quirk has the kernel believe in a feature that the device does not offer.
    believed = case.f or case.reason == "secure-quirk"
    bits[VERSION_1], bits[ACCESS_PLATFORM] = str(int(case.v1)), str(int(believed))
    write(virtio, features="".join(bits) + "\n")
    if case.bound:
        (virtio / "driver").symlink_to("../../../../bus/virtio/drivers/virtio_blk")
    write(root / "devices/system/cpu", svm=f"{int(case.secure)}\n")
    if case.mode:
        policy = virtio / "dma_policy"
        write(policy, mode=f"{case.mode}\n", reason=f"{case.reason}\n")
        (policy / "passed_over").write_text(f"{case.passed_over}\n")
        (policy / "window_base").write_text(f"{case.base:#x}\n")
    return root


AGREE = {
    "bypass": StatusCase("bypass", "dt-bypass"),
    "refused": StatusCase("identity", "ddw-covers-memory", "bypass:hcall-refused"),
    "another window": StatusCase("identity", "ddw-covers-memory", "bypass:hcall-disagrees"),
    "not announced": StatusCase(
        "identity", "ddw-covers-memory", "bypass:hcall-missing", announced=False
    ),
    "malformed": StatusCase(
        "identity", "ddw-covers-memory", "bypass:property-malformed", tag=TAG[:-1]
    ),
    "empty tag": StatusCase("identity", "ddw-covers-memory", "bypass:property-malformed", tag=b""),
    "disable_ddw": StatusCase(
        "tce", "default-window", "bypass:hcall-refused identity:ddw-absent", append="disable_ddw"
    ),
    "no windows": StatusCase(
        "tce", "default-window", "bypass:hcall-refused identity:ddw-absent", ddw=False
    ),
    "small windows": StatusCase(
        "tce", "default-window", "bypass:hcall-refused identity:ddw-too-small"
    ),
    "window that Linux noted": StatusCase(
        "identity",
        "ddw-covers-memory",
        "bypass:hcall-refused",
        noted=cells(0x80000001, 0, 0x8000000, 0, 24, 31),
    ),
    "window that Linux noted, too small": StatusCase(
        "tce",
        "default-window",
        "bypass:hcall-refused identity:ddw-too-small",
        noted=cells(0x80000001, 0, 0x8000000, 0, 24, 30),
    ),
    "mask below bypass": StatusCase("identity", "ddw-covers-memory", "bypass:mask-too-small"),
    "mask of 32 bits": StatusCase(
        "tce", "default-window", "bypass:mask-too-small identity:mask-too-small"
    ),
    "no F": StatusCase("direct", "no-access-platform", f=False, tag=None),
    "requested": StatusCase("tce", "requested", "bypass:requested identity:requested"),
    "unsafe request": StatusCase("bypass", "dt-bypass", "direct:request-unsafe"),
    "request not to be had": StatusCase(
        "bypass", "dt-bypass", "identity:request-unavailable", append="disable_ddw"
    ),
    "request not to be had, small windows": StatusCase(
        "bypass", "dt-bypass", "identity:request-unavailable"
    ),
    "request not to be had, nor bypass": StatusCase(
        "tce",
        "default-window",
        "bypass:hcall-refused identity:ddw-absent identity:request-unavailable",
        ddw=False,
    ),
    "request without a pool": StatusCase("bypass", "dt-bypass", "bounce:request-unavailable"),
    "bound before": StatusCase("identity", "ddw-covers-memory", "bypass:already-bound"),
    "bound before, both better": StatusCase(
        "tce", "default-window", "bypass:already-bound identity:already-bound"
    ),
    "bound before, another asked for": StatusCase(
        "identity", "ddw-covers-memory", "bypass:requested tce:already-bound"
    ),
    "secure": StatusCase("bounce", "secure-platform", "bypass:secure-veto identity:secure-veto", secure=True),
    "secure, quirk": StatusCase("bounce", "secure-quirk", f=False, tag=None, secure=True),
    "secure, no quirk": StatusCase("refuse", "secure-quirk-disabled", f=False, tag=None, secure=True),
    "secure, no pool": StatusCase("refuse", "secure-no-pool", f=False, tag=None, secure=True),
    "secure, legacy": StatusCase(
        "refuse", "secure-legacy", f=False, v1=False, tag=None, secure=True
    ),
    # A transitional device that virtio_pci drives by its legacy interface
    "secure, legacy by choice": StatusCase(
        "refuse", "secure-legacy", f=False, tag=None, secure=True, bound=False
    ),
    "no IOMMU": StatusCase(
        "refuse",
        "iommu-off",
        "bypass:property-absent identity:iommu-off",
        tag=None,
        iommu_off=True,
        bound=False,
    ),
    "no IOMMU, bypass": StatusCase("bypass", "dt-bypass", "tce:request-unavailable", iommu_off=True),
    "no driver, untagged": StatusCase(
        "identity", "ddw-covers-memory", "bypass:property-absent", tag=None, bound=False
    ),
    "no driver, secure": StatusCase(
        "bounce",
        "secure-platform",
        "bypass:secure-veto identity:secure-veto",
        tag=None,
        secure=True,
        bound=False,
    ),
}


def status(root: Path) -> tuple[int, dict[str, object], str]:
    """Exit status, the one object, what it complained of."""
    done = vdmactl("status", "--json", "--sysfs", root)
    (row,) = json.loads(done.stdout)
    return done.returncode, row, done.stderr


@pytest.mark.parametrize("name", AGREE)
def test_agrees(run: Path, name: str) -> None:
    """status shows the module's words where the device tree agrees with them."""
    case = AGREE[name]
    code, row, said = status(make_sysfs(run / "sys", case))
    assert (row["disagreement"], said) == (None, "")
    assert (row["mode"], row["reason"]) == (case.mode, case.reason)
    assert row["passed_over"] == [i for i in case.passed_over.split() if i != "-"]
    driver = "virtio_blk" if case.bound else "-"
    assert (row["device"], row["driver"], row["f"]) == (FN, driver, case.f)
    assert row["property"] is (case.tag is not None)
    assert row["secure"] is case.secure
    avoidable = case.passed_over != "-" and not case.secure
    assert code == int(avoidable or case.mode == "refuse")


DISAGREE = {
    "bypass without a tag": StatusCase(
        "bypass",
        "dt-bypass",
        tag=None,
        calls_for="mode identity, reason ddw-covers-memory, passed over bypass:property-absent",
    ),
    "bypass with a malformed tag": StatusCase(
        "bypass",
        "dt-bypass",
        tag=TAG + b"\0",
        calls_for="mode identity, reason ddw-covers-memory, passed over bypass:property-malformed",
    ),
    "tag not seen": StatusCase(
        "identity",
        "ddw-covers-memory",
        "bypass:property-absent",
        calls_for="mode bypass, reason dt-bypass, passed over -",
    ),
    "call not seen": StatusCase(
        "identity",
        "ddw-covers-memory",
        "bypass:hcall-missing",
        calls_for="mode bypass, reason dt-bypass, passed over -",
    ),
    "direct although it has F": StatusCase(
        "direct",
        "no-access-platform",
        calls_for="mode bypass, reason dt-bypass, passed over -",
    ),
    "bypass in a secure guest": StatusCase(
        "bypass",
        "dt-bypass",
        secure=True,
        calls_for="mode bounce, reason secure-platform,"
        " passed over bypass:secure-veto identity:secure-veto",
    ),
    "words that do not exist": StatusCase(
        "fast",
        "because",
        "x y:z bypass:why",
        calls_for="mode bypass, reason dt-bypass, passed over -",
    ),
}


@pytest.mark.parametrize("name", DISAGREE)
def test_disagrees(run: Path, name: str) -> None:
    """Where the device tree disagrees, status says so in each form of output and exits 1."""
    case = DISAGREE[name]
    root = make_sysfs(run / "sys", case)
    code, row, said = status(root)
    wanted = f"the device tree calls for {case.calls_for}"
    assert (code, row["disagreement"]) == (1, wanted)
    assert said == (
        f"vdmactl: {FN}: the module says mode {case.mode}, reason {case.reason},"
        f" passed over {case.passed_over}; {wanted}\n"
    )
    assert f" {case.mode}! " in vdmactl("status", "--sysfs", root).stdout
    assert wanted in vdmactl("status", "-v", "--sysfs", root).stdout


def test_another_window(run: Path) -> None:
    """A bypass window other than the tagged one is a disagreement."""
    case = StatusCase("bypass", "dt-bypass", base=BASE + 0x10000)
    code, row, _ = status(make_sysfs(run / "sys", case))
    assert code == 1
    assert row["disagreement"] == "its bypass window differs from the one in the device tree"


def test_without_a_driver_features_say_nothing(run: Path) -> None:
    """Without a driver, F comes from the tag."""
    case = StatusCase("bypass", "dt-bypass", f=False, bound=False)
    _, row, said = status(make_sysfs(run / "sys", case))
    assert (row["driver"], row["f"], said) == ("-", True, "")


def test_module_not_loaded(run: Path) -> None:
    """Without the module, status lists the devices, says so and exits 3."""
    done = vdmactl("status", "--sysfs", make_sysfs(run / "sys", None))
    assert done.returncode == 3
    assert done.stdout.splitlines()[1].split() == [FN, "virtio_blk", "1", "yes", "-", "-", "-"]
    assert done.stderr == (
        "vdmactl: virtio_dma_policy is not loaded; the kernel's own choice applies\n"
    )


def test_devices_by_name(run: Path) -> None:
    """Devices can be named, virtio or not; an unknown one gives a line."""
    root = make_sysfs(run / "sys", AGREE["bypass"])
    card = root / "bus/pci/devices/0000:00:02.0"
    write(card)
    (card / "class").write_text("0x020000\n")
    bridge = root / "bus/pci/devices/0000:00:03.0"
    write(bridge)
    (bridge / "class").write_text("0x060400\n")

    def devices(*args: str) -> list[str]:
        done = vdmactl("status", "--sysfs", root, *args)
        assert done.returncode == 0
        return [line.split()[0] for line in done.stdout.splitlines()[1:]]

    assert devices() == [FN]
    assert devices("--all") == [FN, "0000:00:02.0"]
    assert devices(FN) == [FN]
    assert devices("0000:00:02.0") == ["0000:00:02.0"]
    done = vdmactl("status", "--sysfs", root, FN, "0000:00:09.0")
    assert done.returncode == 3
    assert done.stderr == "vdmactl: cannot find 0000:00:09.0: no such PCI function\n"


def test_no_guest(run: Path) -> None:
    """Without a device tree or a PCI bus, status exits 3 with a line."""
    root = run / "sys"
    root.mkdir()
    done = vdmactl("status", "--sysfs", root)
    assert one_line(done, 3) == f"cannot read {root}/firmware/devicetree/base: no device tree"
    make_tree(root, AGREE["bypass"])
    done = vdmactl("status", "--sysfs", root)
    assert one_line(done, 3) == f"cannot read {root}: no PCI bus"
    long = "x" * 5000
    assert one_line(vdmactl("status", "--sysfs", long), 3) == f"cannot read {long}: name too long"


def test_files_that_say_nothing(run: Path) -> None:
    """Unreadable values in sysfs are treated as absent."""
    root = make_sysfs(run / "sys", AGREE["bypass"])
    device = root / "bus/pci/devices" / FN
    (device / "class").unlink()
    (root / "devices/system/cpu/svm").write_text("yes\n")
    (device / "virtio0/features").write_text("01\n")
    (device / "virtio0/dma_policy/window_base").write_text("none\n")
    code, row, said = status(root)
    assert (code, row["secure"], row["f"], said) == (0, False, True, "")


def test_tree_that_is_too_large(run: Path) -> None:
    """A device tree above the limit exits 3 with a line."""
    root = make_sysfs(run / "sys", AGREE["bypass"])
    base = root / "firmware/devicetree/base"
    write(base / "node0", large=bytes(60000))
    for i in range(1, 1200):
        (base / f"node{i}").symlink_to("node0")
    (base / "many").mkdir()
    for i in range(1200):
        os.link(base / "node0/large", base / f"many/large{i}")
    done = vdmactl("status", "--sysfs", root)
    assert one_line(done, 3) == f"cannot read {base}: FDT_ERR_NOSPACE"


def test_large_tree(run: Path) -> None:
    """A live tree larger than the first buffer is read."""
    root = make_sysfs(run / "sys", AGREE["bypass"])
    for i in range(40):
        write(root / f"firmware/devicetree/base/node{i}", large=bytes(60000))
    code, _, said = status(root)
    assert (code, said) == (0, "")
