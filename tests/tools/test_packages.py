# SPDX-License-Identifier: GPL-2.0-or-later
"""make setup and the targets that need packages, with the system's package tools replaced."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.lib.build.parts import TOP
from tests.lib.host.stubtree import StubTree

# Optional: to be installed where the release has it.
OPTIONAL = "dt-schema"

INSTALLED = f"""#!/bin/sh
sed -n 's/^[a-z]*\t\\([a-z0-9.+-]*\\).*/installed \\1 999/p' {TOP}/mk/packages |
    grep -v ' {OPTIONAL} '
"""
# Writes on after its reader has its answer.
POLICY = """#!/bin/sh
echo "$2:"
echo "  Candidate: 1"
sleep 0.2
yes "  more" | head -n 100000
"""
RECORD = """#!/bin/sh
echo "$*" >>"$RECORD"
"""


def test_optional_package_that_the_release_has(run: Path) -> None:
    """An optional package is installed however long the package tool's answer is."""
    tools = {"dpkg-query": INSTALLED, "apt-cache": POLICY, "apt-get": RECORD, "sudo": RECORD}
    folder = run / "bin"
    folder.mkdir()
    for name, text in tools.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    env = {
        **os.environ,
        "PATH": f"{folder}:{os.environ['PATH']}",
        "VDMA_CACHE": str(run / "cache"),
        "RECORD": str(run / "record"),
    }
    subprocess.run([TOP / "mk/setup", "check"], env=env, capture_output=True, check=False)
    asked = (run / "record").read_text().splitlines() if (run / "record").exists() else []
    assert any(line.endswith(f" {OPTIONAL}") for line in asked), asked


def test_each_system_has_lists_of_its_own(run: Path) -> None:
    """Systems that share a cache each fetch their own package lists."""
    tree = StubTree(run)
    tree.stub("bin/dpkg-query")
    tree.stub("bin/apt-get")
    (run / "lists").mkdir()
    other = f"mount --bind {run}/lists /var/lib/apt/lists; exec mk/setup boot"
    path = f"{tree.top}/bin:{os.environ['PATH']}"
    for script in ("exec mk/setup boot", other, other):
        tree.run("unshare", "--map-root-user", "--mount", "sh", "-ec", script, PATH=path)
    verbs = [word for call in tree.calls("bin/apt-get") for word in call.args if word.isalpha()]
    assert [verb for verb in verbs if verb in ("update", "install")] == [
        "update", "install", "update", "install", "install",
    ]  # fmt: skip


class Bare(StubTree):
    """A tree on a system that has no package, and gets none."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for name in ("bin/dpkg-query", "bin/apt-get", "mk/part"):
            self.stub(name)
        self.stub("bin/apt-cache", "echo '  Candidate: 1'")
        self.stub("bin/sudo", '[[ $1 == -v ]] || exec "$@"')

    def make(self, *args: str) -> tuple[int, list[str]]:
        """Its status and what it said."""
        done = self.run("make", *args, PATH=f"{self.top}/bin:{os.environ['PATH']}")
        return done.returncode, done.stdout.splitlines()

    def installed(self) -> set[str]:
        """Words after apt-get's verb."""
        calls = [call.args for call in self.calls("bin/apt-get") if "install" in call.args]
        return {word for args in calls for word in args[args.index("install") :]}


