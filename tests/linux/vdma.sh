# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# Functions of test guests, for busybox sh. A script sources it and
# runs what it wants in the order that it wants; boot.sh is the usual one.
# Results go line by line to the host, over descriptor 3: a word, then fields
# KEY=VALUE without blanks. tests/lib/guest/report.py reads them.

PCI=/sys/bus/pci/devices
HCALLS=/sys/kernel/tracing/events/powerpc/hcall_entry
# H_PUT_TCE, H_STUFF_TCE, H_PUT_TCE_INDIRECT
TCE_HCALLS='hist:keys=opcode if opcode==0x20 || opcode==0x138 || opcode==0x13c'

# From the host: DISK_MIB, INTERACTIVE, PIPED, and NET, which has for each network
# card ADDRESS,OWN-IP,HOST-IP,PORT.
# shellcheck source=/dev/null
. /etc/vdma.conf

# An interactive shell has no descriptor 3. (With ":" it would end here.)
if ! { true >&3; } 2>/dev/null; then
	exec 3>/dev/null
fi
# The host's answers come the same way.
stty -F /dev/hvc1 -echo
exec 4</dev/hvc1

# report WORD KEY=VALUE ...: one line, in one write, so that lines never mix.
report() {
	printf '%s\n' "$*" >&3
}

# ask WORD: have the host do something, and wait until it has (Guest.serve); what
# it says is in ANSWER.
ask() {
	report ask "what=$1"
	# shellcheck disable=SC2034 # for who asks
	read -r ANSWER <&4
}

# fail TEXT ...: something that ought to have worked has not. A field "what" is a
# line's last, and may have blanks.
fail() {
	echo "vdma: $*" >/dev/console
	report fail "what=$*"
}

# ---- modules

# parameters MODULE: what the kernel's command line has for it, one a line, as modprobe
# would give it. A blank within quotes is no end.
parameters() {
	awk -v RS='"' '
		NR > 1 { printf "\"" }
		NR % 2 { gsub(/[ \n]/, "\n") }
		{ printf "%s", $0 }
	' /proc/cmdline | sed -n "s/^\(\"\?\)$1\./\1/p"
}

# load STAGE [PARAMETER ...]: the modules of a stage (policy, bus, drivers, more,
# filesystem) that are not there yet, in order; parameters go to each.
load() {
	local stage=$1 of name

	shift
	while read -r of name; do
		if [ "$of" != "$stage" ] || [ -d "/sys/module/$name" ]; then
			continue
		fi
		# shellcheck disable=SC2046 # one word for each parameter
		(
			IFS='
'
			insmod "/lib/modules/$name.ko" $(parameters "$name") "$@" 2>/run/insmod
		) || fail "insmod $name: $(why_not "$name")"
	done </lib/modules/order
}

# why_not MODULE: the last that the kernel has said of it, or else what insmod has.
why_not() {
	dmesg | sed -n "s/^\(\[[^]]*\]\)\? *$1: //p" | grep -v ' taints kernel' | tail -n 1 | grep . ||
		sed 's/.*: //' /run/insmod
}

# rebind_idle: let the policy decide about devices already bound.
rebind_idle() {
	[ -d /sys/module/virtio_dma_policy ] || return 0
	rebind || fail rebind
}

# bring_up: the bus and its drivers, with devices as the policy has it.
bring_up() {
	load bus
	rebind_idle
	load drivers
}

# ---- what there is

# functions: addresses of all PCI functions but bridges.
functions() {
	local path

	for path in "$PCI"/*; do
		case $(cat "$path/class") in
		0x06*) ;;
		*) echo "${path##*/}" ;;
		esac
	done
}

# virtio_of FUNCTION: name of its virtio device, virtioN.
virtio_of() {
	local path

	for path in "$PCI/$1"/virtio[0-9]*; do
		[ -d "$path" ] && echo "${path##*/}" && return 0
	done
	return 1
}

# driver_of FUNCTION: of the virtio device, if it is one, else of the function.
driver_of() {
	local path=$PCI/$1 name

	if name=$(virtio_of "$1"); then
		path=$path/$name
	fi
	if [ -e "$path/driver" ]; then
		basename "$(readlink "$path/driver")"
	else
		echo -
	fi
}

