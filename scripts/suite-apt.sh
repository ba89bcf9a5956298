#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Run apt-get against further suites of the mirror this machine already uses,
# without touching the machine's own apt configuration:
#
#   suite-apt.sh "SUITE..." update
#   suite-apt.sh "SUITE..." download PACKAGE
#   suite-apt.sh "SUITE..." -t SUITE install PACKAGE
#   suite-apt.sh "SUITE..." madison PACKAGE...	(and search: apt-cache)
#
# Lists and state are kept below the project's cache; signatures are checked
# with debian-archive-keyring.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg

(( $# >= 2 )) || die "usage: suite-apt.sh \"SUITE...\" COMMAND [ARGUMENT...]"
read -r -a suites <<<"$1"
shift

[[ -e $keyring ]] || die "$keyring is missing: apt-get install debian-archive-keyring"

# shellcheck disable=SC2016 # apt expands it
mirror=$(apt-get indextargets --format '$(REPO_URI)' \
	 'Created-By: Packages' 'Label: Debian' 'Component: main' | head -n 1)
[[ -n $mirror ]] || die "apt knows no Debian mirror: run apt-get update first"

state=$CACHE/apt/$(printf '%s' "${suites[*]}" | tr -c 'a-z0-9-' '_')
mkdir -p "$state/parts" "$state/lists/partial" "$state/archives/partial"
: >"$state/sources.list"
for suite in "${suites[@]}"; do
	printf '%s [signed-by=%s] %s %s main\n' \
		deb "$keyring" "$mirror" "$suite" \
		deb-src "$keyring" "$mirror" "$suite" >>"$state/sources.list"
done

tool=apt-get
[[ $1 = madison || $1 = search ]] && tool=apt-cache

exec "$tool" \
	-o Dir::Etc::SourceList="$state/sources.list" \
	-o Dir::Etc::SourceParts="$state/parts" \
	-o Dir::Etc::Preferences=/dev/null \
	-o Dir::Etc::PreferencesParts="$state/parts" \
	-o Dir::State::Lists="$state/lists" \
	-o Dir::Cache::Archives="$state/archives" \
	-o Dir::Cache::PkgCache= -o Dir::Cache::SrcPkgCache= \
	-o APT::Get::Assume-Yes=true -o APT::Install-Recommends=false \
	-o APT::Sandbox::User=root -o Acquire::Languages=none \
	"$@"
