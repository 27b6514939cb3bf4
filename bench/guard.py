# SPDX-License-Identifier: GPL-2.0-or-later
"""The cost of ultravisor and DMA guard for a guest that does not use them.

Three guests run at once, none of them secure: on a QEMU without our patches, and on
ours with x-ultravisor off and on. They take turns reading from an empty disk, and the
CPU time of each QEMU is compared turn by turn. Two boots of one machine differ by more
than their turns do, since code and data end up elsewhere: so there are several boots,
and a sample is the cheapest turn of a boot, since disturbances only add. All run on one
CPU of the host: on two, half the cost of a read is waking the other one.
Run from the top of the tree: python3 -m bench.guard FOLDER [BOOTS]
"""

from __future__ import annotations

import os
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

from bench.stats import FEWEST, summary
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.host import runs
from tests.lib.machine.pseries import Machine
from tests.secure.guests import loader

REQUESTS = 2000
TURNS = 20
BOOTS = 7
KINDS = ("plain", "off", "on")
LIMIT = 3600.0
SCRIPT = f"""
. /lib/vdma.sh
chmod 755 /bin/loader
load bus
load drivers
wait_for disk_of 0000:00:01.0 || fail "no disk"
while ask turn && [ "$ANSWER" = go ]; do
    loader disk /dev/vda read rand 4096 {REQUESTS} 1 || fail loader
done
"""


class Turns:
    """A guest that reads on request."""

    def __init__(self, kind: str, folder: Path) -> None:
        options = f"x-ultravisor={kind}" if kind != "plain" else ""
        disk = f"driver=null-co,node-name=disk,size={64 << 20},read-zeroes=on"
        machine = Machine(
            kernel="secure-6.12",
            qemu="plain" if kind == "plain" else "vdma",
            firmware="none",
            smp=1,
            mem_mib=1024,
            hotplug_mib=0,
            devices=(),
            machine_options=options,
            args=("-blockdev", disk, "-device", "virtio-blk-pci,drive=disk,addr=1"),
        )
        folder.mkdir(parents=True, exist_ok=True)
        image = GuestImage(False, SCRIPT, {"bin/loader": loader(folder)})
        self.guest = Guest(machine, folder, image)
        self._asked = 0

    def ready(self) -> None:
        """Wait until it has nothing to do."""
        self._asked += 1
        self.guest.wait_for("ask", self._asked, LIMIT)

    def cpu(self) -> int:
        """CPU time of all QEMU threads so far, in ns."""
        tasks = Path(f"/proc/{self.guest.qemu.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())

    def take(self) -> int:
        """A turn; what it cost."""
        before = self.cpu()
        self.guest.answer("go")
        self.ready()
        return self.cpu() - before


def boot(folder: Path) -> dict[str, float]:
    """All three, each in turn, again and again; what a read costs each, in us."""
    with ExitStack() as stack:
        turns = {kind: Turns(kind, folder / kind) for kind in KINDS}
        for turn in turns.values():
            stack.enter_context(turn.guest)
        for turn in turns.values():
            turn.ready()
        costs: dict[str, list[int]] = {kind: [] for kind in KINDS}
        for number in range(TURNS):
            # who comes first changes
            for kind in KINDS if number % 2 else reversed(KINDS):
                costs[kind].append(turns[kind].take())
    return {kind: min(costs[kind]) / REQUESTS / 1000 for kind in KINDS}


def main() -> int:
    """Boot after boot; then the ratios."""
    boots = int(sys.argv[2]) if len(sys.argv) > 2 else BOOTS
    if boots < FEWEST:
        sys.exit(f"guard: {boots} boots decide nothing, {FEWEST} are the fewest")
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    with runs.fresh(Path(sys.argv[1])) as folder:
        samples = [boot(folder / str(number)) for number in range(boots)]
    print(f"{boots} boots of {TURNS} turns of {REQUESTS} reads of 4 KiB, CPU time of QEMU")
    nil = True
    for kind in KINDS:
        each = statistics.median(sample[kind] for sample in samples)
        ratio = summary([sample[kind] / sample["plain"] for sample in samples])
        name = "without our patches" if kind == "plain" else f"x-ultravisor={kind}"
        bounds = f"({ratio.low:.3f} to {ratio.high:.3f})"
        print(f"{name:16} {each:6.1f} us a read   {ratio.median:.3f} of plain {bounds}")
        nil &= kind == "on" or ratio.side_of(1.0) <= 0
    if not nil:
        print("x-ultravisor=off costs more than boots differ by")
    return 0 if nil else 1


if __name__ == "__main__":
    sys.exit(main())
