#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# matrix.sh [NAME...]
#
# Compile what the series touches on other architectures, with clang, and without
# options that it depends on, or NAME alone: no error, and no warning that the
# unpatched kernel does not give. The last line counts configurations.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
. "$TOP/scripts/objects.sh"

patched=$BUILD/matrix/linux base=$BUILD/matrix/base/linux log=$BUILD/log/matrix
ok=0 not_ok=0 missing=0
tip=$(pgit -C "$LINUX" rev-parse HEAD)
only=("$@")

# objects SOURCE OUTPUT [-b]: configure, and compile what the series touches;
# messages of the compiler to stdout
objects() {
	local args=(-c)

	[[ -z ${ARCH-} ]] || args+=(-o)
	"$TOP/scripts/build-kernel.sh" "${args[@]}" "${@:3}" "$1" "$2" "${fragments[@]}" >&2 || return
	kmake "$1" "$2" -s prepare >&2 || return
	find_objects "$1" "$2" < <(sources refs/tags/base "$tip")
	rm -f "${objs[@]/#/$2/}"
	kmake "$1" "$2" -s -k "${objs[@]}" 2>&1
}

# What the objects want and none of them has, although they have it on x86-64:
# that would not link
unresolved() {
	local nm=${CROSS_COMPILE-}nm

	[[ -z ${LLVM-} ]] || nm=llvm-nm$LLVM
	cd "$out" || return
	"$nm" "${objs[@]}" | awk '$1 == "U" { print $2 }' | sort -u >"$log/$name.wanted"
	"$nm" --defined-only "${objs[@]}" | awk 'NF == 3 { print $3 }' | sort -u >"$log/$name.defined"
	[[ $name != x86 ]] || cp "$log/x86.defined" "$BUILD/matrix/defined"
	comm -23 "$log/$name.wanted" "$log/$name.defined" | comm -12 - "$BUILD/matrix/defined" |
		sed 's/^/undefined: /'
}

# one NAME: 77 means that there is no such compiler
one() {
	local name=$1 out=$BUILD/matrix/$1 cc=${CROSS_COMPILE-}gcc

	[[ -z ${LLVM-} ]] || cc=clang$LLVM
	command -v "$cc" >/dev/null || { echo "$cc is not installed"; return 77; }
	objects "$patched" "$out" >"$log/$name.new" 2>"$log/$name.log" || { cat "$log/$name".{log,new}; return 1; }
	echo "${#objs[@]}" >"$log/$name.objects"
	grep -iA2 warning "$log/$name.log" || :
	if [[ -s $log/$name.new ]]; then
		worktree "$base" refs/tags/base 2>/dev/null
		objects "$base" "${base%/*}/$name" -b >"$log/$name.base" 2>>"$log/$name.log" || :
		comm -13 <(normalise "$base" <"$log/$name.base") <(normalise "$patched" <"$log/$name.new")
	fi
	unresolved
}

