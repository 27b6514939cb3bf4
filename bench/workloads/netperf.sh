# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# netperf to the host: TCP_STREAM sends, TCP_MAERTS receives, TCP_RR asks and is
# answered. Of a stream, 16 KiB are an I/O.
# Sourced by bench/agent.sh, which says what is known here.

IO=16384
limit=$(((MILLISECONDS + 999) / 1000))
if [ "$COUNT" != 0 ]; then
	limit=-$COUNT
	[ "$1" = TCP_RR ] || limit=-$((COUNT * IO))
fi

report go
netperf -H "$(host_of "$FUNCTION")" -p "$NETSERVER" -t "$1" -l "$limit" -P 0 -- \
	-k ELAPSED_TIME,LOCAL_SEND_CALLS,LOCAL_BYTES_SENT,LOCAL_BYTES_RECVD |
	awk -F= -v test="$1" -v io="$IO" '
		{ said[$1] = $2 }
		END {
			bytes = said[test == "TCP_MAERTS" ? "LOCAL_BYTES_RECVD" : "LOCAL_BYTES_SENT"]
			ios = test == "TCP_RR" ? said["LOCAL_SEND_CALLS"] : bytes / io
			printf "ios=%d bytes=%d usec=%d\n", ios, bytes, said["ELAPSED_TIME"] * 1000000
		}'
report "done"
