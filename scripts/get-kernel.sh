#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Find the kernel source, verify it, and keep it as a git repository with one
# commit below the project's cache. Prints the path of that repository.
#
# First hit wins: the cache; Debian's package linux-source-X.Y (the signature
# is checked by apt); kernel.org's tarball (the signature is checked by gpg).
# kernels.sh sets BASE_VERSION and SUITES.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

suites=${SUITES:-trixie-backports testing sid}
pkg=linux-source-$BASE_VERSION
seed=$CACHE/linux-$BASE_VERSION.git
work=$CACHE/unpack

# The tarball in the .deb that apt has verified, as $work/linux.tar.xz
from_debian() {
	local suite

	for suite in $suites; do
		say "kernel: looking for $pkg in $suite"
		"$TOP/scripts/suite-apt.sh" "$suite" -qq update >&2 || continue
		if (cd "$work" && "$TOP/scripts/suite-apt.sh" "$suite" download "$pkg" >&2); then
			say "kernel: taking the source out of $(cd "$work" && echo "$pkg"_*.deb)"
			dpkg-deb --fsys-tarfile "$work/$pkg"_*.deb |
				tar -x -O "./usr/src/$pkg.tar.xz" >"$work/linux.tar.xz"
			return
		fi
	done
	return 1
}

from_kernel_org() {
	local url=https://cdn.kernel.org/pub/linux/kernel/v${BASE_VERSION%%.*}.x
	local tar=linux-$BASE_VERSION.tar

	say "kernel: downloading $tar.xz from kernel.org"
	curl -f --progress-bar -o "$work/linux.tar.xz" "$url/$tar.xz" &&
		curl -fsS -o "$work/linux.tar.sign" "$url/$tar.sign" || return
	gpg --quiet --locate-keys torvalds@kernel.org gregkh@kernel.org >&2 || return
	xz -dc "$work/linux.tar.xz" |
		gpg --quiet --trust-model tofu --verify "$work/linux.tar.sign" - >&2
}

import() {
	local version

	say "kernel: unpacking"
	mkdir "$work/tree"
	with_ticker "kernel: unpacking" \
		tar -C "$work/tree" --strip-components=1 -xf "$work/linux.tar.xz"
	version=$(make -s -C "$work/tree" kernelversion)
	[[ $version = "$BASE_VERSION"* ]] || die "$pkg holds Linux $version, not $BASE_VERSION"

	# Debian's .gitignore hides all of the tree
	sed -i '/^# Debian packaging: ignore everything/,$d' "$work/tree/.gitignore"

	say "kernel: importing Linux $version into git (about a minute)"
	git -C "$work/tree" init -q -b base
	git -C "$work/tree" config gc.auto 0
	git -C "$work/tree" config core.autocrlf false
	# Forced: the source ships files that its own .gitignore names
	with_ticker "kernel: importing" git -C "$work/tree" add -A -f .
	GIT_AUTHOR_DATE='@0 +0000' GIT_COMMITTER_DATE='@0 +0000' \
	GIT_AUTHOR_NAME=base GIT_COMMITTER_NAME=base \
	GIT_AUTHOR_EMAIL=base@localhost GIT_COMMITTER_EMAIL=base@localhost \
		git -C "$work/tree" commit -q --no-gpg-sign --no-verify -m "Linux $version"
	mv "$work/tree/.git" "$seed"
	git -C "$seed" config core.bare true
}

mkdir -p "$CACHE"
exec 9>"$CACHE/lock"
flock 9
if ! git -C "$seed" rev-parse -q --verify "base^{commit}" >/dev/null 2>&1; then
	rm -rf "$work" "$seed"
	mkdir "$work"
	trap 'rm -rf "$work"' EXIT
	from_debian || from_kernel_org ||
		die "no source of Linux $BASE_VERSION: neither Debian's $pkg ($suites) nor kernel.org could be reached; say KERNEL_TREE=DIR to use your own clone"
	import
fi
say "kernel: $(git -C "$seed" log -1 --format=%s base) from $seed"
echo "$seed"
