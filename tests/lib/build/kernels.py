# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels to boot: a row of mk/kernels, a file, a build tree, or Debian's packages, and
what each is, read from its files."""

from __future__ import annotations

import functools
import lzma
import os
import platform
import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from tests.lib.build import debs, elf, rows
from tests.lib.build.parts import Missing, Unfit, Wrong, part

BANNER = re.compile(rb"Linux version (\d\S*) \(")
IKCONFIG = b"IKCFG_ST"
# The section of a zImage that holds the kernel.
WRAPPED = ".kernel:vmlinux.strip"
# Only a kernel with PPC_SVM looks for this on its command line.
SVM_OPTION = b"\0svm=\0"

# The build-id of a kernel that has none.
UNKNOWN = "unknown"

# Of Debian's packages, and what stands between several.
PACKAGE, SEPARATOR = ".deb", ":"

# A guest needs these before it can load any module.
NEEDED = ("PPC_PSERIES", "BLK_DEV_INITRD", "HVC_CONSOLE", "DEVTMPFS", "MODULES")


@dataclass(frozen=True)
class Kernel:
    """NAME is for people. CONFIG is the text of its configuration, empty if nothing tells
    it; MODULES the folder that has them, if there is one; TREE what a module can be built
    against, MODULE a module that was. ROW is the row of mk/kernels, empty for a path.
    """

    name: str
    image: Path
    release: str
    build_id: str
    config: str
    secure: bool
    modules: Path | None
    tree: Path | None = None
    module: Path | None = None
    row: str = ""
    version: str = ""

    def identified(self) -> bool:
        """Did the linker give it a build-id?"""
        return self.build_id != UNKNOWN

    def option(self, name: str) -> str:
        """CONFIG_NAME; empty if it is not set, or nothing tells the configuration."""
        found = re.search(f"^CONFIG_{name}=(.*)$", self.config, re.MULTILINE)
        return found[1].strip('"') if found else ""

    def built_in(self, option: str) -> bool:
        """Is CONFIG_OPTION=y?"""
        return self.option(option) == "y"

    def headers(self) -> Path:
        """What its modules are built against."""
        if self.tree:
            return self.tree
        if self.row:
            return part(f"headers-{self.row}") / "build"
        raise Missing(f"cannot build a module for {self.name}: no headers or build tree given")

    def check_usable(self) -> None:
        """Raise Unfit if our guests cannot run on it, as far as its configuration tells."""
        lacks = [f"CONFIG_{name}" for name in NEEDED if self.config and not self.option(name)]
        if lacks:
            raise Unfit(f"kernel {self.name} has no {', '.join(lacks)}")


Spec = str | Kernel


@dataclass(frozen=True)
class _Image:
    """What the file that is booted tells."""

    release: str
    build_id: str
    config: str
    secure: bool


def _unpacked(file: Path, data: bytes) -> bytes:
    try:
        if data.startswith(b"\x1f\x8b"):
            # what follows it is left alone
            return zlib.decompressobj(wbits=31).decompress(data)
        if data.startswith(b"\xfd7zXZ"):
            return lzma.LZMADecompressor().decompress(data)
    except (lzma.LZMAError, zlib.error) as error:
        raise Wrong(f"cannot read kernel {file}: {error}") from error
    raise Wrong(f"cannot read kernel {file}: compressed by something else than gzip and xz")


def _check_architecture(file: Path, found: elf.Elf, wrapper: bool = False) -> None:
    if found.machine != elf.PPC64 and not (wrapper and found.machine == elf.PPC):
        raise Wrong(f"cannot boot kernel {file}: it is for {found.machine_name}")
    if not wrapper and not found.little:
        raise Wrong(f"cannot boot kernel {file}: it is big-endian, and the guest's programs are not")


@functools.cache
def _read_image(file: Path) -> _Image:
    try:
        found = elf.read(file)
        wrapped = found.content(WRAPPED)
        _check_architecture(file, found, bool(wrapped))
        if wrapped:
            found = elf.Elf(_unpacked(file, wrapped))
            _check_architecture(file, found)
    except elf.NotElf as error:
        raise Wrong(f"cannot boot kernel {file}: {error}; want a vmlinux or zImage") from error
    except OSError as error:
        raise Wrong(f"cannot read kernel {file}: {error.strerror}") from error
    banner = BANNER.search(found.data)
    if not banner:
        raise Wrong(f"cannot boot kernel {file}: it has no Linux in it")
    config = ""
    if (start := found.data.find(IKCONFIG + b"\x1f\x8b")) >= 0:
        config = _unpacked(file, found.data[start + len(IKCONFIG) :]).decode(errors="replace")
    secure = found.data.find(SVM_OPTION) >= 0
    return _Image(banner[1].decode(), found.build_id(), config, secure)


def _tree_of(image: Path) -> Path | None:
    """The build tree that a vmlinux or arch/powerpc/boot/zImage is in."""
    known = ("Makefile", "include/config/kernel.release")
    above = (image.parent, *image.parents[3:4])
    return next((tree for tree in above if all((tree / name).is_file() for name in known)), None)


def _config_beside(image: Path, release: str, modules: Path | None) -> str:
    """The configuration that stands where build trees and distributions have it."""
    places = [image.with_name(name) for name in (f"config-{release}", "config")]
    places.append((_tree_of(image) or image.parent) / ".config")
    if modules:
        places.append(modules / "config")
    found = next(filter(Path.is_file, places), None)
    return found.read_text(encoding="utf-8", errors="replace") if found else ""


def _has_modules(folder: Path) -> bool:
    installed = (folder / "kernel/drivers").is_dir()
    return installed or any((folder / name).is_file() for name in ("modules.dep", "modules.order"))


def find_modules(folder: Path, release: str) -> Path | None:
    """The folder of a kernel's modules: FOLDER, or in it."""
    inside = (f"lib/modules/{release}", f"usr/lib/modules/{release}", release, "")
    return next((folder / name for name in inside if _has_modules(folder / name)), None)


