#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vmtests.sh VMTEST LOGS ARGUMENT...: run "VMTEST ARGUMENT..." for all its tests, a
# VM per CPU of this machine at a time, four at most. What each call says goes to
# LOGS/NAME.log as well, where NAME is the test that has a VM of its own.
set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

vmtest=$1 logs=$2
shift 2

n=$(nproc)
(( n <= 4 )) || n=4
mkdir -p "$logs"

# A line a call, "NAME TEST...": first those with most cases, so that none of them is
# left to the end; tests that share a VM are divided among as many as run at a time
queue() {
	local test i=0 shared=()

	while read -r test; do
		if grep -q '^# vmtest: ' "${vmtest%/*}/$test"; then
			printf '%s %s %s\n' "$(sed -n 's/^# vmtest: cases=//p' "${vmtest%/*}/$test" | wc -w)" \
				"${test%.sh}" "$test"
		else
			shared[i++ % n]+=" $test"
		fi
	done < <("$vmtest" -l)
	for i in "${!shared[@]}"; do
		printf '2 0-shared%s%s\n' "$i" "${shared[i]}"
	done
}

next() {
	local line

	exec 9>>"$logs/lock"
	flock 9
	line=$(head -n 1 "$logs/queue")
	[[ -n $line ]] || return
	sed -i 1d "$logs/queue"
	echo "$line"
}

run() {
	local tests

	while read -r -a tests < <(next); do
		"$vmtest" "$@" -o "$logs/${tests[0]}" "${tests[@]:1}" 2>&1 | tee "$logs/${tests[0]}.log"
		keep_accel "$logs/${tests[0]}.log"
	done
}

queue | sort -s -k 1,1nr | cut -d' ' -f 2- >"$logs/queue"
cp "$logs/queue" "$logs/calls"
for ((i = 0; i < n; i++)); do
	run "$@" &
done
wait

# One that ended without a result counts as a failure
while read -r name _; do
	sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$logs/$name.log" |
		grep . || echo "0 1 0"
done <"$logs/calls" | awk '{ p += $1; f += $2; s += $3 }
	END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit (f > 0) }'
