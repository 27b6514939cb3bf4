# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What a guest does while its set-up is counted: the policy first, then drivers,
# then the first read of each disk, then off. Sourced by nothing; bench/setup.py
# puts it into the guest.

# shellcheck source=tests/linux/vdma.sh
. /lib/vdma.sh

load policy
load bus
rebind_idle
load drivers
for fn in $(functions); do
	wait_for disk_of "$fn" || fail "no disk at $fn"
	dd if="/dev/$(disk_of "$fn")" of=/dev/null bs=4k count=1 iflag=direct status=none
	report_device "$fn"
done