def _of_file(name: str, image: Path, modules: Path | None = None) -> Kernel:
    facts, tree = _read_image(image), _tree_of(image)
    if not modules:
        modules = find_modules(tree or image.parent, facts.release)
    if not modules and platform.machine() == "ppc64le":
        modules = find_modules(Path("/"), facts.release)
    config = facts.config or _config_beside(image, facts.release, modules)
    secure = "\nCONFIG_PPC_SVM=y\n" in config if config else facts.secure
    return Kernel(
        name,
        image,
        facts.release,
        facts.build_id or UNKNOWN,
        config,
        secure,
        modules,
        tree,
        version=facts.release,
    )


def _of_tree(name: str, folder: Path) -> Kernel:
    """A build tree, or a folder that has what was installed of one."""
    image = folder / "vmlinux"
    if not image.is_file():
        raise Wrong(f"cannot boot kernel {name}: no vmlinux in it")
    return _of_file(name, image)


def packages(spec: str) -> tuple[Path, ...]:
    """Debian's packages, if a kernel is named by them."""
    files = spec.split(SEPARATOR)
    named = all(file.endswith(PACKAGE) for file in files)
    return tuple(Path(file).absolute() for file in files) if named else ()


@functools.cache
def of_packages(files: tuple[Path, ...]) -> Kernel:
    """Debian's packages: linux-image, or linux-binary, linux-modules and linux-base."""
    folder = debs.unpacked(files, ("boot/", "lib/modules/", "usr/lib/modules/"))
    name = " ".join(file.name for file in files)
    images = [*folder.glob("boot/vmlinu[xz]-*"), *folder.glob("**/lib/modules/*/vmlinuz")]
    if len(images) != 1:
        raise Wrong(f"cannot boot {name}: {len(images)} kernels in it")
    modules = find_modules(folder, _read_image(images[0]).release)
    return _of_file(name, images[0], modules)


@functools.cache
def _of_row(name: str) -> Kernel:
    folder = part(f"kernel-{name}")
    made = _of_tree(name, folder)
    version = (folder / "VERSION").read_text(encoding="utf-8").strip()
    return replace(made, row=name, version=version)


@functools.cache
def _of_path(path: Path) -> Kernel:
    if path.is_dir():
        return _of_tree(str(path), path)
    return _of_file(str(path), path)


def with_modules(kernel: Kernel, folder: Path) -> Kernel:
    """The kernel with the modules of FOLDER."""
    if not folder.is_dir():
        raise Wrong(f"cannot use modules {folder}: no such folder")
    modules = find_modules(folder, kernel.release)
    if not modules:
        there = next(folder.glob("**/lib/modules/*/modules.*"), None)
        what = f"those of {there.parent.name}" if there else "none"
        raise Wrong(f"cannot use modules {folder}: want those of {kernel.release}, there are {what}")
    return replace(kernel, modules=modules)


def with_module(kernel: Kernel, path: Path) -> Kernel:
    """The kernel with our module in a file, or built against headers or a build tree."""
    if not path.exists():
        raise Wrong(f"cannot use module {path}: no such file or folder")
    return replace(kernel, tree=path) if path.is_dir() else replace(kernel, module=path)


def _named(spec: str) -> Kernel:
    if rows.has("kernels", spec):
        return _of_row(spec)
    if files := packages(spec):
        return of_packages(files)
    if not Path(spec).exists():
        known = " ".join(rows.kernels())
        raise Wrong(f"cannot find kernel {spec}: neither a file nor one of {known}")
    return _of_path(Path(spec).absolute())


def of(spec: Spec) -> Kernel:
    """The kernel of a row, at a path, or in packages."""
    if isinstance(spec, Kernel):
        return spec
    found = _named(spec)
    if spec == os.environ.get("VDMA_KERNEL"):
        if modules := os.environ.get("VDMA_MODULES"):
            found = with_modules(found, Path(modules))
        if module := os.environ.get("VDMA_MODULE"):
            found = with_module(found, Path(module))
    return found


def is_secure(spec: Spec) -> bool:
    """Is it a row for secure VMs, or a kernel at a path that can be one?"""
    if isinstance(spec, str) and rows.has("kernels", spec):
        return rows.is_secure(spec)
    return of(spec).secure


def secure(spec: Spec) -> Spec:
    """The same kernel, or of a row that of the same series, for secure VMs."""
    if isinstance(spec, str) and rows.has("kernels", spec):
        return rows.secure(spec)
    if not of(spec).secure:
        raise Unfit(f"kernel {of(spec).name} has no CONFIG_PPC_SVM")
    return spec


def _asked() -> str:
    return os.environ.get("VDMA_KERNEL", "")


def default() -> str:
    """What tests boot that do not care: the first row, or what the caller asked for."""
    asked = _asked()
    if not asked or rows.has("kernels", asked) and rows.is_secure(asked):
        return rows.kernels(secure_ones=False)[0]
    return asked


def default_secure() -> str:
    """The same for tests of secure VMs."""
    asked = _asked()
    if asked and is_secure(asked):
        return asked
    return rows.kernels(rows.EVERYDAY, secure_ones=True)[0]
