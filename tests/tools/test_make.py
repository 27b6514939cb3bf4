# SPDX-License-Identifier: GPL-2.0-or-later
"""The makefiles and their scripts: an error gives one line, arguments arrive unchanged,
and the user's environment has no effect."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lib.build import rows
from tests.lib.build.parts import TOP
from tests.lib.host.stubtree import StubTree
from vdma_run import results


def shell(*command: str | Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command, as from a shell and not from the make that runs the tests."""
    return subprocess.run(
        command,
        cwd=TOP,
        env={"PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def make(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run make."""
    return shell("make", "-s", *args, **env)


@pytest.mark.parametrize(
    "wrong, known",
    [
        ("KERNEL=5.10", rows.kernels()),
        ("QEMU=foo", rows.qemus()),
        ("SECURE=yes", ["0", "1"]),
        ("SECURE=2", ["0", "1"]),
        ("KERNEL=%", rows.kernels()),
        ("KERNEL=6.12 6.1", rows.kernels()),
        ("QEMU=", rows.qemus()),
    ],
)
def test_a_wrong_name_gives_one_line(wrong: str, known: list[str]) -> None:
    """An unknown KERNEL, QEMU or SECURE gives one line with the valid names."""
    done = make("boot", wrong)
    assert (done.returncode, done.stdout) == (2, "")
    lines = done.stderr.splitlines()
    assert len(lines) == 1 and f"{wrong}: want one of {' '.join(known)}." in lines[0]


def test_sanitized_qemu_boots_nothing() -> None:
    """QEMU=tsan is refused before it is built, except by make check-tsan."""
    for name in ("tsan", "tsan-10.0"):
        done = make("boot", f"QEMU={name}")
        assert (done.returncode, done.stdout) == (2, "")
        assert f"QEMU={name}: only make check-tsan boots it" in done.stderr
        assert len(done.stderr.splitlines()) == 1
        command = ["tools/vdma-run/vdma-run", "boot", "--qemu", name]
        boot = subprocess.run(command, cwd=TOP, capture_output=True, text=True, check=False)
        assert boot.returncode == 128
        assert f"QEMU {name} boots only in make check-tsan" in boot.stderr.splitlines()[-1]


def test_paths_reach_the_program() -> None:
    """As they are; a path has no part to be fetched."""
    paths = ["KERNEL=./a.deb ./b.deb", "QEMU=/q/qemu", "SLOF=/s/slof.bin", "MODULE=/m/x.ko"]
    shown = make("--eval=show:;@echo $(BOOT) $(BOOT_PARTS); env | grep ^VDMA_", "show", *paths).stdout
    command, *rest = shown.splitlines()
    assert command == (
        "tools/vdma-run/vdma-run boot --kernel ./a.deb --kernel ./b.deb --qemu /q/qemu busybox"
    )
    assert {"VDMA_SLOF=/s/slof.bin", "VDMA_MODULE=/m/x.ko", "VDMA_MODULES="} <= set(rest)
    show = "--eval=show:;@echo $(CHECK); echo $(TEST_ROWS)"
    command, tests = make(show, "show", *paths).stdout.splitlines()
    assert " check --kernel ./a.deb --kernel ./b.deb --qemu /q/qemu --junit" in command
    assert tests == "VDMA_KERNEL=./a.deb:./b.deb VDMA_QEMU=/q/qemu"
    secure = make("--eval=show:;@echo $(BOOT)", "show", "SECURE=1", "KERNEL=./vmlinux").stdout
    assert secure == "tools/vdma-run/vdma-run secure --kernel ./vmlinux --qemu vdma\n"


def test_secure_means_the_row_for_secure_vms() -> None:
    """SECURE=1 KERNEL=7.2 means KERNEL=secure-7.2."""
    show = "--eval=show:;@echo $(BOOT_KERNEL)"
    asked = (["SECURE=1", "KERNEL=7.2"], ["KERNEL=secure-7.2"], ["SECURE=1", "KERNEL=secure-7.2"])
    assert {make(show, "show", *args).stdout for args in asked} == {"secure-7.2\n"}


def test_nothing_but_docs_writes_into_docs() -> None:
    """make docs writes every table, and no other target writes into docs/."""
    names = re.findall(r"^  make (\S+)", make("help").stdout, re.MULTILINE)
    others = [name for name in names if name not in ("docs", "install", "uninstall")]
    recipes = make("-n", *others).stdout
    assert "tests.live.event_table" in recipes and "--write" not in recipes
    assert not re.search(r"(>|\bcp .*|\bmv .*) ?docs/", recipes)
    recipes = make("-n", "docs").stdout
    for table in ("docs/abi/policy.md", "tests.live.event_table --write", "tests.secure.stock --write"):
        assert table in recipes


def test_append_arrives_as_written() -> None:
    """APPEND reaches the guest unchanged by make and shell."""
    text = """a="b c" 'd' $(touch /tmp/x) `id` $HOME"""
    done = make("--eval=show:;@printenv VDMA_APPEND", "show", f"APPEND={text}")
    assert done.stdout == text + "\n"


def test_every_awk_is_content(run: Path) -> None:
    """No awk program has an escape that gawk warns of."""
    tree = StubTree(run)
    tree.stub("bin/awk", "[[ $* != *'\\#'* ]] || echo regexp escape\nexec /usr/bin/awk \"$@\"")
    done = tree.run("make", "-s", "help", PATH=f"{tree.top}/bin:{os.environ['PATH']}")
    assert done.returncode == 0 and tree.calls("bin/awk")
    assert "regexp escape" not in done.stdout


@pytest.mark.parametrize("name", ["cache", "a b", "it's $HOME"])
def test_distclean_removes_its_own(run: Path, name: str) -> None:
    """make distclean removes our files from the cache, and nothing else."""
    tree = StubTree(run)
    keep = [run / name / "mine", run / "a/parts", tree.top / "mk/parts", tree.top / "b/parts"]
    for folder in [*keep, run / name / "parts", run / name / "apt", tree.top / "build"]:
        folder.mkdir(parents=True, exist_ok=True)
    done = tree.run("make", "distclean", VDMA_CACHE=str(run / name))
    assert done.returncode == 0, done.stdout
    assert [path.name for path in (run / name).iterdir()] == ["mine"]
    assert not (tree.top / "build").exists() and all(folder.exists() for folder in keep)


def test_cache_with_blanks_is_refused(run: Path) -> None:
    """A VDMA_CACHE with blanks gives one line, and nothing is written there."""
    tree = StubTree(run)
    done = tree.run("mk/part", "slof", VDMA_CACHE=str(run / "a b"))
    assert (done.returncode, done.stdout) == (
        1,
        f"mk/part: cannot use VDMA_CACHE={run}/a b: it contains blanks\n",
    )
    assert not (run / "a b").exists()


def test_a_cache_that_cannot_be_written_gives_one_line() -> None:
    """A VDMA_CACHE that cannot be written gives one line besides make's own."""
    says = r"mk/part: cannot lock /proc/nix/lock/\S+: No such file or directory"
    for target in ("build/tools/ppc64le/libs", "libfdt"):
        done = make(target, VDMA_CACHE="/proc/nix")
        assert done.returncode == 2
        line, *others = done.stderr.splitlines()
        assert re.fullmatch(says, line)
        assert len(others) == 1 and others[0].startswith("make: *** ")


UNIT_TEST = """
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static void holds(void **state)
{
	(void)state;
	assert_true(HOLDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(holds) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
"""


@pytest.mark.parametrize("output", ["", "STDOUT", "TAP", "XML"])
def test_unit_tests_in_any_form(run: Path, output: str) -> None:
    """mk/unit-run reports pass and fail whatever CMOCKA_MESSAGE_OUTPUT is."""
    (run / "test.c").write_text(UNIT_TEST)
    for holds in (1, 0):
        binary = run / f"test{holds}"
        build = ["gcc", f"-DHOLDS={holds}", "-o", binary, run / "test.c", "-lcmocka"]
        subprocess.run(build, check=True)
        done = shell("mk/unit-run", binary, **({"CMOCKA_MESSAGE_OUTPUT": output} if output else {}))
        assert done.returncode == 1 - holds, done.stderr
        assert (f"{binary}: 1 passed" in done.stderr) == bool(holds)
        (case,) = results.read(run / f"test{holds}.xml")
        assert case.id == f"{run.name}/test{holds}::holds"
        assert case.outcome == ("passed" if holds else "failed")


def test_unit_test_that_crashes(run: Path) -> None:
    """Is a failure of the whole program, with what it said; the one before it leaves no
    result that could be taken for it."""
    program = run / "test"
    program.write_text("#!/bin/sh\necho 'a <b> & \033[1mc'\nkill -SEGV $$\n")
    program.chmod(0o755)
    (run / "test.xml").write_text("<testsuites/>")
    assert shell("mk/unit-run", program).returncode == 1
    (case,) = results.read(run / "test.xml")
    assert (case.id, case.outcome) == (f"{run.name}/test", "failed")
    assert "status 139" in case.message and case.details.startswith("a <b> & [1mc")


@pytest.mark.parametrize("status, outcome", [(0, "passed"), (77, "failed"), (70, "failed")])
def test_fuzz_target_as_junit(run: Path, status: int, outcome: str) -> None:
    """A result for each target that was asked for, and for no other."""
    for target in ("dt", "tag", "property"):
        program = run / f"fuzz_{target}"
        program.write_text(f"#!/bin/sh\necho 'stat::number_of_executed_units: 5'\nexit {status}\n")
        program.chmod(0o755)
    done = shell("mk/fuzz-run", "--replay", run, "1", "dt", "property")
    assert done.returncode == (status != 0)
    assert sorted(path.name for path in run.glob("*.xml")) == ["dt-replay.xml", "property-replay.xml"]
    (case,) = results.read(run / "dt-replay.xml")
    assert (case.id, case.outcome) == ("fuzz/dt", outcome)


# Folders of sources, and the lists of mk/sources.mk that have them all.
LISTED = {
    "guest/dma/*.c guest/virtio/*.c guest/powerpc/*.c": "CORE_SRC DT_SRC",
    "tools/vdmactl/*.c": "TOOL_SRC",
    "guest/baremetal/*.c guest/baremetal/lib/*.[cS]": "GUEST_SRC GUEST_ASM",
    "tests/unit/test_*.c": "UNIT_SRC",
    "tests/fuzz/*.c": "FUZZ_SRC",
}


@pytest.mark.parametrize("patterns", LISTED)
def test_every_source_is_listed(patterns: str) -> None:
    """mk/sources.mk lists every source file once."""
    there = [str(file.relative_to(TOP)) for word in patterns.split() for file in TOP.glob(word)]
    lists = " ".join(f"$({name})" for name in LISTED[patterns].split())
    assert sorted(make(f"--eval=show:;@echo {lists}", "show").stdout.split()) == sorted(there)


def test_flavours_are_built_when_something_has_changed(run: Path) -> None:
    """Two flavours build at once, and again after a header or mk/core.mk changes."""
    tree = StubTree(run)
    (tree.top / "include").unlink()
    shutil.copytree(TOP / "include", tree.top / "include")
    objects = [f"build/{flavour}/guest/dma/window.o" for flavour in ("unit", "unit-asan")]
    done = tree.run("make", "-j2", *objects)
    assert done.returncode == 0, done.stdout
    assert [b"__asan" in (tree.top / file).read_bytes() for file in objects] == [False, True]
    assert "gcc" not in tree.run("make", "-n", *objects).stdout
    for changed in ("include/vdma/window.h", "mk/core.mk"):
        (tree.top / changed).touch()
        assert tree.run("make", "-n", *objects).stdout.count("gcc -std") == 2, changed
        assert tree.run("make", "-j2", *objects).returncode == 0
        assert "gcc" not in tree.run("make", "-n", *objects).stdout, changed


def test_cdpath_leads_nowhere() -> None:
    """CDPATH does not change where the scripts find their tree."""
    done = shell("bash", "-c", '. mk/lib.bash && echo "$TOP"', CDPATH=f".:{TOP}")
    assert (done.stdout, done.stderr) == (f"{TOP}\n", "")
