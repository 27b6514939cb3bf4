# SPDX-License-Identifier: GPL-2.0-or-later
# Writes JUnit, which vdma-run reads. Sourced after mk/lib.bash.
# shellcheck shell=bash

# junit_text: standard input, as XML has it.
junit_text() {
	iconv -c -f UTF-8 -t UTF-8 | tr -d '\000-\010\013\014\016-\037' |
		sed 's/&/\&amp;/g; s/</\&lt;/g; s/>/\&gt;/g; s/"/\&quot;/g'
}

# junit_case FILE ID SECONDS [MESSAGE LOG]: a FILE with one case, which failed if there is
# a MESSAGE.
junit_case() {
	local why=${4:-}

	{
		echo '<?xml version="1.0" encoding="UTF-8"?>'
		echo "<testsuites><testsuite name=\"${2%/*}\" tests=\"1\" failures=\"$((${#why} > 0))\">"
		echo "<testcase classname=\"${2%/*}\" name=\"${2##*/}\" time=\"$3\">"
		echo "<properties><property name=\"id\" value=\"$2\"/></properties>"
		if [[ $why ]]; then
			echo "<failure message=\"$(junit_text <<<"$why")\">$(junit_text <"$5")</failure>"
		fi
		echo "</testcase></testsuite></testsuites>"
	} >"$1.new"
	mv "$1.new" "$1"
}
