# SPDX-License-Identifier: GPL-2.0-or-later OR BSD-2-Clause
# shellcheck shell=bash
# bash completion for vdmactl(1). Readline breaks words at "=", so a value
# of --assume is a word of its own.

_vdmactl_values() {
	case $1 in
	hcall) echo yes no missing other ;;
	ddw) echo yes small no ;;
	mode | live) echo auto direct bypass identity tce bounce refuse ;;
	mask) echo 32 64 ;;
	*) echo 0 1 ;;
	esac
}

_vdmactl() {
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]} words='' key

	if ((COMP_CWORD == 1)); then
		words="explain status tag untag --help --version"
	elif [[ $cur == = || $prev == = ]]; then
		key=${COMP_WORDS[COMP_CWORD - 1]}
		[[ $cur == = ]] || key=${COMP_WORDS[COMP_CWORD - 2]}
		cur=${cur#=}
		words=$(_vdmactl_values "${key##*,}")
	elif [[ $prev == -A || $prev == --assume ]]; then
		words="f= v1= hcall= ddw= mask= coherent= iommu-off= secure= quirk= pool= mode= live="
		compopt -o nospace 2>/dev/null
	elif [[ $cur == -* ]]; then
		case $command in
		explain) words="--all --assume --json --qmp --secure --verbose" ;;
		status) words="--all --json --sysfs --verbose" ;;
		tag) words="--device --window" ;;
		untag) words="--device" ;;
		esac
	elif [[ $command == status && $prev != --sysfs ]]; then
		words=$(cd /sys/bus/pci/devices 2>/dev/null && echo *)
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -o default -F _vdmactl vdmactl
