#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Write Documentation/figures/kernels.md: does the series apply, without fuzz, to
# the kernel it is made for and to the newest of each version that Debian's mirror
# has as linux-source-X.Y; and if so, do the objects build that it touches?
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$TOP/scripts/objects.sh"

suites="trixie-backports testing sid experimental"
dir=$BUILD/kernels
table=$TOP/Documentation/figures/kernels.md

# offered: "VERSION SUITE X.Y" of the newest of each X.Y, oldest first
offered() {
	local names version suite name

	"$TOP/scripts/suite-apt.sh" "$suites" -qq update >&2
	mapfile -t names < <("$TOP/scripts/suite-apt.sh" "$suites" search -n '^linux-source-[0-9.]+$' | cut -d' ' -f1)
	"$TOP/scripts/suite-apt.sh" "$suites" madison "${names[@]}" |
		sed -n 's/^ *linux-source-\([0-9.]*\) | *\([^ ]*\) | [^ ]* \([^ ]*\)\/main .*Packages$/\2 \3 \1/p' |
		while read -r version suite name; do
			# A release is newer than its candidates for apt, and for sort -V
			echo "${version%-*} $suite $name"
		done | sort -V | awk '{ last[$3] = $0 } END { for (name in last) print last[name] }' | sort -V
}

# row SEED WHERE: a line of the table
row() {
	local seed=$1 where=$2 version tip src out total applies builds=""

	version=$(git -C "$seed" log -1 --format=%s base)
	version=${version#Linux }
	say "kernels: $version"
	LINUX=$dir/$version/linux src=$LINUX out=$dir/$version/kernel
	rm -rf "${dir:?}/$version"
	mkdir -p "$out"
	pgit clone -q --shared --no-checkout "$seed" "$LINUX"
	pgit -C "$LINUX" tag base "$(git -C "$seed" rev-parse base)"
	total=$(series | wc -l)
	if apply_series "$dir/$version/apply" 2>"$dir/$version/apply.log"; then
		applies="all $total patches"
		tip=$(pgit -C "$dir/$version/apply" rev-parse HEAD)
		with_ticker "kernels: checking out" pgit -C "$LINUX" checkout -q --detach "$tip"
		if "$TOP/scripts/build-kernel.sh" -c "$src" "$out" >&2 &&
		   kmake "$src" "$out" -s prepare >&2 &&
		   find_objects "$src" "$out" < <(sources refs/tags/base "$tip") &&
		   kmake "$src" "$out" -s "${objs[@]}" >&2; then
			builds="yes, ${#objs[@]}"
		else
			builds="no"
		fi
	else
		applies=$(sed -n 's/^== \([0-9]* of [0-9]*\) patches need work.*/no, \1 need work/p' "$dir/$version/apply.log")
	fi
	echo "| $version | $where | $applies | $builds |"
}

mkdir -p "$dir"
seed=$("$TOP/scripts/get-kernel.sh")
pinned=$(git -C "$seed" log -1 --format=%s base)
row "$seed" "what the series is made for" >"$dir/rows"
while read -r version suite name; do
	[[ "Linux $version" != "$pinned" ]] || continue
	# get-kernel.sh keeps one of each X.Y
	if [[ $(git -C "$dir/sys-hotplug/linux-$name.git" log -1 --format=%s base 2>/dev/null) != "Linux $version" ]]; then
		rm -rf "$dir/sys-hotplug/linux-$name.git"
	fi
	other=$(XDG_CACHE_HOME=$dir BASE_VERSION=$name SUITES=$suite "$TOP/scripts/get-kernel.sh")
	row "$other" "linux-source-$name of $suite" >>"$dir/rows"
done < <(offered)
{
	cat <<-END
	# Kernels

	Written by

	    make kernels

	on $(date -u +%F): the kernel that the series is made for, and the newest of each version that Debian has as a
	package linux-source-X.Y. Patches are applied without fuzz; the objects that the series touches are built with
	kernel-config/vm.config. Which patches need work is said in build/kernels/VERSION/apply.log.

	| Linux | from | applies | builds (objects) |
	|---|---|---|---|
	END
	cat "$dir/rows"
} >"$table"
say "kernels: $(wc -l <"$dir/rows") kernels, ${table#"$TOP"/}"
