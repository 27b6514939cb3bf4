# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# netperf to the host: TCP_STREAM sends, TCP_MAERTS receives, TCP_RR asks and is
# answered. Of a stream, 16 KiB are an I/O. A number after it: so many at once.
# Sourced by bench/agent.sh, which describes the variables set here.

IO=16384
jobs=${2:-1}
limit=$(((MILLISECONDS + 999) / 1000))
if [ "$COUNT" != 0 ]; then
	each=$((COUNT / jobs))
	[ "$1" = TCP_RR ] || each=$((each * IO))
	limit=-$each
fi

report go
for job in $(seq "$jobs"); do
	netperf -H "$(host_of "$FUNCTION")" -p "$NETSERVER" -t "$1" -l "$limit" -P 0 -- \
		-k ELAPSED_TIME,LOCAL_SEND_CALLS,LOCAL_BYTES_SENT,LOCAL_BYTES_RECVD \
		>"netperf.$job" &
done
wait
report "done"
for job in $(seq "$jobs"); do
	cat "netperf.$job"
	rm "netperf.$job"
done | awk -F= -v test="$1" -v io="$IO" '
	$1 == "ELAPSED_TIME" && $2 > seconds { seconds = $2 }
	{ sum[$1] += $2 }
	END {
		bytes = sum[test == "TCP_MAERTS" ? "LOCAL_BYTES_RECVD" : "LOCAL_BYTES_SENT"]
		ios = test == "TCP_RR" ? sum["LOCAL_SEND_CALLS"] : bytes / io
		printf "ios=%d bytes=%d usec=%d\n", ios, bytes, seconds * 1000000
	}'
