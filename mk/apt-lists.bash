# SPDX-License-Identifier: GPL-2.0-or-later
# Has lists that are young enough of what a suite has, or says why not. Sourced by mk/apt.
# shellcheck shell=bash disable=SC2034,SC2154 # mk/apt reads and sets variables

max_age_min=1440		# lists older than this are replaced
min_age_min=10			# a missing file does not replace younger ones
retry_delays=(0 5 15)		# seconds before each try of an update

# Lists of the mirror that the system names now; there may be another's.
# shellcheck disable=SC2016 # a format of apt-get's
have_lists() { run_apt get indextargets --format '$(FILENAME)' | grep . >/dev/null; }

# Why the last update failed, in words, from its log.
update_reason() {
	if grep -q NO_PUBKEY "$log"; then
		echo "no archive key of $suite; install a newer debian-archive-keyring"
	else
		grep -m1 '^[EW]: Failed to fetch\|^E: ' "$log" | sed 's/^[EW]: //' | grep . ||
			echo "apt-get update failed"
	fi
}

# give_up REASON: no other suite will do better.
give_up() {
	stuck=$1
	printf '%s\n' "$1" >"$trouble"
}

# insist REASON: the newest cannot be had, and nothing else will do if it is a must.
insist() {
	[[ -n ${VDMA_NEWEST:-} ]] || return 0
	give_up "${stuck:-$1}"
	die "$stuck; log: $log"
}

# Did the last update have any answer from the mirror?
answered() { grep -q '^\(Get\|Hit\):\|^  404 ' "$log"; }

# During a sync a mirror serves an index that does not match; a little later it does. A
# mirror that does not answer is not asked again.
try_update() {
	local delay

	say LISTS "$release, $arch"
	for delay in "${retry_delays[@]}"; do
		sleep "$delay"
		! run_apt get --error-on=any update >"$log" 2>&1 || return 0
		if grep -q NO_PUBKEY "$log" || ! answered; then
			give_up "cannot fetch the lists of $release, $arch: $(update_reason)"
			break
		fi
	done
	return 1
}

# Uses the lists fetched before, unless newer ones are a must.
update() {
	local reason=$stuck

	updated=1
	if [[ -z $stuck ]]; then
		if try_update; then
			touch "$state/updated"
			return 0
		fi
		reason=${stuck:-cannot fetch the lists of $release, $arch: $(update_reason)}
	fi
	insist "$reason"
	have_lists || die "$reason; log: $log"
	touch -d "$((max_age_min - 60)) minutes ago" "$state/updated"	# ask again in an hour
	warn "$reason; using the old ones"
}

fresh_lists() {
	local young=(-mmin "-$max_age_min")

	[[ -z $updated ]] || return 0
	[[ -z ${VDMA_NEWEST:-} ]] || young=(-newermt "@$VDMA_NEWEST")
	if ! have_lists || [[ -z $(find "$state/updated" "${young[@]}" 2>/dev/null) ]]; then
		update
	fi
}
