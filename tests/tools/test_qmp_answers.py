# SPDX-License-Identifier: GPL-2.0-or-later
"""vdmactl explain --qmp decides by QEMU's answers.

tests/linux/test_explain_qmp.py has real guests, where decision and guest agree. Here the
answers are made up, to contradict the tree as no right guest does.
"""

from __future__ import annotations

import json
import shutil
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests.lib.devicetree.trees import DATA, compile_tree
from tests.lib.devicetree.vdmactl import one_line, vdmactl

BASE, SIZE = 1 << 60, 0xC000_0000
FN = "0000:00:01.0"
DISK, PHB = "/machine/peripheral/disk", "/machine/unattached/device[7]"
F = "VIRTIO_F_IOMMU_PLATFORM: Device can be used on IOMMU platform"
V1 = "VIRTIO_F_VERSION_1: Device compliant for v1 spec (legacy)"
READY = "VIRTIO_CONFIG_S_DRIVER_OK: Driver setup and ready"
FREED = "dumpdtb of this QEMU reads freed memory"
GUARD = "address=0x1000 size=8 direction=write violations=3"


def key(command: str, **arguments: str) -> tuple[str, ...]:
    """A command as Vm.answers has it: qom-get by object and property, others by name."""
    if command == "qom-get":
        return arguments["path"], arguments["property"]
    return (command,)


@dataclass(frozen=True)
class Vm:
    """A VM with one disk, in slot 1 of the PHB with index 0. TREE is what dumpdtb writes:
    a file of tests/data, "garbage", or "nowhere" that we can see; "" if it refuses. SAFE: it
    has the feature. MORE are other answers; None refuses."""

    tree: str = "tagged.dts"
    safe: bool = True
    f: bool = True
    features: tuple[str, ...] = (F, V1)
    window: bool | None = False
    ready: bool = True
    guard: str = ""
    more: dict[tuple[str, ...], Any] = field(default_factory=dict)

    def answers(self) -> dict[tuple[str, ...], Any]:
        """By command."""
        offered = {"transports": [F, V1] if self.f else [V1], "dev-features": []}
        status = {
            "device-id": 2,
            "host-features": offered,
            "guest-features": {"transports": list(self.features), "dev-features": []},
            "status": {"statuses": [READY] if self.ready else []},
        }
        windows = [{"name": "vdma[0]", "type": "child<spapr-vdma-function>"}]
        bridge = {"slot": 4, "function": 0, "pci_bridge": {"bus": {"secondary": 1}}}
        schema = {"name": "dumpdtb", "features": ["fdt-update"] if self.safe else []}
        found = {
            ("qmp_capabilities",): {},
            ("query-status",): {"status": "running"},
            ("query-kvm",): {"enabled": False},
            ("query-qmp-schema",): [{"name": "0"}, schema],
            ("query-pci",): [{"bus": 0, "devices": [bridge]}],
            ("x-query-virtio",): [{"path": f"{DISK}/virtio-backend"}],
            ("x-query-virtio-status",): status,
            ("qom-list",): [{"name": "index", "type": "uint32"}, *windows],
            ("/machine", "type"): "pseries-10.0-machine",
            ("/machine", "append"): "quiet",
            ("/machine", "cap-dma-bypass"): True,
            ("/machine", "uv-secure"): False,
            ("/machine", "memory"): {"size": SIZE // 2, "max-size": SIZE},
            ("/machine", "dma-guard-by-device"): self.guard,
            (DISK, "addr"): 8,
            (DISK, "parent_bus"): f"{PHB}/pci.0",
            (DISK, "dma-bypass"): True,
            (PHB, "index"): 0,
            (PHB, "dma-bypass"): True,
            (PHB, "ddw"): True,
            (f"{PHB}/vdma[0]", "device"): DISK,
            (f"{PHB}/vdma[0]", "enabled"): self.window,
            (f"{PHB}/vdma[0]", "window-size"): SIZE,
        }
        return found | self.more


def write_tree(tree: str, file: Path, folder: Path) -> None:
    """What dumpdtb does."""
    if tree == "garbage":
        file.write_bytes(bytes(99))
    elif tree != "nowhere":
        shutil.copy(compile_tree(DATA / tree, folder), file)


EVENT = {"event": "RTC_CHANGE", "data": {}, "timestamp": {}}


def talk(client: socket.socket, vm: Vm, folder: Path) -> None:
    """Answer one client, with an event before each answer, on several lines."""
    answers = vm.answers()

    def say(message: dict[str, Any]) -> None:
        client.sendall(json.dumps(message, indent=1).encode() + b"\r\n")

    say({"QMP": {"version": {}, "capabilities": []}})
    with client.makefile("r", encoding="utf-8") as lines:
        for line in lines:
            asked = json.loads(line)
            name, arguments = asked["execute"], asked.get("arguments", {})
            if name == "dumpdtb" and vm.tree:
                answers[(name,)] = {}
                write_tree(vm.tree, Path(arguments["filename"]), folder)
            answer = answers.get(key(name, **arguments))
            say(EVENT)
            error = {"class": "GenericError", "desc": f"{name} does not work"}
            say({"return": answer} if answer is not None else {"error": error})


@contextmanager
def served(vm: Vm) -> Iterator[Path]:
    """A socket with QEMU's answers."""
    with tempfile.TemporaryDirectory(prefix="vdma-") as name:
        folder = Path(name)

        def accept() -> None:
            with suppress(OSError):
                client, _ = listener.accept()
                with client:
                    talk(client, vm, folder)

        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(folder / "qmp"))
            listener.listen()
            thread = threading.Thread(target=accept)
            thread.start()
            yield folder / "qmp"
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def explain(vm: Vm, *args: str) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, rows, and what it complained of, without the socket's name."""
    with served(vm) as path:
        done = vdmactl("explain", "--json", *args, "--qmp", path)
    return done.returncode, json.loads(done.stdout or "null"), done.stderr.replace(str(path), "QMP")


