# SPDX-License-Identifier: GPL-2.0-or-later
"""What ultravisor and DMA guard cost a guest that has no use for them.

Three guests run at once, on a QEMU without anything of ours and on ours with
x-ultravisor off and on, none of them secure. They take turns in reading from a
disk that holds nothing, and what is compared is the CPU time that each QEMU took,
turn by turn. Run from the top of the tree: python3 -m bench.guard FOLDER [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

from tests.lib.guest import Cargo, Guest
from tests.lib.machine import Machine
from tests.secure.guests import loader

REQUESTS = 4000
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
    """A guest that reads when it is told to."""

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
        cargo = Cargo(False, SCRIPT, {"bin/loader": loader(folder)})
        self.guest = Guest(machine, folder, cargo)
        self._asked = 0

    def ready(self) -> None:
        """Wait until it has nothing to do."""
        self._asked += 1
        self.guest.wait_for("ask", self._asked, LIMIT)

    def cpu(self) -> int:
        """CPU time so far, in ns, of all of QEMU's threads."""
        tasks = Path(f"/proc/{self.guest.qemu.process.pid}/task")
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks.iterdir())

    def take(self) -> int:
        """A turn; what it cost."""
        before = self.cpu()
        self.guest.answer("go")
        self.ready()
        return self.cpu() - before


def main() -> int:
    """All take a turn, again and again; then the ratios."""
    folder = Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    with ExitStack() as stack:
        turns = {kind: Turns(kind, folder / kind) for kind in KINDS}
        for turn in turns.values():
            stack.enter_context(turn.guest)
            turn.ready()
        costs: dict[str, list[int]] = {kind: [] for kind in KINDS}
        for number in range(rounds):
            # who comes first changes
            for kind in KINDS if number % 2 else reversed(KINDS):
                costs[kind].append(turns[kind].take())
    print(f"{rounds} turns of {REQUESTS} reads of 4 KiB, CPU time of QEMU")
    good = True
    for kind in KINDS:
        each = statistics.median(costs[kind]) / REQUESTS / 1000
        ratios = [ours / plain for ours, plain in zip(costs[kind], costs["plain"])]
        low, middle, high = statistics.quantiles(ratios, n=4)
        name = "nothing of ours" if kind == "plain" else f"x-ultravisor={kind}"
        print(f"{name:16} {each:6.1f} us a read   {middle:.3f} of plain ({low:.3f} to {high:.3f})")
        # Nil: what it costs is lost in what turns differ by.
        good &= kind == "on" or low <= 1.0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
