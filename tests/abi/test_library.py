# SPDX-License-Identifier: GPL-2.0-or-later
"""libvdma.so has the binary interface of its version: that of the dump in lib/abi/."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP, built
from tests.lib.host.stubtree import StubTree

SKIP = 77
MEMBER = ("struct vdma_facts {\n", "struct vdma_facts {\n\tunsigned int planted;\n")
REASON = ("#define VDMA_REASONS(X)", '#define VDMA_REASONS(X) X(PLANTED, "planted", "")')
LAST_REASON = ('this device")\n\nenum', 'this device") X(PLANTED, "planted", "")\n\nenum')
AVAILABLE = pytest.mark.skipif(
    not shutil.which("abidiff"), reason="abidiff (package abigail-tools) is not installed"
)


def test_interface_is_that_of_its_version() -> None:
    """libvdma.so has the interface in lib/abi, or its version has changed with it."""
    library = built("lib/libvdma.so").resolve()
    done = subprocess.run(
        [TOP / "mk/abi", "check", library], capture_output=True, text=True, check=False
    )
    if done.returncode == SKIP:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr


class Library(StubTree):
    """A tree with a library of two files, and a dump of it as version 0.1.0."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("include", "lib"):
            (self.top / name).unlink()
        shutil.copytree(TOP / "include", self.top / "include")
        shutil.copytree(TOP / "lib", self.top / "lib")
        for dump in self.dumps():
            dump.unlink()
        assert self.abi("dump", "0.1.0")[0] == 0

    def dumps(self) -> list[Path]:
        """Of all hosts."""
        return list((self.top / "lib/abi").glob("*.abi"))

    def edit(self, old: str, new: str) -> None:
        """Change policy.h."""
        header = self.top / "include/vdma/policy.h"
        text = header.read_text(encoding="utf-8")
        assert text.count(old) == 1
        header.write_text(text.replace(old, new), encoding="utf-8")

    def abi(self, verb: str, version: str, debug: str = "-g") -> tuple[int, str]:
        """Status of mk/abi for the library as it is now, and its last line."""
        file = f"libvdma.so.{version}"
        command = ["gcc", debug, "-fPIC", "-shared", "-Iinclude", "-Wl,-soname,libvdma.so.0"]
        sources = ("guest/virtio/policy.c", "guest/virtio/reason.c")
        assert self.run(*command, "-o", file, *sources).returncode == 0
        done = self.run("mk/abi", verb, file)
        return done.returncode, (done.stdout.splitlines() or [""])[-1]


@AVAILABLE
@pytest.mark.parametrize(
    "edit, version, says",
    [
        (None, "0.1.0", ""),
        (MEMBER, "0.1.0", "raise VDMA_VERSION_MAJOR"),
        (MEMBER, "0.2.0", "raise VDMA_VERSION_MAJOR"),
        (MEMBER, "1.0.0", "run make abi-dump"),
        (REASON, "0.2.0", "raise VDMA_VERSION_MAJOR"),
        (LAST_REASON, "0.1.1", "raise VDMA_VERSION_MINOR"),
        (LAST_REASON, "0.2.0", "run make abi-dump"),
        (None, "0.1.1", ""),
    ],
)
def test_a_change_needs_a_version(
    run: Path, edit: tuple[str, str] | None, version: str, says: str
) -> None:
    """Structures and numbers change with MAJOR only, reasons are added with MINOR, and
    either needs a new dump."""
    library = Library(run)
    if edit:
        library.edit(*edit)
    status, line = library.abi("check", version)
    assert status == int(bool(says)) and says in line, line


@AVAILABLE
def test_dump_is_kept_for_its_version(run: Path) -> None:
    """A dump is replaced by another version's only, which removes those of other hosts."""
    library = Library(run)
    (dump,) = library.dumps()
    shutil.copy(dump, dump.with_name("other-host.abi"))
    before = dump.read_bytes()
    library.edit(*MEMBER)
    status, line = library.abi("dump", "0.1.0")
    assert status == 1 and "raise VDMA_VERSION_MAJOR" in line
    assert dump.read_bytes() == before
    assert library.abi("dump", "1.0.0")[0] == 0
    assert library.dumps() == [dump] and dump.read_bytes() != before
    assert library.abi("check", "1.0.0") == (0, "")


@AVAILABLE
def test_what_cannot_be_compared_is_no_success(run: Path) -> None:
    """A library without debug information or a host without a dump has status 77."""
    library = Library(run)
    status, line = library.abi("check", "0.1.0", "-g0")
    assert status == SKIP and "no debug information" in line
    library.dumps()[0].unlink()
    status, line = library.abi("check", "0.1.0")
    assert status == SKIP and "no dump of" in line and "make abi-dump" in line