@dataclass(frozen=True)
class Said:
    """The row of the function, and how guest and decision differ."""

    mode: str
    reason: str
    passed_over: str = ""
    property: bool | None = True
    disagreement: str | None = None
    complaint: str = ""


NO_TREE = "cannot read the device tree of QMP: {}; tags unknown, virtio only"
CLOSED = "its bypass window is closed: the driver uses another mode"
BYPASS = Said("bypass", "dt-bypass")
ABSENT = Said("identity", "ddw-covers-memory", "bypass:property-absent", False)
BARE = replace(ABSENT, property=None, complaint=NO_TREE.format(FREED))

CASES = {
    "window open": (Vm(window=True), BYPASS),
    "driver not ready": (Vm(ready=False), BYPASS),
    "QEMU without windows": (Vm(window=None), BYPASS),
    "window closed": (Vm(), replace(BYPASS, disagreement=CLOSED)),
    "open without a tag": (
        Vm("untagged.dts", window=True),
        replace(ABSENT, disagreement="its bypass window is open"),
    ),
    "guard": (
        Vm(window=True, guard=f"device=other {GUARD}\ndevice=disk {GUARD}\nwhat\n"),
        replace(BYPASS, disagreement=f"the DMA guard caught it at private memory: {GUARD}"),
    ),
    "no F": (Vm(f=False, features=(V1,)), Said("direct", "no-access-platform")),
    "switched off": (
        Vm(more={(DISK, "dma-bypass"): False}),
        Said("identity", "ddw-covers-memory", "bypass:hcall-refused"),
    ),
    "PHB switched off": (
        Vm(more={(PHB, "dma-bypass"): False, (PHB, "ddw"): False}),
        Said("tce", "default-window", "bypass:hcall-refused identity:ddw-absent"),
    ),
    "another window": (
        Vm(more={(f"{PHB}/vdma[0]", "window-size"): 2 * SIZE}),
        Said("identity", "ddw-covers-memory", "bypass:hcall-disagrees"),
    ),
    "no capability": (
        Vm(more={("/machine", "cap-dma-bypass"): None}),
        Said("identity", "ddw-covers-memory", "bypass:hcall-missing"),
    ),
    "secure": (
        Vm(more={("/machine", "uv-secure"): True}),
        Said("bounce", "secure-platform", "bypass:secure-veto identity:secure-veto"),
    ),
    "secure, legacy driver": (
        Vm(features=(), more={("/machine", "uv-secure"): True}),
        Said("refuse", "secure-legacy", "bypass:secure-veto identity:secure-veto"),
    ),
    "freed memory": (Vm(safe=False), BARE),
    "freed memory, not run": (
        Vm(safe=False, ready=False, more={("query-status",): {"status": "prelaunch"}}),
        BYPASS,
    ),
    "no tree, window open": (
        Vm(safe=False, window=True),
        replace(BYPASS, complaint=NO_TREE.format(FREED)),
    ),
    "no tree, no dynamic windows": (
        Vm(safe=False, more={("/machine", "append"): "no_disable_ddw disable_ddw"}),
        replace(
            BARE,
            mode="tce",
            reason="default-window",
            passed_over="bypass:property-absent identity:ddw-absent",
        ),
    ),
    "no tree, no IOMMU": (
        Vm(safe=False, more={("/machine", "append"): "iommu=off"}),
        replace(
            BARE,
            mode="refuse",
            reason="iommu-off",
            passed_over="bypass:property-absent identity:iommu-off",
        ),
    ),
    "no tree, nothing known": (
        Vm(safe=False, more={("/machine", name): None for name in ("append", "memory")}),
        BARE,
    ),
    "no dump": (Vm(""), replace(BARE, complaint=NO_TREE.format("dumpdtb does not work"))),
    "dump elsewhere": (
        Vm("nowhere"),
        replace(BARE, complaint=NO_TREE.format("No such file or directory")),
    ),
    "damaged dump": (
        Vm("garbage"),
        replace(BARE, complaint=NO_TREE.format("not a flattened device tree")),
    ),
}

