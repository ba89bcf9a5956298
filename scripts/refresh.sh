#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# refresh.sh [-n] [-q] [-t TREE]
#
# Write the commits base..HEAD of build/linux (or TREE) as patches/<part>/NNNN-*.patch,
# series and patches/MAP.md, and make the copies selftests/, Documentation/ and MAINTAINERS.snippet.
# -n only says what would change, and fails if anything would; -q says nothing.
#
# A commit stays in the part of the patch with its subject, or else with its
# diff. A new one joins the commit before it (the first: the one after it), or
# the part given by PART=DIRECTORY in the environment.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

# What make bench keeps there
figures=Documentation/figures

check=0 quiet=0 tree=$LINUX
while getopts nqt: opt; do
	case $opt in
	n) check=1 ;;
	q) quiet=1 ;;
	t) tree=$OPTARG ;;
	*) die "usage: refresh.sh [-n] [-q] [-t TREE]" ;;
	esac
done

tg() { pgit -C "$tree" "$@"; }

# The patches of base..HEAD, one file a commit, all in one directory. Every
# option that a configuration or another version of git could change is given;
# the hunk headers of C files, too, which .gitattributes leaves to git, and which
# a tree without files does not have.
format() {
	printf '%s\n' '*.c diff=cpp' '*.h diff=cpp' >"$tmp/attributes"
	tg -c core.attributesFile="$tmp/attributes" -c diff.cpp.xfuncname=$'!^[A-Za-z_][A-Za-z_0-9]*:[[:space:]]*$\n^[[:alpha:]_].*' \
	   -c diff.cpp.wordRegex=. -c core.quotePath=true -c i18n.logOutputEncoding=UTF-8 \
	   -c diff.noprefix=false -c diff.mnemonicPrefix=false -c diff.suppressBlankEmpty=false \
	   -c diff.statNameWidth=0 -c diff.statGraphWidth=0 \
		format-patch -q -o "$1" --no-numbered --start-number=1 --subject-prefix=PATCH \
		--zero-commit --no-signature --no-base --no-thread --no-cover-letter --no-attach \
		--no-to --no-cc --no-notes --encode-email-headers --filename-max-length=64 \
		--stat=72 --summary -p --full-index --no-color --no-ext-diff --no-textconv \
		--find-renames=50% --unified=3 --inter-hunk-context=0 --diff-algorithm=myers \
		--indent-heuristic --src-prefix=a/ --dst-prefix=b/ --no-relative -O/dev/null \
		refs/tags/base..HEAD
}

