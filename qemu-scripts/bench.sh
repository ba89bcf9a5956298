#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench.sh [WORKLOADS...]: remove DIMMs from the unpatched and from the patched kernel,
# built alike, in turns in the same VM; show the medians and write them to
# Documentation/figures. With arguments (fill size quarter content refuse node block)
# only these are run, and Documentation is left alone.
#
# BENCH_RUNS is how often each is run on each kernel (default 3). What is measured
# is the commit at the HEAD of build/linux.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/bench-lib.sh"

workloads=(fill size quarter content refuse node block)
write=1
if (( $# )); then
	workloads=("$@") write=0
fi

# boot RUN WORKLOADS KERNEL: adds what the guest has measured to $out/results
boot() {
	local start=$SECONDS rc=0 log=$out/log/$1-$2-$3

	mkdir -p "$log"
	SYS_HOTPLUG_BENCH=$2 "$vmtest" -k "$out/$3/kernel/arch/x86/boot/bzImage" -o "$log" \
		-x "$out/hold" -r "$TOP/qemu-scripts/bench-guest.sh" >"$log/output" 2>&1 || rc=$?
	sed -n "s/^bench: /kernel=$3 run=$1 /p" "$log/output" >>"$out/results"
	if (( rc )); then
		say "$3, run $1, $2: exit $rc, see ${log#"$TOP"/}"
		sed -n '/^bench/!p' "$log/output" | tail -n 20 >&2
		failed=1
	fi
	say "$3, run $1 of $runs, $2: $((SECONDS - start)) s"

	keep_accel "$log/output"
}

# "WORKLOAD DIMM USED", then for the unpatched and the patched kernel the medians of
# seconds and pages migrated and in use, then how far the runs are apart in percent
medians() {
	awk -v OFMT=%.6f "$AWK_LISTS"'
		function spread(list,	v, n, m) {
			n = sorted(list, v)
			m = median(list)
			return n && m ? 100 * (v[n] - v[1]) / m : 0
		}
		/ result=ok$/ {
			fields(f)
			row = f["workload"] " " f["dimm"] " " f["used"]
			if (!(row in seen)) {
				seen[row] = 1
				rows[++nr] = row
			}
			k = f["kernel"] " " row
			seconds[k] = seconds[k] " " f["seconds"]
			migrated[k] = migrated[k] " " f["migrated"]
			pages[k] = pages[k] " " f["used_pages"]
		}
		END {
			for (i = 1; i <= nr; i++) {
				b = "base " rows[i]
				p = "patched " rows[i]
				print rows[i], median(seconds[b]), median(migrated[b]), median(pages[b]),
					median(seconds[p]), median(migrated[p]), median(pages[p]),
					spread(seconds[b]), spread(seconds[p])
			}
		}' "$out/results" >"$out/medians"
}

# Markdown that is a table on a terminal as well
table() {
	cat <<-'END'
	| contents      |  DIMM |    used |  s, base | s, series |  ratio | pages, base | pages, series |  ratio | per used, base | per used, series |
	|---------------|------:|--------:|---------:|----------:|-------:|------------:|--------------:|-------:|---------------:|-----------------:|
	END
	awk '
		function number(x) { return x == "-" ? x : sprintf(x < 0.1 ? "%.4f" : "%.2f", x) }
		function pages(x) { return x == "-" ? x : sprintf("%.0f", x) }
		function ratio(a, b) { return a == "-" || b == "-" || b == 0 ? "-" : sprintf("%.2f", a / b) }
		{
			printf "| %-13s | %d GiB | %3d MiB | %8s | %9s | %6s | %11s | %13s | %6s | %14s | %16s |\n", $1, $2, $3,
				number($4), number($7), ratio($4, $7),
				pages($5), pages($8), ratio($5, $8),
				ratio($5, $6), ratio($8, $9)
		}' "$out/medians"
}

# The largest difference between runs, of what takes long enough to tell
spread() {
	awk '$4 > 0.1 && $10 > b { b = $10 } $7 > 0.1 && $11 > s { s = $11 }
	     END { printf "%d %% (base), %d %% (series)", b, s }' "$out/medians"
}

plot() {
	awk '$1 == "tmpfs" && $2 == 1' "$out/medians" | sort -n -k 3 >"$out/fill.dat"
	awk '$1 == "tmpfs" && $3 == 204' "$out/medians" | sort -n -k 2 >"$out/size.dat"
	gnuplot <<-END | sed 's/[[:blank:]]*$//' >"$figures/memory.svg"
	set terminal svg size 900,380 background "white"
	set datafile missing "-"
	set multiplot layout 1,2
	set xrange [0:]
	set yrange [0:]
	set key below
	set style data linespoints
	set title "1 GiB DIMM"
	set xlabel "MiB of tmpfs in it"
	set ylabel "seconds to remove it"
	plot "$out/fill.dat" using 3:4 title "base", "" using 3:7 title "series"
	set title "204 MiB of tmpfs in the DIMM"
	set xlabel "GiB of DIMM"
	set xtics (1, 2, 4, 8)
	plot "$out/size.dat" using 2:4 title "base", "" using 2:7 title "series"
	END
}

page() {
	document "Removing memory" "" \
		"| guest | $(sed -n 's/^bench-machine: //p' "$out"/log/1-"${workloads[0]}"-patched/output), 2 GiB besides the DIMM, all preallocated |"
	cat <<-END
	![seconds to remove a DIMM](memory.svg)

	$(table)

	* \`s\`: seconds from the answer that a removal is in progress to the final one; \`pages\`: migrated meanwhile; \`per used\`: migrated for each page
	  that was in use in the DIMM's ZONE_MOVABLE; \`ratio\`: base divided by series, so above 1 the series is better.
	* All blocks are online_movable, and the contents are the same afterwards, by checksum or pattern. thp, hugetlb, anon: a process's
	  memory; pagecache: ext2.
	* refuse: in the last block is what cannot move, and the others hold tmpfs; the time is that until the refusal.
	* node: 400 MiB in two DIMMs of 512 MiB that are all of node 1, one removed after the other.
	* block-offline, block-online: an empty block's \`state\` file. cpu-write: 1000 times 1 to the \`online\` file of a CPU that is.
	* The runs of one row that takes more than 0.1 s are at most $(spread) apart.
	END
}

check_out
build
mkdir -p "$out/hold"
gcc -static -O2 -Wall -o "$out/hold/bench-hold" "$TOP/qemu-scripts/bench-hold.c"
[[ -x $vmtest ]] || die "the series in build/linux has no vmtest.sh"
export SYS_HOTPLUG_DEADLINE=300
# Not to measure the host's page faults
export VMTEST_PREALLOC=on

rm -rf "$out/log" "$out/results"
failed=0
for ((run = 1; run <= runs; run++)); do
	for workload in "${workloads[@]}"; do
		for kernel in base patched; do
			boot "$run" "$workload" "$kernel"
		done
	done
done
medians
table
if grep -v ' result=ok$' "$out/results" >&2; then
	failed=1
fi
if (( write )); then
	mkdir -p "$figures"
	page >"$figures/memory.md"
	plot
	say "bench: ${figures#"$TOP"/}/memory.md, memory.svg"
fi
exit "$failed"
