# SPDX-License-Identifier: GPL-2.0-or-later
"""Back ends with an IOTLB get all messages that they need, at once, and few others."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.lib.guest import ktap
from tests.lib.guest.baremetal import GuestRow, Run, table
from tests.lib.machine.devices import F_OPTIONS
from tests.lib.machine.qemu import Qemu
from tests.lib.peers.vhost_user_iotlb import IotlbBackend, Range, IotlbMessages
from tests.lib.peers.vhost_user_net import IdleCard
from tests.live.conftest import Outcome

ROWS = [row for row in table("tests/live") if row.group in ("iotlb", "reconnect", "testpmd")]

# Pages of the ring, and of headers and statuses, which stay mapped.
RING_PAGES = 8
# An answer has 2 MiB of pages of 4 KiB at most, and begins at the page that is asked for:
# messages about the pool, 3 MiB.
POOL_ANSWERS = 3
# Windows that a device could reach, invalidated when it stops.
WINDOWS = {"direct": 0, "bypass": 2, "identity": 2, "tce": 1, "bounce": 1}


@dataclass(frozen=True)
class Bound:
    """Limits on messages: for any number of reads, and for each."""

    updates: int
    gone: int
    each: int = 0

    def problems(self, messages: IotlbMessages, reads: int) -> list[str]:
        """Were there more, or in a mode that maps each read, too few?"""
        found = []
        for what, ranges, most in (
            ("updates", messages.updates, self.updates),
            ("invalidations", messages.gone, self.gone),
        ):
            most += self.each * reads
            least = reads // 4 if self.each else 0
            if not least <= len(ranges) <= most:
                found.append(f"{len(ranges)} {what} for {reads} reads, not {least} to {most}")
        return found


# QEMU announces the used ring, and in bypass and identity with it all memory (512 MiB are
# one aligned block, or contiguous TCEs). The driver's first kick may make the back end
# ask before that.
BOUNDS = {
    "direct": Bound(0, 0),
    "bypass": Bound(1 + 1, WINDOWS["bypass"]),
    "identity": Bound(1 + 1, WINDOWS["identity"]),
    "tce": Bound(1 + RING_PAGES, WINDOWS["tce"], 1),
    "bounce": Bound(1 + POOL_ANSWERS, WINDOWS["bounce"]),
}


def boot(row: GuestRow, run: Path) -> tuple[IotlbMessages, str]:
    """Messages to the disk's back end, and the console."""
    guest = Run(row, run)
    problems = guest.problems()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
    backend = guest.served_disks[0].backend
    assert isinstance(backend, IotlbBackend)
    return backend.messages, guest.console()


# Also in make check.
SHORT = ("bypass", "tce")
LOADS = [
    pytest.param(row, id=row.id(), marks=[] if row.mode in SHORT else [pytest.mark.extended])
    for row in ROWS
    if row.name.startswith("load")
]
# Requests of test blk_smp, how many at once, and the disk's dies=
REQUESTS, AT_ONCE, DIES = 3000, 32, 200
RECONNECTS = [
    pytest.param(row, id=row.id(), marks=[] if row.mode == "tce" else [pytest.mark.extended])
    for row in ROWS
    if row.group == "reconnect"
]
ECHOES = [pytest.param(row, id=row.id()) for row in ROWS if row.group == "testpmd"]

# VHOST_USER_IOTLB_MSG; how many may come with the device's start and end, which
# SLOF has one of, too, for testpmd asks for each buffer of a burst of 32 before it
# has the first answer; and how many more for a frame there and back, in which two
# buffers are mapped and unmapped.
IOTLB_MESSAGE = re.compile(r"^vhost_user_write req:22 ", re.MULTILINE)
ECHO_ALWAYS = {"direct": 0, "bypass": 128, "identity": 128, "tce": 128, "bounce": 128}
ECHO_FRAME = {"direct": 0, "bypass": 0, "identity": 0, "tce": 8, "bounce": 0}


def due(console: str) -> list[str]:
    """Ranges that the guest has given up, in order."""
    values = [value for name, value in ktap.metrics(console) if name == "gone"]
    return [str(Range(*(int(word, 16) for word in value.split()))) for value in values]


@pytest.mark.parametrize("row", LOADS)
def test_messages(run: Path, outcome: Outcome, row: GuestRow) -> None:
    """A back end reads right data with no more IOTLB messages than the mode needs."""
    outcome("iotlb", row.mode)
    messages, console = boot(row, run)
    reads = int(dict(ktap.metrics(console))["reads"])
    assert BOUNDS[row.mode].problems(messages, reads) == []


