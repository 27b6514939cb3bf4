# SPDX-License-Identifier: GPL-2.0-or-later
# kexec for the guest, with the libraries that it is linked with. The kernel has no
# kexec_file_load, so loading takes a program that knows a kernel's image.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_disk_mib=64

part_build() {
	local name

	apt_debs trixie ppc64el kexec-tools libc6
	install -D "$(find root -path '*bin/kexec' | sed -n 1p)" "$OUT/root/bin/kexec"
	install -D "$(find root -name ld64.so.2 | sed -n 1p)" "$OUT/root/lib64/ld64.so.2"
	for name in $(powerpc64le-linux-gnu-readelf -d "$OUT/root/bin/kexec" |
		sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
		[[ $name != ld64.so.2 ]] || continue
		install -D "$(find root -name "$name" | sed -n 1p)" "$OUT/root/lib/$name"
	done
	note_version "$(deb_version kexec-tools)"
}
