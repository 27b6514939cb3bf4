# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# A guest's part while its set-up is counted: the policy first, then drivers,
# then the first read of each disk, then off. Sourced by nothing; bench/setup.py
# puts it into the guest.

# shellcheck source=tests/linux/vdma.sh
. /lib/vdma.sh

load policy

bring_up
# all_there: a disk for each function. To look for each one's own would take a
# guest with a hundred of them minutes.
all_there() {
	# shellcheck disable=SC2046 # words to be counted
	[ "$(set -- $(functions) && echo $#)" = "$(set -- /sys/block/vd* && echo $#)" ]
}
wait_for all_there || fail "not every function has a disk"
for disk in /sys/block/vd*; do
	dd if="/dev/${disk##*/}" of=/dev/null bs=4k count=1 iflag=direct status=none
done
for fn in "$PCI"/*:00:00.0; do
	report_device "${fn##*/}"
done
