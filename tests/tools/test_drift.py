# SPDX-License-Identifier: GPL-2.0-or-later
"""mk/check-drift: the new part of each boot, and the verdict on failures. Parts are empty,
version 2 is the newest and 1 the usual one, and a stub stands for each boot."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.build import rows
from tests.lib.host.stubtree import StubTree

RECIPE = """
part_disk_mib=1
%s
part_build() {
	local newest=1

	[[ -z ${VDMA_NEWEST:-} ]] || newest=$(cat "$TOP/newest/$name" 2>/dev/null || echo 2)
	case $newest in
	lacks) part_fail "the mirror lacks it" ;;
	broken) note_version 2; part_fail "a hook does not apply; cannot fetch" ;;
	*) note_version "$newest" ;;
	esac
}
"""
# Arguments are --run FOLDER --kernel KERNEL --qemu QEMU.
BOOT = """
for part in kernel-$4 headers-$4 qemu-$6 slof; do
	printf '%s %s, ' "$part" "$(cat "$VDMA_CACHE/parts/${part/%-vdma/-vdma-10.0}"-????????????/VERSION)"
done >>booted
echo "module $(cat module-$4)" >>booted
echo "boot: words of the boot"
exit "$(cat "boot-$4-$6" 2>/dev/null || echo 0)"
"""
MODULE = 'cat "$VDMA_CACHE/parts/headers-$1"-????????????/VERSION >module-$1\n'
MODULE += 'echo "mk/module: words of the module"; exit "$(cat "module-status" 2>/dev/null || echo 0)"'


class Drift(StubTree):
    """A tree with the recipes above."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        for file in (self.top / "mk/parts").iterdir():
            file.unlink()
        for name in ("kernel@", "headers@", "qemu@", "slof", "busybox"):
            deps = 'part_deps="kernel-$ROW"' if name == "headers@" else ""
            (self.top / f"mk/parts/{name}.sh").write_text(RECIPE % deps, encoding="ascii")
        (self.top / "newest").mkdir()
        (self.top / "tools").unlink()
        self.stub("mk/module", MODULE)
        boot = self.stub("bin/boot", BOOT)
        self.stub("tools/vdma-run/vdma-run", f'exec {boot} "${{@:2}}"')

    def write(self, path: str, text: str) -> None:
        """A file of the tree."""
        file = self.top / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text + "\n", encoding="ascii")

    def check(self, *names: str) -> tuple[int, dict[str, tuple[str, str]]]:
        """Its status, and of each row the verdict and the text without the log's name."""
        done = self.run("mk/check-drift", *names)
        _, _, table = done.stdout.partition("VERSION\n")
        found = {}
        for line in table.splitlines():
            text = line[27:].partition("; log: ")[0]
            found[line[:14].strip()] = (line[15:26].strip(), text)
        assert found or done.returncode not in (0, 1, 125), done.stdout
        return done.returncode, found

    def booted(self) -> list[str]:
        """The parts of each boot so far."""
        file = self.top / "booted"
        return file.read_text(encoding="ascii").splitlines() if file.exists() else []


@pytest.fixture(name="drift")
def _drift(run: Path) -> Drift:
    return Drift(run)


def usual(*new: str, kernel: str = "6.12", qemu: str = "vdma") -> str:
    """The parts of a boot when NEW are the newest; the module goes with the headers."""
    names = (f"kernel-{kernel}", f"headers-{kernel}", f"qemu-{qemu}", "slof")
    parts = ", ".join(f"{name} {2 if name in new else 1}" for name in names)
    return f"{parts}, module {2 if names[1] in new else 1}"


@pytest.mark.extended
def test_only_the_row_is_new(drift: Drift) -> None:
    """Each boot uses the newest version of its own row and the usual version of all others."""
    names = ("6.1", "vdma-10.0", "slof", "stock-11.1", "6.12")
    assert drift.check(*names) == (0, {name: ("works", "2") for name in names})
    assert drift.booted() == [
        usual("kernel-6.1", "headers-6.1", kernel="6.1"),
        usual("qemu-vdma-10.0", qemu="vdma-10.0"),
        usual("slof"),
        usual("qemu-stock-11.1", qemu="stock-11.1"),
        usual("kernel-6.12", "headers-6.12"),
    ]


def test_what_is_not_given_stays_unjudged(drift: Drift) -> None:
    """A row whose newest version cannot be fetched is not judged."""
    drift.write("newest/qemu-vdma-10.0", "lacks")
    drift.write("newest/kernel-6.1", "lacks")
    assert drift.check("6.12", "vdma", "6.1") == (
        125,
        {
            "6.12": ("works", "2"),
            "vdma-10.0": ("not judged", "the mirror lacks it"),
            "6.1": ("not judged", "the mirror lacks it"),
        },
    )


def test_what_does_not_build_is_broken(drift: Drift) -> None:
    """A row is broken by its status, not by its words, and a broken row decides the status."""
    drift.write("newest/slof", "broken")
    drift.write("newest/6.1", "lacks")
    drift.write("newest/kernel-6.1", "lacks")
    status, found = drift.check("slof", "6.1")
    assert (status, found["slof"]) == (1, ("broken", "a hook does not apply; cannot fetch"))
    assert found["6.1"][0] == "not judged"


@pytest.mark.parametrize("status, verdict", [(1, "broken"), (125, "not judged")])
def test_module(drift: Drift, status: int, verdict: str) -> None:
    """A module that does not build is broken; one without headers is not judged."""
    drift.write("module-status", str(status))
    text = "the module for kernel 7.2: words of the module"
    assert drift.check("7.2") == (status, {"7.2": (verdict, text)})
    assert not drift.booted()


@pytest.mark.extended
@pytest.mark.parametrize("status, verdict", [(1, "broken"), (125, "not judged")])
def test_boot(drift: Drift, status: int, verdict: str) -> None:
    """A wrong table is broken; a boot without one is not judged."""
    drift.write("boot-6.12-vdma", str(status))
    text = f"status {status} of the boot: words of the boot"
    assert drift.check("slof") == (status, {"slof": (verdict, text)})


def test_names_are_looked_at_first(drift: Drift) -> None:
    """An unknown row ends the run before anything is fetched."""
    done = drift.run("mk/check-drift", "6.12", "5.10", "slof")
    qemus = [name for name, (way, *_) in rows.read("qemus").items() if way in ("built", "debian")]
    qemus = [name for name in qemus if rows.flavour(name) != "tsan" and "targets" not in name]
    known = " ".join([*rows.kernels(), *qemus, "slof"])
    assert (done.returncode, done.stdout) == (
        1,
        f"mk/check-drift: no such row: 5.10; there are: {known}\n",
    )
    assert not (drift.cache / "drift").exists()
