#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vmtests.sh VMTEST LOGS ARGUMENT...: run "VMTEST ARGUMENT..." for all its tests, a
# VM per CPU of this machine at a time, four at most. What each of them says
# goes to LOGS/N.log as well.
set -uo pipefail

vmtest=$1 logs=$2
shift 2

n=$(nproc)
(( n <= 4 )) || n=4
mkdir -p "$logs"
mapfile -t tests < <("$vmtest" -l)

for ((i = 0; i < n; i++)); do
	mine=()
	for ((t = i; t < ${#tests[@]}; t += n)); do
		mine+=("${tests[t]}")
	done
	"$vmtest" "$@" -o "$logs/$i" "${mine[@]}" 2>&1 | tee "$logs/$i.log" &
done
wait

# One that ended without a result counts as a failure
for ((i = 0; i < n; i++)); do
	sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$logs/$i.log" |
		grep . || echo "0 1 0"
done | awk '{ p += $1; f += $2; s += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit (f > 0) }'
