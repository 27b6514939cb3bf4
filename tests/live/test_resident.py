# SPDX-License-Identifier: GPL-2.0-or-later
"""The host gives a guest the memory that it uses, and no more, whatever the mode."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.guest import modes
from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.guest.modes import DmaMode
from tests.lib.machine.devices import virtio
from tests.lib.machine.pseries import Machine
from tests.live.conftest import Outcome

MIB = 1 << 20
MEM_MIB, FILL_MIB, BALLOON_MIB = 2048, 512, 512
MODES = (modes.DIRECT, modes.BYPASS, modes.IDENTITY, modes.TCE, modes.BOUNCE)

SCRIPT = f"""
. /lib/vdma.sh
load policy {{parameters}}
bring_up
load more
settle
reads_begin /dev/$(disk_of {{disk}})
ask idle
dd if=/dev/zero of=/filling bs=1M count={FILL_MIB} status=none || fail "no room"
ask full
rm /filling
ask freed
ask inflate
ask deflate
reads_end
run_device {{disk}}
run_device {{balloon}}
ask end
"""


class HostMemory:
    """Memory that a guest takes from the host: USED has MiB, by when."""

    def __init__(self, guest: Guest, reports: bool) -> None:
        self.used: dict[str, int] = {}
        self._guest = guest
        self._reports = reports

    def serve(self) -> None:
        """Look when the guest asks, and have the balloon come and go."""
        self._guest.serve(
            {
                "idle": lambda: self._note("idle"),
                "full": lambda: self._note("full"),
                "freed": self._freed,
                "inflate": lambda: self._balloon(MEM_MIB - BALLOON_MIB),
                "deflate": lambda: self._balloon(MEM_MIB),
                "end": lambda: None,
            },
            "end",
        )

    def _now(self) -> int:
        return self._guest.qemu.memory().stat().st_blocks * 512 // MIB

    def _note(self, when: str) -> None:
        self.used[when] = self._now()

    def _freed(self) -> None:
        """The guest reports free pages when it likes."""
        if self._reports:
            self._guest.until(lambda: self._now() < self.used["full"] - FILL_MIB // 2)
        self._note("freed")

    def _balloon(self, mib: int) -> None:
        qmp = self._guest.qemu.qmp
        qmp.command("balloon", value=mib * MIB)
        assert self._guest.until(lambda: qmp.command("query-balloon")["actual"] == mib * MIB)


@pytest.mark.extended
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: str(mode.mode))
def test_host_memory(run: Path, outcome: Outcome, mode: DmaMode) -> None:
    """No mode takes memory that the guest does not use; what it frees goes back to the host,
    by reports of free pages and by the balloon, under load."""
    outcome("host-memory", mode.mode)
    disk, balloon = virtio("disk", "blk", 1, mode.f), virtio("balloon", "balloon", 2, mode.f)
    machine = Machine(
        devices=(disk, balloon),
        device_options={"balloon": "free-page-reporting=on"},
        mem_mib=MEM_MIB,
        args=("-object", f"memory-backend-memfd,id=ram,size={MEM_MIB}M"),
        machine_options="memory-backend=ram",
    )
    script = SCRIPT.format(
        parameters=mode.parameters(), disk=disk.address, balloon=balloon.address
    )
    reports = mode.mode != "bounce"
    with Guest(machine, run, GuestImage(script=script, modules=("virtio_balloon",))) as guest:
        host = HostMemory(guest, reports)
        host.serve()
        result = guest.finish(expect=lambda device: mode.expected())
    result.check()
    rounds = result.report.one("rounds")
    assert rounds is not None and int(rounds["count"]) > 10
    used = host.used
    assert used["idle"] < MEM_MIB // 4
    assert used["idle"] + FILL_MIB * 3 // 4 < used["full"] < used["idle"] + FILL_MIB * 5 // 4
    assert not reports or used["freed"] < used["full"] - FILL_MIB // 2, used
