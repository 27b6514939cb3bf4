# SPDX-License-Identifier: GPL-2.0-or-later
"""vdmactl explain --qmp with a QEMU that has not started its guest, and with whatever else
there may be at a socket."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.lib.devicetree.vdmactl import one_line, vdmactl
from tests.lib.machine import emulators
from tests.lib.machine.qemu import Qemu

F = "iommu_platform=on,disable-legacy=on"
DEVICES = f"""
-object rng-builtin,id=source
-device virtio-rng-pci,id=obeys,rng=source,addr=1,{F}
-device virtio-rng-pci,rng=source,addr=2
-device pci-bridge,id=bridge,addr=4,chassis_nr=1,shpc=off
-device virtio-rng-pci,id=below,rng=source,bus=bridge,addr=2,{F}
-device virtio-balloon-pci,id=function,addr=5.1,multifunction=on,{F}
-device spapr-pci-host-bridge,index=1,id=phb1,ddw=off
-device virtio-rng-pci,id=far,rng=source,bus=phb1.0,addr=1,{F}
""".split()
NOBODY = 65534


@pytest.fixture(name="folder")
def _folder() -> Iterator[Path]:
    """A folder with a short name; a socket's is limited."""
    with tempfile.TemporaryDirectory(prefix="vdma-") as folder:
        yield Path(folder)


@contextmanager
def qemu(folder: Path, *args: str, machine: str = "pseries", spec: str = "stock") -> Iterator[Qemu]:
    """A QEMU that has not started its guest, with a socket "qmp"."""
    command = [str(emulators.of(spec).binary), "-M", machine, "-S", "-nodefaults"]
    command += ["-display", "none", "-qmp", f"unix:{folder}/qmp,server=on,wait=off", *args]
    with Qemu(command, folder) as running:
        running.qmp.command("query-status")
        yield running


def rows(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The JSON of a run that has not complained."""
    assert (done.returncode in (0, 1), done.stderr) == (True, "")
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_before_the_guest_runs(folder: Path) -> None:
    """QEMU tells the features that a tree of the same machine lacks; all else is the same,
    and no file is left."""
    env = {"TMPDIR": str(folder)}
    with qemu(folder, *DEVICES) as running:
        running.dump_tree(folder / "guest.dtb")
        asked = rows(vdmactl("explain", "--json", "--qmp", folder / "qmp", env=env))
    assert list(folder.glob("vdmactl*")) == []
    read = rows(vdmactl("explain", "--json", "-A", "f=1", folder / "guest.dtb"))
    assert [row["path"] for row in asked] == [row["path"] for row in read]
    assert [row["f"] for row in asked] == [True, False, True, True, True]
    assert {row["mode"] for row in asked} == {"identity", "direct", "tce"}
    for row, same in zip(asked, read):
        keys = ("device", "driver", "mode", "reason", "passed_over") if row["f"] else ("device",)
        assert [row[key] for key in keys] == [same[key] for key in keys]
        assert set(row["assumed"]) == {"mask", "quirk", "pool", "mode", "live"} | (
            {"ddw"} if row["mode"] != "tce" else set()
        )
        assert (row["window"], row["disagreement"]) == (None, None)


def test_what_the_user_says_counts(folder: Path) -> None:
    """-A overrides what QEMU says; the rest is still QEMU's."""
    with qemu(folder, *DEVICES):
        first = rows(vdmactl("explain", "--json", "-A", "f=0", "--qmp", folder / "qmp"))
        second = rows(vdmactl("explain", "--json", "-s", "--qmp", folder / "qmp"))
    assert {row["mode"] for row in first} == {"direct"}
    assert {(row["mode"], row["f"]) for row in second} == {("bounce", True), ("bounce", False)}


def test_in_words(folder: Path) -> None:
    """-v names QEMU as the source of what it has answered."""
    with qemu(folder, *DEVICES):
        done = vdmactl("explain", "-v", "--qmp", folder / "qmp")
    first = done.stdout.partition("\n\n")[0].splitlines()
    sources = {line.split()[0]: line.partition("(")[2].partition(")")[0] for line in first[1:]}
    assert {key for key, source in sources.items() if source == "QEMU"} == {
        *("f", "v1", "hcall", "secure", "bypass", "driver")
    }
    assert "  bypass     window unknown (QEMU)" in first
    assert "  driver     not ready (QEMU)" in first


@pytest.mark.parametrize("temporary", ["missing", "/proc"])
def test_without_a_tree(folder: Path, temporary: str) -> None:
    """Where QEMU cannot write a tree, its objects have to do: tags are unknown, the rest is
    the same."""
    missing = folder / temporary
    with qemu(folder, *DEVICES):
        whole = rows(vdmactl("explain", "--json", "--qmp", folder / "qmp"))
        done = vdmactl(
            "explain", "--json", "--qmp", folder / "qmp", env={"TMPDIR": str(missing)}
        )
    assert done.stderr == (
        f"vdmactl: cannot read the device tree of {folder}/qmp: {missing}: No such file or"
        " directory; tags unknown, virtio only\n"
    )
    bare = json.loads(done.stdout)
    # Firmware numbers the bridge's bus, and has not run.
    assert len(bare) == len(whole) == 5
    for row in bare:
        (same,) = [w for w in whole if w["device"] and w["device"] == row["device"]] or [None]
        assert not isinstance(row["property"], bool)
        if same:
            keys = ("driver", "f", "mode", "reason", "passed_over")
            assert [row[key] for key in keys] == [same[key] for key in keys]
    paths = {row["path"] for row in bare}
    named = ("obeys", "below", "function", "far")
    assert {f"/machine/peripheral/{name}" for name in named} < paths


# Names in a folder that nobody listens at.
ABSENT = {
    "missing": "No such file or directory",
    "file": "Connection refused",
    "dead": "Connection refused",
    "file/below": "Not a directory",
    "x" * 120: "File name too long",
}


@pytest.mark.parametrize("name", ABSENT)
def test_no_socket(folder: Path, name: str) -> None:
    """A path without anybody who listens is one line, status 3."""
    (folder / "file").touch()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(folder / "dead"))
    path = folder / name
    line = one_line(vdmactl("explain", "--qmp", path), 3)
    assert line == f"cannot connect to {path}: {ABSENT[name]}"


