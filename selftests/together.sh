#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# Two CPUs are plugged before the request for the first of them runs, which then finds
# both. Both come online by themselves.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

# What user space does with cpu1 does not go on, and so nothing else does
hold()
{
	arm offline validate cpu Y || return 1
	echo 0 > "$CPU_DIR/cpu1/online" &
	HELD=$!
	state_has " offline validate cpu"
}

let_go()
{
	disarm
	wait "$HELD" && echo 1 > "$CPU_DIR/cpu1/online"
}

wait_for_both()
{
	hold || return 1
	plug_send cpu2 && plug_send cpu3 && state_has "LNXCPU:02"$'\n'*"LNXCPU:03" || return 1
	let_go
}

both_come()
{
	local cpu

	state_has idle || return 1
	for cpu in cpu2 cpu3; do
		equal "$(ost_query "$cpu")" "$OST_INSERTION:$OST_SUCCESS" || return 1
	done
	equal "$(cat "$CPU_DIR/online")" 0-3
}

test_begin 4 "$CPU_DIR/auto_online" "$FAIL_SHP"
state_save "$TMP/state"
check "two CPUs go" eval "unplug cpu2 && unplug cpu3"
echo online > "$CPU_DIR/auto_online"
check "both are plugged before anything is done about them" wait_for_both
check "both come online" both_come
check "CPUs and memory are as before" state_same "$TMP/state"
echo offline > "$CPU_DIR/auto_online"
ktap_finished
