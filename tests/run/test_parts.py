# SPDX-License-Identifier: GPL-2.0-or-later
"""Kernels, QEMUs and modules by path: each is found to be what it is, and a wrong one gives
one line and a status that ends or skips a bisect, never a bad one."""

from __future__ import annotations

import gzip
import lzma
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.lib.build import debs, kernels, modules, policy
from tests.lib.build.parts import TOP, Missing, Unfit, Wrong
from tests.lib.machine import emulators
from tests.run import fakes
from vdma_run import boot, choice

UNJUDGED, USAGE = 125, 128
PROGRAM = TOP / "tools/vdma-run/vdma-run"


def vdma_run(*arguments: str | Path, **how: object) -> subprocess.CompletedProcess[str]:
    """Run the program, from another folder than the tree."""
    return subprocess.run(  # type: ignore[call-overload,no-any-return]
        [PROGRAM, *arguments], cwd="/", capture_output=True, text=True, check=False, **how
    )


def one_line(status: int, *arguments: str | Path, **how: object) -> str:
    """What it says, without its name; its status has to be this."""
    done = vdma_run(*arguments, **how)
    lines = done.stderr.splitlines()
    assert (done.returncode, done.stdout, len(lines)) == (status, "", 1), done.stderr
    return lines[0].partition(": ")[2]


@pytest.mark.parametrize(
    "arguments, says",
    [
        ([], "no command: want one of boot, secure"),
        (["fly"], "no command fly: want one of boot, secure"),
        (["boot", "--smp", "0"], "argument --smp: 0: want a number from 1 on"),
        (["boot", "--accel", "xen"], "argument --accel: invalid choice: 'xen'"),
        (["boot", "--nix"], "unrecognized arguments: --nix"),
        (["boot", "--kernel", "5.10"], "cannot find kernel 5.10: neither a file nor one of 6.12"),
        (["boot", "--kernel", "/bin/true"], "cannot boot kernel /bin/true: it is for "),
        (["boot", "--kernel", "/etc/passwd"], "cannot boot kernel /etc/passwd: not an ELF file"),
        (["boot", "--kernel", "/etc"], "cannot boot kernel /etc: no vmlinux in it"),
        (["boot", "--kernel", "a", "--kernel", "b"], "--kernel: more than one, and not all are"),
        (["boot", "--kernel", "/nix.deb"], "cannot read package /nix.deb: No such file"),
        (["boot", "--qemu", "tsan"], "QEMU tsan boots only in make check-tsan"),
        (["boot", "--limit", "-1"], "argument --limit: -1: want a number of seconds"),
        (["boot", "--limit", "nan"], "argument --limit: nan: want a number of seconds"),
        (["boot", "--json", "/proc/nix/a"], "cannot write /proc/nix/a: No such file"),
    ],
)
def test_wrong_usage(arguments: list[str], says: str) -> None:
    """One line each, before anything is built or booted."""
    assert one_line(USAGE, *arguments).startswith(says)


@pytest.mark.parametrize("command", ["boot", "secure", "check"])
def test_wrong_environment(command: str) -> None:
    """Is wrong usage as well."""
    said = one_line(USAGE, command, env={**os.environ, "VDMA_QEMU": "/nix"})
    assert said.startswith("cannot find QEMU /nix: neither a program nor one of ")


@pytest.fixture(name="kernel")
def _kernel(run: Path) -> Path:
    return fakes.kernel(run / "tree/vmlinux")


