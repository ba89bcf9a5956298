# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by lint.sh, bisect.sh and matrix.sh: which objects the series touches.

# sources COMMIT COMMIT: the C files of the kernel that differ and still exist
sources() {
	pgit -C "$LINUX" diff --no-renames --diff-filter=AM --name-only "$1" "$2" -- '*.c' |
		sed -E '/^(tools|samples|scripts|Documentation|usr)\//d'
}

case ${ARCH:-x86} in
i386|x86_64) srcarch=x86 ;;
*) srcarch=${ARCH:-x86} ;;
esac

# made_in DIR: is what kbuild makes of each directory, cached in made[]
made_in() {
	[[ -n ${made[$1]-} ]] || made[$1]=" $(make -s -f "$TOP/scripts/objects.mk" -C "$out" \
		srctree="$src" SRCARCH="$srcarch" dir="$1" | tr '\n' ' ')"
}

# reached DIR: kbuild gets there
reached() {
	local up=$1

	[[ $1 == */* && $1 != arch/$srcarch ]] || return 0
	while [[ $up == */* ]]; do
		up=${up%/*}
		[[ -e $src/$up/Makefile || -e $src/$up/Kbuild ]] || continue
		made_in "$up"
		if [[ ${made[$up]} == *" $1/ "* ]] && reached "$up"; then
			return 0
		fi
	done
	return 1
}

# find_objects SOURCE OUTPUT < FILES: the objects of those that OUTPUT's
# configuration compiles into objs, the others into skipped
find_objects() {
	local src=$1 out=$2 file dir
	declare -A made

	objs=() skipped=()
	while read -r file; do
		[[ -e $src/$file ]] || continue
		dir=${file%/*}
		made_in "$dir"
		if [[ ${made[$dir]} == *" ${file%.c}.o "* ]] && reached "$dir"; then
			objs+=("${file%.c}.o")
		else
			skipped+=("$file")
		fi
	done
}

# normalise SOURCE: put the warnings of both kernels into one form: without line numbers, which
# move, and without the places that a message mentions besides its own
normalise() {
	sed -E -e "s|$1/||g; s|\.\./linux/||g" \
		-e 's/:[0-9]+(:[0-9]+(-[0-9]+)?)?: /: /' -e 's/\b(line |on line |:)[0-9]+//g' \
		-e '/^make.*: (Entering|Leaving|Target) |^ *[0-9]* \||^ *\|/d' | sort
}
