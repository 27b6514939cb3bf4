# SPDX-License-Identifier: GPL-2.0-or-later
"""Mode bounce: large devices, rings and requests complete their I/O, and the module is
not unloaded under a device that is being removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lib.build import cross
from tests.lib.guest.linux import Guest, GuestImage, Result
from tests.lib.machine.devices import DEVICES, virtio
from tests.lib.machine.pseries import Machine

LIMIT = 150.0
PAGES_64K = "7.2-64k"
BLK = DEVICES[0]
SCSI = virtio("scsi-f", "scsi", 2)
FIRST = virtio("first", "9p", 8)
SECOND = virtio("second", "9p", 9)

START = """
. /lib/vdma.sh
load policy {parameters}
bring_up
load more
settle
"""


def boot(
    run: Path, machine: Machine, script: str, parameters: str = "mode=bounce", **image: object
) -> Result:
    """Boot with a script; the caller checks its report."""
    text = START.format(parameters=parameters) + script
    with Guest(machine, run, GuestImage(script=text, **image)) as guest:  # type: ignore[arg-type]
        return guest.finish(LIMIT)


MANY_READS = """
for fn in {addresses}; do
    disk=$(disk_of $fn)
    for i in $(seq 12); do
        dd if=/dev/$disk of=/dev/null bs=1M count=8 iflag=direct status=none ||
            fail "read of $fn" &
    done
    wait
    report pool "fn=$fn" "full=$(cat $PCI/$fn/virtio*/dma_policy/pool_full)"
done
"""


@pytest.mark.extended
def test_packed_ring_and_full_pool(run: Path) -> None:
    """With packed rings, requests wait for room in a full pool and none fails."""
    disks = (BLK, SCSI)
    options = {disk.name: "packed=on" for disk in disks}
    machine = Machine(devices=disks, device_options=options)
    script = MANY_READS.format(addresses=" ".join(disk.address for disk in disks))
    result = boot(run, machine, script, disk_mib=16)
    assert result.report.all("fail") == []
    pools = result.report.all("pool")
    assert len(pools) == 2 and all(int(pool["full"]) > 0 for pool in pools)


LARGE = """
chmod 755 /bin/scatter
read_large {address} || fail "large requests"
disk=$(disk_of {address})
scatter /dev/$disk 240 8704 || fail "many buffers"
report done "rings=$(ls $PCI/{address}/virtio*/block/*/mq /sys/block/$disk/mq 2>/dev/null | grep -c '^[0-9]')"
"""

LARGE_DISKS = {
    "scsi": (SCSI, "", ()),
    "scsi-no-limit": (SCSI, "max_sectors=0", ()),
    "blk-rings": (BLK, "num-queues=64,queue-size=1024", ("-smp", "2,maxcpus=64")),
    "blk-no-indirect": (
        BLK,
        "indirect_desc=off,num-queues=64,queue-size=1024",
        ("-smp", "2,maxcpus=64"),
    ),
    "scsi-no-indirect": (
        SCSI,
        "indirect_desc=off,num_queues=64,virtqueue_size=1024",
        ("-smp", "2,maxcpus=64"),
    ),
    "blk-many-rings": (BLK, "num-queues=512,queue-size=1024", ("-smp", "2,maxcpus=512")),
    "scsi-many-rings": (SCSI, "num_queues=512", ("-smp", "2,maxcpus=512")),
}


@pytest.mark.extended
@pytest.mark.parametrize("name", LARGE_DISKS)
def test_request_fits(run: Path, name: str) -> None:
    """Requests of 4 MiB, and of 240 buffers, fit whatever the host's limits and rings."""
    disk, options, args = LARGE_DISKS[name]
    machine = Machine(
        kernel=PAGES_64K, devices=(disk,), device_options={disk.name: options}, args=args
    )
    files = {"bin/scatter": cross.program(run, "tests/linux/scatter.c")}
    result = boot(run, machine, LARGE.format(address=disk.address), disk_mib=8, files=files)
    assert result.report.all("fail") == [] and result.report.one("done") is not None


PORTS = 14
WRITE = f"""
all_ports() {{ [ "$(ls -d /sys/class/virtio-ports/vport* | wc -l)" = {PORTS} ]; }}
wait_for all_ports || fail "ports: $(ls /sys/class/virtio-ports)"
for i in $(seq {PORTS}); do
    port=$(grep -lx "port$i" /sys/class/virtio-ports/*/name) || fail "no port $i"
    port=${{port%/name}}
    head -c 4096 /payload >/dev/${{port##*/}} || fail "write to port $i"
done
report done "ports={PORTS}"
"""


@pytest.mark.extended
def test_console_of_many_ports(run: Path) -> None:
    """A console with 14 ports gets all its buffers and still has room to write."""
    args = ["-device", "virtio-serial-pci,id=many,addr=d,iommu_platform=on,disable-legacy=on"]
    for i in range(1, PORTS + 1):
        args += ["-chardev", f"file,id=p{i},path={run}/port{i}.out"]
        args += ["-device", f"virtserialport,bus=many.0,nr={i},chardev=p{i},name=port{i}"]
    result = boot(
        run, Machine(devices=(), args=tuple(args)), WRITE, modules=("virtio_console",)
    )
    assert result.report.all("fail") == [] and result.report.one("done") is not None
    assert {(run / f"port{i}.out").stat().st_size for i in range(1, PORTS + 1)} == {4096}


REMOVE = f"""
unbind() {{ echo $1 >/sys/bus/pci/drivers/virtio-pci/unbind; }}
for tag in first second; do
    mkdir -p /run/$tag
    mount -t 9p -o trans=virtio,version=9p2000.L $tag /run/$tag || fail "mount $tag"
done
unbind {SECOND.address} &
sleep 1
rmmod virtio_dma_policy &
sleep 1
unbind {FIRST.address} &
sleep 1
umount /run/second
sleep 1
report loaded "modules=$(ls -d /sys/module/virtio_dma_policy 2>/dev/null | wc -l)"
umount /run/first
wait
report done "modules=$(ls -d /sys/module/virtio_dma_policy 2>/dev/null | wc -l)"
"""


@pytest.mark.extended
def test_unloaded_while_a_device_is_removed(run: Path) -> None:
    """rmmod waits until a device that is being removed has given up our operations."""
    machine = Machine(devices=(FIRST, SECOND))
    result = boot(run, machine, REMOVE, "", modules=("9p", "9pnet_virtio"))
    assert result.report.all("fail") == []
    assert result.report.one("loaded") == {"modules": "1"}
    assert result.report.one("done") == {"modules": "0"}
    assert "Oops" not in result.console and "BUG:" not in result.console
