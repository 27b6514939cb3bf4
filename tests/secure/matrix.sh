# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# One boot of the matrix: every device does its I/O, then all is given back.

# shellcheck source=tests/linux/vdma.sh
. /lib/vdma.sh
# shellcheck source=tests/secure/secure.sh
. /lib/secure.sh

report svm "value=$(cat /sys/devices/system/cpu/svm)" "cpus=$(nproc)"
# shellcheck disable=SC2119 # without parameters
begin
run_io
ask screen
balloon_moves
give_back
