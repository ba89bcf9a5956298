#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build-kernel.sh SOURCE OUTPUT [FRAGMENT...]
#
# Configure tinyconfig plus the fragments, fail on an option that was lost on
# the way, and build a bzImage in OUTPUT.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

(( $# >= 2 )) || die "usage: build-kernel.sh SOURCE OUTPUT [FRAGMENT...]"
src=$1 out=$2
shift 2
fragments=("$TOP/kernel-config/vm.config" "$@")

[[ -e $src/Kconfig ]] || die "$src is no kernel tree: run make tree"
mkdir -p "$out"

mk() {
	make -C "$src" O="$out" -j"$(nproc)" CC="ccache gcc" HOSTCC="ccache gcc" \
		KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' \
		KBUILD_BUILD_USER=sys-hotplug KBUILD_BUILD_HOST=vm "$@"
}

configure() {
	local line lost=0

	cat "${fragments[@]}" >"$out/fragments"
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
		printf 'lost option: %s\n' "$line" >&2
		lost=1
	done < <(grep '^CONFIG_' "$out/fragments")
	(( lost == 0 )) || die "the configuration of $out is not what was asked for"
	cp "$out/fragments" "$out/fragments.done"
}

# Show a line now and then instead of a line per file
progress() {
	awk -v what="${out##*/}" '
		/^  (CC|AS|LD|AR|HOSTCC) / { if (++n % 200 == 0) { printf "== %s: %d objects\n", what, n; fflush() } next }
		/^  |^make\[|^make: (Entering|Leaving)/ { next }
		{ print; fflush() }'
}

configure
say "${out##*/}: building $(git -C "$src" describe --always --tags 2>/dev/null)"
mk bzImage 2>&1 | progress
say "${out##*/}: $out/arch/x86/boot/bzImage, ccache: $(ccache -s | tr -s ' \n' ' ' | cut -c1-120)"
