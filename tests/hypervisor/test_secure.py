# SPDX-License-Identifier: GPL-2.0-or-later
"""Secure VMs without an OS: the ultracalls, and the DMA guard with a device that SLOF
lets read and write private pages. SLOF shares no page, so a device that it drives after
UV_ESM is the guard's negative control."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import pytest

from tests.lib.guest import secure
from tests.lib.guest.baremetal import GuestRow, Run
from tests.lib.host.memory import reads_take_memory, resident_kib
from tests.lib.host.process import until
from tests.lib.machine import slof
from tests.lib.machine.qemu import Qemu
from tests.lib.machine.qmp import QmpError

TRACE = ["-trace", "spapr_uv_*", "-trace", "dma_guard_*", "-trace", "spapr_vdma_window"]
RNG = "-object rng-builtin,id=r -device virtio-rng-pci,rng=r,addr=1"
F = "iommu_platform=on,disable-legacy=on"
UV_WORDS = slof.FORTH / "uv-words.fs"
PATTERN = b"read from a disk"


def violations(run: Path, denied: bool) -> list[tuple[str, int, str]]:
    """Device, size and direction of each violation; all were DENIED, or all let through."""
    found = secure.violations(run)
    assert {v.denied for v in found} <= {denied}
    return [(v.device, v.size, v.direction) for v in found]


@pytest.mark.parametrize("cpu", ["power9", "power10"])
def test_every_status_of_the_ultracalls(run: Path, cpu: str) -> None:
    """A guest gets each status of docs/abi/ultravisor.md, with page contents and MSR[S] as it
    says."""
    sources = [slof.PLUGIN, slof.FORTH / "ktap.fs", slof.FORTH / "uv.fs"]
    options = ["-machine", "x-ultravisor=on", *f"{RNG},{F}".split(), *TRACE]
    console = slof.boot(run, sources, options, cpu=cpu)
    assert slof.ktap_problems(console, 34) == []
    log = (run / "qemu.log").read_text()
    windows = re.findall(r"spapr_vdma_window vdma-\S+ (enabled=\d by .*)", log)
    assert windows == ["enabled=1 by hypercall", "enabled=0 by secure mode"]


def read_disk(run: Path, options: str) -> str:
    """The console of a guest that reads a disk's first block, in secure mode or not."""
    disk = run / "disk.img"
    disk.write_bytes(PATTERN.ljust(1 << 20, b"\0"))
    drive = f"-drive if=none,id=d,format=raw,file={disk}"
    device = "-device virtio-blk-pci,drive=d,id=blk,addr=1"
    arguments = f"{options} {drive} {device}".split()
    return slof.boot(run, [UV_WORDS, slof.FORTH / "uv-disk.fs"], [*arguments, *TRACE])


def test_report_counts_and_lets_through(run: Path) -> None:
    """In mode report the disk is read, and the guard counts each access."""
    console = read_disk(run, "-machine x-ultravisor=on,x-dma-guard=report")
    assert "secure 0" in console and f"block {PATTERN.decode()}" in console
    found = violations(run, denied=False)
    # The request: header, data, status; three descriptors.
    for step in (("blk", 16, "read"), ("blk", 512, "write"), ("blk", 1, "write")):
        assert step in found
    assert found.count(("blk", 16, "read")) >= 4


@pytest.mark.extended
def test_deny_gives_the_device_nothing(run: Path) -> None:
    """In mode deny the device cannot read its request, and memory is unchanged."""
    console = read_disk(run, "-machine x-ultravisor=on")
    assert "secure 0" in console and PATTERN.decode() not in console
    assert {size for _, size, _ in violations(run, denied=True)} == {2}


def test_deny_holds_where_a_vio_device_bypasses_its_window(run: Path) -> None:
    """The guard denies a VIO device that bypasses its window as well."""
    disk = run / "disk.img"
    disk.write_bytes(PATTERN.ljust(1 << 20, b"\0"))
    device = f"-device spapr-vscsi,id=vscsi -drive if=none,id=d,format=raw,file={disk}"
    options = f"-machine x-ultravisor=on {device} -device scsi-hd,drive=d".split()
    command = slof.command(run, [UV_WORDS, slof.FORTH / "uv-disk.fs"], [*options, *TRACE])
    with Qemu([*command, "-no-reboot"], run) as guest:
        while guest.running() and guest.seconds() < slof.LIMIT and not violations(run, denied=True):
            time.sleep(0.1)
    console = (run / "console.log").read_text(errors="replace")
    assert "secure 0" in console and PATTERN.decode() not in console
    assert {name for name, _, _ in violations(run, denied=True)} == {"vscsi"}


@pytest.mark.parametrize("name, value", [("x-ultravisor", True), ("x-dma-guard", "report")])
def test_switches_stay_as_they_are(run: Path, name: str, value: bool | str) -> None:
    """Ultravisor and guard cannot be switched once the machine exists."""
    with Qemu([*slof.command(run, [slof.PLUGIN], []), "-S"], run) as guest:
        before = guest.qmp.command("qom-get", path="/machine", property=name)
        with pytest.raises(QmpError, match=f"cannot set {name}: the machine exists already"):
            guest.qmp.command("qom-set", path="/machine", property=name, value=value)
        assert guest.qmp.command("qom-get", path="/machine", property=name) == before


def answers(guest: Qemu, run: Path) -> list[int]:
    """Count QMP's answers until the guest is off: those before its first ultracall returns,
    before its second does, and so on."""
    found: list[int] = []
    while guest.qmp.command("query-status")["status"] != "shutdown":
        done = (run / "console.log").read_text(errors="replace").count("pages: status ")
        found += [0] * (done + 1 - len(found))
        found[done] += 1
    return found


