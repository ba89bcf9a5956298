#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Cancel the removal, and the addition, of a DIMM while it executes.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DATA_MIB=${SYS_HOTPLUG_CANCEL_MIB:-128}

# write_fails TEXT MESSAGE: what the shell says about errno
write_fails()
{
	local message

	[[ -e $SHP_DIR/cancel ]] || { ktap_print_msg "no $SHP_DIR/cancel"; return 1; }
	message=$( { printf '%s' "$1" > "$SHP_DIR/cancel"; } 2>&1) || {
		[[ $message == *"$2"* ]] && return
		ktap_print_msg "$message"
		return 1
	}
	ktap_print_msg "'$1' was accepted"
	return 1
}

# cancel OP SECONDS COMMAND: cancel what COMMAND asks for when memory is in work; _OST
# says whether that was too late
cancel()
{
	local deadline=$((SECONDS + $2))

	trace_start
	"$3" d1 || return 1
	while [[ $SECONDS -lt $deadline && -e $SHP_DIR/state ]]; do
		executing "$1" || continue
		{ echo "$ID" > "$SHP_DIR/cancel"; } 2>/dev/null
		break
	done
	ost_wait d1
	trace_stop "$TMP/trace"
}

cancel_removal()
{
	cancel remove "$DEADLINE" unplug_send && ost_refused
}

# It may be too quick once, or twice
cancel_addition()
{
	local i

	for ((i = 0; i < 20; i++)); do
		unplug d1 || return 1
		state_save "$TMP/state.without"
		cancel add 5 plug_send || return 1
		[[ $OST != "$OST_INSERTION:$OST_FAILURE" ]] || return 0
	done
	ktap_print_msg "$i times too late"
	return 1
}

# What QEMU has plugged in and the guest did not take goes away, and comes back
replug()
{
	unplug d1 && plug d1
}

test_begin 15
check "garbage is refused" write_fails "no number" "Invalid argument"
check "an empty line is refused" write_fails $'\n' "Invalid argument"
check "an unknown id is not found" write_fails 4000000000 "No such file or directory"
check "nothing runs" equal "$(cat $SHP_DIR/state 2>/dev/null)" idle
check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
check "a page is pinned, so that the removal does not end" pin_data
state_save "$TMP/state"
check "the removal is cancelled" cancel_removal
check "result in the trace" result_is "$TMP/trace" remove \
	error=-125 phase=execute handler=memory reason=cancelled not_restored=0
check "CPUs and memory are as before" state_same "$TMP/state"
check "the data is unchanged" data_same
unpin_data

check "the addition is cancelled" cancel_addition
check "result in the trace" result_is "$TMP/trace" add \
	error=-125 phase=execute handler=memory reason=cancelled not_restored=0
check "nothing of it is left" state_same "$TMP/state.without"
check "it can be removed and added" replug
check "CPUs and memory are as before" state_same "$TMP/state"

# on a kernel that does not cancel it has gone
[[ -n $(dimm_blocks d1) ]] || plug d1
ktap_finished
