#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Write each part of the series as a thread of mails into build/outgoing/<part>/,
# and as build/outgoing/<part>.mbox. To and Cc of each are what get_maintainer.pl
# says of it; the cover letter goes to all of them. What is in the user's git
# configuration (who sends, format.signOff) counts. Sends nothing.
#
# A cover letter ends with trailers as b4 has them: "change-id:", and a
# "prerequisite-change-id:" for each part that has to be there before. A part
# without these is made for the base alone.
#
# git am of the mails has to give the same tree as the patches.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

out=$BUILD/outgoing scratch=$BUILD/send

trailer() { sed -n "s/^$2: //p" "$TOP/patches/$1/cover-letter.txt"; }

# needs PART: the parts before it that it is on top of
needs() {
	local part id

	while read -r id; do
		for part in "${parts[@]}"; do
			[[ $(trailer "$part" change-id) != "${id%:v*}" ]] || echo "$part"
		done
	done < <(trailer "$1" prerequisite-change-id)
}

# patches_of PART...
patches_of() {
	local part

	for part; do
		series | grep "^$part/"
	done
}

get_maintainer() {
	(cd "$LINUX" && scripts/get_maintainer.pl --nogit --nogit-fallback \
		--nogit-chief-penguins --norolestats "$@" 2>/dev/null) | sort -u
}

# header NAME < ADDRESSES
header() { sed -e "1s/^/$1: /" -e '1!s/^/\t/' -e '$!s/$/,/'; }

# address PART: To and Cc into its mails
address() {
	local mail mails=("$out/$1"/*.patch)

	for mail in "${mails[@]:1}"; do
		get_maintainer --nol "$mail" >"$tmp/to" &
		get_maintainer --nom "$mail" >"$tmp/cc"
		wait
		[[ -s $tmp/to && -s $tmp/cc ]] || die "$mail: get_maintainer.pl knows nobody"
		cat "$tmp/to" >>"$tmp/$1.to"
		cat "$tmp/cc" >>"$tmp/$1.cc"
		{ header To <"$tmp/to"; header Cc <"$tmp/cc"; } >"$mail.head"
	done
	sort -u "$tmp/$1.to" >"$tmp/to"
	sort -u "$tmp/$1.cc" | comm -13 "$tmp/to" - >"$tmp/cc"
	{ header To <"$tmp/to"; header Cc <"$tmp/cc"; } >"${mails[0]}.head"
	for mail in "${mails[@]}"; do
		sed -i -e "1r $mail.head" "$mail"
		rm "$mail.head"
	done
}

# trailers PART: after the base commit, or instead of one that nobody else has
trailers() {
	local cover=$out/$1/0000-cover-letter.patch

	grep -E "^(prerequisite-)?change-id: " "$TOP/patches/$1/cover-letter.txt" >"$tmp/trailers" || :
	sed -i -e "/^base-commit: /r $tmp/trailers" "$cover"
	[[ -z $tarball ]] || sed -i "s/^base-commit: .*/Base: v$BASE_VERSION (made from the tarball of $tarball)/" "$cover"
}

# same_tree TREE COMMIT MBOX...: that is what git am makes of them on top of COMMIT
same_tree() {
	bare_worktree "$scratch" "$2"
	pgit -C "$scratch" am -q --empty=drop "${@:3}"
	[[ $(pgit -C "$scratch" rev-parse "HEAD^{tree}") = "$1" ]] ||
		die "git am of ${*:3} does not give what the patches give"
}

mail_part() {
	local part=$1 before patches n tree

	mapfile -t before < <(needs "$part")
	n=$(patches_of "$part" | wc -l)
	mapfile -t patches < <(patches_of "${before[@]}" "$part")
	apply_series "$scratch" "${patches[@]}" ||
		die "$part does not apply to the base and ${before[*]:-no other part}"
	tree=$(pgit -C "$scratch" rev-parse "HEAD^{tree}")
	pgit -C "$LINUX" branch -q -f send "$(pgit -C "$scratch" rev-parse HEAD)"

	git -C "$LINUX" -c branch.send.description="$(sed '/^\(prerequisite-\)\?change-id: /d' "$TOP/patches/$part/cover-letter.txt")" \
		format-patch -q -o "$out/$part" --cover-letter --cover-from-description=subject \
		--thread=shallow --base=refs/tags/base "send~$n..send"
	trailers "$part"
	address "$part"
	cat "$out/$part"/*.patch >"$out/$part.mbox"
	same_tree "$tree" "send~$n" "$out/$part.mbox"
	say "send: $part: $n patches on top of the base${before[*]:+ and }${before[*]}," \
		"to $(sort -u "$tmp/to" "$tmp/cc" | wc -l) people and lists"
}

"$TOP/scripts/refresh.sh" -n -q || die "build/linux is not the series: make refresh, or make tree"
mapfile -t parts < <(series | cut -d/ -f1 | uniq)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
rm -rf "$out"
mboxes=()

# That of get-kernel.sh is a commit of its own
tarball=
[[ $(pgit -C "$LINUX" log -1 --format=%ce refs/tags/base) != base@localhost ]] ||
	tarball=$(pgit -C "$LINUX" log -1 --format=%s refs/tags/base)

if ! git -C "$LINUX" var GIT_COMMITTER_IDENT >/dev/null 2>&1; then
	say "send: git does not know who you are (user.name, user.email): the mails are from who wrote the patches"
	GIT_COMMITTER_NAME=$(pgit -C "$LINUX" log -1 --format=%an)
	GIT_COMMITTER_EMAIL=$(pgit -C "$LINUX" log -1 --format=%ae)
	export GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL
fi

for part in "${parts[@]}"; do
	mail_part "$part"
	mboxes+=("$out/$part.mbox")
done
same_tree "$(pgit -C "$LINUX" rev-parse "HEAD^{tree}")" refs/tags/base "${mboxes[@]}"
pgit -C "$LINUX" worktree remove -f "$scratch"
pgit -C "$LINUX" branch -q -D send
say "send: build/outgoing: git am makes the same trees of the mails as of the patches"
[[ -z $tarball ]] ||
	say "send: the base is a tarball: \"make tree KERNEL_TREE=DIR BASE=v$BASE_VERSION\" first gives them a base-commit"
[[ $(git -C "$LINUX" config --type=bool format.signOff) = true ]] ||
	say "send: no Signed-off-by: \"git config --global format.signOff true\" first adds yours, which certifies the DCO"
say "send: git send-email --no-thread --suppress-cc=self build/outgoing/PART/*.patch"
