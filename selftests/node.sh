#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# A node that has all its memory in DIMMs: it gets the first, loses the last,
# keeps the last when that is cancelled, and a DIMM with two zones.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DATA_MIB=${SYS_HOTPLUG_NODE_MIB:-32}
ZONES_DIMM_MIB=256

dimms_create()
{
	qmp_run object-add qom-type=memory-backend-ram id=m2 size=$((ZONES_DIMM_MIB << 20)) &&
		qmp_run object-add qom-type=memory-backend-ram id=m3 size=$((256 << 20)) &&
		return
	ktap_print_msg "$QMP_REPLY"
	return 1
}

has_memory()
{
	equal "$(cat "$NODE_DIR/has_memory")" "$1"
}

kswapd_stays()
{
	equal "$(node_kswapd)" "$KSWAPD"
}

cancel_removal()
{
	unplug_send d3 && node_cancel || return 1
	ost_wait d3
	ost_refused
}

last_goes()
{
	fill_node "$DATA_MIB" && observe unplug d3
}

# The high half of the DIMM's blocks goes to ZONE_NORMAL
two_zones()
{
	local blocks block

	plug d2 1 || return 1
	mapfile -t blocks < <(dimm_blocks d2)
	for block in "${blocks[@]:${#blocks[@]} / 2}"; do
		echo offline > "$MEM_DIR/memory$block/state" &&
			echo online_kernel > "$MEM_DIR/memory$block/state" || return 1
	done
	fill_node $((ZONES_DIMM_MIB / 2 + DATA_MIB)) &&
		at_least $((DATA_MIB * 256)) zone_used_pages Normal 1
}

two_zones_go()
{
	local used

	used=$(($(zone_used_pages Normal 1) + $(zone_used_pages Movable 1)))
	migrates_once "$used" $(((ZONES_DIMM_MIB / 2 + DATA_MIB) * 256)) unplug d2
}

test_begin 31 "$TRACE_DIR/kprobe_events"
state_save "$TMP/state"
check "the node's notifications are traced" node_trace
check "two DIMMs can be made" dimms_create
check "the node has no memory" has_memory 0
check "the first DIMM of the node comes" observe plug d2 1
check "it is the node's first memory" node_events_are $NODE_ADDING $NODE_ADDED
check "the node has memory" has_memory 0-1
KSWAPD=$(node_kswapd)
check "the node has a kswapd" test -n "$KSWAPD"
check "$DATA_MIB MiB of data in the node" fill_node "$DATA_MIB"
check "the second DIMM comes" observe plug d3 1
check "it is not the first memory" node_events_are
check "the first DIMM goes" observe unplug d2
check "it was not the last memory" node_events_are
check "the node has memory" has_memory 0-1
check "the node has the same kswapd" kswapd_stays
check "the data is unchanged" data_same

check "$DATA_MIB MiB of data in the node" fill_node "$DATA_MIB"
state_save "$TMP/state.last"
pin_data
check "the removal of the last DIMM is cancelled" observe cancel_removal
check "no memory of the node was going" node_events_are
check "the node has memory" has_memory 0-1
check "the node has the same kswapd" kswapd_stays
check "CPUs and memory are as before" state_same "$TMP/state.last"
check "the data is unchanged" data_same
unpin_data

check "the last DIMM goes" last_goes
check "it was the last memory, once" node_events_are $NODE_REMOVING $NODE_REMOVED
check "the node has no memory" has_memory 0
check "the node has no kswapd" equal "$(node_kswapd)" ""
check "the data is unchanged" data_same

check "a DIMM with two zones, and data in both" two_zones
check "it goes, each page migrates once" two_zones_go
check "the data is unchanged" data_same
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