@pytest.mark.parametrize("row", RECONNECTS)
def test_reconnect(run: Path, outcome: Outcome, row: GuestRow) -> None:
    """A back end that dies in the middle of requests and comes back finds the ring as it left
    it; it is told what a new one is told, no request is lost, and none is answered twice."""
    outcome("reconnect", row.mode)
    guest = Run(row, run)
    assert guest.problems() == []
    served = guest.served_disks[0]
    assert served.backend.lives == 1 + REQUESTS // DIES
    assert served.device.held == [0] * served.backend.lives
    bound = BOUNDS[row.mode]
    for messages in served.backend.past:
        assert bound.problems(messages, DIES + AT_ONCE) == []
    assert bound.problems(served.backend.messages, AT_ONCE) == []


def test_windows(run: Path, outcome: Outcome) -> None:
    """A back end is told once of each window that goes, without a look at its table."""
    outcome("windows", "bypass")
    row = next(row for row in ROWS if row.name == "windows")
    messages, console = boot(row, run)
    assert [str(gone) for gone in messages.gone] == due(console)
    log = (run / "qemu.log").read_text(errors="replace")
    # through the bypass window nothing is translated, and taking back reads no TCE
    assert "spapr_iommu_xlate" not in log
    made = console.count("a window of 0x")
    # the default one at boot and at the reset of windows, which removes one more
    assert log.count("spapr_iommu_new_table") == made + 3


def test_private(run: Path) -> None:
    """A back end is told of each page that a secure VM takes back."""
    row = next(row for row in ROWS if row.name == "private")
    messages, console = boot(row, run)
    assert [str(gone) for gone in messages.gone] == due(console)


@pytest.mark.parametrize("name", ["one-way", "one-way-secure"])
def test_one_way(run: Path, name: str) -> None:
    """A back end that may read a page is not told that it may write it, nor the reverse."""
    boot(next(row for row in ROWS if row.name == name), run)


PAIRS = 2


def test_pairs_of_queues(run: Path) -> None:
    """A card with several pairs of queues has one back end, which gets each message once."""
    card = IotlbBackend(IdleCard(PAIRS))
    netdev = ["-chardev", card.chardev("c"), "-netdev", f"vhost-user,id=n,chardev=c,queues={PAIRS}"]
    device = f"virtio-net-pci,netdev=n,mq=on,romfile=,{F_OPTIONS}"
    row = GuestRow(name="pairs", run="test=iotlb_pairs", mode="tce")
    with card, Run(row, run, shared=True) as boot:
        with Qemu([*boot.command(), *netdev, "-device", device], run) as qemu:
            qemu.wait(row.limit)
        assert boot.check() == []
        # SLOF has used the card before
        told = due(boot.console())
        assert [str(gone) for gone in card.messages.gone][-len(told) :] == told


def test_page_of_another_device(run: Path) -> None:
    """A page that is taken from one disk costs the other nothing."""
    row = next(row for row in ROWS if row.name == "other")
    guest = Run(row, run)
    assert guest.problems() == []
    disk, other = (guest.served_disks[index].backend.messages for index in (0, 1))
    (page,) = due(guest.console())
    assert page in [str(gone) for gone in disk.gone]
    # all at once, when the disk stops
    assert [str(gone) for gone in other.gone] == [str(Range(0, ~0 & 2**64 - 1))]


def test_window_of_a_secure_vm(run: Path) -> None:
    """The DMA guard tells back ends of each of a secure VM's windows that goes."""
    messages, console = boot(next(row for row in ROWS if row.name == "window-secure"), run)
    windows = due(console)
    assert [str(gone) for gone in messages.gone if str(gone) in windows] == windows


def test_reset(run: Path) -> None:
    """A reset tells a working back end once of each window that goes."""
    messages, console = boot(next(row for row in ROWS if row.name == "reset"), run)
    assert sorted(str(gone) for gone in messages.gone) == sorted(due(console))


@pytest.mark.extended
@pytest.mark.parametrize("row", ECHOES)
def test_testpmd(run: Path, outcome: Outcome, row: GuestRow) -> None:
    """testpmd returns every frame, with few IOTLB messages."""
    outcome("testpmd", row.mode)
    guest = Run(row, run)
    problems = guest.problems()
    if problems:
        pytest.fail("\n".join(problems), pytrace=False)
    frames = int(dict(ktap.metrics(guest.console()))["frames"])
    sent = len(IOTLB_MESSAGE.findall((run / "qemu.log").read_text(errors="replace")))
    each = ECHO_FRAME[row.mode]
    assert each * frames // 8 <= sent <= ECHO_ALWAYS[row.mode] + each * frames