@pytest.mark.parametrize(
    "options, says",
    [
        (["--qemu", "/nix/qemu"], "cannot find QEMU /nix/qemu: neither a program nor one of vdma"),
        (["--qemu", "/bin/true"], "cannot use QEMU /bin/true: it does not answer"),
        (["--qemu", "/etc/passwd"], "cannot run QEMU /etc/passwd: Permission denied"),
        (["--qemu", "/etc"], "cannot use QEMU /etc: no qemu-system-ppc64 in it"),
        (["--qemu", "qemu-system-ppc"], "cannot use QEMU /usr/bin/qemu-system-ppc: unsupported machine"),
        (["--slof", "/nix"], "cannot find SLOF /nix: no such file"),
        (["--modules", "/nix"], "cannot use modules /nix: no such folder"),
        (["--modules", "/etc"], "cannot use modules /etc: want those of 1.2.3, there are none"),
        (["--module", "/nix.ko"], "cannot use module /nix.ko: no such file or folder"),
        (["--module", "/bin/true"], "cannot load /bin/true into kernel {kernel}: built for no kernel"),
        (["--module", "/etc"], "cannot build the module against /etc: no kernel was built in it"),
        (["--no-module", "--run", "/proc/nix"], "cannot use /proc/nix: No such file or directory"),
        (["--no-module", "--run", "/tmp/a,b"], "cannot use /tmp/a,b: QEMU takes no comma in "),
    ],
)
def test_wrong_parts(kernel: Path, options: list[str], says: str) -> None:
    """The same with a kernel that is right."""
    said = one_line(USAGE, "boot", "--kernel", kernel, "--qemu", "qemu-system-ppc64", *options)
    assert said.startswith(says.format(kernel=kernel))


def test_a_full_folder(kernel: Path, run: Path) -> None:
    """As a file system without room does, a limit of the process refuses to write."""
    (run / "module").write_bytes(fakes.module())

    def full() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, 1 << 16))

    options = ["--kernel", kernel, "--qemu", "qemu-system-ppc64", "--module", run / "module"]
    said = one_line(USAGE, "boot", *options, "--run", run / "there", preexec_fn=full)
    assert said == f"cannot use {run}/there: File too large"


def test_a_cache_that_cannot_be_written(tree: Path) -> None:
    """Only a module that is not there yet needs it."""
    options = ["--kernel", tree, "--qemu", "qemu-system-ppc64"]
    said = one_line(USAGE, "boot", *options, env={**os.environ, "VDMA_CACHE": "/proc/nix"})
    assert said.startswith("cannot use /proc/nix")


@pytest.mark.parametrize("end", ["kill -SEGV $$", "kill -ABRT $$"])
def test_a_qemu_that_crashes(kernel: Path, run: Path, end: str) -> None:
    """Cannot be judged: in a bisect it is a commit to skip."""
    (run / "qemu").write_text(f"#!/bin/sh\n{end}\n")
    (run / "qemu").chmod(0o755)
    said = one_line(UNJUDGED, "boot", "--kernel", kernel, "--qemu", run / "qemu")
    assert said.startswith(f"cannot use QEMU {run}/qemu: ")


@pytest.mark.parametrize("says", ["1", "null", "[]", "\\377", '{"QMP": 1}'])
def test_a_program_that_is_no_qemu(kernel: Path, run: Path, says: str) -> None:
    """Whatever it prints."""
    (run / "qemu").write_text(f"#!/bin/sh\nprintf '{says}\\n'\n")
    (run / "qemu").chmod(0o755)
    said = one_line(USAGE, "boot", "--kernel", kernel, "--qemu", run / "qemu")
    assert said == f"cannot use QEMU {run}/qemu: it does not answer"


