# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# A guest's part in benchmarks: gets its devices ready, then takes
# orders from hvc1, a line each (bench/guest.py writes them):
#
#	ID FUNCTION MILLISECONDS COUNT FILE ARGUMENT ...
#
# FILE is one of bench/workloads, without its suffix. It runs with FUNCTION (PCI
# address), MILLISECONDS and COUNT set; with COUNT above 0 it does that many I/Os,
# else it works for that long. It reports go when it begins and done when it ends,
# and prints a line "ios=… bytes=… usec=…". With COUNT, the kernel's tracing counts
# hypercalls and copied bytes meanwhile; what our module copies it counts itself.
#
# From bench.conf: NETSERVER, a port, and STOCK, functions whose drivers are to
# not find our module.

# shellcheck source=tests/linux/vdma.sh
. /lib/vdma.sh
# shellcheck source=/dev/null
. /etc/bench.conf

TRACING=/sys/kernel/tracing
COPIED=$TRACING/events/bench/copied

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

# Each copy that swiotlb makes, by its third argument, the size. (Its tracepoint has
# a line for each buffer, which may be copied in and out.) A kernel without probes
# leaves them uncounted.
prepare_counting() {
	[ ! -w "$TRACING/kprobe_events" ] ||
		echo 'p:bench/copied swiotlb_bounce size=%gpr5:u64' >"$TRACING/kprobe_events" ||
		fail "swiotlb's copies can't be counted"
}

# pool_copied: bytes that our module has copied for FUNCTION so far.
pool_copied() {
	cat "$PCI/$FUNCTION"/virtio*/dma_policy/bounced_bytes 2>/dev/null || echo 0
}

start_counting() {
	BEFORE=$(pool_copied)
	echo 'hist:keys=opcode' >"$HCALLS/trigger"
	[ ! -e "$COPIED" ] || echo 'hist:keys=size' >"$COPIED/trigger"
}

stop_counting() {
	sed -n 's/^{ opcode: *\([0-9]*\).*hitcount: *\([0-9]*\).*/hcall opcode=\1 count=\2/p' \
		"$HCALLS/hist" >&3
	echo '!hist:keys=opcode' >"$HCALLS/trigger"
	if [ -e "$COPIED" ]; then
		sed -n 's/^{ size: *\([0-9]*\).*hitcount: *\([0-9]*\).*/copied size=\1 count=\2/p' \
			"$COPIED/hist" >&3
		echo '!hist:keys=size' >"$COPIED/trigger"
	elif is_stock "$FUNCTION"; then
		report uncounted what=copies
	fi
	report copied size=1 "count=$(($(pool_copied) - BEFORE))"
}

# is_stock FUNCTION: does the kernel bounce it, without our module?
is_stock() {
	case " $STOCK " in
	*" $1 "*) true ;;
	*) false ;;
	esac
}

# bind_drivers: the module first, but for STOCK, whose devices are bound by then.
bind_drivers() {
	local fn ours=

	for fn in $(functions); do
		is_stock "$fn" || ours="$ours $fn"
	done
	if [ -z "$STOCK" ]; then
		load policy
		bring_up
		return
	fi
	for fn in $ours; do
		echo none >"$PCI/$fn/driver_override"
	done
	load bus
	load drivers
	load policy
	for fn in $ours; do
		echo >"$PCI/$fn/driver_override"
		echo "$fn" >/sys/bus/pci/drivers_probe
	done
}

# shared_by FUNCTION: bytes that bouncing for it takes: its own pool, or swiotlb's.
shared_by() {
	if is_stock "$1"; then
		dmesg | awk -F'[(M]' '/software IO TLB: mapped/ { print $(NF - 1) * 1048576; exit }'
	else
		cat "$PCI/$1"/virtio*/dma_policy/pool_bytes 2>/dev/null || echo 0
	fi
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

# Only a workload may send: counts are of the device, not of the guest.
for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do
	[ ! -e "$file" ] || echo 1 >"$file"
done
chmod +x /bin/fio /bin/netperf /lib64/ld64.so.2
stty -F /dev/hvc1 -echo -icrnl
bind_drivers
settle
prepare_counting
cd /tmp || exit
for fn in $(functions); do
	report_device "$fn" "shared=$(shared_by "$fn")"
done
report ready
# shellcheck disable=SC2086 # an order's words
while read -r order; do
	[ "$order" != bye ] || break
	run $order
done </dev/hvc1
