#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=128M$0x40000000 memmap=256M$0x50000000
#
# A memory device that is hot-added has all of its memory, or none. The firmware
# is add.asl.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

FW=/sys/bus/acpi/devices/SHPT0000:00
BLOCK_SIZE=0x8000000
OST=

fw_device()
{
	local path

	for path in /sys/bus/acpi/devices/PNP0C80:*/path; do
		[[ $(cat "$path") = '\_SB_.MEM0' ]] && echo "${path%/path}"
	done
}

# fw_ost_wait COUNT: SOURCE:STATUS of the COUNT-th answer into OST
fw_ost_wait()
{
	local i last

	for ((i = 0; i < DEADLINE * 10; i++)); do
		read -r last < "$FW/hrv"
		OST=$((last / 1000 % 1000)):$((last % 1000))
		[[ $((last / 1000000)) -lt $1 ]] || return 0
		sleep 0.1
	done
	ktap_print_msg "no answer to the firmware"
	return 1
}

answers()
{
	local last

	read -r last < "$FW/hrv"
	echo $((last / 1000000))
}

insert()
{
	local nr

	nr=$(answers)
	trace_start
	cat "$FW/sun" > /dev/null
	fw_ost_wait $((nr + 1))
	trace_stop "$TMP/trace"
	equal "$OST" "$OST_INSERTION:$1"
}

eject()
{
	local nr

	nr=$(answers)
	echo 1 > "$(fw_device)/eject"
	fw_ost_wait $((nr + 1))
	equal "$OST" "$OST_EJECT:$OST_SUCCESS"
}

# probe BLOCK: somebody else adds it; it comes online by policy
probe()
{
	printf '%#x' $(($1 * BLOCK_SIZE)) > "$MEM_DIR/probe"
}

# blocks_are BLOCK...: those of the memory device that are there, all online
blocks_are()
{
	local block state found=""

	for block in 8 10 11; do
		read -r state 2>/dev/null < "$MEM_DIR/memory$block/state" || continue
		found+="$block $state "
	done
	equal "$found" "$(printf '%s online ' "$@")"
}

test_begin 9 "$FW" "$MEM_DIR/probe"
[[ $((0x$(cat "$MEM_DIR/block_size_bytes"))) -eq $((BLOCK_SIZE)) ]] ||
	ktap_exit_fail_msg "memory blocks are not of $BLOCK_SIZE bytes"
state_save "$TMP/state"
check "all of the device is added" insert "$OST_SUCCESS"
check "all of it is online" blocks_are 8 10 11
check "all of it is ejected" eject
check "CPUs and memory are as before" state_same "$TMP/state"

probe 11
state_save "$TMP/state"
check "a part of its second range is there: refused" insert "$OST_FAILURE"
check "result in the trace" result_is "$TMP/trace" add \
	error=-17 phase=execute handler=acpi reason=attach-failed not_restored=0
check "CPUs and memory are as before" state_same "$TMP/state"

probe 10
check "all of its second range is there: the rest is added" insert "$OST_SUCCESS"
check "all of it is online" blocks_are 8 10 11
ktap_finished