def test_no_permission(folder: Path) -> None:
    """Another user's socket is one line, status 3."""
    with qemu(folder):
        (folder / "qmp").chmod(0o600)
        binary = vdmactl("--version").args[0]
        if os.geteuid():
            (folder / "qmp").chmod(0)
        drop = {} if os.geteuid() else {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        # make coverage has it write counts, and nobody may write only here
        folder.chmod(0o777)
        env = os.environ | {"GCOV_PREFIX": str(folder)}
        done = subprocess.run(
            [binary, "explain", "--qmp", folder / "qmp"],
            env=env, capture_output=True, text=True, check=False, **drop,  # type: ignore[call-overload]
        )  # fmt: skip
    assert one_line(done, 3) == f"cannot connect to {folder}/qmp: Permission denied"


def test_not_qmp(folder: Path) -> None:
    """QEMU's other monitor is not taken for QMP."""
    with qemu(folder, "-monitor", f"unix:{folder}/hmp,server=on,wait=off"):
        line = one_line(vdmactl("explain", "--qmp", folder / "hmp"), 3)
    assert line == f"cannot use {folder}/hmp: not a QMP socket"


@contextmanager
def server(path: Path, serve: Callable[[socket.socket], None]) -> Iterator[None]:
    """Serve one client at a socket as QEMU would not."""

    def accept() -> None:
        with suppress(OSError):
            client, _ = listener.accept()
            with client:
                serve(client)

    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=accept)
        thread.start()
        yield
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
    thread.join()


