#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# stress.sh: for MINUTES (default 10), rounds in which many actors disturb the hot-plug,
# and one another; each round is a VM. What they are is in stress-guest.sh. DIMMs come and
# go in all rounds, CPUs and a container in turns; of the rest, each round has about
# one half, drawn by SEED, which repeats a run.
#
# ACTORS="..."	these in every round; the figures are in a file of their own
# ROUND=SECONDS	what a round lasts (default 180)
# PAIRS=N	instead, N of the pairs of dimm, cpu or container and another actor (but cpu
#		and container), alone for a minute
# JOBS=N	VMs at a time (default 1; with PAIRS, one for each CPU of this machine)
# KERNEL=PATH	a kernel's build directory or bzImage, instead of one with
#		kernel-config/stress.config
#
# The log, the trace and the seed of a round are in build/stress/log/ROUND.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

out=$BUILD/stress
guest=$out/guest
figures=$TOP/Documentation/figures
vmtest=$LINUX/tools/testing/selftests/sys_hotplug/vmtest.sh
seed=${SEED:-$((RANDOM * 32768 + RANDOM))}
round_seconds=${ROUND:-180}
# For what comes before and after the storm
round_extra=1500

hotplug=(cpu container)
# Whether the data is still the same is checked in every round
always=(data)
others=(vmem sleep eject check cancel cpuwrite memwrite pressure thp hugetlb swap cgroup
	affinity perf module fault load)

build() {
	if [[ -n ${KERNEL-} ]]; then
		kernel=$(realpath "${KERNEL%/arch/x86/boot/bzImage}")
	else
		kernel=$out/kernel
		"$TOP/scripts/build-kernel.sh" "$LINUX" "$kernel" "$TOP/kernel-config/stress.config"
		kmake "$LINUX" "$kernel" modules >"$out/modules.log" 2>&1 ||
			{ cat "$out/modules.log" >&2; die "the modules do not build"; }
	fi
	find_image "$kernel"
}

# What vmtest.sh runs as a directory of tests
make_guest() {
	rm -rf "$guest"
	mkdir -p "$guest"
	cp "$TOP/qemu-scripts/stress-guest.sh" "$guest/stress-test.sh"
	cp "${vmtest%/*}/container.asl" "$guest/"
	cp "$kernel"/arch/x86/kernel/{cpuid,msr}.ko "$guest/" 2>/dev/null || :
	copy_program stress-ng "$guest"
	gcc -static -O2 -Wall -o "$guest/stress-perf" "$TOP/qemu-scripts/stress-perf.c"
}

# round NAME SEED SECONDS ACTOR...
round() {
	local name=$1 log=$out/log/$1 rc=0
	export SYS_HOTPLUG_STRESS_SEED=$2 SYS_HOTPLUG_STRESS_SECONDS=$3
	shift 3

	mkdir -p "$log"
	say "$name: seed $SYS_HOTPLUG_STRESS_SEED, $SYS_HOTPLUG_STRESS_SECONDS s"
	SYS_HOTPLUG_STRESS_ACTORS="$*" kselftest_override_timeout=$((SYS_HOTPLUG_STRESS_SECONDS + round_extra)) \
		"$vmtest" -k "$image" -o "$log" -x "$guest" 2>&1 | tee "$log/output" |
		sed -nuE "s/^# stress: ([0-9]+ s: .*|seed .*|SKIP .*)/   $name: \1/p" >&2 || rc=$?
	sed -n "s/^# stress: /$name /p" "$log/output" >"$log/results"
	# The last line of a round that has ended
	grep -q "^ok 1 " "$log/output" || rc=1
	if (( rc )); then
		echo "$name failed" >>"$log/results"
		say "$name FAILED: build/stress/log/$name, repeat with SEED=$seed"
		grep -m 40 -E '^# (not ok|# )|^not ok|^# The kernel|^#   [0-9]+[:-]' "$log/output" >&2 || :
	fi
}

# At most JOBS of them in the background
next_round() {
	while (( $(jobs -rp | wc -l) >= jobs )); do
		wait -n
	done
	[[ ! -e $out/log/$latest/output ]] || keep_accel "$out/log/$latest/output"
	latest=$1
	round "$@" &
}

storms() {
	local nr actor actors left=$((${MINUTES:-10} * 60)) seconds

	for ((nr = 1; left > 0; nr++)); do
		RANDOM=$((seed + nr))
		actors=(dimm "${hotplug[nr % 2]}" "${always[@]}")
		for actor in "${others[@]}"; do
			(( RANDOM % 2 )) || actors+=("$actor")
		done
		read -r -a actors <<<"${ACTORS:-${actors[*]}}"
		seconds=$((left < round_seconds ? left : round_seconds))
		left=$((left - seconds))
		next_round "$nr" $((seed + nr * 100)) "$seconds" "${actors[@]}"
	done
}

# Each other actor with one of dimm, cpu and container, then with the next of them
pairs() {
	local pair i turn first=(dimm "${hotplug[@]}") all=()

	for pair in "${hotplug[@]}"; do
		all+=("dimm $pair")
	done
	for turn in "${!first[@]}"; do
		for i in "${!others[@]}"; do
			all+=("${first[(i + turn) % ${#first[@]}]} ${others[i]}")
		done
	done
	for pair in "${all[@]:0:PAIRS}"; do
		# shellcheck disable=SC2086
		next_round "${pair/ /-}" "$seed" 60 $pair "${always[@]}"
	done
}