@pytest.mark.extended
def test_share_takes_no_memory(run: Path) -> None:
    """Sharing and unsharing 3 GiB takes no memory of the host, and QMP answers meanwhile."""
    row = GuestRow(name="untouched", run="test=share_untouched", memory="4G", secure=True)
    boot = Run(row, run)
    (run / "console.log").touch()
    with Qemu(boot.command(), run) as guest:
        answered = answers(guest, run)
        peak = resident_kib(guest.process.pid, "VmHWM")
        guarded = boot.guarded(guest)
        guest.wait(row.limit)
    assert boot.check() + guarded == []
    # an answer takes a millisecond, UV_UNSHARE_PAGE hundreds
    assert answered[1] > 20
    if reads_take_memory():
        pytest.skip("this host's kernel gives memory to pages that are only read")
    assert peak < 1 << 20


DIMM_MIB, SECRET = 256, 0x5EC4E75EC4E7
U_PARAMETER, U_PERMISSION = -4, -11


def memory_devices(guest: slof.Prompt) -> list[dict[str, Any]]:
    """The memory devices that are plugged."""
    found: list[dict[str, Any]] = guest.qmp.command("query-memory-devices")
    return found


def plug_dimm(guest: slof.Prompt) -> int:
    """Plug it; its address."""
    guest.qmp.command("device_add", driver="pc-dimm", id="dimm", memdev="spare")
    address: int = memory_devices(guest)[0]["data"]["addr"]
    return address


def unplug_dimm(guest: slof.Prompt) -> None:
    """Unplug it; it goes at once, since SLOF has not taken it."""
    guest.qmp.command("device_del", id="dimm")
    assert until(lambda: not memory_devices(guest), slof.LIMIT), "the DIMM is still there"


@pytest.mark.extended
def test_what_is_unplugged_and_plugged(run: Path) -> None:
    """Unplugged memory loses its state and content; a PHB without IOMMU cannot be plugged."""
    store = run / "spare"
    store.write_bytes(bytes(DIMM_MIB << 20))
    backend = f"memory-backend-file,id=spare,size={DIMM_MIB}M,share=on,mem-path={store}"
    options = ["-m", "512M,slots=4,maxmem=2G", "-object", backend]
    options += ["-machine", "x-ultravisor=on", *TRACE]
    with slof.Prompt(run, [UV_WORDS], options) as guest:
        with guest.stopped():
            address = plug_dimm(guest)
        gfn, private = address >> secure.PAGE_SHIFT, address + (64 << secure.PAGE_SHIFT)
        assert guest.ask("t-secure") == 0
        assert guest.ask(f"{gfn:x} 20 t-share") == 0
        assert guest.ask(f"{SECRET:x} {private:x} ! {private:x} @") == SECRET
        assert SECRET.to_bytes(8, "big") in store.read_bytes()

        with guest.stopped():
            unplug_dimm(guest)
        assert secure.metric(guest.qmp, "uv-shared-pages") == 0
        assert SECRET.to_bytes(8, "big") not in store.read_bytes()
        for call in ("share", "unshare"):
            assert guest.ask(f"{gfn:x} 20 t-{call}") == U_PARAMETER

        with guest.stopped():
            assert plug_dimm(guest) == address
        assert secure.metric(guest.qmp, "uv-shared-pages") == 0
        assert guest.ask(f"{gfn:x} 20 t-unshare") == 0
        phb = {"driver": "spapr-pci-host-bridge", "index": 1, "bypass-iommu": True}
        refused = pytest.raises(QmpError, match="cannot plug a PHB with bypass-iommu=on")
        with guest.stopped(), refused:
            guest.qmp.command("device_add", **phb)


@pytest.mark.extended
def test_no_phb_without_iommu(run: Path) -> None:
    """UV_ESM is refused while the machine has a PHB without IOMMU."""
    phb = "-device spapr-pci-host-bridge,index=1,id=open,bypass-iommu=on"
    options = ["-machine", "x-ultravisor=on", *phb.split(), *TRACE]
    with slof.Prompt(run, [UV_WORDS], options) as guest:
        assert guest.ask("t-secure") == U_PERMISSION
    said = (run / "qemu.log").read_text(errors="replace")
    assert "cannot enter secure mode: open bypasses the DMA guard" in said


NVDIMM_MIB = 256


@pytest.mark.extended
def test_no_secure_vm_with_an_nvdimm(run: Path) -> None:
    """Its content outlives the VM and would be zeroed with it: UV_ESM is refused, and all
    of the content is still there."""
    store = run / "store"
    content = SECRET.to_bytes(8, "big") * 512
    with store.open("wb") as file:
        file.write(content)
        file.truncate(NVDIMM_MIB + 1 << 20)
    backend = f"memory-backend-file,id=store,size={NVDIMM_MIB + 1}M,share=on,mem-path={store}"
    device = "nvdimm,id=kept,memdev=store,label-size=1M,uuid=75a3cdd7-6a2f-4791-8d15-fe0a920e8e9e"
    options = ["-m", "512M,slots=4,maxmem=2G", "-object", backend, "-device", device]
    options += ["-machine", "x-ultravisor=on,nvdimm=on", *TRACE]
    with slof.Prompt(run, [UV_WORDS], options) as guest:
        assert guest.ask("t-secure") == U_PERMISSION
        guest.qmp.command("system_reset")
    said = (run / "qemu.log").read_text(errors="replace")
    assert "cannot enter secure mode: kept bypasses the DMA guard" in said
    with store.open("rb") as file:
        assert file.read(len(content)) == content
