#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=128M$0x40000000 memmap=256M$0x50000000
#
# A memory device that is hot-added has all of its memory, or none. The firmware
# is add.asl.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

BLOCK_SIZE=0x8000000

insert()
{
	fw_told "$OST_INSERTION:$1" fw_read SHPT0000/sun
}

eject()
{
	fw_ejects "$OST_SUCCESS" MEM0
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

test_begin 9 "$FW/SHPT0000:00" "$MEM_DIR/probe"
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
