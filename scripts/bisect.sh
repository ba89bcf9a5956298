#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build every prefix of the series: after each patch the objects that it
# touches and those that the patches before it touched, with the VM's
# configuration, in build/bisect.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$TOP/scripts/objects.sh"

src=$BUILD/bisect/linux out=$BUILD/bisect/kernel log=$BUILD/log/bisect-build.log
mkdir -p "$BUILD/log" "$out"
: >"$log"

apply_series "$BUILD/bisect/apply" || die "the series does not apply"
tip=$(pgit -C "$BUILD/bisect/apply" rev-parse HEAD)
pgit -C "$LINUX" worktree remove -f "$BUILD/bisect/apply"
mapfile -t commits < <(pgit -C "$LINUX" rev-list --reverse "refs/tags/base..$tip")
mapfile -t patches < <(series)

# configure COMMIT: anew where it can have changed something
configure() {
	if [[ $i -gt 0 && -z $(pgit -C "$src" diff --name-only "$1^" "$1" -- '*Kconfig*') ]]; then
		return
	fi
	"$TOP/scripts/build-kernel.sh" -b -c "$src" "$out" && kmake "$src" "$out" -s prepare
}

# compiles COMMIT: does it touch what is compiled?
compiles() {
	! pgit -C "$LINUX" diff --quiet "$1^" "$1" -- . ':!tools' ':!Documentation' ':!MAINTAINERS'
}

passed=0
for i in "${!commits[@]}"; do
	start=$SECONDS
	if ! compiles "${commits[i]}"; then
		say "bisect: ok $((i + 1))/${#commits[@]} ${patches[i]} (nothing to compile)"
		passed=$((passed + 1))
		continue
	fi
	worktree "$src" "${commits[i]}"
	# Not only what the patch touches: a header of it may break the others
	if configure "${commits[i]}" >>"$log" 2>&1 &&
	   find_objects "$src" "$out" < <(sources refs/tags/base "$tip") &&
	   { (( ${#objs[@]} == 0 )) || kmake "$src" "$out" -s "${objs[@]}" >>"$log" 2>&1; }; then
		say "bisect: ok $((i + 1))/${#commits[@]} ${patches[i]} (${#objs[@]} objects, $((SECONDS - start)) s)"
		passed=$((passed + 1))
		continue
	fi
	tail -n 30 "$log" >&2
	say "bisect: patches/${patches[i]} does not build (${log#"$TOP"/})"
	echo "$passed passed, 1 failed, $((${#commits[@]} - passed - 1)) skipped"
	exit 1
done
echo "$passed passed, 0 failed, 0 skipped"
