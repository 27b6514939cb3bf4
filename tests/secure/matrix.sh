# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# One boot of the matrix: every device does its I/O, then all is given back.

# shellcheck source=tests/linux/vdma.sh
. /lib/vdma.sh
# shellcheck source=tests/secure/secure.sh
. /lib/secure.sh

# large_requests: of each driver that can have a limit, by our module.
large_requests() {
	local fn

	for fn in $(functions); do
		case $(driver_of "$fn") in
		virtio_blk | virtio_scsi) read_large "$fn" || fail "large requests of $fn" ;;
		9pnet_virtio) write_files "$fn" || fail "large requests of $fn" ;;
		esac
	done
}

# keep_busy: the disks, until they go.
keep_busy() {
	local fn disk

	for fn in $(functions); do
		disk=$(disk_of "$fn") || continue
		for _ in 1 2 3 4; do
			while dd if="/dev/$disk" of=/dev/null bs=256k iflag=direct status=none; do :; done 2>/dev/null &
		done
	done
}

report svm "value=$(cat /sys/devices/system/cpu/svm)" "cpus=$(nproc)"
# shellcheck disable=SC2119 # without parameters
begin
run_io
! [ -d /sys/module/virtio_dma_policy ] || large_requests
ask screen
balloon_moves
# from the test that boots it
# shellcheck disable=SC2154
[ "$EXTRA" != busy ] || keep_busy
give_back
wait
