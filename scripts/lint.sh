#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lint.sh [-q]
#
# Check the series and the scripts, one line a check. -q leaves out what
# compiles. Warnings count when the unpatched kernel does not give them.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$TOP/scripts/objects.sh"

quick=0
[[ ${1-} != -q ]] || quick=1
src=$BUILD/lint/linux out=$BUILD/lint/kernel clang=$BUILD/lint/kernel-clang apply=$BUILD/lint/apply
passed=0 failed=0
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

sparse=$CACHE/sparse/sparse
[[ -x $sparse ]] || sparse=sparse

# check NAME FUNCTION [VERSION]: start a check, which is silent when all is well
names=() versions=() jobs=()
check() {
	local n=${#names[@]}

	names+=("$1") versions+=("${3-}")
	(
		set +e
		start=$SECONDS rc=0
		"$2" >"$tmp/report.$n" 2>&1 || rc=$?
		echo $((SECONDS - start)) >"$tmp/seconds.$n"
		exit "$rc"
	) &
	jobs+=($!)
}

# results: of the checks that were started, in that order
results() {
	local n rc what

	for n in "${!jobs[@]}"; do
		rc=0
		wait "${jobs[n]}" || rc=$?
		what=$(printf '%-13s %s(%d s)' "${names[n]}" "${versions[n]:+${versions[n]} }" "$(<"$tmp/seconds.$n")")
		if (( rc )) || [[ -s $tmp/report.$n ]]; then
			echo "FAIL $what"
			sed 's/^/     /' "$tmp/report.$n"
			failed=$((failed + 1))
		else
			echo "ok   $what"
			passed=$((passed + 1))
		fi
	done
	names=() versions=() jobs=()
}

lg() { pgit -C "$LINUX" "$@"; }

#
# The series
#

check_apply() { apply_series "$apply"; }

# A refresh of what the patches make would write them, and the copies, as they are
check_refresh() { "$TOP/scripts/refresh.sh" -n -t "$apply"; }

# commits TREE: what its patches are made of
commits() { pgit -C "$1" log --reverse --format='%T%n%an <%ae> %ad%n%B' refs/tags/base..HEAD; }

# What is developed is what is tested
check_tree() {
	# check_refresh knows of the other one that the repository is what it makes
	cmp -s <(commits "$LINUX") <(commits "$apply") && return
	"$TOP/scripts/refresh.sh" -n && return
	echo "build/linux is not the series: make refresh (its commits are right), or make tree (the patches are)"
}

# not_ours PATCH: drop what checkpatch says of lines that PATCH only moves, of
# names in mixed case that mm has already, and of the layout of trace events,
# which is that of all others in the kernel
not_ours() {
	awk -v patch="$1" '
		BEGIN {
			while ((getline line <patch) > 0)
				if (line ~ /^-/)
					removed[substr(line, 2)] = 1
			RS = ""; FS = "\n"
		}
		{
			added = new = 0
			for (i = 1; i <= NF; i++) {
				if ($i ~ /^\+/) {
					added++
					new += !(substr($i, 2) in removed)
				}
			}
			if (added && !new)
				next
			if ($2 ~ /FILE: (include\/trace\/events\/|.*\/trace\.h:)/ &&
			    $1 ~ /^CHECK:(OPEN_ENDED_LINE|PARENTHESIS_ALIGNMENT):/)
				next
			if (match($1, /^CHECK:CAMELCASE: .*<[A-Za-z_0-9]+>$/)) {
				name = $1
				gsub(/.*<|>$/, "", name)
				if (system("git grep -qw " name " refs/tags/base -- mm") == 0)
					next
			}
			print $0 "\n"
		}'
}

# Ignored: FILE_PATH_CHANGES asks whether MAINTAINERS covers a new file, which
# check_maintainers looks up; UNKNOWN_COMMIT_ID needs the history, which the
# cached base kernel does not have.
check_checkpatch() {
	local patch ignore=FILE_PATH_CHANGES

	lg rev-parse -q --verify 'refs/tags/base^' >/dev/null || ignore+=,UNKNOWN_COMMIT_ID
	cd "$src" || return
	# The python3 that has Debian's modules, whatever else is in the way
	local PATH=/usr/bin:$PATH
	# What it said of a patch that has not changed since, make lint-quick believes
	mkdir -p "$BUILD/lint/checkpatch"
	(( quick )) || rm -f "$BUILD"/lint/checkpatch/*
	# shellcheck disable=SC2016 # expanded by that shell
	series | xargs -P "$(nproc)" -I{} sh -c 'sum=$(cat scripts/checkpatch.pl "$4/$3" | sha256sum)
		out=$1/${sum%% *}
		[ -e "$out" ] || scripts/checkpatch.pl --strict --no-signoff --quiet --no-summary \
			--show-types --color=never --ignore "$2" "$4/$3" >"$out.new" 2>&1 ||
			[ -s "$out.new" ] || echo "checkpatch failed" >"$out.new"
		[ -e "$out" ] || mv "$out.new" "$out"
		ln -sf "$out" "$5/$(echo "$3" | tr / :)"' \
		sh "$BUILD/lint/checkpatch" "$ignore" {} "$TOP/patches" "$tmp"
	while read -r patch; do
		not_ours "$TOP/patches/$patch" <"$tmp/${patch//\//:}" >"$tmp/ours"
		[[ ! -s $tmp/ours ]] || { echo "patches/$patch:"; cat "$tmp/ours"; }
	done < <(series)
}

# The words of the messages and of what the patches add, and of this repository:
# checkpatch's own --codespell needs four times as long as all else it does
check_codespell() {
	local patch

	cd "$TOP" || return
	while read -r patch; do
		mkdir -p "$tmp/added/patches/${patch%/*}"
		sed -e '1,/^---$/b' -e '/^+/!d' "patches/$patch" >"$tmp/added/patches/$patch"
	done < <(series)
	repo_files | grep -v '^patches/.*\.patch$' | xargs -d '\n' codespell
	cd "$tmp/added" && codespell patches
}

sections() { (cd "$src" && scripts/get_maintainer.pl --self-test=sections); }

# new_paths < FILES: the directory, once, of those whose directory is new as well. What
# MAINTAINERS says of a directory goes for all that is in it.
new_paths() {
	local file

	while read -r file; do
		if lg cat-file -e "refs/tags/base:${file%/*}" 2>/dev/null; then
			echo "$file"
		else
			echo "${file%/*}/"
		fi
	done | sort -u
}

# Every new file has a section of MAINTAINERS other than the last, and what the
# series adds there names files. The self-test of all patterns takes minutes.
check_maintainers() {
	sections >"$tmp/sections.new"
	new_lines sections
	mkdir "$tmp/maintainers" && cd "$tmp/maintainers" || return
	cp "$src/.git" .
	lg diff refs/tags/base "$tip" -- :/MAINTAINERS | sed -n 's/^+\([FX]:\)/\1/p' >MAINTAINERS
	"$src/scripts/get_maintainer.pl" --self-test=patterns
	cd "$src" || return
	# shellcheck disable=SC2016 # expanded by that shell
	lg diff --no-renames --diff-filter=A --name-only refs/tags/base "$tip" -- . ':!MAINTAINERS' |
		new_paths | xargs -P "$(nproc)" -I{} sh -c 'scripts/get_maintainer.pl --nogit --nogit-fallback \
			--noemail --nol --subsystem -f "$1" 2>&1 | grep -qv "^THE REST\$" ||
			echo "$1: not in MAINTAINERS"' sh {}
}

# Each file of the selftests is installed, and vmtest.sh runs each test
check_selftests() {
	local file tests

	cd "$src/tools/testing/selftests/sys_hotplug" || return
	tests=$(./vmtest.sh -l)
	for file in *; do
		case $file in
		Makefile|config|settings) continue ;;
		esac
		grep -qE "^TEST_.*[ =]$file( |\$)" Makefile || echo "$file: not in its Makefile"
		if [[ -x $file && $file != vmtest.sh ]]; then
			grep -qxF "$file" <<<"$tests" || echo "$file: not in vmtest.sh"
		fi
	done
}

# Nothing that a kernel-doc comment of the base did not say already
kernel_doc() {
	local files

	mapfile -t files < <(cd "$src" && lg diff --no-renames --diff-filter=AM --name-only \
		refs/tags/base "$tip" -- '*.c' '*.h' ':!tools' | while read -r f; do [[ ! -e $f ]] || echo "$f"; done)
	(( ${#files[@]} == 0 )) || (cd "$src" && scripts/kernel-doc -none -Wall "${files[@]}" 2>&1)
}

check_kernel_doc() { kernel_doc >"$tmp/kernel-doc.new"; new_lines kernel-doc; }

check_whitespace() {
	lg diff --check refs/tags/base "$tip"
	cd "$TOP" || return
	repo_files | while read -r f; do
		case $f in
		patches/*.patch|LICENSE) continue ;;
		esac
		grep -qI . "$f" || continue
		grep -InHE '[[:blank:]]+$' "$f"
		[[ ! -s $f || -z $(tail -c 1 "$f") ]] || echo "$f: no newline at the end"
	done
	:
}

# The files of the repository, also those not yet added
repo_files() {
	if [[ -e $TOP/.git ]]; then
		(cd "$TOP" && git ls-files -co --exclude-standard)
	else
		(cd "$TOP" && find . -name build -prune -o -type f -printf '%P\n')
	fi | while read -r f; do [[ ! -f $TOP/$f ]] || echo "$f"; done
}

check_shellcheck() {
	local scripts f

	cd "$TOP" || return
	mapfile -t scripts < <(repo_files | while read -r f; do
		case $f in
		*.sh) echo "$f" ;;
		*.patch) ;;
		*) ! head -n 1 "$f" | grep -aqE '^#!.*\b(ba|da)?sh\b' || echo "$f" ;;
		esac
	done)
	# SC1091: what the copies source is elsewhere in the kernel tree.
	# SC2317: functions that are called through check "..." FUNCTION.
	# That a script is clean which has not changed since, nor what it could source, make
	# lint-quick believes
	mkdir -p "$BUILD/lint/shellcheck"
	(( quick )) || rm -f "$BUILD"/lint/shellcheck/*
	shellcheck --version >"$tmp/sourced"
	cat scripts/lint.sh >>"$tmp/sourced"
	sed -nE 's|^[[:space:]]*\. .*/([^/"]+)"?$|\1|p' "${scripts[@]}" >"$tmp/names"
	for f in "${scripts[@]}"; do
		! grep -qxF "${f##*/}" "$tmp/names" || cat "$f"
	done >>"$tmp/sourced"
	# shellcheck disable=SC2016 # expanded by that shell
	printf '%s\n' "${scripts[@]}" | xargs -P "$(nproc)" -I{} sh -c '
		sum=$({ echo "$3"; cat "$2" "$3"; } | sha256sum)
		clean=$1/${sum%% *}
		[ -e "$clean" ] || {
			shellcheck -x -P SCRIPTDIR -e SC1091,SC2317 -f gcc "$3" && : >"$clean"
		}' sh "$BUILD/lint/shellcheck" "$tmp/sourced" {}
}

#
# The objects
#

# new_lines WHAT: the lines of $tmp/WHAT.new, normalised, that WHAT.base lacks,
# as they were
new_lines() {
	comm -13 <(normalise "$src" <"$tmp/$1.base") <(normalise "$src" <"$tmp/$1.new") | uniq
}

# compile WHICH: messages of W=1 and of sparse on the objects, into $tmp
compile() {
	rm -f "${objs[@]/#/$out/}" "${objs[@]/#/$clang/}"
	kmake "$src" "$out" -s -k W=1 "${objs[@]}" >"$tmp/W=1.$1" 2>&1 ||
		echo "error: W=1 does not compile the $1 kernel" >>"$tmp/W=1.$1"
	kmake "$src" "$out" -s -k W=1 C=2 CHECK="$sparse" "${objs[@]}" >"$tmp/sparse.$1" 2>&1 ||
		echo "error: sparse failed on the $1 kernel" >>"$tmp/sparse.$1"
	LLVM=-$CLANG kmake "$src" "$clang" -s -k W=1 "${objs[@]}" >"$tmp/clang.$1" 2>&1 ||
		echo "error: clang does not compile the $1 kernel" >>"$tmp/clang.$1"
}

configure() {
	"$TOP/scripts/build-kernel.sh" "$@" -c "$src" "$out" >&2 &&
		kmake "$src" "$out" -s prepare >&2 &&
		LLVM=-$CLANG "$TOP/scripts/build-kernel.sh" "$@" -c "$src" "$clang" >&2 &&
		LLVM=-$CLANG kmake "$src" "$clang" -s prepare >&2 &&
		find_objects "$src" "$out" < <(sources refs/tags/base "$tip")
}

check_w1() { new_lines W=1; }
check_clang() { new_lines clang; }
check_sparse() { new_lines sparse; }

# coccicheck WHICH: it takes no files, so a directory that has only those that
# the series touches, and the headers they include from beside them
coccicheck() {
	local dir=$BUILD/lint/coccicheck file

	rm -rf "$dir"
	mkdir -p "$dir"
	(cd "$src" && while read -r file; do
		[[ -e $file ]] || continue
		echo "$file"
		sed -n 's/^#include "\(.*\)"/\1/p' "$file" | sed "s|^|${file%/*}/|"
	done < <(sources refs/tags/base "$tip") | { xargs -d '\n' realpath -e 2>/dev/null || :; } |
		sort -u | sed "s|^$src/||" | xargs -d '\n' cp --parents -t "$dir")
	rm -f "$tmp/spatch"
	kmake "$src" "$out" -s coccicheck MODE=report DEBUG_FILE="$tmp/spatch" M="$dir" >"$tmp/coccicheck.$1" 2>&1 ||
		{ echo "error: coccicheck failed on the $1 kernel"; tail -n 3 "$tmp/spatch"; } >>"$tmp/coccicheck.$1"
}

check_coccicheck() { coccicheck new; new_lines coccicheck; }

# docs WHICH: htmldocs of the documents that the series touches. What they and
# the indices refer to besides is not there, and no warning.
docs() {
	local files

	files=$(lg diff --no-renames --diff-filter=AM --name-only refs/tags/base "$tip" -- 'Documentation/*.rst' |
		sed 's|^Documentation/||' | paste -sd ,)
	rm -rf "$out/Documentation/output"
	{
		PATH=/usr/bin:$PATH kmake "$src" "$out" -s htmldocs \
			SPHINXOPTS="-D include_patterns=index.rst,admin-guide/abi-testing*.rst,$files -D exclude_patterns=netlink/**" ||
			echo "error: htmldocs failed on the $1 kernel"
		cd "$src"
		tools/docs/get_abi.py --dir Documentation/ABI validate || :
		tools/docs/documentation-file-ref-check --warn || :
	} 2>&1 | sed '/toctree contains reference to nonexisting document/d' | sort -u >"$tmp/docs.$1"
}

check_docs() { docs new; new_lines docs; }

# kconfig WHICH: what kconfig says of any configuration, and symbols that the
# touched files name and nobody defines
kconfig() {
	local files target

	files=$(lg diff --no-renames --name-only refs/tags/base "$tip" | paste -sd '|')
	for target in allnoconfig allyesconfig allmodconfig; do
		kmake "$src" "$BUILD/lint/kconfig" -s "$target" || echo "error: $target failed on the $1 kernel"
	done >"$tmp/kconfig.$1" 2>&1
	(
		cd "$src"
		perl scripts/kconfig/kconfig-sym-check.pl . || :
		scripts/checkkconfigsymbols.py -i "(?!($files)\$)" |
			awk 'BEGIN { RS = ""; FS = "\n" } { print "undefined: " $1 " (" $2 ")" }'
	) >>"$tmp/kconfig.$1" 2>&1
}

check_kconfig() { kconfig new; new_lines kconfig; }

say "lint: the series"
check apply check_apply "$(git --version | cut -d' ' -f3)"
results
if (( failed )); then
	# Nothing else means anything
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi
tip=$(lg -C "$apply" rev-parse HEAD)
check refresh check_refresh
check tree check_tree
worktree "$src" refs/tags/base
kernel_doc >"$tmp/kernel-doc.base" || :
sections >"$tmp/sections.base"
if (( ! quick )); then
	say "lint: compiling the base of what the series touches"
	configure -b || die "the unpatched kernel cannot be configured"
	compile base
	say "lint: coccicheck, documents and Kconfig of the base"
	coccicheck base
	docs base
	kconfig base
fi
worktree "$src" "$tip"
check checkpatch check_checkpatch "$(cd "$src" && scripts/checkpatch.pl --version | sed -n 's/^Version: //p')"
check codespell check_codespell "$(codespell --version)"
check maintainers check_maintainers
check selftests check_selftests
check kernel-doc check_kernel_doc
check whitespace check_whitespace
check shellcheck check_shellcheck "$(shellcheck --version | sed -n 's/^version: //p')"
results
if (( ! quick )); then
	say "lint: compiling what the series touches"
	configure || die "the patched kernel cannot be configured"
	compile new
	check W=1 check_w1 "gcc $(gcc -dumpfullversion), ${#objs[@]} objects"
	check W=1 check_clang "$("clang-$CLANG" --version | sed -n '1s/.*version \([0-9.]*\).*/clang \1/p')"
	check sparse check_sparse "$(cat "$CACHE/sparse/version" 2>/dev/null || "$sparse" --version)"
	check coccicheck check_coccicheck "$(spatch --version | sed -n '1s/^spatch version \([^ ]*\).*/\1/p')"
	check htmldocs check_docs "$(PATH=/usr/bin:$PATH sphinx-build --version)"
	check kconfig check_kconfig
	results
	(( ${#skipped[@]} == 0 )) || echo "     not compiled on their own in this configuration: ${skipped[*]}"
fi
pgit -C "$LINUX" worktree remove -f "$apply"
echo "$passed passed, $failed failed, 0 skipped"
(( failed == 0 ))
