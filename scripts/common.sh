# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by the other scripts: places, messages, progress.

# shellcheck disable=SC2034 # used by those who source this
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
BUILD=$TOP/build
LINUX=$BUILD/linux
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/sys-hotplug
BASE_VERSION=7.3

say() { printf '== %s\n' "$*" >&2; }
die() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# with_ticker WHAT COMMAND...: say every 30 seconds that a silent COMMAND is alive
with_ticker() {
	local what=$1 pid rc=0 start=$SECONDS
	shift

	"$@" &
	pid=$!
	while kill -0 "$pid" 2>/dev/null; do
		sleep 1
		if (( (SECONDS - start) % 30 == 29 )); then
			say "$what: $((SECONDS - start + 1)) s"
		fi
	done
	wait "$pid" || rc=$?
	return "$rc"
}