slug() { local s=${1##*/}; s=${s%.patch}; echo "${s#[0-9][0-9][0-9][0-9]-}"; }

patch_id() { pgit patch-id --stable <"$1" | cut -d' ' -f1; }

# Fills by_id[] of assign_parts
known_ids() {
	local p id

	by_id[none]=
	while read -r p; do
		[[ -e $TOP/patches/$p ]] || continue
		id=$(patch_id "$TOP/patches/$p")
		by_id[${id:-none}]=${p%%/*}
	done < <(series)
}

# Fills part[] for raw[]
assign_parts() {
	local i p last='' known
	declare -A by_slug by_id=() seen

	while read -r p; do
		by_slug[$(slug "$p")]=${p%%/*}
	done < <(series)

	for i in "${!raw[@]}"; do
		part[i]=${by_slug[$(slug "${raw[i]}")]-}
		[[ -n ${part[i]} ]] && continue
		(( ${#by_id[@]} )) || known_ids
		known=$(patch_id "${raw[i]}")
		part[i]=${by_id[${known:-none}]-}
		[[ -n ${part[i]} ]] || part[i]=${PART-}
	done
	# New ones: from the one before, or from the first one that is known
	for i in "${!raw[@]}"; do
		[[ -n ${part[i]} ]] && { last=${part[i]}; break; }
	done
	for i in "${!raw[@]}"; do
		[[ -n ${part[i]} ]] || part[i]=$last
		[[ -n ${part[i]} ]] ||
			die "$(slug "${raw[i]}") is new and so is every other commit: say PART=DIRECTORY"
		if [[ ${part[i]} != "$last" ]]; then
			[[ -z ${seen[${part[i]}]-} ]] ||
				die "$(slug "${raw[i]}") is part ${part[i]}, but $last comes between: reorder, or say PART="
		fi
		last=${part[i]}
		seen[$last]=1
	done
}

write_patches() {
	local i n=0 last='' name

	printf '# base: v%s\n' "$BASE_VERSION" >"$new/series"
	for i in "${!raw[@]}"; do
		if [[ ${part[i]} != "$last" ]]; then
			last=${part[i]} n=0
			mkdir -p "$new/patches/$last"
			printf '\n# part %s\n' "$last" >>"$new/series"
		fi
		n=$((n + 1))
		name=$(printf '%s/%04d-%s.patch' "$last" "$n" "$(slug "${raw[i]}")")
		mv "${raw[i]}" "$new/patches/$name"
		echo "$name" >>"$new/series"
	done
}

# patches/MAP.md: of each patch the subject, the first sentence and the files
write_map() {
	local patch part last=''

	printf '# Map of the series\n\nWritten by "make refresh": each patch, how its message begins, and the files it touches.\n'
	while read -r patch; do
		part=${patch%%/*}
		if [[ $part != "$last" ]]; then
			last=$part
			printf '\n## %s: %s\n\n' "$part" "$(head -n 1 "$TOP/patches/$part/cover-letter.txt")"
		fi
		awk -v path="$patch" '
			function text(s) { gsub(/[*<|`]/, "\\\\&", s); return s }
			/^Subject: /, /^$/ {
				sub(/^Subject: \[PATCH\] /, "")
				subject = subject (/^$/ ? "" : $0)
				if (/^$/)
					body = 1
				next
			}
			/^---$/ { body = 0 }
			# Indented: what was typed or printed
			body && /^[^[:space:]]/ && sentence !~ /[.?!] $/ {
				sentence = sentence $0 " "
				if (match(sentence, /[.?!] /))
					sentence = substr(sentence, 1, RSTART + 1)
			}
			/^diff --git / { files = files (files ? ", `" : "`") substr($4, 3) "`" }
			END {
				sub(/ $/, "", sentence)
				printf "- [%s](%s)\n\n  %s\n\n  %s\n", text(subject), path, text(sentence), files
			}' "$new/patches/$patch"
	done < <(grep '\.patch$' "$new/series")
}

# What the series adds, as files to read. git archive looks at all of the tree, so once.
write_copies() {
	local paths

	mapfile -t paths < <(tg diff --no-renames --diff-filter=A --name-only refs/tags/base HEAD -- \
		tools/testing/selftests/sys_hotplug Documentation)
	if (( ${#paths[@]} )); then
		tg archive HEAD -- "${paths[@]}" | tar -x -C "$tmp/copies"
	fi
	if [[ -d $tmp/copies/tools ]]; then
		mv "$tmp/copies/tools/testing/selftests/sys_hotplug" "$new/selftests"
	fi
	if [[ -d $tmp/copies/Documentation ]]; then
		mv "$tmp/copies/Documentation" "$new"
	fi
	tg diff -U0 --no-color --no-ext-diff --diff-algorithm=myers refs/tags/base HEAD -- MAINTAINERS |
		sed -n -e '/^+++ /d' -e 's/^+//p' >"$new/MAINTAINERS.snippet"
	[[ -s $new/MAINTAINERS.snippet ]] || rm "$new/MAINTAINERS.snippet"
}

# What a refresh owns below a directory: names, contents, who may run it
inventory() {
	local path files sum x

	(
		cd "$1"
		mapfile -t files < <(for path in patches selftests Documentation series MAINTAINERS.snippet; do
			[[ ! -e $path ]] || find "$path" -path "$figures" -prune -o -type f -print
		done | sed '/^patches.*cover-letter.txt$/d' | LC_ALL=C sort)
		(( ${#files[@]} )) || return 0
		sha256sum -- "${files[@]}" | while read -r sum path; do
			x=
			[[ ! -x $path ]] || x=x
			printf '%s %s %s\n' "$path" "$x" "$sum"
		done
	)
}

tg rev-parse -q --verify 'refs/tags/base^{commit}' >/dev/null || die "$tree has no tag base: run make tree"
tg merge-base --is-ancestor refs/tags/base HEAD || die "the tag base is not below HEAD in $tree"
[[ -z $(tg rev-list --merges refs/tags/base..HEAD) ]] || die "there are merges in base..HEAD of $tree"
[[ ! -d $(tg rev-parse --absolute-git-dir)/rebase-merge ]] || die "a rebase is going on in $tree"

tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
new=$tmp/new
mkdir -p "$tmp/raw" "$new/patches" "$tmp/copies"
format "$tmp/raw"
shopt -s nullglob
raw=("$tmp"/raw/*.patch) part=()
assign_parts
write_patches
write_map >"$new/patches/MAP.md"
write_copies

inventory "$TOP" >"$tmp/old.list"
inventory "$new" >"$tmp/new.list"
# "< file" goes, "> file" comes, a changed one does both
changes=$({ diff "$tmp/old.list" "$tmp/new.list" || :; } | sed -n 's/^\([<>] [^ ]*\).*/\1/p' |
	awk '{ s[$2] = s[$2] $1 } END { for (f in s) print (s[f] == "<" ? "  gone: " : s[f] == ">" ? "  new: " : "  changed: ") f }' | sort)

(( quiet )) || [[ -z $changes ]] || printf '%s\n' "$changes" >&2
if (( check )); then
	[[ -z $changes ]]
	exit
fi

if [[ -n $changes ]]; then
	[[ ! -d $TOP/patches ]] || find "$TOP/patches" -name '*.patch' -delete
	rm -rf "$TOP/selftests" "$TOP/MAINTAINERS.snippet"
	[[ ! -d $TOP/Documentation ]] ||
		find "$TOP/Documentation" -type f ! -path "$TOP/$figures/*" -delete
	cp -r "$new"/. "$TOP"/
fi
if [[ $tree = "$LINUX" ]]; then
	tg update-ref refs/sys-hotplug/applied HEAD
	[[ -z $(tg status --porcelain --untracked-files=no | head -n 1) ]] ||
		say "refresh: what is not committed in build/linux is not in the patches"
fi
(( quiet )) || say "refresh: $(series | wc -l) patches, $(printf '%s' "$changes" | grep -c '' || :) files changed"
