# SPDX-License-Identifier: GPL-2.0-or-later
"""The firmware plugin and the hypercall, as a guest without an OS sees them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.lib.machine import slof
from tests.lib.machine.devices import F_OPTIONS

RNG = "-object rng-builtin,id=r -device virtio-rng-pci,rng=r"


def options(text: str) -> list[str]:
    """QEMU's options from one line of them."""
    return text.split()


# One function for each status that the hypercall can return here; some on a bridge and a
# second PHB, so that the plugin's walk is tested as well.
EVERY_KIND = [
    *options(f"-device virtio-net-pci,{F_OPTIONS},romfile=,addr=1"),
    *options("-object rng-builtin,id=r -device virtio-rng-pci,rng=r,addr=2"),
    *options("-device e1000,romfile=,addr=3"),
    *options("-device pci-bridge,id=bridge,chassis_nr=1,shpc=off,addr=4"),
    *options(f"-device virtio-scsi-pci,{F_OPTIONS},bus=bridge,addr=1"),
    *options("-device spapr-pci-host-bridge,index=1,id=phb1"),
    *options(f"-device virtio-rng-pci,rng=r,{F_OPTIONS},bus=phb1.0,dma-bypass=off"),
]


@pytest.mark.parametrize(
    "cpu", ["power9", *(pytest.param(n, marks=pytest.mark.extended) for n in ("power8", "power10"))]
)
def test_every_status_of_the_hypercall(run: Path, cpu: str) -> None:
    """Firmware gets each status that docs/abi/h-dma-bypass.md has for it."""
    sources = [slof.PLUGIN, slof.FORTH / "ktap.fs", slof.FORTH / "hcall.fs"]
    console = slof.boot(run, sources, EVERY_KIND, cpu=cpu)
    assert slof.ktap_problems(console, 26) == []


@pytest.mark.parametrize("qemu", ["vdma", "stock"])
def test_broken_capability_lists(run: Path, qemu: str) -> None:
    """The plugin refuses a capability list that loops, leaves configuration space or is wrong."""
    names = ["fake-pci.fs", "", "ktap.fs", "caps.fs"]
    sources = [slof.FORTH / name if name else slof.PLUGIN for name in names]
    console = slof.boot(run, sources, [], qemu=qemu)
    assert slof.ktap_problems(console, 21) == []


def power_off(run: Path) -> Path:
    """A source that ends a boot in firmware."""
    file = run / "power-off.fs"
    file.write_text("power-off\n")
    return file


def test_old_hypervisor_gets_no_question(run: Path) -> None:
    """Without the string in hypertas-functions the plugin makes no call and tags nothing."""
    devices = options(f"{RNG},{F_OPTIONS}")
    console = slof.boot(run, [slof.PLUGIN, power_off(run)], devices, qemu="stock")
    assert "vdma: no hcall-dma-bypass here, nothing is tagged" in console
    assert "may bypass" not in console


@pytest.mark.extended
@pytest.mark.parametrize("machine", ["type=pseries-9.2", "cap-dma-bypass=off"])
def test_machine_without_the_capability(run: Path, machine: str) -> None:
    """With an older machine type, or if the administrator says so, nothing is tagged."""
    devices = [*options(f"{RNG},{F_OPTIONS}"), "-machine", machine]
    console = slof.boot(run, [slof.PLUGIN, power_off(run)], devices)
    assert "vdma: no hcall-dma-bypass here, nothing is tagged" in console


def test_summary_counts(run: Path) -> None:
    """The plugin in the ROM image counts functions on all PHBs and bridges."""
    console = slof.boot(run, [power_off(run)], EVERY_KIND, rom="slof-vdma.bin")
    assert "vdma: 2 of 4 virtio functions may bypass the IOMMU" in console


def test_phb_switch(run: Path) -> None:
    """With dma-bypass=off on the PHBs no function may bypass."""
    devices = [*EVERY_KIND, "-global", "spapr-pci-host-bridge.dma-bypass=off"]
    console = slof.boot(run, [slof.PLUGIN, power_off(run)], devices)
    assert "vdma: 0 of 4 virtio functions may bypass the IOMMU" in console


PACK_ERRORS = {
    "too much": ('." x" ' * 8000, "do not fit"),
    "not ASCII": (": x é ;", "can't be passed"),
    "open string": ('." no end', "no \" ends"),
    "open comment": ("( no end", "no ) ends"),
    "string over two lines": ('s" a\nb"', "line end or tab"),
    "word that does not survive": ('" x"', "does not survive"),
}


@pytest.mark.parametrize("what", PACK_ERRORS)
def test_pack_refuses(run: Path, what: str) -> None:
    """Forth that the NVRAM cannot hold gives one line, status 1 and no output."""
    text, message = PACK_ERRORS[what]
    source, output = run / "source.fs", run / "output"
    source.write_text(text)
    done = subprocess.run(
        ["/usr/bin/python3", slof.PACK, "-o", output, source],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert not output.exists()
