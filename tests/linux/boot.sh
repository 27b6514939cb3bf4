#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Default script of a guest: the policy first,
# then the drivers, then I/O on every device. A 6.12 kernel of Debian's has
# bound virtio functions by then, that is what the rebinding is for.

# shellcheck source=tests/linux/vdma.sh
. /lib/vdma.sh

load policy

bring_up
settle
run_io
if [ "$INTERACTIVE" = 1 ] && [ "$PIPED" = 1 ]; then
	# As from a pipe here, too: with line editing, the end of input would be a key.
	stty -F /dev/console -echo -isig
	mkfifo /run/commands
	cat </dev/console >/run/commands &
	report ready
	cd / && sh -l </run/commands
	exit 0
elif [ "$INTERACTIVE" = 1 ]; then
	report ready
	table
	echo
	echo "Functions of /lib/vdma.sh can be called here: table, run_io, rebind_idle..."
	echo "To power off: exit. To stop QEMU at once: Ctrl-A X."
	cd / && setsid cttyhack sh -l
	exit 0
fi