# disk_of FUNCTION: name of the first disk below it.
disk_of() {
	local path

	for path in /sys/block/*; do
		case $(readlink -f "$path") in
		*/"$1"/*) echo "${path##*/}" && return 0 ;;
		esac
	done
	return 1
}

# interface_of FUNCTION: name of its network interface.
interface_of() {
	local path

	for path in "$PCI/$1"/net/* "$PCI/$1"/virtio*/net/*; do
		[ -d "$path" ] && echo "${path##*/}" && return 0
	done
	return 1
}

# ---- readiness

wait_for() {
	local tries=150

	until "$@" >/dev/null; do
		tries=$((tries - 1))
		[ "$tries" -gt 0 ] || return 1
		sleep 0.1
	done
}

# net_up FUNCTION: give its interface the address that the host chose.
net_up() {
	local card own interface

	for card in $NET; do
		case $card in
		"$1",*)
			own=${card#*,}
			interface=$(interface_of "$1") || return 1
			ip addr add "${own%%,*}/24" dev "$interface"
			ip link set "$interface" up
			;;
		esac
	done
}

# settle: wait for disks that are found late, bring the network up.
settle() {
	local fn

	for fn in $(functions); do
		case $(driver_of "$fn") in
		virtio_blk | virtio_scsi)
			wait_for disk_of "$fn" || fail "no disk at $fn"
			;;
		virtio_net | e1000) net_up "$fn" || fail "no interface at $fn" ;;
		esac
	done
}

# ---- I/O. Each prints fields; whether they are right is for the host to say.

# The first DISK_MIB have the host's data. Their two halves go, swapped, after
# them. Nothing comes from or stays in the page cache.
io_disk() {
	local disk half sum written=yes

	disk=/dev/$(disk_of "$1") || return 1
	half=$((DISK_MIB / 2))
	sum=$(dd if="$disk" bs=1M count="$DISK_MIB" iflag=direct status=none | sha256sum)
	dd if="$disk" of="$disk" bs=1M iflag=direct oflag=direct conv=notrunc status=none \
		skip="$half" count="$half" seek="$DISK_MIB" &&
		dd if="$disk" of="$disk" bs=1M iflag=direct oflag=direct conv=notrunc,fsync \
			status=none count="$half" seek="$((DISK_MIB + half))" || written=no
	echo "io=disk mib=$DISK_MIB sha256=${sum%% *} written=$written"
}

# read_large FUNCTION: 8 MiB of its disk in requests of up to 4 MiB, or of the
# maximum of the disk, against the same in small ones.
read_large() {
	local disk most sum

	disk=$(disk_of "$1") || return 1
	most=$(cat "/sys/block/$disk/queue/max_hw_sectors_kb")
	[ "$most" -lt 4096 ] || most=4096
	sum=$(dd if="/dev/$disk" bs=64k count=128 iflag=direct status=none | sha256sum)
	echo "$most" >"/sys/block/$disk/queue/max_sectors_kb" || return 1
	[ "$(dd if="/dev/$disk" bs=8M count=1 iflag=direct status=none | sha256sum)" = "$sum" ]
}

read_first() {
	dd if="$1" bs=1M count=1 iflag=direct status=none | md5sum
}

# reads_begin DISK: read its first MiB again and again meanwhile, and compare.
reads_begin() {
	local right

	right=$(read_first "$1")
	touch /run/reading
	while [ -e /run/reading ]; do
		[ "$(read_first "$1")" = "$right" ] || fail "wrong data under load"
		echo >>/run/rounds
	done &
}

# reads_end: end that, and report how many there were.
reads_end() {
	rm /run/reading
	wait
	report rounds "count=$(wc -l </run/rounds)"
}

# tce_count: TCE hypercalls since TCE_HCALLS was set, of all devices.
tce_count() {
	sed -n 's/.*hitcount: *//p' "$HCALLS/hist" | awk '{ n += $1 } END { print n + 0 }'
}

# The host sends back what it got when it has got all.
io_net() {
	local card host echo interface same

	for card in $NET; do
		case $card in
		"$1",*)
			host=${card#*,*,}
			echo="/run/echo-$1"
			interface=$(interface_of "$1") || return 1
			wait_for grep -q 1 "/sys/class/net/$interface/carrier"
			nc -w 10 "${host%,*}" "${host#*,}" </payload >"$echo"
			cmp -s /payload "$echo" && same=yes || same=no
			echo "io=net echoed=$(stat -c %s "$echo") same=$same"
			return
			;;
		esac
	done
	echo "io=none"
}

