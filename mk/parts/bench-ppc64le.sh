# SPDX-License-Identifier: GPL-2.0-or-later
# What benchmarks run: fio and netperf for the guest, netserver for this machine.
# fio's package is linked to 60 libraries, of Ceph and the like, which take a guest
# under TCG 0.6 s at each start: those of back ends that no workload here uses are
# replaced by empty ones.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_inputs="bench/noshm.c"
part_newest="apt_version trixie ppc64el fio"
part_disk_mib=256

# What is really used: the C library, asynchronous I/O, and compression, which fio
# asks for its version.
real="libc.so.6 libm.so.6 libaio.so.1t64 libz.so.1"

# add_library NAME: from whatever package has it.
add_library() {
	local file

	file=$(find root/usr/lib -name "$1" | sed -n 1p)
	[[ -n $file ]] || part_fail "no package has $1"
	install -D "$file" "$2/$1"
}

# defined FILE…: names that libraries define.
defined() { powerpc64le-linux-gnu-nm -D --defined-only --without-symbol-versions "$@" | awk 'NF == 3 { print $3 }'; }

# add_empty NAME: a library that has the names that fio asks for, and no code.
add_empty() {
	powerpc64le-linux-gnu-gcc -shared -nostdlib -Wl,-soname,"$1" \
		-o "$OUT/root/lib/$1" -x c empty.c
}

add_fio() {
	local name

	install -D root/usr/bin/fio "$OUT/root/bin/fio"
	for name in $real; do
		add_library "$name" "$OUT/root/lib"
	done
	add_library ld64.so.2 "$OUT/root/lib64"
	defined "$OUT"/root/lib/* "$OUT/root/lib64/ld64.so.2" | sort -u >have
	powerpc64le-linux-gnu-nm -D --undefined-only --without-symbol-versions root/usr/bin/fio |
		awk '$1 == "U" { print $2 }' | sort -u | comm -23 - have |
		sed 's/.*/void &(void);\nvoid &(void) { __builtin_trap(); }/' >empty.c
	for name in $(needed root/usr/bin/fio); do
		[[ -e $OUT/root/lib/$name || -e $OUT/root/lib64/$name ]] || add_empty "$name"
	done
}

add_noshm() {
	powerpc64le-linux-gnu-gcc -O2 -Wall -Wextra -Werror -shared -fPIC -s \
		-o "$OUT/root/lib/noshm.so" "$TOP/bench/noshm.c"
}

# Debian 13's C library comes along, for this machine may have an older one.
add_netserver() {
	apt_debs trixie "$HOST_ARCH" netperf libc6
	install -D root/usr/bin/netserver "$OUT/host/netserver"
	add_library libc.so.6 "$OUT/host"
	add_library libm.so.6 "$OUT/host"
	install "$(find root/usr/lib -name 'ld-linux*.so.*' -o -name 'ld64.so.*' | sed -n 1p)" \
		"$OUT/host/ld.so"
}

part_build() {
	apt_debs trixie ppc64el fio netperf libc6 libaio1t64 zlib1g
	note_version "fio $(deb_version fio), netperf $(deb_version netperf)"
	add_fio
	add_noshm
	install root/usr/bin/netperf "$OUT/root/bin/"
	rm -rf root
	add_netserver
}
