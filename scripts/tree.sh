#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Make build/linux: the base kernel as the tag "base", then one commit a patch,
# applied without fuzz.
#
# From the environment:
#   KERNEL_TREE=DIR	start from this git clone of Linux; it is only read
#   BASE=REF		and from this commit of it (default: its HEAD when that is
#			the right version, else its newest tag of that version)
#   FORCE=1		go on although build/linux holds work that the series does
#			not have: it is kept on a branch "saved-N" there
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

applied=refs/sys-hotplug/applied	# what this script last left at HEAD
branch=sys-hotplug
scratch=$BUILD/apply

# The commit of the user's tree that the series goes onto
choose_base() {
	local tag

	if [[ -n ${BASE-} ]]; then
		git -C "$KERNEL_TREE" rev-parse -q --verify "$BASE^{commit}" ||
			die "$KERNEL_TREE has no commit $BASE"
		return
	fi
	tag=$(git -C "$KERNEL_TREE" tag --sort=-v:refname -l "v$BASE_VERSION" "v$BASE_VERSION.*" | head -n 1)
	if [[ $(git -C "$KERNEL_TREE" show HEAD:Makefile 2>/dev/null |
		sed -n 's/^\(VERSION\|PATCHLEVEL\) = //p' | paste -sd.) = "$BASE_VERSION" ]]; then
		tag=HEAD
	fi
	git -C "$KERNEL_TREE" rev-parse -q --verify "${tag:-HEAD}^{commit}" ||
		die "$KERNEL_TREE is no git clone of Linux"
}

# Prints the commit to start from, after bringing it into build/linux
get_base() {
	local seed commit

	if [[ -z ${KERNEL_TREE-} ]]; then
		if [[ -n ${BASE-} ]]; then
			[[ -e $LINUX/.git ]] || die "BASE= needs KERNEL_TREE=, or a build/linux that has it"
			pgit -C "$LINUX" rev-parse -q --verify "$BASE^{commit}" ||
				die "build/linux has no commit $BASE"
			return
		fi
		if ! pgit -C "$LINUX" rev-parse -q --verify 'refs/tags/base^{commit}' 2>/dev/null; then
			seed=$("$TOP/scripts/get-kernel.sh")
			rm -rf "$LINUX.new"
			pgit clone -q --shared --no-checkout "$seed" "$LINUX.new"
			pgit -C "$LINUX.new" rev-parse 'refs/heads/base^{commit}'
		fi
		return
	fi
	KERNEL_TREE=$(realpath -- "$KERNEL_TREE")
	commit=$(choose_base)
	if [[ -e $LINUX/.git ]]; then
		with_ticker "tree: reading KERNEL_TREE" \
			git -C "$LINUX" fetch -q --no-tags --no-write-fetch-head "$KERNEL_TREE" "$commit" >&2
	else
		say "tree: cloning KERNEL_TREE"
		rm -rf "$LINUX.new"
		with_ticker "tree: cloning KERNEL_TREE" \
			git clone -q --no-checkout "$KERNEL_TREE" "$LINUX.new" >&2
		# A commit that no branch of the user's tree holds does not come with a clone
		git -C "$LINUX.new" cat-file -e "$commit" 2>/dev/null ||
			git -C "$LINUX.new" fetch -q "$KERNEL_TREE" "$commit" >&2
	fi
	echo "$commit"
}

# True if build/linux may be changed, or need not be
may_reset() {
	local head n=1

	head=$(pgit -C "$LINUX" rev-parse HEAD)
	if [[ $head = "$(pgit -C "$LINUX" rev-parse -q --verify $applied)" && -z $dirty ]]; then
		return
	fi
	if [[ $head = "$old_base" && -z $dirty ]]; then
		return
	fi
	if [[ ${FORCE-} = 1 ]]; then
		while pgit -C "$LINUX" rev-parse -q --verify "refs/heads/saved-$n" >/dev/null; do
			n=$((n + 1))
		done
		pgit -C "$LINUX" checkout -q -b "saved-$n"
		if [[ -n $dirty ]]; then
			pgit -C "$LINUX" add -A
			GIT_AUTHOR_NAME=series GIT_AUTHOR_EMAIL=series@localhost \
				pgit -C "$LINUX" commit -q --no-verify -m "uncommitted changes"
		fi
		say "tree: what was there is now the branch saved-$n of build/linux"
		return
	fi
	die "build/linux holds ${dirty:+uncommitted changes or }commits that the series does not have: \"make refresh\" puts commits into the series, \"make tree FORCE=1\" sets them aside"
}

mkdir -p "$BUILD"
new_base=$(get_base)
dirty='' old_base=''
if [[ -e $LINUX/.git ]]; then
	dirty=$(pgit -C "$LINUX" status --porcelain | head -n 1)
	old_base=$(pgit -C "$LINUX" rev-parse 'refs/tags/base^{commit}')
	if [[ $new_base = "$old_base" ]] && "$TOP/scripts/refresh.sh" -n -q; then
		say "tree: build/linux is the series${dirty:+, and has uncommitted changes}"
		[[ -n $dirty ]] || pgit -C "$LINUX" update-ref $applied HEAD
		exit 0
	fi
	may_reset
else
	mv "$LINUX.new" "$LINUX"
fi
pgit -C "$LINUX" tag -f base "$new_base" >/dev/null

rc=0
apply_series "$scratch" || rc=1
head=$(pgit -C "$scratch" rev-parse HEAD)
pgit -C "$LINUX" worktree remove -f "$scratch"
# From the old state straight to the new one: make then compiles what differs
with_ticker "tree: checking out" pgit -C "$LINUX" checkout -q -f -B $branch "$head"
pgit -C "$LINUX" update-ref $applied HEAD
# The seed's branch; "base" means the tag
[[ -n ${KERNEL_TREE-} ]] || pgit -C "$LINUX" update-ref -d refs/heads/base
if (( rc )); then
	say "tree: build/linux is at the patch before the first: \"git am -3 ../rest.mbox\" there goes on by hand"
	exit 1
fi
say "tree: build/linux is $(pgit -C "$LINUX" log -1 --format=%s refs/tags/base) and $(series | wc -l) patches"
