#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bench-shutdown.sh: shut down the unpatched and the patched kernel, built alike, with
# the same slow devices, in turns in the same VM; show the medians and write them to
# Documentation/figures/shutdown.md. bench-model.c does the same by the design that has
# a blocking worker for each device.
#
# The VM's time is what it executes, an instruction a nanosecond: otherwise most of what
# 64 threads take would be the host's time to emulate how they are made.
#
# BENCH_RUNS is how often each is run on each kernel (default 3). What is measured
# is the commit at the HEAD of build/linux.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/bench-lib.sh"

results=$out/shutdown-results
trees=(leaves chain many serial one)

# The test devices are the series': the unpatched kernel gets them as well, and both
# get the model
add_test_devices() {
	local test=drivers/base/test src=$out/patched/linux dst=$out/base/linux

	sed -e 's/READ_ONCE(node->dev.p->shutdown_begun)/false/' -e '/dev_assign_async_shutdown/d' \
		"$src/$test/test_device_shutdown.c" >"$dst/$test/test_device_shutdown.c"
	printf '\nconfig TEST_DEVICE_SHUTDOWN\n\tbool "Test devices with a slow shutdown"\n' >>"$dst/$test/Kconfig"
	# shellcheck disable=SC2016 # expanded by make
	echo 'obj-$(CONFIG_TEST_DEVICE_SHUTDOWN) += test_device_shutdown.o' >>"$dst/$test/Makefile"
	cp "$TOP/qemu-scripts/bench-model.c" "$src/$test/"
	echo 'obj-y += bench-model.o' >>"$src/$test/Makefile"
}

# QEMU that counts instructions, which KVM cannot
count_instructions() {
	printf '#!/bin/sh\nexec %s "$@" -icount shift=0,sleep=off\n' "${QEMU:-qemu-system-x86_64}" >"$out/qemu"
	chmod +x "$out/qemu"
	export QEMU=$out/qemu VMTEST_ACCEL=tcg
}

# run KERNEL TEST CASES...: a VM for each case
run() {
	local kernel=$1 test=$2 log=$out/log/shutdown-$1 case n=0
	shift 2

	rm -rf "$log"
	SYS_HOTPLUG_CASES=$* "$vmtest" -k "$out/$kernel/kernel/arch/x86/boot/bzImage" -o "$log" "$test" \
		>"$out/log/shutdown-output" 2>&1 || :
	for case; do
		n=$((n + 1))
		sed -nE "s/\r//; s/.*test_device_shutdown: (ok|bad) /kernel=$kernel case=$case what=\1 /p" \
			"$log/console$n.log" | tee -a "$results" | grep . >/dev/null ||
			die "$kernel, $case: no result, see ${log#"$TOP"/}"
	done
	keep_accel "$out/log/shutdown-output"
}

table() {
	cat <<-'END'
	| devices | ms, base | ms, series | ratio | longest way | callbacks at once | threads | model: ms | threads | blocked at once |
	|---------|---------:|-----------:|------:|------------:|------------------:|--------:|----------:|--------:|----------------:|
	END
	awk "$AWK_LISTS"'
		function ms(x) { return x == "-" ? x : sprintf("%.1f", x / 1000) }
		{
			fields(f)
			c = f["case"]
			if (!(c in seen)) {
				seen[c] = 1
				cases[++nr] = c
			}
			k = (f["what"] == "model" ? "model" : f["kernel"]) " " c
			us[k] = us[k] " " f["us"]
			path[k] = path[k] " " f["path_us"]
			peak[k] = peak[k] " " f["peak"]
			threads[k] = threads[k] " " f["threads"]
			blocked[k] = blocked[k] " " f["blocked"]
		}
		END {
			for (i = 1; i <= nr; i++) {
				c = cases[i]
				b = median(us["base " c])
				p = median(us["patched " c])
				w = median(path["patched " c])
				# Real devices are not seen by the test devices
				printf "| %s | %s | %s | %.2f | %s | %s | %s | %s | %s | %s |\n", c, ms(b), ms(p), b / p,
					w && c != "nvme" ? ms(w) : "-", c == "nvme" ? "-" : median(peak["patched " c]),
					c == "nvme" ? "-" : median(threads["patched " c]),
					ms(median(us["model " c])), median(threads["model " c]),
					median(blocked["model " c])
			}
		}' "$results"
}

page() {
	document "Shutting devices down" ", with the test devices of the series"
	cat <<-END
	$(table)

	* \`ms\`: from the end of the reboot notifiers to the shutdown of the system core: all of device_shutdown(), with the devices of the VM itself.
	* \`longest way\`: the longest sum of callbacks that depend on each other, and of those that have to go one after the other, as they were measured.
	* The VM's clock counts what its CPUs execute, all together, an instruction a nanosecond (QEMU's -icount shift=0): as fast would be a machine with one CPU
	  of 1 GHz that needs a cycle for each.
	* leaves: 64 devices of 50 ms below 8 bridges. chain: 16 of 20 ms, each the parent of the next. many: 500 of 1 ms below 8 bridges. serial: 10,000 that
	  did not opt in, and take no time. one: of so many one has opted in. nvme: 8 controllers of QEMU, each behind a root port, and 3 SCSI disks.
	* \`threads\`: that have called a callback. \`model\`: the same tree by a design in which each device has a worker that blocks until all that depends on
	  it is done, as proposed in 2026; its threads and how many of them were blocked at once.
	END
}

check_out
add_test_devices
build
mkdir -p "$out/log"
count_instructions
rm -f "$results"
for ((run = 1; run <= runs; run++)); do
	for kernel in base patched; do
		run "$kernel" shutdown.sh "${trees[@]}"
		run "$kernel" shutdown_disks.sh time
		say "shutdown: $kernel, run $run of $runs"
	done
	"$vmtest" -k "$out/patched/kernel/arch/x86/boot/bzImage" -o "$out/log/shutdown-model" \
		-r "$TOP/qemu-scripts/bench-model.sh" >"$out/log/shutdown-output" 2>&1 || :
	sed -n 's/\r//; s/.*bench_model: /kernel=patched /p' "$out/log/shutdown-model/console1.log" |
		tee -a "$results" | grep . >/dev/null || die "the model gave no result"
done
sed -i 's/case=time /case=nvme /' "$results"
table
page >"$figures/shutdown.md"
say "bench: Documentation/figures/shutdown.md"