def test_the_option_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not $VDMA_QEMU, though that can do the same."""
    monkeypatch.setenv("VDMA_QEMU", str(emulators.named("vdma").binary))
    found = choice.parts(boot.parser("boot").parse_args(["--qemu", "vdma"]))
    assert found["qemu"] == "vdma" and emulators.named(found["qemu"]).row == "vdma-10.0"
    assert emulators.of("vdma").row == ""


def test_no_module_to_build(kernel: Path) -> None:
    """Without a tree there is no module: it cannot be judged."""
    options = ["--kernel", kernel, "--qemu", "qemu-system-ppc64"]
    said = one_line(UNJUDGED, "boot", *options)
    assert said == f"cannot build the module for kernel {kernel}: no tree given"


def test_no_ultravisor_no_secure_vm(kernel: Path) -> None:
    """What these parts cannot do is not judged, and says which part cannot."""
    assert one_line(UNJUDGED, "secure", "--kernel", kernel) == (
        f"kernel {kernel} has no CONFIG_PPC_SVM"
    )
    options = ("PPC_SVM", "VIRTIO_PCI", "VIRTIO_BLK", *kernels.NEEDED)
    (kernel.parent / ".config").write_text("".join(f"\nCONFIG_{name}=y\n" for name in options))
    stock = ["--qemu", "qemu-system-ppc64"]
    assert one_line(UNJUDGED, "secure", "--kernel", kernel, *stock).endswith(" has no ultravisor")


def test_kernel_is_read_from_its_file(run: Path) -> None:
    """Whatever its name is: release, build-id, configuration, and modules in its folder."""
    image = fakes.kernel(run / "any-name", "9.9-mine", b"\xab" * 20)
    (run / "lib/modules/9.9-mine").mkdir(parents=True)
    (run / "lib/modules/9.9-mine/modules.dep").write_text("")
    (run / "config").write_text("\nCONFIG_VIRTIO_PCI=y\nCONFIG_PPC_SVM=y\n")
    found = kernels.of(str(image))
    assert (found.release, found.build_id, found.secure) == ("9.9-mine", "ab" * 20, True)
    assert found.built_in("VIRTIO_PCI") and not found.built_in("VIRTIO_BLK")
    assert found.modules == run / "lib/modules/9.9-mine"


def test_zimage_is_its_kernel(run: Path) -> None:
    """With the configuration that is in it, and the tree and modules that it is in."""
    config = "# a\nCONFIG_PPC_SVM=y\n"
    inner = fakes.kernel(run / "inner", "8.8", b"\x0c" * 20, config).read_bytes()
    tree = run / "tree"
    image = fakes.zimage(tree / "arch/powerpc/boot/zImage", inner)
    (tree / "include/config").mkdir(parents=True)
    for name in ("Makefile", "modules.order", "include/config/kernel.release"):
        (tree / name).touch()
    found = kernels.of(str(image))
    assert (found.release, found.build_id, found.secure) == ("8.8", "0c" * 20, True)
    assert (found.tree, found.modules) == (tree, tree)


@pytest.mark.parametrize(
    "how, says", [({"machine": fakes.X86_64}, "x86-64"), ({"little": False}, "big-endian")]
)
def test_kernel_of_another_machine(run: Path, how: dict[str, object], says: str) -> None:
    """It is not tried."""
    with pytest.raises(Wrong, match=says):
        kernels.of(str(fakes.kernel(run / "vmlinux", **how)))  # type: ignore[arg-type]


def test_kernel_that_lacks_what_a_guest_needs(kernel: Path) -> None:
    """By its configuration."""
    (kernel.parent / ".config").write_text("\nCONFIG_MODULES=y\n")
    with pytest.raises(Unfit, match="has no CONFIG_PPC_PSERIES, CONFIG_BLK_DEV_INITRD, "):
        kernels.of(str(kernel)).check_usable()


def test_packages_are_unpacked(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Into the cache, as one kernel with its modules, without depmod; what was not used for
    long goes."""
    monkeypatch.setattr(debs, "CACHE", run / "cache")
    old = run / "cache/kernels/old"
    old.mkdir(parents=True)
    os.utime(old, (0, 0))
    image = fakes.kernel(run / "vmlinux", "7.7").read_bytes()
    root = "usr/lib/modules/7.7"
    files = {
        f"{root}/kernel/drivers/a.ko.xz": lzma.compress(fakes.module("7.7", "b")),
        f"{root}/kernel/drivers/b.ko": fakes.module("7.7"),
    }
    two = (
        fakes.package(run / "linux-binary.deb", {f"{root}/vmlinuz": image, "etc/x": b""}),
        fakes.package(run / "linux-modules.deb", files),
    )
    for _ in range(2):
        found = kernels.of_packages(two)
        assert found.release == "7.7"
        assert list(modules.KernelModules(found).closure("a")) == ["b", "a"]
    assert not list((run / "cache").glob("**/etc"))
    assert not old.exists()
    with pytest.raises(Wrong, match="0 kernels in it"):
        kernels.of_packages(two[1:])