io_rng() {
	local misc=/sys/class/misc/hw_random name distinct

	# hwrng calls it virtio_rng.N and reads it only while it is the chosen one.
	name=$(tr ' ' '\n' <"$misc/rng_available" | grep -m 1 '^virtio_rng')
	echo "$name" >"$misc/rng_current"
	dd if=/dev/hwrng of="/run/random-$1" bs=4096 count=1 iflag=fullblock status=none
	distinct=$(hexdump -v -e '1/1 "%02x\n"' "/run/random-$1" | sort -u | wc -l)
	echo "io=rng rng=$(cat "$misc/rng_current")" \
		"bytes=$(stat -c %s "/run/random-$1") distinct=$distinct"
}

# The host has put the payload's beginning into the port, and keeps what comes out.
io_serial() {
	local echo port same

	port=$(basename "$PCI/$1"/virtio*/virtio-ports/vport*)
	wait_for [ -c "/dev/$port" ]
	echo="/run/echo-$1"
	exec 5<>"/dev/$port"
	head -c "$SERIAL_BYTES" /payload >&5
	head -c "$SERIAL_BYTES" <&5 >"$echo"
	exec 5>&-
	head -c "$SERIAL_BYTES" /payload | cmp -s - "$echo" && same=yes || same=no
	echo "io=serial same=$same"
}

# Copies the payload within the host's folder.
io_9p() {
	local tag same

	tag=$(tr -d '\000' <"$(echo "$PCI/$1"/virtio*/mount_tag)")
	mkdir -p "/run/$tag"
	mount -t 9p -o trans=virtio,version=9p2000.L "$tag" "/run/$tag" || return 1
	cmp -s /payload "/run/$tag/payload" && same=yes || same=no
	cp /payload "/run/$tag/copy"
	umount "/run/$tag"
	echo "io=9p same=$same"
}

# Draws; the host looks at the screen when asked.
io_gpu() {
	local fb

	wait_for ls "$PCI/$1"/graphics || return 1
	fb=$(ls "$PCI/$1/graphics")
	wait_for [ -c "/dev/$fb" ]
	# Without a console on it nobody has set the mode yet; this does.
	echo 32 >"$PCI/$1/graphics/$fb/bits_per_pixel"
	cat /picture >"/dev/$fb"
	echo "io=gpu size=$(cat "$PCI/$1/graphics/$fb/virtual_size")"
}

io_of() {
	case $(driver_of "$1") in
	virtio_blk | virtio_scsi) io_disk "$1" ;;
	virtio_net | e1000) io_net "$1" ;;
	virtio_rng) io_rng "$1" ;;
	virtio_console) io_serial "$1" ;;
	virtio_balloon) echo "io=balloon" ;;
	9pnet_virtio) io_9p "$1" ;;
	virtio_gpu) io_gpu "$1" ;;
	*) echo "io=none" ;;
	esac
}

# report_device FUNCTION FIELD ...: all that vdmactl has to say about it, as JSON
# in base64, since a field has no blanks.
report_device() {
	local fn=$1

	shift
	report device "address=$fn" \
		"json=$(vdmactl status --json "$fn" | base64 | tr -d '\n')" "$@"
}

# run_device FUNCTION: I/O, then the report.
run_device() {
	local result

	result=$(io_of "$1") || result="io=failed"
	echo "$result" >"/run/io-$1"
	# shellcheck disable=SC2086 # fields
	report_device "$1" $result
}

# run_io: all virtio devices at once; then one by one what must go through the
# IOMMU, because TCE hypercalls are counted for the whole guest.
run_io() {
	local fn others='' result

	for fn in $(functions); do
		if virtio_of "$fn" >/dev/null; then
			run_device "$fn" &
		else
			others="$others $fn"
		fi
	done
	wait
	for fn in $others; do
		echo "$TCE_HCALLS" >"$HCALLS/trigger"
		result="$(io_of "$fn") tce=$(tce_count)"
		echo "!$TCE_HCALLS" >"$HCALLS/trigger"
		echo "$result" >"/run/io-$fn"
		# shellcheck disable=SC2086 # fields
		report_device "$fn" $result
	done
}

# ---- for a person at the prompt

# table: as the host prints it, without the I/O.
table() {
	vdmactl status --all
}
