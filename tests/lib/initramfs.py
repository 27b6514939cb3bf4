# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds what a guest boots from: busybox, vdmactl, modules, our scripts.

It takes a tenth of a second, so it is built again for every boot and there is no
cache that could be out of date. It is not compressed: that costs time under TCG.
"""

from __future__ import annotations

import lzma
import re
from collections.abc import Iterator
from pathlib import Path

from tests.lib.cpio import Archive
from tests.lib.parts import TOP, built, part

POLICY = "virtio_dma_policy"

# Stages in which guests load modules (tests/linux/vdma.sh, load). What a kernel
# has built in is left out by itself.
STAGES = {
    "bus": ("virtio_pci",),
    "drivers": (
        "virtio_blk",
        "virtio_net",
        "virtio_scsi",
        "sd_mod",
        "virtio_rng",
        "e1000",
    ),
    "filesystem": ("romfs",),
}


def module_name(path: str) -> str:
    """Name under which the kernel knows the module in a file."""
    return re.sub(r"\.ko(\.xz)?$", "", path.rpartition("/")[2]).replace("-", "_")


class KernelModules:
    """The modules of one kernel, by name, with what they depend on."""

    def __init__(self, kernel: str) -> None:
        folder = part(f"kernel-{kernel}")
        release = (folder / "release").read_text(encoding="ascii").strip()
        self._root = folder / "lib/modules" / release
        self._files: dict[str, Path] = {}
        self._needs: dict[str, list[str]] = {}
        for line in (self._root / "modules.dep").read_text().splitlines():
            file, _, needs = line.partition(":")
            name = module_name(file)
            self._files[name] = self._root / file
            # depmod lists what is needed first last
            self._needs[name] = [module_name(n) for n in reversed(needs.split())]

    def closure(self, name: str) -> Iterator[str]:
        """A module after all that it depends on; nothing if it is built in."""
        if name in self._files:
            yield from self._needs[name]
            yield name

    def content(self, name: str) -> bytes:
        """The module's object file, not compressed."""
        file = self._files[name]
        data = file.read_bytes()
        return lzma.decompress(data) if file.suffix == ".xz" else data


def depends(module: bytes) -> list[str]:
    """What a module says in its .modinfo that it depends on."""
    found = re.search(rb"\0depends=([^\0]*)\0", module)
    names = found[1].decode().split(",") if found else []
    return [name.replace("-", "_") for name in names if name]


def add_modules(
    archive: Archive, kernel: str, policy: Path | None, more: tuple[str, ...]
) -> None:
    """Add the modules and the list of the order in which stages load them."""
    modules = KernelModules(kernel)
    order: list[tuple[str, str]] = []
    if policy is not None:
        data = policy.read_bytes()
        archive.add(f"lib/modules/{POLICY}.ko", data)
        for need in depends(data):
            order += [("policy", name) for name in modules.closure(need)]
        order.append(("policy", POLICY))
    for stage, names in {**STAGES, "more": more}.items():
        for name in names:
            order += [(stage, need) for need in modules.closure(name)]
    for name in {name for _, name in order} - {POLICY}:
        archive.add(f"lib/modules/{name}.ko", modules.content(name))
    lines = dict.fromkeys(f"{stage} {name}\n" for stage, name in order)
    archive.add("lib/modules/order", "".join(lines))


def base(kernel: str, policy: Path | None, more: tuple[str, ...] = ()) -> bytes:
    """The archive that all boots with this kernel have in common, and MORE modules."""
    archive = Archive()
    scripts = TOP / "tests/linux"
    busybox = part("busybox") / "busybox"
    archive.add("bin/busybox", busybox.read_bytes(), executable=True)
    archive.add("init", (scripts / "init").read_bytes(), executable=True)
    archive.add("lib/vdma.sh", (scripts / "vdma.sh").read_bytes())
    archive.add("lib/boot.sh", (scripts / "boot.sh").read_bytes())
    archive.add("etc/profile", ". /lib/vdma.sh\n")  # for the prompt of make shell
    rebind = (TOP / "guest/linux/rebind").read_bytes()
    archive.add("bin/rebind", rebind, executable=True)
    vdmactl = built("tools/ppc64le/vdmactl").read_bytes()
    archive.add("bin/vdmactl", vdmactl, executable=True)
    add_modules(archive, kernel, policy, more)
    return archive.finish()
