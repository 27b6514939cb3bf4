# SPDX-License-Identifier: GPL-2.0-or-later
# SLOF's tree with our plugin, for tests that change the plugin and build it.
# shellcheck shell=bash disable=SC2034 # mk/part reads the variables

. "$TOP/mk/parts/slof.sh"
part_inputs+=" mk/parts/slof.sh"

part_build() {
	local version

	slof_source
	slof_plugin
	cp -a . "$OUT/tree"
}
