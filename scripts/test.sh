#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# test.sh [debug]
#
# All that a contributor must pass: lint, build, KUnit and kselftests in VMs, bisect,
# mainline's selftests against the unpatched kernel, shutdown on arm64. Or,
# with "debug", the KUnit tests and kselftests on the kernels of debug.config and
# rt.config. The full output of each stage is build/log/STAGE.log. The last line has
# the sum.
#
# TEST_MINUTES=N	of the last stages, skip those that would begin later than that
set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

logs=$BUILD/log
passed=0 failed=0 skipped=0
selftests=$LINUX/tools/testing/selftests
vmtest=$selftests/sys_hotplug/vmtest.sh
mainline=("$selftests"/{cpu,memory}-hotplug "$TOP/qemu-scripts/dax")

add() { passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3)); }

# add_line FILE: the last "N passed, N failed, N skipped" of a stage's output
add_line() {
	local n

	read -r -a n < <(sed -nE 's/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$1" | tail -n 1)
	(( ${#n[@]} == 3 )) && add "${n[@]}"
}

# run NAME FILTER COMMAND...: into the stage's log; the lines that the awk
# pattern FILTER takes are shown as they come
run() {
	local name=$1 filter=$2 rc
	shift 2

	"$@" 2>&1 </dev/null | tee "$logs/$name.log" | awk "$filter { print; fflush() }"
	rc=${PIPESTATUS[0]}
	return "$rc"
}

# stage NAME FILTER COMMAND...: one whose last line counts its tests
stage() {
	local name=$1 start=$SECONDS rc=0 before=$failed

	say "$name"
	run "$@" || rc=$?
	if ! add_line "$logs/$name.log"; then
		echo "not ok $name: ended without a result (exit $rc)"
		add 0 1 0
	elif (( rc != 0 && rc != 4 && failed == before )); then
		echo "not ok $name: exit $rc"
		add 0 1 0
	fi
	if (( failed > before )); then
		tail -n 40 "$logs/$name.log"
	fi
	say "$name: $((SECONDS - start)) s, all of it in build/log/$name.log"
}

# build NAME COMMAND...: one test
build() {
	local name=$1 start=$SECONDS
	shift

	say "$name"
	if run "$name" '/^== |lost option|error:|\*\*\*/' "$@"; then
		add 1 0 0
		say "$name: $((SECONDS - start)) s"
		return
	fi
	echo "not ok $name (build/log/$name.log)"
	tail -n 20 "$logs/$name.log"
	add 0 1 0
	return 1
}

# KUnit is built into the kernel and ran when the VM booted: count what the
# serial log of the first boot says about the tests of our suites
kunit() {
	local vm=$1 name=kunit${1#vm} log p f s n suites="sys_hotplug|device_shutdown"

	log=$(find "$logs/$vm" -name '*.log' -exec grep -lE "# Subtest: ($suites)" {} + 2>/dev/null | sort | head -n 1)
	say "$name"
	[[ -n $log ]] || { echo "not ok $name: no serial log"; add 0 1 0; return; }
	tr -d '\r' <"$log" | sed -E 's/^(<[0-9]+>)?\[ *[0-9.]+\](\[ *[TC][0-9]+\])? ?//' |
		awk -v suites="($suites)" '
			$0 ~ "# Subtest: " suites "$" { on = 1 }
			on { print }
			on && $0 ~ "^(not )?ok [0-9]+ " suites "$" { on = 0 }' >"$logs/$name.log"
	# Tests are indented once, their parameters twice; the suites not at all
	f=$(grep -cE '^    not ok [0-9]+ ' "$logs/$name.log")
	s=$(grep -cE '^    ok [0-9]+ .* # SKIP' "$logs/$name.log")
	p=$(($(grep -cE '^    ok [0-9]+ ' "$logs/$name.log") - s))
	grep -E '^ *not ok ' "$logs/$name.log"
	n=$(grep -cE "^ok [0-9]+ ($suites)$" "$logs/$name.log")
	if (( n < 2 )); then
		echo "not ok $name: $n of the suites $suites have passed by the kernel's log"
		(( f > 0 )) || f=1
	fi
	add "$p" "$f" "$s"
	say "$name: $p passed, $f failed, $s skipped"
}

# vm NAME KERNEL ARGUMENT...: the tests of the series on build/KERNEL
vm() {
	local name=$1 kernel=$BUILD/$2
	shift 2

	stage "$name" '/^(not )?ok |^# (selftests|QEMU)|^Bail/' "$TOP/scripts/vmtests.sh" "$vmtest" \
		"$logs/$name" -k "$kernel/arch/x86/boot/bzImage" "$@"
	kunit "$name"
}

# "selftest result" of each test in vmtest's output, and of those in a test, but not
# their figures
results() {
	sed -E 's/^# ((not )?ok [0-9]+ [^:(#]*)[^#]*/\1/' "$1" |
		sed -nE -e 's/^ok [0-9]+ ([^#]*[^# ]) *# SKIP.*/\1 skip/p; t' \
			-e 's/^ok [0-9]+ ([^#]*[^# ]) *(#.*)?$/\1 pass/p; t' \
			-e 's/^not ok [0-9]+ ([^#]*[^# ]) *(#.*)?$/\1 fail/p'
}

# Mainline's own tests give the same result on both kernels
compare_mainline() {
	local kernel line dirs=()
	# All CPUs; and a quarter of the memory, as of 2 % the notifier is mostly asked for nothing
	local -x KSELFTEST_CPU_ON_OFF_TEST_SH_ARGS=-a KSELFTEST_MEM_ON_OFF_TEST_SH_ARGS="-r 25"

	for line in "${mainline[@]}"; do
		dirs+=(-x "$line")
	done
	say "mainline"
	for kernel in kernel-base kernel; do
		run "mainline-$kernel" '/^(not )?ok |QEMU/' "$vmtest" "${dirs[@]}" \
			-k "$BUILD/$kernel/arch/x86/boot/bzImage" -o "$logs/mainline-$kernel"
		results "$logs/mainline-$kernel.log" >"$logs/mainline-$kernel.results"
	done
	if ! [[ -s $logs/mainline-kernel-base.results ]]; then
		echo "not ok mainline: no results on the unpatched kernel"
		add 0 1 0
		return
	fi
	while read -r line; do
		if grep -qxF "$line" "$logs/mainline-kernel.results"; then
			echo "ok mainline: $line, as on the unpatched kernel"
			add 1 0 0
		else
			echo "not ok mainline: $line on the unpatched kernel, not so with the series"
			add 0 1 0
		fi
	done <"$logs/mainline-kernel-base.results"
	if grep "skip extra tests" "$logs"/mainline-kernel*.log; then
		echo "not ok mainline: the memory notifier is not tested"
		add 0 1 0
	fi
}

# in_time STAGE
in_time() {
	[[ -n ${TEST_MINUTES-} ]] && (( SECONDS >= TEST_MINUTES * 60 )) || return 0
	say "$1: SKIPPED, as $TEST_MINUTES minutes are over"
	add 0 0 1
	return 1
}

# What contributors must pass
all() {
	local built=

	stage lint '/^(ok|FAIL|     |==)/' "$TOP/scripts/lint.sh"
	if build kernel "$TOP/scripts/build-kernel.sh" "$LINUX" "$BUILD/kernel"; then
		if [[ -x $vmtest ]]; then
			built=1
			vm vm kernel -c "$BUILD/kernel/.config"
			stage installed '/^(not )?ok /' "$TOP/scripts/installed.sh" "$BUILD/kernel" "$logs/installed"
		else
			echo "not ok vm: the series has no vmtest.sh"
			add 0 1 0
		fi
	fi
	if in_time bisect; then
		stage bisect '/^== /' "$TOP/scripts/bisect.sh"
	fi
	if [[ -n $built ]] && in_time mainline && build kernel-base "$TOP/scripts/build-base.sh"; then
		compare_mainline
	fi
	if in_time arm64; then
		stage arm64 '/^(not )?ok /' "$TOP/scripts/test-arm64.sh"
	fi
}

# Kernels that look closer, and so need more time; KERNEL= of make stress can have them as well
debug() {
	local what

	export SYS_HOTPLUG_DEADLINE=600 kselftest_override_timeout=3600
	for what in rt debug; do
		build "kernel-$what" "$TOP/scripts/build-kernel.sh" "$LINUX" "$BUILD/kernel-$what" \
			"$TOP/kernel-config/"{stress,"$what"}.config && vm "vm-$what" "kernel-$what"
	done
}

rm -rf "$logs"
mkdir -p "$logs"

if ! build tree "$TOP/scripts/tree.sh"; then
	echo "$passed passed, $failed failed, $skipped skipped"
	exit 1
fi
"${1:-all}"

if (( failed > 0 )); then
	say "failed:"
	grep -hE '^(# )*not ok |^FAIL|^Bail' "$logs"/*.log
fi
say "test: $((SECONDS / 60)) min $((SECONDS % 60)) s"
(( failed == 0 )) || status=1
echo "$passed passed, $failed failed, $skipped skipped"
exit "${status:-0}"
