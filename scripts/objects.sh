# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by lint.sh and bisect.sh: which objects the series touches.

# sources COMMIT COMMIT: the C files of the kernel that differ and still exist
sources() {
	pgit -C "$LINUX" diff --no-renames --diff-filter=AM --name-only "$1" "$2" -- '*.c' |
		sed -E '/^(tools|samples|scripts|Documentation|usr)\//d'
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
		[[ -n ${made[$dir]-} ]] ||
			made[$dir]=" $(make -s -f "$TOP/scripts/objects.mk" -C "$out" \
				srctree="$src" dir="$dir" | tr '\n' ' ')"
		if [[ ${made[$dir]} == *" ${file%.c}.o "* ]]; then
			objs+=("${file%.c}.o")
		else
			skipped+=("$file")
		fi
	done
}