@pytest.mark.parametrize("name", CASES)
def test_answers(name: str) -> None:
    """The row is what QEMU's answers and the tree call for, and a contradiction is reported."""
    vm, want = CASES[name]
    status, rows, said = explain(vm)
    (row,) = rows
    assert (row["device"], row["driver"]) == (FN, "virtio_blk")
    assert (row["mode"], row["reason"], " ".join(row["passed_over"])) == (
        *(want.mode, want.reason, want.passed_over),
    )
    assert (row["property"], row["disagreement"]) == (want.property, want.disagreement)
    lines = [want.complaint] if want.complaint else []
    if want.disagreement:
        lines.append(
            f"{FN}: mode should be {want.mode}, reason {want.reason}; {want.disagreement}"
        )
    assert said.splitlines() == [f"vdmactl: {line}" for line in lines]
    unavoidable = "secure-veto" in want.passed_over
    degraded = (want.passed_over and not unavoidable) or want.disagreement or want.mode == "refuse"
    assert status == int(bool(degraded))


def test_plugged_later() -> None:
    """A function without a node in the tree was plugged later, and tagged by QEMU; one
    without an object was unplugged."""
    later = {(DISK, "addr"): 0x28}
    status, (row,), said = explain(Vm(window=True, more=later))
    assert (status, said, row["device"], row["path"]) == (0, "", "0000:00:05.0", DISK)
    assert (row["mode"], row["property"], row["window"]) == ("bypass", True, True)
    _, (row,), said = explain(Vm(more=later | {(DISK, "dma-bypass"): False}))
    assert (row["mode"], row["property"], said) == ("identity", False, "")
    assert row["passed_over"] == ["bypass:property-absent"]
    _, (row,), said = explain(Vm(more=later | {(f"{PHB}/vdma[0]", "device"): ""}))
    assert (row["property"], row["window"], said) == (None, None, "")


def test_below_a_bridge() -> None:
    """The guest's number of a bridge's bus is part of an address; without it the function
    has none."""
    bridge = "/machine/peripheral/bridge"
    below = {
        (DISK, "parent_bus"): f"{bridge}/bridge",
        (bridge, "addr"): 0x20,
        (bridge, "parent_bus"): f"{PHB}/pci.0",
    }
    _, (row,), _ = explain(Vm(safe=False, more=below))
    assert (row["device"], row["path"]) == ("0000:01:01.0", DISK)
    other = {"slot": 4, "function": 0, "pci_bridge": {"bus": {"secondary": 2}}}
    for roots in (
        [{"bus": 0, "devices": []}],
        [*Vm().answers()[("query-pci",)], {"bus": 0, "devices": [other]}],
    ):
        _, (row,), _ = explain(Vm(safe=False, more=below | {("query-pci",): roots}))
        assert (row["device"], row["path"]) == (None, DISK)