def test_modules_of_a_build_tree(tree: Path) -> None:
    """As they were built, by the list that the kernel's build leaves."""
    (tree / "modules.order").write_text("drivers/a.o\ndrivers/b-c.ko\n")
    (tree / "drivers").mkdir()
    (tree / "drivers/a.ko").write_bytes(fakes.module(depends="b-c"))
    (tree / "drivers/b-c.ko").write_bytes(fakes.module())
    found = modules.KernelModules(kernels.of(str(tree / "vmlinux")))
    assert list(found.closure("a")) == ["b_c", "a"]
    assert not list(found.closure("built_in"))


@pytest.mark.parametrize("suffix", ["xz", "gz"])
def test_a_module_that_is_not_whole(kernel: Path, run: Path, suffix: str) -> None:
    """Is told by its name."""
    folder = run / "lib/modules/1.2.3"
    folder.mkdir(parents=True)
    (folder / "modules.dep").write_text(f"a.ko.{suffix}:\n")
    pack = {"xz": lzma.compress, "gz": gzip.compress}[suffix]
    (folder / f"a.ko.{suffix}").write_bytes(pack(fakes.module())[:-20])
    found = kernels.with_modules(kernels.of(str(kernel)), run)
    with pytest.raises(Wrong, match=rf"cannot unpack module \S+/a.ko.{suffix}: "):
        modules.KernelModules(found).content("a")


def test_a_configuration_that_is_not_whole(run: Path) -> None:
    """Is that of a kernel that is not whole."""
    image = fakes.kernel(run / "vmlinux", config="CONFIG_MODULES=y\n")
    image.write_bytes(image.read_bytes().replace(b"IKCFG_ST\x1f\x8b\x08", b"IKCFG_ST\x1f\x8b\x07"))
    with pytest.raises(Wrong, match="cannot read kernel .*/vmlinux: "):
        kernels.of(str(image))


def test_modules_of_another_kernel_are_not_loaded(kernel: Path, run: Path) -> None:
    """Neither its own, when they are of another build, nor ours."""
    folder = run / "lib/modules/1.2.3"
    folder.mkdir(parents=True)
    (folder / "modules.dep").write_text("a.ko:\n")
    (folder / "a.ko").write_bytes(fakes.module("1.2.4"))
    found = kernels.with_modules(kernels.of(str(kernel)), run)
    with pytest.raises(Wrong, match=r"a.ko into kernel .*: built for 1.2.4, and this is 1.2.3"):
        modules.KernelModules(found).content("a")
    with pytest.raises(Wrong, match=r"built for 1.2.4, and this is 1.2.3"):
        policy.module(kernels.with_module(found, folder / "a.ko"))


# A kernel's build tree, as a module outside of it uses it.
MAKEFILE = """
modules:
	@test -e $(M)/Kbuild && cp {made} $(M)/virtio_dma_policy.ko
"""


