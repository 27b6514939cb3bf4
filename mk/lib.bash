# SPDX-License-Identifier: GPL-2.0-or-later
# Shared by the scripts in mk/: where the cache is, how messages look, locks.
# Sourced, never run. Uses only what a minimal system has, and needs no dpkg.
# shellcheck shell=bash

# cd would look there, and print what it has found.
unset CDPATH
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
: "${VDMA_CACHE:=${HOME:?set HOME or VDMA_CACHE}/.cache/vdma}"
: "${JOBS:=$(nproc)}"
[[ $VDMA_CACHE == /* ]] || VDMA_CACHE=$PWD/$VDMA_CACHE
export VDMA_CACHE JOBS
# A program that has handled Ctrl-C ends like any other, and bash would go on.
trap 'exit 130' INT
# Identifies the system that programs built here run on.
# shellcheck disable=SC2034 # for those that source this file
HOST_SUITE=$(
	unset VERSION_CODENAME VERSION_ID
	. /etc/os-release
	echo "${VERSION_CODENAME:-${ID:-unknown}}"
	# Testing and unstable have none, and move on.
	[[ -n ${VERSION_ID:-} ]] || getconf GNU_LIBC_VERSION
)
# Debian's name of this machine's architecture, without asking Debian.
HOST_ARCH=$(uname -m)
case $HOST_ARCH in
x86_64) HOST_ARCH=amd64 ;;
aarch64) HOST_ARCH=arm64 ;;
ppc64le) HOST_ARCH=ppc64el ;;
esac
# The user's own variables and the calling make's must not reach the builds: a
# part depends on what its key has, and on nothing else. SLOF has a TOP too.
export -n TOP
unset ARCH CROSS_COMPILE CFLAGS CXXFLAGS CPPFLAGS LDFLAGS
unset MAKEFLAGS MFLAGS MAKEOVERRIDES MAKELEVEL

# Messages go to a descriptor of their own, so that they reach the user even
# while stderr is a log. A script that redirects stderr keeps it first:
# exec {VDMA_SAY}>&2.
export VDMA_SAY=${VDMA_SAY:-2}

# On a terminal, wipe the progress line that may stand where we write.
say_raw() {
	local wipe=
	[[ -t $VDMA_SAY ]] && wipe=$'\r\e[K'
	printf "%s%s\n" "$wipe" "$1" >&"$VDMA_SAY"
}

# say VERB TEXT: one line for one action, in the form of kernel builds.
say() { say_raw "$(printf '  %-7s %s' "$1" "$2")"; }

warn() { say_raw "mk/${0##*/}: $1"; }

# die TEXT [STATUS]
die() {
	warn "$1"
	exit "${2:-1}"
}

# Neither make nor the kernel's build takes a folder with blanks in its name.
[[ $VDMA_CACHE != *[[:space:]]* ]] || die "cannot use VDMA_CACHE=$VDMA_CACHE: it contains blanks"

# lock_file FILE: hold FILE's lock until the shell ends or $lock_fd is closed.
lock_file() {
	local name=${1#"$TOP/"} why

	why=$({ mkdir -p "${1%/*}" && : >>"$1"; } 2>&1) || die "cannot lock $1: ${why##*: }"
	exec {lock_fd}>"$1"
	if ! flock -n "$lock_fd"; then
		say WAIT "for another process that holds ${name#"$VDMA_CACHE/lock/"}"
		flock "$lock_fd"
	fi
}
