#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Remove and add a DIMM that holds data, many times.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

CYCLES=${SYS_HOTPLUG_DIMM_CYCLES:-20}
DATA_MIB=${SYS_HOTPLUG_DIMM_MIB:-32}

cycle()
{
	local block

	fills_movable "$DATA_MIB" data_rewrite && unplug d1 || return 1
	for block in $BLOCKS; do
		[[ -d $MEM_DIR/memory$block ]] || continue
		ktap_print_msg "memory$block is still there"
		return 1
	done
	data_same && plug d1
}

cycles()
{
	local i

	for ((i = 0; i < CYCLES; i++)); do
		if ! cycle; then
			ktap_print_msg "in cycle $i"
			return 1
		fi
	done
}

test_begin 5
state_save "$TMP/state"
BLOCKS=$(dimm_blocks d1)
check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
check "$CYCLES cycles with the expected _OST, the data unchanged in each" cycles
check "QEMU remembers the last insertion as successful" \
	equal "$(ost_query d1)" "$OST_INSERTION:$OST_SUCCESS"
check "the data is unchanged at the end" data_same
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
