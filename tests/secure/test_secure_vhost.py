# SPDX-License-Identifier: GPL-2.0-or-later
"""A vhost back end that is plugged into a secure VM never gets the VM's memory."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.lib.build import cross
from tests.lib.guest.linux import Guest
from tests.lib.peers import vhost_user
from tests.secure.guests import Plan, Steps, boot, device

BLK = device("blk", True, 1)
NEW = "0000:00:08.0"
SCRIPT = f"""
chmod 755 /bin/drc
begin
ask plug
wait_for drc acquire 40000040 || fail acquire
echo "dt add index 0x40000040" >/sys/kernel/dlpar || fail add
echo 1 >/sys/bus/pci/rescan
wait_for interface_of {NEW} || fail interface
ip link set "$(interface_of {NEW})" up
run_io
echo 1 >/sys/bus/pci/devices/{NEW}/remove
echo "dt remove index 0x40000040" >/sys/kernel/dlpar || fail remove
drc release 40000040 || fail release
ask unplug
give_back
"""


@dataclass
class Curious(vhost_user.Backend):
    """Records whether it was given memory."""

    got_memory: bool = False

    def _set_memory(self, body: bytes, fds: list[int]) -> None:
        self.got_memory = True
        super()._set_memory(body, fds)


def test_it_gets_no_memory(run: Path) -> None:
    """A vhost back end plugged into a secure VM is not started and gets no memory."""
    backend = Curious(vhost_user.VhostDevice(queues=2))

    def steps(guest: Guest) -> Steps:
        qmp = guest.qemu.qmp

        def plug() -> None:
            qmp.command("netdev_add", type="vhost-user", id="net", chardev="back")
            place = {"bus": "pci.0", "addr": "8", "disable-legacy": "on"}
            card = {"driver": "virtio-net-pci", "id": "new", "netdev": "net", "romfile": ""}
            qmp.command("device_add", **card, **place)

        def unplug() -> None:
            qmp.command("device_del", id="new")
            qmp.wait_deleted({"new"})

        return {"plug": plug, "unplug": unplug}

    options = {"args": ("-chardev", backend.chardev("back"))}
    plan = Plan(SCRIPT, (BLK,), options, {"bin/drc": cross.drc(run)})
    with backend:
        watch, result = boot(run, plan, steps)
    result.check()
    watch.check_module()
    said = (run / "qemu.log").read_text(errors="replace")
    assert "cannot start the vhost back end of new: without iommu_platform=on" in said
    assert (backend.problem, backend.got_memory) == ("", False)
