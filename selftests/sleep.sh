#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# The machine goes to sleep during a removal that does not end: it is cancelled
# and undone first, and works later. One that waits is done when the machine wakes up.
# The same if it waits for somebody who takes a block offline: the writer is stopped.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

another_waits()
{
	unplug_send cpu3 && state_has "remove queued"
}

another_done()
{
	local i

	for ((i = 0; i < DEADLINE * 10; i++)); do
		[[ ! -e $CPU_DIR/cpu3 && $(cat "$SHP_DIR/state") = idle ]] && return
		sleep 0.1
	done
	ktap_print_msg "cpu3 is there"
	return 1
}

ended()
{
	trace_stop "$TMP/trace"
	port_again && OST=$(ost_query d1) && ost_refused
}

another_comes_back()
{
	plug cpu3 && cpu_online 3
}

# Block by block, up to the one that is pinned
write_offline()
{
	dimm_set d1 offline 2> "$TMP/write" &
	WRITER=$!
}

writer_has_stopped()
{
	local block

	port_again
	wait "$WRITER" && return 1
	for block in $(dimm_blocks d1); do
		[[ $(< "$MEM_DIR/memory$block/state") = online ]] ||
			echo online_movable > "$MEM_DIR/memory$block/state" || return 1
	done
	grep -q "Interrupted system call" "$TMP/write"
}

goes()
{
	unpin_data
	unplug d1 && plug d1
}

test_begin 19 "$TTY_WAKEUP" "$SHP_DIR/state"
check "64 MiB of data" data_fill 64
data_rewrite
pin_data
state_save "$TMP/state"
trace_start
check "the removal runs" goes_on remove unplug_send d1
check "that of a CPU waits" another_waits
check "the machine sleeps" sleeps
check "the CPU goes afterwards" another_done
check "the first removal has ended, and the firmware knows" ended
check "result in the trace" result_is "$TMP/trace" "remove origin=PNP0C80:00" \
	error=-125 phase=execute handler=memory reason=cancelled not_restored=0
check "the CPU comes back" another_comes_back
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
check "a write to a block's state does not end" \
	goes_on offline write_offline
check "the removal of a CPU waits" another_waits
check "the machine sleeps" sleeps
check "the CPU goes afterwards" another_done
check "the write has been interrupted" writer_has_stopped
check "the CPU comes back" another_comes_back
check "everything is as before" state_same "$TMP/state"
check "without the pin: the DIMM goes, and comes back" goes
check "the data is unchanged" data_same
ktap_finished
