#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000
# vmtest: firmware=bad.asl
#
# The machine is sent to sleep when a removal can no longer be cancelled, as the
# firmware is at work, for 6 s: it sleeps when that has ended. What waits is done
# when it wakes up.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

commits()
{
	fw_eject DIM0 &
	state_has " remove commit acpi" && fw_read SHPT0001/sun &&
		state_has " add queued" && sleeps
}

# ended_first: before any process was frozen
ended_first()
{
	awk '/ shp_request_exit: .*op=remove / { ended = 1 }
	     / suspend_resume: freeze_processes.* begin/ { early = !ended }
	     / suspend_resume: machine_suspend.* begin/ { slept = 1 }
	     END { exit early || !slept }' "$TRACE_DIR/trace"
}

# By the end of _EJ0 it is gone again
ejected()
{
	result_is "$TMP/trace" remove error=0 && ended_first && blocks_gone 8
}

comes_again()
{
	fw_answers 2 fw_read SHPT0001/sun &&
		equal "$(cat "$MEM_DIR/memory8/state")" online
}

test_begin 5 "$FW/SHPT0001:00" "$TTY_WAKEUP" "$SHP_DIR/state"
echo 1 > "$TRACE_DIR/events/power/suspend_resume/enable"
check "memory is added" fw_answers 2 fw_read SHPT0001/sun
check "the machine sleeps while it is ejected" observe fw_answers 4 commits
check "it was ejected" ejected
check "nothing runs" equal "$(cat "$SHP_DIR/state")" idle
check "it comes again" comes_again
ktap_finished
