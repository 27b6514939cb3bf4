# SPDX-License-Identifier: GPL-2.0-or-later
# Builds one part: a work folder, the recipe's part_build() in a process group
# of its own, progress, and one rename when all is there. Sourced by mk/part.
# shellcheck shell=bash

# For recipes ----------------------------------------------------------------

# apt_debs [--only] SUITE ARCH PACKAGE[=VERSION]…: unpack binary packages into
# ./root. The set comes from one suite: from SUITE, or, without --only, from a later
# release if the mirror does not have all of it.
apt_debs() {
	local debs deb how=fetch

	if [[ $1 == --only ]]; then
		how=only
		shift
	fi
	debs=$("$TOP/mk/apt" "$1" "$2" "$how" "${@:3}") || part_fail "cannot fetch ${*:3}"
	mkdir -p root debs
	for deb in $debs; do
		dpkg -x "$deb" root
		dpkg-deb -f "$deb" Version >"debs/$(dpkg-deb -f "$deb" Package)"
	done
}

# deb_version PACKAGE: of a package that apt_debs has unpacked.
deb_version() { cat "debs/$1"; }

# apt_source SUITE[,SUITE…] PACKAGE[=PATTERN]: unpack a source package into ./src,
# from the first suite that has it.
apt_source() {
	local suite dsc=

	for suite in ${1//,/ }; do
		! dsc=$("$TOP/mk/apt" "$suite" source only "$2") || break
	done
	[[ -n $dsc ]] || part_fail "cannot fetch the source of $2"
	# apt has checked it against the archive's signature.
	dpkg-source --no-check -x "$dsc" src
}

# apt_version SUITE ARCH PACKAGE: the newest version listed.
apt_version() { "$TOP/mk/apt" "$1" "$2" version "$3"; }

# needed FILE: names of the libraries that a program is linked with, for any machine.
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'; }

# note_version TEXT: what the part is, for people.
note_version() { printf '%s\n' "$1" >"$OUT/VERSION"; }

# part_fail TEXT: end the build; TEXT is what the user reads.
part_fail() {
	printf '%s\n' "$1" >"$OUT/../reason"
	exit 1
}

# The build itself ----------------------------------------------------------

# Status where it could not be found out whether a part builds.
UNJUDGED=125

# How far the log says we are: "42%" from the last [n/m] of ninja or meson.
log_percent() {
	tail -c 2000 "$1" | tr '\r' '\n' | awk '
		match($0, /^\[[0-9]+\/[0-9]+\]/) {
			split(substr($0, 2, RLENGTH - 2), n, "/")
			if (n[2]) p = int(100 * n[1] / n[2]) "%"
		}
		END { print p }'
}

# show_progress PID LABEL TMP LOG: until PID ends.
show_progress() {
	local label start=$SECONDS shown=$SECONDS step=20 text

	[[ ! -t $VDMA_SAY ]] || step=1
	while kill -0 "$1" 2>/dev/null; do
		sleep 0.2
		if ((SECONDS - shown < step)) || [[ ${V:-0} != 0 ]]; then
			continue
		fi
		shown=$SECONDS
		label="$2 $(cat "$3/out/VERSION" 2>/dev/null || true)"
		text=$(printf '  BUILD   %-28s %4s  %3d s' "$label" "$(log_percent "$4")" $((SECONDS - start)))
		if [[ -t $VDMA_SAY ]]; then
			printf '\r\e[K%s' "$text" >&"$VDMA_SAY"
		else
			printf '%s\n' "$text" >&"$VDMA_SAY"
		fi
	done
}

free_mib() { df --output=avail -m "$VDMA_CACHE" | tail -n 1 | tr -d ' '; }

# disk_full LOG: did the build end because of that?
disk_full() {
	(($(free_mib) < 20)) || tail -n 50 "$1" | grep 'No space left on device' >/dev/null
}

# fail_reason TMP LOG: one line that says why the build ended.
fail_reason() {
	if disk_full "$2"; then
		echo "the disk that holds $VDMA_CACHE is full"
	elif [[ ! -s $OUT/VERSION && -s $VDMA_TROUBLE ]]; then
		cat "$VDMA_TROUBLE"
	elif [[ -s $1/reason ]]; then
		cat "$1/reason"
	else
		tail -n 50 "$2" | grep . | tail -n 1 | cut -c1-160 | grep . || echo "its recipe failed"
	fi
}

# fail_status LOG: a part has a version once it is fetched.
fail_status() {
	if [[ ! -s $OUT/VERSION ]] || disk_full "$1"; then
		echo "$UNJUDGED"
	else
		echo 1
	fi
}

need_space() {
	local free

	free=$(free_mib)
	((free >= $2)) ||
		die "cannot build part $1: it needs $2 MiB, $VDMA_CACHE has $free MiB; free some or set VDMA_CACHE" \
			"$UNJUDGED"
}

# build_part NAME DIR: called with the part's lock held. Its last step is the
# rename: a part that is in the cache is whole.
build_part() {
	local name=$1 dir=$2 log=$VDMA_CACHE/log/$1.log start=$SECONDS
	local tail_pid='' status=0

	# Nobody else builds NAME now: leftovers of earlier builds are dead.
	rm -rf "$VDMA_CACHE"/tmp/"$name"-????????????.*
	tmp=$VDMA_CACHE/tmp/$name-${dir##*-}.$BASHPID
	mkdir -p "$VDMA_CACHE/log" "$VDMA_CACHE/parts"
	need_space "$name" "$(recipe_var "$name" part_disk_mib)"
	build_pid=
	trap end_build EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir -p "$tmp/work" "$tmp/out"

	export OUT=$tmp/out VDMA_TROUBLE=$tmp/trouble
	exec {VDMA_SAY}>&2

	: >"$log"
	if [[ ${V:-0} != 0 ]]; then
		tail -s 0.2 -f "$log" >&2 &
		tail_pid=$!
	fi
	# A process group of its own, so that end_build ends all of it.
	set -m
	(
		trap - EXIT INT TERM HUP
		# Leftover processes must not hold the lock.
		# shellcheck disable=SC2154 # lock_file sets it
		exec >>"$log" 2>&1 </dev/null {lock_fd}>&-
		set -euo pipefail
		source_recipe "$name"
		cd "$tmp/work"
		part_build
	) &
	build_pid=$!
	set +m
	show_progress "$build_pid" "$name" "$tmp" "$log"
	wait "$build_pid" || status=$?
	build_pid=
	if [[ -n $tail_pid ]]; then
		sleep 0.5
		kill "$tail_pid"
	fi
	if ((status != 0)); then
		[[ -n $tail_pid ]] || tail -n 15 "$log" | cut -c1-200 | sed 's/^/    | /' >&2
		die "cannot build part $name: $(fail_reason "$tmp" "$log"); log: $log" "$(fail_status "$log")"
	fi
	[[ -s $OUT/VERSION ]] || die "cannot build part $name: its recipe did not call note_version; log: $log"
	rm -rf "$dir"
	mv -T "$OUT" "$dir"
	say PART "$name $(cat "$dir/VERSION") ($((SECONDS - start)) s)"
}

# However we end, nothing half-built stays.
end_build() {
	local status=$?

	trap '' INT TERM HUP
	if [[ -n $build_pid ]]; then
		kill -TERM -- "-$build_pid" 2>/dev/null || true
		wait "$build_pid" 2>/dev/null || true
	fi
	rm -rf "$tmp"
	exit "$status"
}