@pytest.fixture(name="tree")
def _tree(run: Path, kernel: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The build tree of the kernel; the cache is empty."""
    monkeypatch.setattr(policy, "CACHE", run / "cache")
    (run / "made.ko").write_bytes(fakes.module())
    (kernel.parent / "Makefile").write_text(MAKEFILE.format(made=run / "made.ko"))
    (kernel.parent / "include/config").mkdir(parents=True)
    (kernel.parent / "include/config/kernel.release").write_text("1.2.3\n")
    return kernel.parent


def test_a_module_is_of_one_build(tree: Path, run: Path) -> None:
    """Kept for a kernel, and not taken for the next build of the same release, as a step of
    a bisect is."""
    first = policy.module(kernels.of(str(tree)))
    assert policy.module(kernels.of(str(tree))) == first
    again = run / "again"
    shutil.copytree(tree, again)
    fakes.kernel(again / "vmlinux", build_id=b"\x02" * 20)
    second = policy.module(kernels.of(str(again)))
    assert second != first and second.is_file() and first.is_file()


def test_a_kernel_without_build_id(tree: Path, run: Path) -> None:
    """Is known by its content."""
    found = set()
    for name in ("a", "b"):
        shutil.copytree(tree, run / name)
        fakes.kernel(run / name / "vmlinux", build_id=b"", config=f"CONFIG_{name}=y\n")
        found.add(policy.module(kernels.of(str(run / name))))
    assert len(found) == 2


def test_a_tree_for_a_row(tree: Path, run: Path) -> None:
    """The module is built against it, and is not the row's own."""
    row = replace(kernels.of(str(tree)), row="6.12")
    assert run / "cache" in policy.module(row).parents
    assert row.headers() == tree


def test_what_was_not_used_goes(tree: Path, run: Path) -> None:
    """From the cache, when something else is put there."""
    old = run / "cache/modules/old"
    (old / "work").mkdir(parents=True)
    os.utime(old, (0, 0))
    new = policy.module(kernels.of(str(tree)))
    assert new.is_file() and not old.exists()


def test_a_tree_of_another_kernel(tree: Path, run: Path) -> None:
    """By its build-id, and by its release."""
    other = kernels.of(str(fakes.kernel(run / "other/vmlinux", build_id=b"\x03" * 20)))
    with pytest.raises(Wrong, match="its kernel has build-id 0101.*, and .* has 0303"):
        policy.module(replace(other, tree=tree))
    (tree / "include/config/kernel.release").write_text("1.2.5\n")
    with pytest.raises(Wrong, match="its kernel is 1.2.5, and .* is 1.2.3"):
        policy.module(kernels.of(str(tree)))


def test_a_module_that_does_not_build(tree: Path) -> None:
    """Its first error is the line."""
    (tree / "Makefile").write_text("modules:\n\t@echo nix; echo x.c:1: error: no such field; false\n")
    with pytest.raises(Missing, match="x.c:1: error: no such field; log: /.*/log$"):
        policy.module(kernels.of(str(tree)))


def test_emulators_are_asked(run: Path) -> None:
    """By another name each is found to be what it is."""

    def facts(found: emulators.Emulator) -> tuple[bool, ...]:
        return found.bypass, found.switches, found.ultravisor

    names: dict[str, tuple[bool, ...]] = {"vdma": (True,) * 3, "stock": (False,) * 3}
    for name, want in names.items():
        link: Callable[[Path], None] = (run / f"any-{name}").symlink_to
        link(emulators.of(name).binary)
        found = emulators.of(str(run / f"any-{name}"))
        assert facts(found) == want, name
        assert emulators.role(str(run / f"any-{name}")) == name


def test_the_plugin_is_found_in_an_image(run: Path) -> None:
    """And decides how it gets in."""
    stock = emulators.of("stock")
    for word, way in ((b"qemu,dma-bypass", "rom"), (b"nothing", "nvramrc")):
        (run / way).write_bytes(b"x" * 100 + word)
        given = emulators.with_slof(stock, run / way)
        assert emulators.firmware_used(given, "") == way
        assert emulators.firmware_image(given, way) == run / way
    with pytest.raises(Unfit, match="firmware none: .*/rom has our plugin"):
        emulators.firmware_image(emulators.with_slof(stock, run / "rom"), "none")


def test_a_test_that_parts_cannot_run_is_skipped(run: Path) -> None:
    """With the reason; it neither passes nor fails."""
    file = run / "test_unfit.py"
    raises = "raise Unfit('QEMU x has no ultravisor')"
    file.write_text(f"from tests.lib.build.parts import Unfit\ndef test_x():\n    {raises}\n")
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null", "-rs"]
    done = subprocess.run([*command, file], cwd=TOP, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "QEMU x has no ultravisor" in done.stdout
    assert "1 skipped" in done.stdout and "passed" not in done.stdout