def nested(levels: int) -> str:
    """A tree with a disk below the PHB and bridges, on a level; the root is level 0."""
    disk = '/include/ "blk.dtsi"'
    bridges = levels - 2
    return (
        '/dts-v1/;\n/include/ "pseries.dtsi"\n&phb { '
        + "".join(f"n{i} {{ reg = <0 0 0 0 0>; " for i in range(bridges))
        + f"scsi@1 {{ reg = <0x800 0 0 0 0>; {disk}\n}}; "
        + "}; " * bridges
        + "};\n"
    )


def test_far_down(run: Path) -> None:
    """A node deeper than QEMU's bridges go, or without an address, is no function of the VM;
    a tree that is nested deeper than it can be read is one line, status 3."""
    for name in ("pseries.dtsi", "phb.dtsi", "blk.dtsi"):
        (run / name).symlink_to(DATA / name)
    source = run / "nested.dts"
    source.write_text(nested(20), encoding="ascii")
    _, (row,), said = explain(Vm(str(source), window=None))
    assert (row["path"], said) == (DISK, "")
    source.write_text(nested(4).replace("reg = <0 0 0 0 0>;", ""), encoding="ascii")
    _, (row,), said = explain(Vm(str(source), window=None))
    assert (row["path"], said) == (DISK, "")
    source.write_text(nested(33), encoding="ascii")
    with served(Vm(str(source))) as path:
        line = one_line(vdmactl("explain", "--qmp", path), 3)
    assert line.startswith(f"cannot read the device tree of {path}: nodes below a PHB nested too")


def test_without_a_list_of_devices() -> None:
    """A QEMU that does not list virtio devices leaves the tree; without a tree there is
    nothing."""
    refused = {("x-query-virtio",): None}
    _, rows, said = explain(Vm(more=refused))
    assert ([row["mode"] for row in rows], said) == (["bypass", "bypass", "direct"], "")
    assert "f" in rows[2]["assumed"] and "window" not in rows[0]
    with served(Vm(safe=False, more=refused)) as path:
        line = one_line(vdmactl("explain", "--qmp", path), 3)
    assert line == f"cannot explain {path}: {FREED}; and it lists no virtio devices"


def test_device_that_goes() -> None:
    """A device that is unplugged while it is asked about is left out."""
    for gone in ((DISK, "addr"), (DISK, "parent_bus"), (PHB, "index"), ("x-query-virtio-status",)):
        assert explain(Vm(more={gone: None})) == (0, [], "")


def test_secure_or_not() -> None:
    """Whether the guest is secure is known without an ultravisor, not under KVM."""
    unknown = {("/machine", "uv-secure"): None}
    for more, known in (
        ({("/machine", "x-ultravisor"): False}, True),
        ({("/machine", "x-ultravisor"): True}, False),
        ({}, True),
        ({("query-kvm",): {"enabled": True}}, False),
        ({("query-kvm",): None}, False),
    ):
        _, (row,), _ = explain(Vm(window=True, more=unknown | more))
        assert ("secure" not in row["assumed"]) is known


def test_in_words() -> None:
    """The table marks unknown tags and contradictions; -v spells them out."""
    with served(Vm(safe=False)) as path:
        table = vdmactl("explain", "--qmp", path).stdout.splitlines()
    assert table[1].split()[:5] == [FN, "virtio_blk", "1", "?", "identity"]
    with served(Vm(safe=False)) as path:
        assert "  property   unknown (QEMU)\n" in vdmactl("explain", "-v", "--qmp", path).stdout
    with served(Vm()) as path:
        assert " bypass! " in vdmactl("explain", "--qmp", path).stdout
    with served(Vm()) as path:
        lines = vdmactl("explain", "-v", "--qmp", path).stdout.splitlines()
    assert f"  but {CLOSED}" in lines
    assert "  bypass     window closed (QEMU)" in lines and "  driver     ready (QEMU)" in lines


def test_old_qemu_refuses_negotiation() -> None:
    """A server that refuses everything is one line, status 3."""
    with served(Vm(more={("/machine", "type"): None, ("qmp_capabilities",): None})) as path:
        line = one_line(vdmactl("explain", "--qmp", path), 3)
    assert line == f"cannot explain {path}: qom-get does not work"
