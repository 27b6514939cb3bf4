# SPDX-License-Identifier: GPL-2.0-or-later
"""rebind takes over devices bound before the module, but only idle ones: a driver may
wait for a user who never leaves, with the device locked."""

from __future__ import annotations

import errno
import struct
from pathlib import Path

from tests.lib.guest.linux import Guest, GuestImage
from tests.lib.machine.devices import DEVICES, virtio
from tests.lib.machine.pseries import Machine
from tests.lib.peers import vhost_user
from tests.lib.peers.vhost_user_ring import Ring

BLK, NET = DEVICES[0], DEVICES[2]
P9 = virtio("p9", "9p", 8)
FS, CONSOLE = "0000:00:0a.0", "0000:00:0b.0"

SCRIPT = f"""
. /lib/vdma.sh
load bus
load policy
load drivers
load more
load filesystem
settle
disk=/dev/$(disk_of {BLK.address})
# refuses FUNCTION REASON: a pattern for case.
refuses() {{
    said=$(rebind $1 2>&1) && fail "rebound although $2"
    case $said in
    "rebind: cannot rebind $1: "$2"; it keeps its mode") ;;
    *) fail "said $said and not $2" ;;
    esac
}}
exec 7<"$disk"
refuses {BLK.address} "$disk is open in process *"
exec 7<&-
mkswap "$disk" >/dev/null
swapon "$disk"
refuses {BLK.address} "$disk is swap"
swapoff "$disk"
losetup /dev/loop0 "$disk"
refuses {BLK.address} "$disk has a loop device"
losetup -d /dev/loop0
echo "$disk" >/sys/block/zram0/backing_dev
refuses {BLK.address} "$disk is claimed in the kernel"
echo 1 >/sys/block/zram0/reset
dd if=/romfs of="$disk" conv=notrunc status=none
mkdir /run/mnt
mount -t romfs -o ro "$disk" /run/mnt || fail mount
refuses {BLK.address} "device *:* is mounted"
umount /run/mnt
unshare -m sh -c "mount -t romfs -o ro $disk /run/mnt
    touch /run/mounted
    while [ -e /run/mounted ]; do sleep 0.1; done" &
wait_for [ -e /run/mounted ]
refuses {BLK.address} "device *:* is mounted"
rm /run/mounted
wait
refuses {NET.address} "interface eth0 is up"
ip link set eth0 down
mount -t 9p -o trans=virtio,version=9p2000.L p9 /run/mnt || fail "mount 9p"
refuses {P9.address} "9p is mounted"
exec 7</run/mnt/payload
umount -l /run/mnt
refuses {P9.address} "module 9pnet_virtio has users"
exec 7<&-
mount -t virtiofs fs /run/mnt || fail "mount virtiofs"
refuses {FS} "virtiofs is mounted"
umount /run/mnt
exec 7>/dev/hvc2
refuses {CONSOLE} "/dev/hvc2 is open in process *"
exec 7>&-
for fn in {BLK.address} {NET.address} {P9.address}; do
    report_device $fn
done
rebind || fail "rebind of idle devices"
for fn in {P9.address} {FS} {CONSOLE}; do
    rebind $fn || fail "rebind of $fn, which is idle"
    driver_of $fn | grep virtio || fail "$fn has no driver"
done
for fn in {BLK.address} {NET.address} {P9.address}; do
    report_device $fn
done
! rebind 0000:00:1f.0 2>/dev/null || fail "rebound a missing function"
"""


def empty_romfs() -> bytes:
    """The smallest filesystem (Documentation/filesystems/romfs.rst)."""

    def with_sum(head: bytes, name: bytes, tail: bytes = b"") -> bytes:
        zero_sum = head + bytes(4) + name + tail
        total = sum(struct.unpack(f">{len(zero_sum) // 4}I", zero_sum))
        return head + struct.pack(">I", -total & 0xFFFF_FFFF) + name + tail

    # One directory, ".", whose link points to itself.
    root = with_sum(struct.pack(">3I", 0x20 | 0x9, 0x20, 0), b".".ljust(16, b"\0"))
    return with_sum(b"-rom1fs-" + struct.pack(">I", 64), b"vdma".ljust(16, b"\0"), root)


class FailingFs(vhost_user.VhostDevice):
    """A virtiofs that fails every request."""

    def serve(self, ring: Ring) -> bool:
        """Linux, linux/fuse.h: struct fuse_in_header, struct fuse_out_header."""
        used = False
        while chain := ring.fetch():
            (unique,) = struct.unpack_from("<8xQ", b"".join(chain.out))
            answer = struct.pack("<IiQ", 16, -errno.EIO, unique)
            if chain.room:
                chain.room[0][: len(answer)] = answer
            ring.use(chain.id, len(answer) if chain.room else 0, chain.descs)
            used = True
        return used


def machine(backend: vhost_user.Backend) -> Machine:
    """A machine that also has a virtiofs and a console, which the host does not check."""
    args = ("-object", "memory-backend-memfd,id=ram,size=2048M,share=on")
    args += ("-chardev", backend.chardev("fs"))
    args += ("-device", "vhost-user-fs-pci,chardev=fs,tag=fs,addr=a")
    args += ("-device", "virtio-serial-pci,id=console,addr=b", "-chardev", "null,id=nobody")
    args += ("-device", "virtconsole,bus=console.0,chardev=nobody")
    return Machine(devices=(BLK, NET, P9), args=args, machine_options="memory-backend=ram")


def test_rebind_refuses_what_is_in_use(run: Path) -> None:
    """rebind refuses a device in use with a line for each kind of use, and takes idle ones."""
    files = {"romfs": empty_romfs()}
    modules = ("9pnet_virtio", "9p", "virtiofs", "virtio_console", "loop", "zram")
    image = GuestImage(script=SCRIPT, files=files, disk_mib=8, modules=modules)
    with vhost_user.Backend(FailingFs(queues=2)) as backend:
        with Guest(machine(backend), run, image) as guest:
            result = guest.finish()
    # this script does no I/O that the host could check
    result.check(ignore=("I/O", P9.address))
    for device in (BLK, NET):
        said = [
            (line["mode"], line["passed_over"])
            for line in result.report.all("device")
            if line["address"] == device.address
        ]
        assert said == [("identity", "bypass:already-bound"), ("bypass", "-")]
