# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# What a guest does while benchmarks run: gets its devices ready, then takes
# orders from hvc1, a line each (bench/guest.py writes them):
#
#	ID FUNCTION MILLISECONDS COUNT FILE ARGUMENT ...
#
# FILE is one of bench/workloads, without its suffix. It runs with FUNCTION (PCI
# address), MILLISECONDS and COUNT set; with COUNT above 0 it does that many I/Os,
# else it works for that long. It reports go when it begins and done when it ends,
# and prints a line "ios=… bytes=… usec=…". With COUNT, hypercalls and copied
# bytes are counted by the kernel's tracepoints meanwhile.

# shellcheck source=tests/linux/vdma.sh
. /lib/vdma.sh
# shellcheck source=/dev/null
. /etc/bench.conf

SWIOTLB=/sys/kernel/tracing/events/swiotlb/swiotlb_bounced

# host_of FUNCTION: address of the host for its network card.
host_of() {
	local card host

	for card in $NET; do
		case $card in
		"$1",*) host=${card#*,*,} && echo "${host%,*}" && return 0 ;;
		esac
	done
	return 1
}

start_counting() {
	echo 'hist:keys=opcode' >"$HCALLS/trigger"
	echo 'hist:keys=dev_name:vals=size' >"$SWIOTLB/trigger"
}

stop_counting() {
	sed -n 's/^{ opcode: *\([0-9]*\).*hitcount: *\([0-9]*\).*/hcall opcode=\1 count=\2/p' \
		"$HCALLS/hist" >&3
	sed -n 's/^{ dev_name: *\([^ ]*\) .*size: *\([0-9]*\).*/bounced device=\1 bytes=\2/p' \
		"$SWIOTLB/hist" >&3
	echo '!hist:keys=opcode' >"$HCALLS/trigger"
	echo '!hist:keys=dev_name:vals=size' >"$SWIOTLB/trigger"
}

# A file's mistakes stay in a shell of its own.
run() {
	local id=$1 file=$5 result status

	export FUNCTION=$2 MILLISECONDS=$3 COUNT=$4
	shift 5
	[ "$COUNT" = 0 ] || start_counting
	# shellcheck source=/dev/null
	result=$(. "/bench/$file.sh" 2>/dev/console)
	status=$?
	[ "$COUNT" = 0 ] || stop_counting
	# shellcheck disable=SC2086 # fields
	report result "id=$id" "status=$status" $result
}

# Nobody but a workload shall send: counts are of the device, not of the guest.
for family in all default; do
	echo 1 >"/proc/sys/net/ipv6/conf/$family/disable_ipv6"
done
chmod +x /bin/fio /bin/netperf /lib64/ld64.so.2
stty -F /dev/hvc1 -echo -icrnl
load policy
load bus
rebind_idle
load drivers
settle
cd /tmp || exit
for fn in $(functions); do
	report_device "$fn"
done
report ready
# shellcheck disable=SC2086 # an order's words
while read -r order; do
	[ "$order" != bye ] || break
	run $order
done </dev/hvc1