GREETING = b'{"QMP": {"version": {}, "capabilities": []}}\r\n'
STRANGERS = {
    "closes": (b"", "QEMU closed the connection"),
    "half a greeting": (GREETING[:20], "QEMU closed the connection"),
    "other JSON": (b'{"hello": 1}', "not a QMP socket"),
    "bytes": (bytes(range(256)) * 100, "not a QMP socket"),
    "a number": (b"1\n", "not a QMP socket"),
    "deep": (b"[" * 100_000, "not a QMP socket"),
    "endless": (b'{"QMP": "' + b"x" * (17 << 20), "QEMU's answer is too long"),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_strangers(folder: Path, name: str) -> None:
    """Whatever a stranger sends is one line, status 3."""
    sends, says = STRANGERS[name]
    with server(folder / "qmp", lambda client: client.sendall(sends)):
        line = one_line(vdmactl("explain", "--qmp", folder / "qmp"), 3)
    assert line == f"cannot use {folder}/qmp: {says}"


def test_deaf_stranger(folder: Path) -> None:
    """A stranger that greets and hears nothing is one line, status 3."""

    def greet(client: socket.socket) -> None:
        client.shutdown(socket.SHUT_RD)
        client.sendall(GREETING)
        client.recv(1)

    with server(folder / "qmp", greet):
        line = one_line(vdmactl("explain", "--qmp", folder / "qmp"), 3)
    assert line == f"cannot use {folder}/qmp: Broken pipe"


def test_another_machine(folder: Path) -> None:
    """A machine that is not pseries is one line, status 3."""
    with qemu(folder, machine="none"):
        line = one_line(vdmactl("explain", "--qmp", folder / "qmp"), 3)
    assert line == f"cannot explain {folder}/qmp: its machine is a none-machine, not pseries"


def relay(folder: Path, word: bytes, strike: Callable[[], None]) -> Callable[[socket.socket], None]:
    """A connection to QEMU, on which STRIKE comes before a command with WORD."""

    def from_qemu(upstream: socket.socket, client: socket.socket) -> None:
        with suppress(OSError):
            while data := upstream.recv(65536):
                client.sendall(data)
            client.shutdown(socket.SHUT_WR)

    def serve(client: socket.socket) -> None:
        with socket.socket(socket.AF_UNIX) as upstream:
            upstream.connect(str(folder / "qmp"))
            back = threading.Thread(target=from_qemu, args=(upstream, client))
            back.start()
            with suppress(OSError):
                while data := client.recv(65536):
                    if word in data:
                        strike()
                    upstream.sendall(data)
                upstream.shutdown(socket.SHUT_RDWR)
            back.join()

    return serve


@pytest.mark.parametrize(
    "word", ["qom-get", "x-query-virtio-status", "query-qmp-schema", "dumpdtb"]
)
def test_qemu_dies(folder: Path, word: str) -> None:
    """A QEMU that dies in the middle is one line, status 3, and leaves no file."""
    with qemu(folder, *DEVICES) as running:

        def strike() -> None:
            running.process.kill()
            running.process.wait()

        with server(folder / "relay", relay(folder, word.encode(), strike)):
            done = vdmactl(
                "explain", "--qmp", folder / "relay", env={"TMPDIR": str(folder)}
            )
    says = one_line(done, 3).partition(f"cannot explain {folder}/relay: ")[2]
    assert says in ("QEMU closed the connection", "Connection reset by peer", "Broken pipe")
    assert list(folder.glob("vdmactl*")) == []


def test_busy(folder: Path) -> None:
    """While QEMU serves another client, the wait has an end, and a line says why."""
    with qemu(folder), socket.socket(socket.AF_UNIX) as other:
        other.connect(str(folder / "qmp"))
        assert other.recv(4096)
        line = one_line(vdmactl("explain", "--qmp", folder / "qmp"), 3)
        assert line == (
            f"cannot use {folder}/qmp: no greeting within 10 s; QMP serves one client at a time"
        )


@pytest.mark.extended
def test_stopped(folder: Path) -> None:
    """A QEMU that stops in the middle is waited for with a limit."""
    with qemu(folder, *DEVICES) as running:
        stop = lambda: os.kill(running.process.pid, signal.SIGSTOP)  # noqa: E731
        with server(folder / "relay", relay(folder, b"query-pci", stop)):
            line = one_line(vdmactl("explain", "--qmp", folder / "relay"), 3)
        running.process.kill()
    assert line == f"cannot explain {folder}/relay: no answer within 10 s"
