# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode bounce against the kernel's own bounce buffers, in the same secure VM.

Two disks and two cards, alike: one of each was bound before the module was loaded
and uses swiotlb=force, the other has the module's pool. They take turns, and what
is compared is each turn with the next one. Run from the top of the tree:
python3 -m bench.secure FOLDER [ROUNDS]
"""

from __future__ import annotations

import socket
import statistics
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from tests.lib import secure
from tests.lib.guest import Cargo, Guest
from tests.secure.guests import SOURCE, loader

CHUNK = 1 << 20
NET_BYTES = 8 << 20
F = "iommu_platform=on,disable-legacy=on"
ADDRESS = {"module": ("0000:00:01.0", "0000:00:02.0"), "stock": ("0000:00:03.0", "0000:00:04.0")}
LIMIT = 3600.0


@dataclass(frozen=True)
class Load:
    """One thing to measure: arguments of bench/loader.c, and how much it is."""

    name: str
    arguments: str
    amount: float
    unit: str


def disk_load(way: str, order: str, size: int, count: int, jobs: int) -> Load:
    """A load on a disk; COUNT requests in all."""
    name = f"{way} {size >> 10} KiB {order}, {jobs} job{'s' * (jobs > 1)}"
    arguments = f"disk {way} {order} {size} {count // jobs} {jobs}"
    if size == 4096:
        return Load(f"disk {name}", arguments, count / 1000, "kIOPS")
    return Load(f"disk {name}", arguments, size * count / 1e6, "MB/s")


def net_load(way: str, jobs: int) -> Load:
    """A load on a card."""
    name = f"net {way}, {jobs} connection{'s' * (jobs > 1)}"
    amount = NET_BYTES // jobs * jobs / 1e6
    return Load(name, f"{way} {NET_BYTES // jobs} {jobs}", amount, "MB/s")


def loads(cpus: int) -> list[Load]:
    """What is measured on a machine."""
    found = []
    for way in ("read", "write"):
        found += [
            disk_load(way, "rand", 4096, 2000, cpus),
            disk_load(way, "seq", 131072, 400, cpus),
        ]
    return found + [net_load(way, cpus) for way in ("send", "receive")]


class Host:
    """What the cards talk to: takes all there is, or gives what was asked for."""

    def __init__(self, cpus: int) -> None:
        self.ports = {}
        for way in ("send", "receive"):
            listener = socket.create_server(("127.0.0.1", 0))
            self.ports[way] = listener.getsockname()[1]
            amount = 0 if way == "send" else NET_BYTES // cpus
            threading.Thread(target=self._accept, args=(listener, amount), daemon=True).start()

    def _accept(self, listener: socket.socket, amount: int) -> None:
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=self._serve, args=(connection, amount), daemon=True).start()

    @staticmethod
    def _serve(connection: socket.socket, amount: int) -> None:
        with connection:
            if amount:
                connection.sendall(bytes(amount))
            while connection.recv(CHUNK):
                pass


def script(cpus: int, rounds: int, host: Host) -> str:
    """The guest's: bind, load the module, bind the others, and take turns."""
    (disk_m, net_m), (disk_s, net_s) = ADDRESS["module"], ADDRESS["stock"]
    text = SOURCE + f"""
chmod 755 /bin/loader
keep_control
for fn in {disk_m} {net_m}; do
    echo none >$PCI/$fn/driver_override
done
load bus
load drivers
load policy
for fn in {disk_m} {net_m}; do
    echo >$PCI/$fn/driver_override
    echo $fn >/sys/bus/pci/drivers_probe
done
for fn in {disk_m} {disk_s}; do
    wait_for disk_of $fn || fail "no disk at $fn"
done
n=0
for fn in {net_m} {net_s}; do
    n=$((n + 1))
    ip addr add 10.0.$n.15/24 dev $(interface_of $fn)
    ip link set $(interface_of $fn) up
done
turn() {{
    who=$1 load=$2
    shift 2
    ask before
    report turn "who=$who" "load=$load" "$(loader "$@")"
    ask after
}}
for round in $(seq {rounds}); do
"""
    for index, load in enumerate(loads(cpus)):
        turns = []
        for who, net in (("module", 1), ("stock", 2)):
            kind, rest = load.arguments.split(" ", 1)
            if kind == "disk":
                command = f"disk /dev/$(disk_of {ADDRESS[who][0]}) {rest}"
            else:
                command = f"{kind} 10.0.{net}.2 {host.ports[kind]} {rest}"
            turns.append(f"turn {who} {index} {command}\n")
        # Who comes first changes, for the second may find things warmer.
        text += f"if [ $((round % 2)) = 0 ]; then\n{turns[0]}{turns[1]}"
        text += f"else\n{turns[1]}{turns[0]}fi\n"
    return text + f"""done
for fn in {disk_m} {net_m}; do
    p=$PCI/$fn/$(virtio_of $fn)/dma_policy
    report pool "kib=$(($(cat $p/pool_bytes) / 1024))" "max=$(($(cat $p/pool_used_max) / 1024))"
done
ask end
"""


