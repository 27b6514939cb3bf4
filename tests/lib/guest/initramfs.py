# SPDX-License-Identifier: GPL-2.0-or-later
"""Builds a guest's initramfs: busybox, vdmactl, modules, our scripts.

It takes a tenth of a second, so it is built for every boot and no cache can be out of
date. It is not compressed: that costs time under TCG. The format is cpio's "newc"; the
kernel unpacks archives that follow each other, so an archive with a test's own files may
follow the common one (the kernel's
Documentation/driver-api/early-userspace/buffer-format.rst).
"""

from __future__ import annotations

import stat
from pathlib import Path

from tests.lib.build.kernels import Kernel
from tests.lib.build.modules import KernelModules, depends
from tests.lib.build.parts import TOP, built, part
from tests.lib.build.policy import NAME as POLICY

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


class Archive:
    """One cpio archive, built in memory, owned by root. Directories are added as needed."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._directories: set[str] = set()
        self._inode = 0

    def add(self, path: str, content: bytes | str, executable: bool = False) -> None:
        """Add a regular file; PATH has no slash at its start."""
        parent = path.rpartition("/")[0]
        self._add_directories(parent)
        data = content.encode() if isinstance(content, str) else content
        self._add_entry(path, stat.S_IFREG | (0o755 if executable else 0o644), data)

    def finish(self) -> bytes:
        """The archive with its end mark; nothing may be added any more."""
        self._add_entry("TRAILER!!!", 0, b"")
        return bytes(self._data)

    def _add_directories(self, path: str) -> None:
        if not path or path in self._directories:
            return
        self._add_directories(path.rpartition("/")[0])
        self._directories.add(path)
        self._add_entry(path, stat.S_IFDIR | 0o755, b"")

    def _add_entry(self, path: str, mode: int, data: bytes) -> None:
        self._inode += 1
        name = path.encode() + b"\0"
        # inode, mode, uid, gid, links, mtime, size, device and rdev (major,
        # minor), length of the name, checksum (unused)
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
        self._data += b"070701" + b"".join(b"%08x" % field for field in fields)
        self._data += name
        self._pad()
        self._data += data
        self._pad()

    def _pad(self) -> None:
        self._data += bytes(-len(self._data) % 4)


def add_modules(
    archive: Archive, kernel: Kernel, policy: Path | None, more: tuple[str, ...]
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


def base(kernel: Kernel, policy: Path | None, more: tuple[str, ...] = ()) -> bytes:
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
