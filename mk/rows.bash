# SPDX-License-Identifier: GPL-2.0-or-later
# Reads the tables of rows, mk/kernels and mk/qemus. Sourced after mk/lib.bash.
# shellcheck shell=bash

# rows TABLE [WHEN]: names of its rows; with WHEN only those.
rows() {
	awk -v when="${2:-}" '!/^#/ && NF && (when == "" || $NF == when) { print $1 }' "$TOP/mk/$1"
}

# built_rows TABLE: names of those that are parts.
built_rows() {
	awk '!/^#/ && NF && $2 != "=" && $2 != "host" { print $1 }' "$TOP/mk/$1"
}

# same_row TABLE NAME: the row that NAME is only another name for, or nothing.
same_row() {
	awk -v name="$2" '!/^#/ && $1 == name && $2 == "=" { print $3 }' "$TOP/mk/$1"
}

# read_row TABLE NAME: a row's fields into row_way, row_suites, row_series,
# row_flavour; the row itself into part_row, so that the part's key has it. False if
# there is no such row.
read_row() {
	part_row=$(awk -v name="$2" '!/^#/ && $1 == name { NF--; print }' "$TOP/mk/$1")
	# shellcheck disable=SC2034 # for the caller
	read -r _ row_way row_suites row_series row_flavour <<<"$part_row"
	[[ -n $part_row ]]
}