def options(cpus: int) -> list[str]:
    """Two disks that hold nothing, two cards."""
    found = []
    for net, who in enumerate(("module", "stock"), 1):
        disk, card = (address[8:10] for address in ADDRESS[who])
        found += ["-blockdev", f"driver=null-co,node-name={who}-disk,size={64 << 20},read-zeroes=on"]
        place = f"drive={who}-disk,addr={int(disk, 16):x},num-queues={cpus}"
        found += ["-device", f"virtio-blk-pci,{F},{place}"]
        found += ["-netdev", f"user,id={who}-net,net=10.0.{net}.0/24,ipv6=off"]
        place = f"netdev={who}-net,addr={int(card, 16):x},romfile="
        found += ["-device", f"virtio-net-pci,{F},{place}"]
    return found


@dataclass(frozen=True)
class Turn:
    """One load on one device: wall-clock time, and what QEMU took of the CPUs."""

    who: str
    load: int
    wall: int
    cpu: int


class Watch:
    """Sees what a guest's turns cost the host, and what is shared at the end."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.cpu: list[int] = []
        self.shared = self.violations = -1

    def serve(self) -> None:
        """Until all turns are taken."""
        steps = {"before": self.mark, "after": self.mark, "end": self.end}
        self.guest.serve(steps, "end", LIMIT)

    def mark(self) -> None:
        """CPU time so far, in ns, of all of QEMU's threads."""
        tasks = Path(f"/proc/{self.guest.qemu.process.pid}/task")
        times = [(task / "schedstat").read_text().split()[0] for task in tasks.iterdir()]
        self.cpu.append(sum(map(int, times)))

    def end(self) -> None:
        """The machine's properties."""
        qmp = self.guest.qemu.qmp
        self.shared = secure.figure(qmp, "uv-shared-pages")
        self.violations = secure.figure(qmp, "dma-guard-violations")

    def turns(self) -> list[Turn]:
        """All, in order."""
        lines = self.guest.report().all("turn")
        costs = [after - before for before, after in zip(self.cpu[::2], self.cpu[1::2])]
        return [
            Turn(line["who"], int(line["load"]), int(line["ns"]), cost)
            for line, cost in zip(lines, costs)
        ]


def boot(folder: Path, cpus: int, rounds: int) -> Watch:
    """Take the turns."""
    host = Host(cpus)
    machine = secure.machine(
        (), append="swiotlb=force dma_debug=off", smp=cpus, args=options(cpus)
    )
    _, files = secure.script()
    folder.mkdir(parents=True, exist_ok=True)
    files["bin/loader"] = loader(folder)
    cargo = Cargo(script=script(cpus, rounds, host), files=files)
    with Guest(machine, folder, cargo) as guest:
        watch = Watch(guest)
        watch.serve()
        if guest.report().all("fail"):
            raise RuntimeError(f"the guest failed: {guest.report().all('fail')}")
        return watch


def ratios(turns: list[Turn], load: int, what: str) -> tuple[float, float, float]:
    """Stock by module, turn by turn: quarter, median, three quarters."""
    values: dict[str, list[int]] = {
        who: [getattr(turn, what) for turn in turns if (turn.who, turn.load) == (who, load)]
        for who in ADDRESS
    }
    pairs = zip(values["module"], values["stock"])
    low, middle, high = statistics.quantiles([stock / module for module, stock in pairs], n=4)
    return low, middle, high


def show(cpus: int, turns: list[Turn]) -> bool:
    """A line for each load; is the module never behind?"""
    good = True
    for index, load in enumerate(loads(cpus)):
        rate = {
            who: load.amount * 1e9 / statistics.median(
                turn.wall for turn in turns if (turn.who, turn.load) == (who, index)
            )
            for who in ADDRESS
        }
        wall, cpu = ratios(turns, index, "wall"), ratios(turns, index, "cpu")
        # Behind is what is behind in three of four turns.
        good &= wall[2] >= 1.0
        print(
            f"{cpus:4}  {load.name:36} {rate['module']:8.1f} {rate['stock']:8.1f} {load.unit:5}"
            f"  {wall[1]:4.2f} ({wall[0]:.2f}-{wall[2]:.2f})"
            f"  {cpu[1]:4.2f} ({cpu[0]:.2f}-{cpu[2]:.2f})"
        )
    return good


def main() -> int:
    """Both machines, one after the other."""
    folder = Path(sys.argv[1])
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 12
    print(f"{rounds} turns each; stock is swiotlb=force. Ratios: above 1 the module is better.")
    head = f"{'CPUs':4}  {'load':36} {'module':>8} {'stock':>8}"
    print(f"{head}        by wall clock     by CPU time")
    good = True
    for cpus in (1, 4):
        watch = boot(folder / f"{cpus}cpu", cpus, rounds)
        good &= show(cpus, watch.turns()) and watch.violations == 0
        pools = watch.guest.report().all("pool")
        size = sum(int(pool["kib"]) for pool in pools)
        most = sum(int(pool["max"]) for pool in pools)
        print(
            f"{cpus:4}  shared for a disk and a card: {size} KiB, of which {most} were in use;"
            f" stock: 65536. Violations: {watch.violations}"
        )
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
