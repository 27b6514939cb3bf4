# SPDX-License-Identifier: GPL-2.0-or-later
"""The modules of a kernel, installed or in its build tree, and what each was built for."""

from __future__ import annotations

import gzip
import lzma
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

from tests.lib.build import debs, elf
from tests.lib.build.kernels import Kernel
from tests.lib.build.parts import Wrong

# In installed trees, which may have them compressed, and in build trees.
SUFFIXES = (".ko", ".ko.xz", ".ko.gz", ".ko.zst")


def module_name(path: str) -> str:
    """Name under which the kernel knows the module in a file."""
    return re.sub(r"\.(ko|o)(\.\w+)?$", "", path.rpartition("/")[2]).replace("-", "_")


def depends(module: bytes) -> list[str]:
    """What a module says in its .modinfo that it depends on."""
    names = elf.modinfo(module).get("depends", "").split(",")
    return [name.replace("-", "_") for name in names if name]


def unpacked(file: Path) -> bytes:
    """A module's object file, not compressed."""
    data = file.read_bytes()
    try:
        if file.suffix == ".xz":
            return lzma.decompress(data)
        if file.suffix == ".gz":
            return gzip.decompress(data)
    except (lzma.LZMAError, gzip.BadGzipFile, zlib.error, EOFError) as error:
        raise Wrong(f"cannot unpack module {file}: {error}") from error
    return debs.zstd(data) if file.suffix == ".zst" else data


def built_for(module: bytes) -> str:
    """The release of the kernel that a module was built for."""
    return elf.modinfo(module).get("vermagic", "").partition(" ")[0]


def check_fits(file: Path, module: bytes, kernel: Kernel) -> None:
    """Raise Wrong if a module was built for another kernel."""
    try:
        release = built_for(module)
    except elf.NotElf as error:
        raise Wrong(f"cannot load {file}: {error}") from error
    if release != kernel.release:
        raise Wrong(
            f"cannot load {file} into kernel {kernel.name}: built for "
            f"{release or 'no kernel'}, and this is {kernel.release}"
        )


class KernelModules:
    """The modules of one kernel, by name, with what they depend on."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._files: dict[str, Path] = {}
        self._needs: dict[str, list[str]] = {}
        if not kernel.modules:
            return
        dependencies = kernel.modules / "modules.dep"
        if dependencies.is_file():
            self._read_dependencies(kernel.modules, dependencies.read_text())
        elif (kernel.modules / "modules.order").is_file():
            self._read_order(kernel.modules, (kernel.modules / "modules.order").read_text())
        else:
            found = (kernel.modules / "kernel").rglob("*.ko*")
            self._files = {module_name(file.name): file for file in found}

    def _read_dependencies(self, root: Path, text: str) -> None:
        for line in text.splitlines():
            file, _, needs = line.partition(":")
            name = module_name(file)
            self._files[name] = root / file
            # depmod lists the module that is needed first last
            self._needs[name] = [module_name(n) for n in reversed(needs.split())]

    def _read_order(self, root: Path, text: str) -> None:
        """Where depmod has not been: a build tree."""
        for line in text.splitlines():
            self._files[module_name(line)] = root / re.sub(r"\.k?o$", "", line)

    def _file(self, name: str) -> Path:
        file = self._files[name]
        if file.suffix in (".ko", ".xz", ".gz", ".zst"):
            return file
        places = (file.with_name(file.name + suffix) for suffix in SUFFIXES)
        found = next(filter(Path.is_file, places), None)
        if not found:
            raise Wrong(f"cannot find module {file}.ko of kernel {self._kernel.name}")
        return found

    def closure(self, name: str) -> Iterator[str]:
        """A module after all that it depends on; nothing if it is built in."""
        if name not in self._files:
            return
        if name not in self._needs:
            direct = depends(self.content(name))
            self._needs[name] = list(dict.fromkeys(n for d in direct for n in self.closure(d)))
        yield from self._needs[name]
        yield name

    def content(self, name: str) -> bytes:
        """The module's object file, not compressed."""
        file = self._file(name)
        data = unpacked(file)
        check_fits(file, data, self._kernel)
        return data
