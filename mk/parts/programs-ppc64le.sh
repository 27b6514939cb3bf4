# SPDX-License-Identifier: GPL-2.0-or-later
# Debian's programs for the guest, with the libraries that they are linked with: kexec,
# for its kernels have no kexec_file_load, and drmgr, by which PCI functions come and
# go on pseries.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

part_newest="apt_version trixie ppc64el kexec-tools"
part_disk_mib=128

# take NAME FOLDER: a file, wherever the packages have it, and what it is linked with.
take() {
	local from name to=$OUT/root/$2/$1

	[[ ! -e $to ]] || return 0
	from=$(find -L root -name "$1" -path '*bin/*' -o -name "$1" -path '*lib*' | sed -n 1p)
	[[ $from ]] || part_fail "no package has $1"
	mkdir -p "$OUT/root/$2"
	cp -L "$from" "$to"
	for name in $(needed "$to"); do
		if [[ $name == ld64.so.2 ]]; then
			take "$name" lib64
		else
			take "$name" lib
		fi
	done
}

part_build() {
	apt_debs trixie ppc64el kexec-tools powerpc-ibm-utils librtas2 libnuma1 libc6
	note_version "$(deb_version kexec-tools), $(deb_version powerpc-ibm-utils)"
	take kexec bin
	take drmgr bin
	take ld64.so.2 lib64
}
