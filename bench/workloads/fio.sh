# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# fio on a disk: options of fio's as arguments, without their dashes.
# Sourced by bench/agent.sh, which describes the variables set here.

options=
for option; do
	options="$options --$option"
done
if [ "$COUNT" = 0 ]; then
	limit="--time_based --runtime=${MILLISECONDS}ms"
else
	limit="--number_ios=$COUNT"
fi

# fio says when it is ready, so that its start is not measured.
# shellcheck disable=SC2086 # a word for each option
LD_PRELOAD=/lib/noshm.so fio --name=bench --output-format=json --filename="/dev/$(disk_of "$FUNCTION")" \
	--direct=1 --ioengine=libaio --thread --norandommap --group_reporting \
	--exec_prerun='(echo go >/dev/hvc1)' --exec_postrun='(echo done >/dev/hvc1)' \
	$limit $options |
	tr -d ' ,' | awk -F: '
		$1 == "\"total_ios\"" { ios += $2 }
		$1 == "\"io_bytes\"" { bytes += $2 }
		$1 == "\"runtime\"" && $2 > ms { ms = $2 }
		END { printf "ios=%d bytes=%d usec=%d\n", ios, bytes, ms * 1000 }'
