#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build-kernel.sh [-b] [-c] [-o] SOURCE OUTPUT [FRAGMENT...]
#
# Configure tinyconfig plus vm.config plus the fragments, fail on an option that was lost on
# the way, and build a bzImage in OUTPUT. SOURCE and OUTPUT are siblings.
#
# -b	SOURCE is without the series or a part of it: an option that it does
#	not know is left out
# -c	only configure
# -o	only the fragments, without vm.config
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

usage="usage: build-kernel.sh [-b] [-c] [-o] SOURCE OUTPUT [FRAGMENT...]"
base=0 build=1 fragments=("$TOP/kernel-config/vm.config")
while getopts bco opt; do
	case $opt in
	b) base=1 ;;
	c) build=0 ;;
	o) fragments=() ;;
	*) die "$usage" ;;
	esac
done
shift $((OPTIND - 1))
(( $# >= 2 )) || die "$usage"
src=$(realpath -m "$1") out=$(realpath -m "$2")
shift 2
fragments+=("$@")
what=${out#"$BUILD/"}

[[ -e $src/Kconfig ]] || die "$src is no kernel tree: run make tree"
mkdir -p "$out"

mk() { kmake "$src" "$out" "$@"; }

known() { git -C "$src" grep -qE "^[[:space:]]*(menu)?config ${1#CONFIG_}\$" -- '*Kconfig*'; }

configure() {
	local line lost=0

	# The last fragment that names an option has its way
	cat "${fragments[@]}" | tac | awk -F= '!/^CONFIG_/ || !seen[$1]++' | tac >"$out/fragments"
	if cmp -s "$out/fragments" "$out/fragments.done" && [[ -e $out/.config ]]; then
		mk -s olddefconfig
	else
		mk -s tinyconfig
		"$src/scripts/kconfig/merge_config.sh" -m -Q -O "$out" \
			"$out/.config" "$out/fragments" >/dev/null
		mk -s olddefconfig
	fi

	while read -r line; do
		if [[ $line == CONFIG_*=n ]]; then
			grep -q "^${line%=n}=" "$out/.config" || continue
		else
			grep -qxF "$line" "$out/.config" && continue
		fi
		if (( base )) && ! known "${line%%=*}"; then
			continue
		fi
		printf 'lost option: %s\n' "$line" >&2
		lost=1
	done < <(grep '^CONFIG_' "$out/fragments")
	(( lost == 0 )) || die "the configuration of $what is not what was asked for"
	# What this one dropped, a later patch may know: then merge again
	if (( base )); then
		rm -f "$out/fragments.done"
	else
		cp "$out/fragments" "$out/fragments.done"
	fi
}

# Show a line now and then instead of a line per file
progress() {
	awk -v what="$what" '
		/^  (CC|AS|LD|AR|HOSTCC) / { if (++n % 200 == 0) { printf "== %s: %d objects\n", what, n; fflush() } next }
		/^  |^make\[|^make: (Entering|Leaving)/ { next }
		{ print; fflush() }' >&2
}

rm -f "$out/ccache.log"
configure
(( build )) || exit 0
say "$what: building $(git -C "$src" describe --always --tags 2>/dev/null)"
mk bzImage 2>&1 | progress
say "$what: $out/arch/x86/boot/bzImage, $(CCACHE_STATSLOG=$out/ccache.log ccache --show-log-stats |
	awk '/^ *Hits:/ { h = $2; n = $4 } END { printf "%d of %d compilations from ccache", h, n }')"
