# SPDX-License-Identifier: GPL-2.0-or-later
"""Our kernel module for a kernel: as make built it, as it was given, or built here against
the kernel's tree and kept in the cache.

A module is kept under a key of the kernel's build-id and of all that goes in: no kernel gets the
module of another, not even of one with the same release.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.lib.build import elf, modules
from tests.lib.build.kernels import Kernel
from tests.lib.build.parts import CACHE, TOP, Missing, Wrong, built, forget_unused, mark_used

NAME = "virtio_dma_policy"
FILE = f"{NAME}.ko"
SOURCES = ("guest/linux", "guest/dma", "guest/virtio", "guest/powerpc", "include")
CROSS = "powerpc64le-linux-gnu-"

# The calling make's, which must not reach the kernel's.
CALLERS = ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES")


def _sources() -> list[Path]:
    return sorted(
        file
        for folder in SOURCES
        for file in (TOP / folder).rglob("*")
        if file.suffix in (".c", ".h") or file.name == "Kbuild"
    )


def _first_line(*files: Path) -> str:
    for file in files:
        if file.is_file():
            return file.read_text(encoding="utf-8").partition("\n")[0]
    return ""


def check_tree(kernel: Kernel, tree: Path) -> None:
    """Raise Wrong if a tree is another kernel's."""
    told = _first_line(
        tree / "include/config/kernel.release", tree / "include/generated/utsrelease.h"
    )
    release = told.removeprefix("#define UTS_RELEASE ").strip('"')
    if not release:
        raise Wrong(f"cannot build the module against {tree}: no kernel was built in it")
    if release != kernel.release:
        raise Wrong(
            f"cannot build the module against {tree}: its kernel is {release}, "
            f"and {kernel.name} is {kernel.release}"
        )
    image = tree / "vmlinux"
    found = elf.build_id(image) if image.is_file() else ""
    if found and found != kernel.build_id:
        raise Wrong(
            f"cannot build the module against {tree}: its kernel has build-id {found}, "
            f"and {kernel.name} has {kernel.build_id}"
        )


def _key(kernel: Kernel, tree: Path) -> str:
    key = hashlib.sha256(f"{kernel.build_id} {kernel.release}".encode())
    if not kernel.identified():
        key.update(kernel.image.read_bytes())
    for name in ("Module.symvers", "include/config/auto.conf"):
        if (tree / name).is_file():
            key.update((tree / name).read_bytes())
    for file in _sources():
        key.update(hashlib.sha256(file.read_bytes()).digest())
    return key.hexdigest()[:12]


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(tree: Path, work: Path, log: Path) -> None:
    """Have the kernel's build system build the module. It writes into the folder of the
    sources, so it gets links to them."""
    shutil.rmtree(work, ignore_errors=True)
    for file in _sources():
        link = work / file.relative_to(TOP)
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(file)
    env = {key: value for key, value in os.environ.items() if key not in CALLERS}
    env.setdefault("ARCH", "powerpc")
    if platform.machine() != "ppc64le" and "LLVM" not in env:
        env.setdefault("CROSS_COMPILE", CROSS)
    jobs = str(os.cpu_count() or 1)
    command = ["make", "-s", "-j", jobs, "-C", str(tree), f"M={work}/guest/linux", "modules"]
    try:
        with log.open("w", encoding="utf-8") as output:
            done = subprocess.run(
                command, env=env, stdout=output, stderr=subprocess.STDOUT, check=False
            )
    except FileNotFoundError as error:
        raise Missing("cannot build the module: make is not installed") from error
    if done.returncode:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
        why = next((line for line in lines if "rror" in line), "no message")
        raise Missing(f"cannot build the module against {tree}: {why.strip()}; log: {log}")


def _built_against(kernel: Kernel, tree: Path) -> Path:
    check_tree(kernel, tree)
    folder = CACHE / "modules" / _key(kernel, tree)
    mark_used(folder)
    if not (folder / FILE).is_file():
        with _locked(folder):
            if not (folder / FILE).is_file():
                work = folder / "work"
                _make(tree, work, folder / "log")
                (work / "guest/linux" / FILE).rename(folder / FILE)
                shutil.rmtree(work)
                forget_unused(folder.parent)
    return folder / FILE


def module(kernel: Kernel) -> Path:
    """Our module for a kernel; Wrong if what was given is another kernel's."""
    if kernel.module:
        found = kernel.module
    elif kernel.tree:
        found = _built_against(kernel, kernel.tree)
    elif kernel.row:
        found = built(f"linux/{kernel.row}/{FILE}")
    else:
        raise Missing(f"cannot build the module for kernel {kernel.name}: no tree given")
    modules.check_fits(found, found.read_bytes(), kernel)
    return found
