# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by the other scripts: places, messages, progress, git, kbuild, VMs, the series.

# shellcheck disable=SC2034 # used by those who source this
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
BUILD=$TOP/build
LINUX=$BUILD/linux
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/sys-hotplug
BASE_VERSION=${BASE_VERSION:-7.3}
CLANG=19	# of Debian 12 and 13; the kernel wants 17
SERIES=$TOP/series

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

# git that gives everybody the same bytes, whatever is in the user's configuration
pgit() {
	env -u GIT_DIR -u GIT_WORK_TREE -u GIT_INDEX_FILE -u GIT_DIFF_OPTS -u GIT_EXTERNAL_DIFF \
		GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_NOSYSTEM=1 LC_ALL=C TZ=UTC \
		GIT_COMMITTER_NAME=series GIT_COMMITTER_EMAIL=series@localhost \
		git -c advice.detachedHead=false -c core.hooksPath=/dev/null -c gc.auto=0 "$@"
}

# The patches, in order, relative to patches/
series() {
	[[ -e $SERIES ]] || return 0
	sed -e 's/[[:space:]]*#.*//' -e '/^[[:space:]]*$/d' "$SERIES"
}

# worktree DIR REF: a tree of its own, next to $LINUX and with its objects
worktree() {
	if ! pgit -C "$1" rev-parse -q --verify HEAD >/dev/null 2>&1 ||
	   [[ $(pgit -C "$1" rev-parse --show-toplevel) != "$1" ]]; then
		rm -rf "$1"
		pgit -C "$LINUX" worktree prune
		mkdir -p "$(dirname "$1")"
		pgit -C "$LINUX" worktree add -q -f --no-checkout --detach "$1" "$2"
		say "${1#"$TOP"/}: checking out"
	fi
	with_ticker "${1#"$TOP"/}: checking out" pgit -C "$1" checkout -q -f --detach "$2"
}

# bare_worktree DIR REF: a new one that holds no files, and so costs nothing
bare_worktree() {
	rm -rf "$1"
	pgit -C "$LINUX" worktree prune
	mkdir -p "$(dirname "$1")"
	pgit -C "$LINUX" worktree add -q -f --no-checkout --detach "$1" "$2"
	pgit -C "$1" read-tree HEAD
}

# apply_series DIR [PATCH...]: the series, or these, as commits on top of the tag
# base of $LINUX, in the bare worktree DIR.
# Names all patches that do not apply: those after one are tried with what does
# apply of it. Then leaves DIR at the one before the first, and puts that and all
# that come after it into $BUILD/rest.mbox.
apply_series() {
	local dir=$1 patches=("${@:2}") state err rc=0 n='' first='' failed=0

	(( ${#patches[@]} )) || mapfile -t patches < <(series)
	bare_worktree "$dir" refs/tags/base
	(( ${#patches[@]} )) || return 0
	state=$(pgit -C "$dir" rev-parse --absolute-git-dir)/rebase-apply
	err=$(pgit -C "$dir" am -q --keep-non-patch --whitespace=nowarn \
		--committer-date-is-author-date "${patches[@]/#/$TOP/patches/}" 2>&1) || rc=1
	while [[ -e $state/next ]]; do
		if [[ $n = "$(<"$state/next")" ]]; then
			# Nothing of it is left to commit
			err=$(pgit -C "$dir" am --skip 2>&1) || :
			continue
		fi
		n=$(<"$state/next")
		failed=$((failed + 1))
		if [[ -z $first ]]; then
			first=$(pgit -C "$dir" rev-parse HEAD)
			(cd "$TOP/patches" && cat "${patches[@]:n - 1}") >"$BUILD/rest.mbox"
		fi
		if pgit -C "$dir" apply --cached --check -R "$state/patch" 2>/dev/null; then
			say "patches/${patches[n - 1]} is there already"
		else
			say "patches/${patches[n - 1]} does not apply"
			sed -n 's/^error: /   /p' <<<"$err" >&2
			pgit -C "$dir" apply --cached --reject "$state/patch" >/dev/null 2>&1 || :
		fi
		err=$(pgit -C "$dir" am --continue 2>&1) || :
	done
	if (( failed )); then
		say "$failed of ${#patches[@]} patches need work on" \
			"$(pgit -C "$LINUX" log -1 --format=%s refs/tags/base)"
		pgit -C "$dir" update-ref --no-deref HEAD "$first"
	elif (( rc )); then
		printf '%s\n' "$err" >&2
	fi
	return "$rc"
}

# kmake SOURCE OUTPUT ARGUMENT...: kbuild as everywhere in this project. SOURCE and
# OUTPUT are siblings, and what ccache sees is relative to them: so all of
# build/linux, build/base/linux, ... share what they compiled. ARCH, CROSS_COMPILE
# and LLVM in the environment mean what they mean to kbuild.
kmake() {
	local src=$1 out=$2 cc=${CROSS_COMPILE-}gcc
	shift 2
	[[ -z ${LLVM-} ]] || cc=clang$LLVM

	CCACHE_BASEDIR=$(realpath "$(dirname "$src")") CCACHE_NOHASHDIR=1 CCACHE_DEPEND=1 \
	CCACHE_STATSLOG=$out/ccache.log \
		make -C "$src" O="$out" -j"$(nproc)" CC="ccache $cc" HOSTCC="ccache gcc" \
		LOCALVERSION= KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970' \
		KBUILD_BUILD_USER=sys-hotplug KBUILD_BUILD_HOST=vm "$@"
}

# keep_accel OUTPUT: have the next VMs run with what vmtest.sh has found out there. Its
# trial of KVM takes as long as a boot, and once is enough.
keep_accel() {
	[[ -z ${VMTEST_ACCEL-} ]] || return 0
	VMTEST_ACCEL=$(sed -nE 's/^(# )?QEMU runs with ([A-Z]*).*/\L\2/p' "$1")
	export VMTEST_ACCEL
}

# Where figures were measured: a row of a table
host_row() {
	echo "| host | $("${QEMU:-qemu-system-x86_64}" --version | sed -n '1s/ version//p') with ${VMTEST_ACCEL^^}, $(nproc) CPUs |"
}

# find_image KERNEL: of a build directory, or that itself, into image
find_image() {
	image=$1/arch/x86/boot/bzImage
	[[ -e $image ]] || image=$1
	[[ -f $image ]] || die "no kernel image $image"
}

# copy_program PROGRAM DIR: with its libraries in DIR/lib
copy_program() {
	local lib

	mkdir -p "$2/lib"
	cp "$(command -v "$1")" "$2/"
	for lib in $(ldd "$2/$1" | grep -o '/[^ )]*'); do
		cp -L "$lib" "$2/lib/"
	done
}