@pytest.mark.parametrize(
    "goals, some",
    [
        ("lib", "libfdt-dev"),
        ("lib tools guest", "gcc-powerpc64-linux-gnu"),
        ("modules", "kmod"),
        ("unit", "libcmocka-dev"),
        ("coverage", "gcovr"),
        ("lint", "shellcheck"),
        ("docs", "libcmocka-dev"),
        ("bench", "gnuplot-nox"),
        ("check-tools", "python3-pytest"),
        ("check-live", "dpdk-dev"),
        ("check-hosts", "debootstrap"),
        ("shell", "ninja-build"),
    ],
)
def test_a_target_says_what_is_missing(run: Path, goals: str, some: str) -> None:
    """A target whose packages are missing names them in one line and builds nothing."""
    tree = Bare(run)
    status, (line, *others) = tree.make("-j4", *goals.split())
    assert status == 2
    assert line.startswith("mk/setup: missing: ") and line.endswith("; run make setup")
    names = line.partition("missing: ")[2].partition(";")[0].split()
    assert some in names and len(names) == len(set(names))
    assert [other[:8] for other in others] == ["make: **"], others
    assert not tree.calls("bin/apt-get") and not tree.calls("mk/part")
    assert not (tree.top / "build").exists()


@pytest.mark.parametrize(
    "args, some",
    [("boot", "ninja-build"), ("check", "libcmocka-dev"), ("setup", "gcovr"), ("setup SETS=hosts", "debootstrap")],
)  # fmt: skip
def test_setup_boot_and_check_install(run: Path, args: str, some: str) -> None:
    """make setup, boot and check install packages, and build nothing when that fails."""
    tree = Bare(run)
    status, said = tree.make("-j4", *args.split())
    assert status == 2 and any(": still missing after apt-get; log: " in line for line in said)
    assert some in tree.installed()
    assert ("gcc" in tree.installed()) == ("hosts" not in args)
    assert not tree.calls("mk/part") and not (tree.top / "build").exists()


def test_optional_packages_are_missed_by_nobody(run: Path) -> None:
    """A target does not ask for optional packages, even if the release has them."""
    tree = Bare(run)
    tree.stub("bin/dpkg-query", f"exec {run}/installed")
    (run / "installed").write_text(INSTALLED)
    (run / "installed").chmod(0o755)
    done = tree.run("mk/setup", "--check", "check", PATH=f"{tree.top}/bin:{os.environ['PATH']}")
    assert (done.returncode, done.stdout) == (0, "")


# Programs that read or write the system's own packages.
PACKAGE_TOOLS = ("apt", "apt-cache", "apt-get", "apt-mark", "dpkg", "dpkg-deb", "dpkg-query")


def test_setup_no_asks_no_package_tool(run: Path) -> None:
    """SETUP=no builds libvdma without a call of dpkg or apt."""
    tree = StubTree(run)
    for name in PACKAGE_TOOLS:
        tree.stub(f"bin/{name}", "exit 1")
    path = f"{tree.top}/bin:{os.environ['PATH']}"
    done = tree.run("make", "lib", "SETUP=no", "CFLAGS=-O0", PATH=path)
    assert done.returncode == 0, done.stdout
    assert (tree.top / "build/lib/libvdma.so").exists()
    assert not [name for name in PACKAGE_TOOLS if tree.calls(f"bin/{name}")]
    done = tree.run("make", "lib", "SETUP=yes", PATH=path)
    assert done.returncode == 2 and tree.calls("bin/dpkg-query")


def test_system_without_package_tools(run: Path) -> None:
    """A system without dpkg builds libvdma; make setup and parts say what they lack."""
    tree = StubTree(run)
    (tree.top / "bin").mkdir()
    for folder in ("/usr/sbin", "/usr/bin"):
        for program in Path(folder).iterdir():
            link = tree.top / "bin" / program.name
            if program.name not in PACKAGE_TOOLS and not link.is_symlink():
                link.symlink_to(program)
    done = tree.run("make", "lib", "CFLAGS=-O0", PATH=f"{tree.top}/bin")
    assert done.returncode == 0, done.stdout
    for command, says in (
        (["make", "setup"], "mk/setup: cannot install packages: no dpkg here; "),
        (["mk/part", "busybox"], "cannot fetch packages of Debian 13: apt-get is not installed"),
    ):
        done = tree.run(*command, PATH=f"{tree.top}/bin")
        assert done.returncode != 0 and says in done.stdout, done.stdout
