# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode bounce: what drivers and programs may do to a pool, and what they may not."""

from __future__ import annotations

import socket
import tempfile
import threading
from pathlib import Path

import pytest

from tests.lib.build import cross
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import BOUNCE
from tests.lib.machine.devices import DEVICES, F_OPTIONS
from tests.lib.machine.pseries import Machine, subnet
from tests.lib.peers.network import Listener
from tests.lib.peers.vhost_user_iotlb import IotlbBackend
from tests.lib.peers.vhost_user_net import F_CSUM, F_GUEST_TSO4, F_MRG_RXBUF, IdleCard

NET, RNG = DEVICES[2], DEVICES[4]
PAGES_64K = "7.2-64k"
# As much as the pool of a card, 8 MiB with pages of 64 KiB, and each frame of it has
# a buffer of its own.
CONNECTIONS = 4
BYTES = 2 << 20

SCRIPT = f"""
. /lib/vdma.sh
chmod 755 /bin/unread
policy() {{ cat $PCI/{NET.address}/virtio*/dma_policy/$1; }}
load policy mode=bounce
bring_up
settle
ask port
unread {subnet(0)}.2 $ANSWER {CONNECTIONS} >/run/unread &
unread=$!
wait_for grep -q unread /run/unread || wait_for grep -q unread /run/unread || fail "unread"
report unread "bytes=$(sed 's/.* //' /run/unread)" "full=$(policy pool_full)"
run_device {NET.address}
kill $unread
wait $unread
run_device {NET.address}
"""


class Sender(Listener):
    """Sends BYTES to all who connect, and keeps the connection."""

    def _serve(self, connection: socket.socket) -> None:
        threading.Thread(target=self._send, args=(connection,), daemon=True).start()

    @staticmethod
    def _send(connection: socket.socket) -> None:
        with connection:
            try:
                connection.sendall(bytes(BYTES))
                connection.recv(1)
            except OSError:
                return  # the guest is gone


@pytest.mark.extended
@pytest.mark.parametrize("kernel", ["6.12", PAGES_64K])
def test_unread_data_leaves_the_pool_to_others(run: Path, kernel: str) -> None:
    """All that is sent arrives, unread, and the card goes on meanwhile and afterwards."""
    sender = Sender()
    files = {"bin/unread": cross.program(run, "tests/linux/unread.c")}
    machine = Machine(kernel=kernel, devices=(NET,))
    try:
        with Guest(machine, run, GuestImage(script=SCRIPT, files=files)) as guest:
            guest.serve({"port": lambda: str(sender.port)}, "port")
            result = guest.finish(expect=lambda device: BOUNCE.expected())
    finally:
        sender.close()
    result.check()
    unread = result.report.one("unread") or {}
    assert int(unread["bytes"]) == CONNECTIONS * BYTES
    assert [line["same"] for line in result.report.all("device")] == ["yes", "yes"]


LARGE = "0000:00:0b.0"
# An Ethernet frame to all, of a type that nobody handles; enough of them that the driver
# takes 64 KiB for each mergeable buffer.
HEAD = b"\xff" * 6 + b"\x52\x54\0\0\0\x01" + b"\x88\xb5"
FRAMES = 400
# Without mergeable buffers each has room for a frame of the device's MTU.
CARDS = {
    "mergeable": (PAGES_64K, "mrg_rxbuf=on", 60000),
    "mtu": ("6.12", "mrg_rxbuf=off,host_mtu=9000", 8000),
    "mtu-no-indirect": ("6.12", "mrg_rxbuf=off,host_mtu=9000,indirect_desc=off", 8000),
}

# How often the pool refuses a map of a card that nothing happens to
REFUSED = f"""
full() {{ cat $PCI/{LARGE}/virtio*/dma_policy/pool_full; }}
before=$(full)
sleep 1
refused=$(($(full) - before))
"""

REST = f"""
. /lib/vdma.sh
received() {{ [ "$(cat /sys/class/net/$card/statistics/rx_packets)" -ge {FRAMES} ]; }}
load policy mode=bounce
bring_up
card=$(interface_of {LARGE}) || fail "no card"
ip link set $card up
ask frames
wait_for received || fail "$(cat /sys/class/net/$card/statistics/rx_packets) frames"
sleep 1
{REFUSED}
report rest "refused=$refused"
"""


