# SPDX-License-Identifier: GPL-2.0-or-later
# Derives apt sources for another Debian release from the system's own, in
# either form that apt reads: one entry a line (.list) and stanzas (.sources).
# Sourced by mk/apt.
# shellcheck shell=bash

# VDMA_APT_DIR replaces /etc/apt, with another mirror than the system's; its
# debian-archive-keyring.gpg, if any, has the keys.
apt_dir=${VDMA_APT_DIR:-/etc/apt}

# One entry a line, tab between: URI, suite, components, keyring, Check-Valid-Until.
# Entries that are switched off or of a kind that we can't reuse are left out.
system_entries() {
	local lists=() stanzas=() f

	for f in "$apt_dir/sources.list" "$apt_dir"/sources.list.d/*.list; do
		[[ ! -r $f ]] || lists+=("$f")
	done
	for f in "$apt_dir"/sources.list.d/*.sources; do
		[[ ! -r $f ]] || stanzas+=("$f")
	done
	((${#lists[@]} == 0)) || awk '
		{ sub(/#.*/, "") }
		$1 != "deb" && $1 != "deb-src" { next }
		{
			key = "-"; valid = "-"
			if (match($0, /\[[^]]*\]/)) {
				opts = substr($0, RSTART + 1, RLENGTH - 2)
				$0 = substr($0, 1, RSTART - 1) " " substr($0, RSTART + RLENGTH)
				n = split(opts, opt, " ")
				for (i = 1; i <= n; i++) {
					if (opt[i] ~ /^signed-by=/) key = substr(opt[i], 11)
					if (opt[i] ~ /^check-valid-until=/) valid = substr(opt[i], 19)
				}
			}
			comp = ""
			for (i = 4; i <= NF; i++) comp = comp " " $i
			print $2 "\t" $3 "\t" comp "\t" key "\t" valid
		}' "${lists[@]}"
	((${#stanzas[@]} == 0)) || awk '
		function flush(    i, j, n, m, uri, suite, key) {
			key = f["signed-by"] ~ /^ *\// ? f["signed-by"] : f["signed-by"] ? "inline" : "-"
			gsub(/ /, "", key)
			if (f["enabled"] !~ /^ *(no|false|without|off|disable|0) *$/) {
				n = split(f["uris"], uri, " ")
				m = split(f["suites"], suite, " ")
				for (i = 1; i <= n; i++) for (j = 1; j <= m; j++)
					print uri[i] "\t" suite[j] "\t" f["components"] "\t" key "\t" \
						(f["check-valid-until"] ? f["check-valid-until"] : "-")
			}
			split("", f)
			last = ""
		}
		FNR == 1 { flush() }
		/^#/ { next }
		/^[ \t]*$/ { flush(); next }
		/^[ \t]/ { if (last) f[last] = f[last] " " $0; next }
		match($0, /^[A-Za-z-]+:/) {
			last = tolower(substr($0, 1, RLENGTH - 1))
			f[last] = substr($0, RLENGTH + 1)
		}
		END { flush() }' "${stanzas[@]}"
}

# private_sources SUITE TYPES: stanzas for SUITE on the mirrors that
# the system gets its own release from. An entry that names a keyring which is
# not Debian's is a third party's, even if it calls its suite like Debian's.
private_sources() {
	local codename keyring=/usr/share/keyrings/debian-archive-keyring.gpg

	[[ ! -r $apt_dir/debian-archive-keyring.gpg ]] || keyring=$apt_dir/debian-archive-keyring.gpg
	codename=$(. /etc/os-release && echo "${VERSION_CODENAME:-stable}")
	system_entries | awk -F'\t' -v want="$1" -v types="$2" \
		-v codename="$codename" -v keyring="$keyring" '
		$2 != codename && $2 !~ /^((old)?(old)?stable|testing|unstable|sid)$/ { next }
		(" " $3 " ") !~ /[ \t]main[ \t]/ { next }
		$4 != "-" && $4 !~ /\/debian-archive[^\/]*$/ { next }
		$1 !~ /^(https?|ftp|file|copy|mirror[+a-z]*|tor[+a-z]*):/ || seen[$1]++ { next }
		{
			print "Types: " types "\nURIs: " $1 "\nSuites: " want
			print "Components: main\nTargets: Packages Sources\nSigned-By: " keyring
			if ($5 != "-") print "Check-Valid-Until: " $5
			print ""
		}'
}
