#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Install what the project needs on Debian 12 and 13: packages, a QEMU that
# survives the tests, a sparse that understands the kernel. Silent when all of
# it is there. With the arguments "lint", "matrix", "stress", "world", "arm64", what
# make lint, matrix, stress, world, test-arm64 need as well.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

packages=(
	build-essential flex bison bc libelf-dev cpio	# the kernel
	git perl python3 ccache curl gnupg xz-utils	# source and scripts
	busybox-static acpica-tools kexec-tools debian-archive-keyring	# the VM, other suites
	shellcheck codespell python3-ply python3-git	# make lint-quick
	gnuplot-nox					# make bench
	rsync						# kselftest
)
qemu_packages=(qemu-system-x86)
qemu_min=9
llvm_packages=("clang-$CLANG" "lld-$CLANG" "llvm-$CLANG")
for arg; do
	case $arg in
	lint) packages+=(coccinelle ocaml python3-sphinx python3-yaml "${llvm_packages[@]}") ;;
	matrix) packages+=(gcc-{aarch64,powerpc64le,riscv64,s390x}-linux-gnu "${llvm_packages[@]}") ;;
	stress) packages+=(stress-ng) ;;
	world) packages+=(libvirt-{clients,daemon,daemon-driver-qemu} udev) ;;
	arm64)
		packages+=(gcc-aarch64-linux-gnu libc6-dev-arm64-cross)
		qemu_packages+=(qemu-system-arm)
		;;
	*) die "usage: deps.sh [lint] [matrix] [stress] [world] [arm64]" ;;
	esac
done
sparse_dir=$CACHE/sparse

sudo=()
(( EUID == 0 )) || sudo=(sudo)

# as_root COMMAND...: root's, but with this user's cache
as_root() { "${sudo[@]}" env XDG_CACHE_HOME="$(dirname "$CACHE")" \
	DEBIAN_FRONTEND=noninteractive "$@" </dev/null; }

apt() { as_root apt-get -o DPkg::Lock::Timeout=300 --no-install-recommends -y "$@"; }

missing() {
	local p

	for p; do
		[[ $(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null) = installed ]] ||
			echo "$p"
	done
}

update_lists() {
	[[ -z ${updated-} ]] || return 0
	say "deps: apt-get update"
	apt -qq update >&2
	updated=1
}

install_packages() {
	local need

	mapfile -t need < <(missing "${packages[@]}")
	(( ${#need[@]} )) || return 0
	say "deps: installing ${need[*]}"
	# The lists may be old or not there at all: then fetch them, and again
	apt -qq install "${need[@]}" >"$log" 2>&1 && return
	update_lists
	apt -qq install "${need[@]}" >"$log" 2>&1 || { cat "$log" >&2; die "apt-get could not install ${need[*]}"; }
}

qemu_version() { { qemu-system-x86_64 --version 2>/dev/null || :; } | sed -n 's/.*version \([0-9]*\).*/\1/p' | head -n 1; }

# The major version that this release offers
qemu_offered() { apt-cache policy "${qemu_packages[-1]}" | sed -n 's/.*Candidate: \([0-9]*:\)\?\([0-9]*\).*/\2/p'; }

install_qemu() {
	local have release suites

	have=$(qemu_version)
	if (( ${have:-0} >= qemu_min )) &&
	   { (( ${#qemu_packages[@]} == 1 )) || command -v qemu-system-aarch64 >/dev/null; }; then
		return
	fi
	[[ -n $(qemu_offered) ]] || update_lists
	if (( $(qemu_offered) >= qemu_min )); then
		say "deps: installing QEMU"
		apt -qq install "${qemu_packages[@]}" >"$log" 2>&1 || { cat "$log" >&2; die "apt-get could not install QEMU"; }
		return
	fi
	release=$(. /etc/os-release && echo "$VERSION_CODENAME")
	suites="$release $release-backports"
	[[ -n $(apt-get indextargets 'Created-By: Packages') ]] || update_lists
	say "deps: installing QEMU from $release-backports (${have:-none} is here, $qemu_min is needed)"
	as_root "$TOP/scripts/suite-apt.sh" "$suites" -qq update >&2
	as_root "$TOP/scripts/suite-apt.sh" "$suites" -qq -t "$release-backports" \
		-o DPkg::Lock::Timeout=300 install "${qemu_packages[@]}" >"$log" 2>&1 ||
		{ cat "$log" >&2; die "apt-get could not install QEMU from $release-backports"; }
	(( $(qemu_version) >= qemu_min )) || die "QEMU $(qemu_version) is too old, $qemu_min is needed"
}

# What scripts/checker-valid.sh of the kernel asks
sparse_works() {
	local probe=$CACHE/probe.c

	command -v "$1" >/dev/null || return
	echo 'static inline int f(const int *q) { __typeof_unqual__(*q) v = *q; return v; }' >"$probe"
	[[ $("$1" "$probe" 2>&1) != *error* ]]
}

# The source that apt has verified, from the first suite whose sparse works
build_sparse() {
	local suite src=$CACHE/sparse-src

	for suite in testing sid; do
		say "deps: building sparse from the source package in $suite"
		rm -rf "$src" "$sparse_dir"
		mkdir -p "$src/tree"
		"$TOP/scripts/suite-apt.sh" "$suite" -qq update >&2 || continue
		(cd "$src" && "$TOP/scripts/suite-apt.sh" "$suite" -qq \
			source --download-only sparse) >"$log" 2>&1 || continue
		tar -C "$src/tree" --strip-components=1 -xf "$src"/sparse_*.orig.tar.*
		make -C "$src/tree" -j"$(nproc)" sparse >"$log" 2>&1 || continue
		sparse_works "$src/tree/sparse" || continue
		mkdir -p "$sparse_dir"
		(cd "$src" && echo sparse_*.orig.tar.*) | sed 's/^sparse_\(.*\)\.orig\..*/\1/' >"$sparse_dir/version"
		cp "$src/tree/sparse" "$sparse_dir/"
		rm -rf "$src"
		return
	done
	cat "$log" >&2
	die "no source package of sparse understands Linux $BASE_VERSION"
}

install_sparse() {
	! sparse_works "$sparse_dir/sparse" || return 0
	! sparse_works sparse || return 0
	build_sparse
}

[[ -e /etc/debian_version ]] || die "this is no Debian: install by hand what the top of scripts/deps.sh lists, QEMU >= $qemu_min and sparse"
mkdir -p "$CACHE"
log=$(mktemp)
trap 'rm -f "$log"' EXIT

install_packages
install_qemu
install_sparse