@pytest.mark.extended
@pytest.mark.parametrize("name", CARDS)
def test_card_rests_with_a_full_ring(run: Path, name: str) -> None:
    """With the largest buffers a card's ring is full before its pool, and nobody tries
    in vain to fill it: virtio_net of 7.2 would try until it succeeds."""
    kernel, card, size = CARDS[name]
    # a socket's path is short
    folder = tempfile.TemporaryDirectory()
    ends = [f"{folder.name}/{name}" for name in ("card", "host")]
    netdev = "dgram,id=large,local.type=unix,local.path={},remote.type=unix,remote.path={}"
    options = f"{F_OPTIONS},romfile="
    args = ("-netdev", netdev.format(*ends))
    args += ("-device", f"virtio-net-pci,netdev=large,addr=b,rx_queue_size=1024,{card},{options}")
    machine = Machine(kernel=kernel, devices=(), args=args)

    with folder, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as host:
        host.bind(ends[1])
        host.settimeout(60)

        def frames() -> None:
            for _ in range(FRAMES):
                host.sendto(HEAD + bytes(size), ends[0])

        with Guest(machine, run, GuestImage(script=REST)) as guest:
            guest.serve({"frames": frames}, "frames")
            result = guest.finish()
    assert result.report.all("fail") == []
    assert result.report.one("rest") == {"refused": "0"}


IDLE = f"""
. /lib/vdma.sh
chmod 755 /bin/channels
load policy mode=bounce
bring_up
card=$(interface_of {LARGE}) || fail "no card"
ip link set $card up
channels $card $(cat /pairs) || :
sleep 2
{REFUSED}
report rest "refused=$refused" "queues=$(ls -d /sys/class/net/$card/queues/rx-* | wc -l)"
"""

MEM_MIB = 2048
# Fits with pages of 64 KiB
FIT = 24
IDLE_CARDS = {
    "merged packets in a buffer": (IdleCard(features=F_CSUM | F_GUEST_TSO4), 1),
    "as many queues as fit": (IdleCard(FIT, F_MRG_RXBUF), FIT),
    "more queues": (IdleCard(128, F_MRG_RXBUF), 1),
}


@pytest.mark.extended
@pytest.mark.parametrize("name", IDLE_CARDS)
def test_idle_card_rests(run: Path, name: str) -> None:
    """The driver of a card that gets nothing does not try to fill rings without end, and has
    the card's queues if their rings fit."""
    card, queues = IDLE_CARDS[name]
    pairs = card.queues // 2
    with IotlbBackend(card) as backend:
        netdev = f"vhost-user,id=idle,chardev=c,queues={pairs}"
        options = f"mq={'on' if pairs > 1 else 'off'},{F_OPTIONS},romfile="
        args = ("-chardev", backend.chardev("c"), "-netdev", netdev)
        args += ("-device", f"virtio-net-pci,netdev=idle,addr=b,{options}")
        args += ("-object", f"memory-backend-memfd,id=ram,share=on,size={MEM_MIB}M")
        machine = Machine(
            kernel=PAGES_64K,
            devices=(),
            mem_mib=MEM_MIB,
            args=args,
            machine_options="memory-backend=ram",
        )
        channels = cross.program(run, "tests/linux/channels.c")
        files = {"bin/channels": channels, "pairs": str(pairs).encode()}
        with Guest(machine, run, GuestImage(script=IDLE, files=files)) as guest:
            result = guest.finish()
    assert result.report.all("fail") == []
    assert result.report.one("rest") == {"refused": "0", "queues": str(queues)}


COHERENT = f"""
. /lib/vdma.sh
load policy mode=bounce
bring_up
insmod /coherent.ko slot={RNG.slot} 2>/dev/null
report done
"""


@pytest.mark.extended
def test_coherent_mappings_are_refused(run: Path) -> None:
    """A mapping that has to be coherent cannot be a copy; newer kernels say which is."""
    machine = Machine(kernel=PAGES_64K, devices=(RNG,))
    files = {"coherent.ko": cross.module(run, machine.kernel, "tests/linux/coherent.c")}
    with Guest(machine, run, GuestImage(script=COHERENT, files=files)) as guest:
        result = guest.finish()
    assert result.report.all("fail") == [] and result.report.one("done") is not None
    assert "coherent: plain: page mapped, list mapped" in result.console
    assert "coherent: require: page refused, list refused" in result.console
