# SPDX-License-Identifier: GPL-2.0-or-later
"""Debian's packages, unpacked without dpkg: an ar archive with a tar archive in it."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import zlib
from pathlib import Path

from tests.lib.build.parts import CACHE, Wrong, forget_unused, mark_used

MAGIC = b"!<arch>\n"
HEADER = 60


def zstd(data: bytes) -> bytes:
    """What zstd has packed; Python 3.11 has no module for it."""
    program = shutil.which("zstd")
    if not program:
        raise Wrong("cannot unpack zstd: the program zstd is not installed")
    done = subprocess.run([program, "-dcq"], input=data, capture_output=True, check=False)
    if done.returncode:
        raise Wrong(f"cannot unpack zstd: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


def _data(package: Path) -> tarfile.TarFile:
    """The files of a package (deb(5))."""
    content = package.read_bytes()
    if not content.startswith(MAGIC):
        raise Wrong(f"cannot read package {package}: not one of Debian's")
    at = len(MAGIC)
    while at + HEADER <= len(content):
        name = content[at : at + 16].decode("latin-1").strip().rstrip("/")
        size = int(content[at + 48 : at + 58])
        at += HEADER
        if name.startswith("data.tar"):
            data = content[at : at + size]
            if name.endswith(".zst"):
                data = zstd(data)
            return tarfile.open(fileobj=io.BytesIO(data))
        at += size + size % 2
    raise Wrong(f"cannot read package {package}: there are no files in it")


def _unpack(package: Path, folder: Path, under: tuple[str, ...]) -> None:
    with _data(package) as archive:
        for member in archive:
            name = os.path.normpath(member.name)
            if not member.isfile() or not name.startswith(under):
                continue
            file = archive.extractfile(member)
            assert file
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as opened:
                shutil.copyfileobj(file, opened)


def unpacked(packages: tuple[Path, ...], under: tuple[str, ...]) -> Path:
    """A folder of the cache with the packages' files whose names start with one of
    UNDER. Links are left out."""
    key = hashlib.sha256()
    for package in sorted(packages):
        try:
            key.update(hashlib.sha256(package.read_bytes()).digest())
        except OSError as error:
            raise Wrong(f"cannot read package {package}: {error.strerror}") from error
    folder = CACHE / "kernels" / key.hexdigest()[:12]
    mark_used(folder)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as made:
        new = Path(made, "new")
        for package in packages:
            try:
                _unpack(package, new, under)
            except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, ValueError) as error:
                raise Wrong(f"cannot read package {package}: {error}") from error
        if not new.is_dir():
            raise Wrong(f"cannot boot {' '.join(p.name for p in packages)}: no kernel in it")
        try:
            new.rename(folder)
        except OSError:
            # another run has unpacked the same
            if not folder.is_dir():
                raise
    forget_unused(folder.parent)
    return folder