# Requests by operation and device: how many, how many of them succeeded, and how
# long these took
by_operation() {
	awk '$2 == "request" { print $3, $4, $5, $7 }' "$out/results" | sort -k 1,2 -k 4n |
		awk '
		function row() {
			if (!n)
				return
			printf "| %-7s | %-13s | %8d | %9d | %5.1f %% | %8s | %8s |\n", op, what, n, ok,
				100 * ok / n, ok ? ms[int((ok + 1) / 2)] : "-",
				ok ? ms[int((ok * 99 + 99) / 100)] : "-"
			n = ok = 0
		}
		$1 != op || $2 != what { row(); op = $1; what = $2 }
		{ n++ }
		$3 == 0 { ms[++ok] = $4 }
		END { row() }'
}

by_result() {
	awk '$2 == "request" { print $3, $5, $6 }' "$out/results" | sort | uniq -c | sort -k 2,2 -k 1nr |
		awk '{ printf "| %-7s | %5d | %-42s | %8d |\n", $2, $3, $4, $1 }'
}

by_actor() {
	awk '$2 == "actor" { n[$3] += $4; errors[$3] += $5; rounds[$3]++ }
	     END {
		for (a in n)
			printf "| %-9s | %6d | %7d | %6d |\n", a, rounds[a], n[a], errors[a]
	     }' "$out/results" | sort
}

by_pair() {
	awk -v failed=" ${failed[*]} " '
	     $2 == "actor" { count[$1] = count[$1] " " $3 "=" $4; next }
	     $2 == "request" { n[$1]++; ok[$1] += $5 == 0 }
	     END {
		for (p in count)
			printf "| %-20s |%-43s | %8d | %9d | %-6s |\n", p, count[p], n[p], ok[p],
				index(failed, " " p " ") ? "FAILED" : "clean"
	     }' "$out/results" | sort
}

# The container has three CPUs and three memory devices
summary() {
	awk '
		$2 == "request" && $3 == "remove" && $5 == 0 {
			if ($4 ~ /^DIMM/) dimms++
			if ($4 == "CPU") cpus++
			if ($4 == "container") containers++
		}
		$2 == "request" { n++; ok += $5 == 0; lost += $8 }
		$2 == "memory" {
			split($3, total, "=")
			split($4, slab, "=")
			if (total[2]) differs++
			if (slab[2] > most || !rounds) most = slab[2]
			rounds++
		}
		$2 == "leaks" { scanned = 1; leaks += $3 }
		END {
			print "| | |"
			print "|---|---|"
			printf "| requests | %d, of them %d succeeded |\n", n, ok
			printf "| memory devices removed | %d, of them %d in %d containers |\n",
				dimms + 3 * containers, 3 * containers, containers
			printf "| CPUs removed | %d, of them %d in %d containers |\n", cpus + 3 * containers,
				3 * containers, containers
			printf "| devices not restored by a rollback | %d |\n", lost
			printf "| rounds whose MemTotal has changed | %d of %d |\n", differs, rounds
			printf "| slab at the end of a round | at most %+d KiB |\n", most
			printf "| kmemleak | %s |\n", scanned ? leaks + 0 " reports" : "not in this kernel"
		}' "$out/results"
	printf '| rounds with a failure | %d%s |\n' ${#failed[@]} "${failed[*]:+: ${failed[*]}}"
}

document() {
	cat <<-END
	# $1

	Written by

	    make stress $2

	| | |
	|---|---|
	| series | $(pgit -C "$LINUX" rev-list --count refs/tags/base..HEAD) patches up to "$(pgit -C "$LINUX" log -1 --format=%s)" |
	| kernel | ${KERNEL:-kernel-config/vm.config and kernel-config/stress.config} |
	| guest | 6 CPUs, 1.6 GiB besides DIMMs of 1024, 512 and 256 MiB and 384 MiB in the container |
	$(host_row)

	$(summary)
	END
	if [[ -n ${PAIRS-} ]]; then
		cat <<-END

		Two actors at a time, and one that rewrites the data and compares its checksums.

		| pair                 | actions                                    | requests | succeeded | result |
		|----------------------|--------------------------------------------|---------:|----------:|--------|
		$(by_pair)
		END
	fi
	cat <<-END

	Requests are refused, cancelled, and made to fail by the actors: the success rate shows how much, and not how reliable an undisturbed
	request is. The durations, in milliseconds, are those of the requests that succeeded.

	| request | device        | requests | succeeded |    rate |  p50, ms |  p99, ms |
	|---------|---------------|---------:|----------:|--------:|---------:|---------:|
	$(by_operation)

	| request | error | phase/handler/reason                       | requests |
	|---------|------:|--------------------------------------------|---------:|
	$(by_result)

	| actor     | rounds | actions | errors |
	|-----------|-------:|--------:|-------:|
	$(by_actor)
	END
}

[[ -x $vmtest ]] || die "the series in build/linux has no vmtest.sh"
build
make_guest
rm -rf "$out/log"
mkdir -p "$out/log"
say "stress: SEED=$seed"
latest=
if [[ -n ${PAIRS-} ]]; then
	jobs=${JOBS:-$(nproc)}
	pairs
else
	jobs=${JOBS:-1}
	storms
fi
wait
keep_accel "$out/log/$latest/output"
cat "$out"/log/*/results >"$out/results"
mapfile -t failed < <(sed -n 's/ failed$//p' "$out/results")
if [[ -n ${PAIRS-} ]]; then
	figure=$figures/stress-pairs.md
	document "Pairs of actors under stress" "PAIRS=$PAIRS SEED=$seed" >"$figure"
else
	figure=$figures/stress${ACTORS:+-actors}.md
	document "Hot-plug under stress" \
		"MINUTES=${MINUTES:-10} SEED=$seed${ROUND:+ ROUND=$ROUND}${JOBS:+ JOBS=$JOBS}${ACTORS:+ ACTORS=\"$ACTORS\"}" >"$figure"
fi
cat "$figure"
(( ${#failed[@]} == 0 ))