# try NAME "VARIABLE=VALUE..." OPTION=VALUE...
try() {
	local name=$1 env=$2 start=$SECONDS rc=0 fragments=()
	shift 2

	(( ${#only[@]} == 0 )) || [[ " ${only[*]} " == *" $name "* ]] || return 0
	[[ $env != *ARCH=* ]] || fragments+=("$TOP/kernel-config/matrix.config")
	printf '%s\n' "${@/#/CONFIG_}" >"$log/$name.config"
	fragments+=("$log/$name.config")
	(
		# shellcheck disable=SC2086,SC2163 # words
		[[ -z $env ]] || export $env
		. "$TOP/scripts/objects.sh"
		one "$name"
	) >"$log/$name.report" 2>&1 || rc=$?
	if (( rc == 77 )); then
		echo "skip $name: $(cat "$log/$name.report")"
		missing=$((missing + 1))
	elif (( rc )) || [[ -s $log/$name.report ]]; then
		echo "FAIL $name ($((SECONDS - start)) s, ${log#"$TOP"/}/$name.log)"
		grep -v '^make' "$log/$name.report" | head -n 20 | sed 's/^/     /'
		not_ok=$((not_ok + 1))
	else
		echo "ok   $name ($(<"$log/$name.objects") objects, $((SECONDS - start)) s)"
		ok=$((ok + 1))
	fi
}

rm -rf "$log"
mkdir -p "$log"
worktree "$patched" "$tip"

without_hotremove=(MEMORY_HOTREMOVE=n TEST_{MEMORY,SYS}_HOTPLUG=n VIRTIO_MEM=n)
without_hotplug=("${without_hotremove[@]}" MEMORY_HOTPLUG=n ACPI_HOTPLUG_MEMORY=n
	ARCH_MEMORY_PROBE=n DEV_DAX_KMEM=n MEMORY_NOTIFIER_ERROR_INJECT=n)
without_acpi_numa=(ACPI_NUMA=n ACPI_HMAT=n EFI_SOFT_RESERVE=n DEV_DAX_HMEM=n)
without_numa=("${without_acpi_numa[@]}" NUMA=n)
arm64=(ACPI=y EFI=y)

# The first is what unresolved compares with
(( ${#only[@]} == 0 )) || [[ -e $BUILD/matrix/defined ]] || only+=(x86)
try x86 ""
try arm64 "ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-" "${arm64[@]}" ACPI_HOTPLUG_MEMORY=y ACPI_CONTAINER=y
try arm64-no-hotplug-cpu "ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-" "${arm64[@]}" HOTPLUG_CPU=n TEST_SYS_HOTPLUG=n
try s390 "ARCH=s390 CROSS_COMPILE=s390x-linux-gnu-" SCHED_TOPOLOGY=y
try ppc64le "ARCH=powerpc CROSS_COMPILE=powerpc64le-linux-gnu-" PPC64=y PPC_PSERIES=y
try riscv64 "ARCH=riscv CROSS_COMPILE=riscv64-linux-gnu-" ACPI=y
try i386 "ARCH=i386" ACPI=y SPARSEMEM_VMEMMAP=n "${without_hotplug[@]}" "${without_numa[@]}"
try clang "LLVM=-$CLANG"
try clang-arm64 "ARCH=arm64 LLVM=-$CLANG" "${arm64[@]}" ACPI_HOTPLUG_MEMORY=y ACPI_CONTAINER=y
try no-memory-hotplug "" "${without_hotplug[@]}"
try no-memory-hotremove "" "${without_hotremove[@]}"
try no-numa "" "${without_numa[@]}"
# x86 has no SMP without HOTPLUG_CPU
try no-hotplug-cpu "" SMP=n HOTPLUG_CPU=n NR_CPUS=1 CPUSETS=n TEST_SYS_HOTPLUG=n ACPI_HOTPLUG_CPU=n "${without_numa[@]}"
try no-acpi-hotplug-memory "" ACPI_HOTPLUG_MEMORY=n
try no-acpi "" ACPI=n ACPI_{PROCESSOR,HOTPLUG_CPU,CONTAINER,HOTPLUG_MEMORY,TABLE_UPGRADE,CONFIGFS}=n \
	EFI=n EFI_STUB=n "${without_acpi_numa[@]}"
try no-pm-sleep "" SUSPEND=n PM_SLEEP=n
try no-debugfs "" DEBUG_FS=n {NOTIFIER_ERROR_INJECTION,MEMORY_NOTIFIER_ERROR_INJECT,KUNIT_DEBUGFS}=n \
	TEST_{MEMORY,SYS}_HOTPLUG=n TEST_DEVICE_SHUTDOWN=n
try no-sysfs "" EXPERT=y SYSFS=n
try no-pci "" PCI=n PCIEPORTBUS=n BLK_DEV_NVME=n VIRTIO_PCI=n "${without_acpi_numa[@]}"
try kunit-module "" KUNIT=m SYS_HOTPLUG_KUNIT_TEST=n DEVICE_SHUTDOWN_KUNIT_TEST=n
echo "$ok passed, $not_ok failed, $missing skipped"
(( not_ok == 0 ))
