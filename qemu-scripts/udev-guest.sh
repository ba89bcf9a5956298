#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=movable_node
#
# The guest's half of world.sh: Debian's udevd with its rules, and the well-known ones
# that bring CPUs and memory online.

# shellcheck disable=SC1091
. "$(dirname "$0")/../sys_hotplug/sys_hotplug_lib.sh"
# shellcheck disable=SC1091
. "$(dirname "$0")/world-lib.sh"

CYCLES=10
DIR=$PWD

udev()
{
	(
		export LD_LIBRARY_PATH=$DIR/lib
		exec -a "$1" "$DIR/udevadm" "${@:2}"
	)
}

start()
{
	mkdir -p /run && mount -t tmpfs none /run &&
		mkdir -p /usr/lib/udev /run/udev/rules.d &&
		cp -r rules.d /usr/lib/udev/ || return 1
	cat > /run/udev/rules.d/40-hotplug.rules <<-'END'
	SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", ATTR{state}="online"
	SUBSYSTEM=="cpu", ACTION=="add", TEST=="online", ATTR{online}=="0", ATTR{online}="1"
	ACTION=="change", ENV{SHP_OP}=="?*", RUN+="/bin/busybox sh -c 'echo $kernel $env{SHP_OP} $env{SHP_RESULT} $env{SHP_HANDLER} $env{SHP_BLOCKER} $env{SHP_REASON} >> /tmp/results'"
	END
	: > /tmp/results
	udev systemd-udevd --daemon && settle
}

# settle: udevd has done what the kernel has told so far
settle()
{
	udev udevadm control --ping --timeout "$DEADLINE" &&
		udev udevadm settle --timeout "$DEADLINE"
}

coldplug()
{
	udev udevadm trigger --action=add && settle
}

# online: after hot-add by udevd alone
dimm_online()
{
	local block

	settle || return 1
	for block in $(dimm_blocks d1); do
		equal "memory$block: $(cat "$MEM_DIR/memory$block/state")" "memory$block: online" ||
			return 1
	done
}

cpus_online()
{
	settle && equal "$(cat "$CPU_DIR/online")" 0-3
}

# QEMU itself cannot ask for the boot CPU
refused()
{
	echo 1 > "$CPU_DIR/cpu0/firmware_node/eject"
	ost_wait cpu0 && ost_refused
} 2> /dev/null

cycles()
{
	local i device

	for ((i = 0; i < CYCLES; i++)); do
		for device in d1 cpu$((i % 3 + 1)); do
			unplug "$device" && plug "$device" && continue
			ktap_print_msg "in cycle $i, $device"
			return 1
		done
	done
}

result_is_last()
{
	[[ $(tail -n 1 /tmp/results) = "$1" ]]
}

# result_last TEXT: what a rule got
result_last()
{
	retry result_is_last "$1" || equal "$(tail -n 1 /tmp/results)" "$1"
}

shown_twice()
{
	[[ $(grep -cx "SHP_REASON=$1" "$TMP/monitor") -eq 2 ]]
}

# monitored REASON: by the kernel, and when udevd is done with its rules
monitored()
{
	retry shown_twice "$1" && return
	sed 's/^/#   /' "$TMP/monitor"
	return 1
}

test_begin 19
check "udevd runs" start
[[ $KTAP_CNT_FAIL -eq 0 ]] || ktap_finished
check "the devices of the boot" coldplug
udev udevadm monitor --kernel --udev --property --subsystem-match=acpi > "$TMP/monitor" 2>&1 &
MONITOR=$!
echo offline > "$MEM_DIR/auto_online_blocks"
DIMM=$(basename "$(readlink -f "$MEM_DIR/memory$(dimm_blocks d1 | head -n 1)/firmware_node")")
CPU=$(basename "$(readlink -f "$CPU_DIR/cpu3/firmware_node")")
BOOT_CPU=$(basename "$(readlink -f "$CPU_DIR/cpu0/firmware_node")")
state_save "$TMP/state"

check "a DIMM goes" unplug d1
check "a rule gets the result" result_last "$DIMM remove 0 none"
check "it comes back" plug d1
check "a rule gets the result" result_last "$DIMM add 0 none"
check "and is brought online" dimm_online
check "a CPU goes" unplug cpu3
check "a rule gets the result" result_last "$CPU remove 0 none"
check "it comes back" plug cpu3
check "and is brought online" cpus_online
check "everything is as before" state_same "$TMP/state"
check "the boot CPU: refused" refused
check "a rule gets the result" result_last "$BOOT_CPU remove -1 cpu cpu0 offline-disabled"
check "udevadm monitor shows it" monitored offline-disabled
check "$CYCLES times, not waiting for udevd" cycles
check "the DIMM is brought online" dimm_online
check "so are the CPUs" cpus_online
check "everything is as before" state_same "$TMP/state"
kill "$MONITOR"
udev udevadm control --exit
ktap_finished
