#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A removal that is cancelled at the last moment: it is gone and the cancel came too
# late, or everything is as before.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

ROUNDS=${SYS_HOTPLUG_RACE_ROUNDS:-15}

# removal_runs: or is over already
removal_runs()
{
	local i op

	for ((i = 0; i < 1000; i++)); do
		read -r ID op _ < "$SHP_DIR/state" && [[ $op = remove ]] && return
	done
}

come_back()
{
	deleted_wait "$1" && plug "$1" || return 1
	[[ $1 = d1 ]] || cpu_online "${1#cpu}"
}

# race DEVICE: a cancel comes WAIT_US after the removal has begun
race()
{
	local late=0 until

	unplug_send "$1" || return 1
	removal_runs
	# A program takes too long to start
	until=$((${EPOCHREALTIME/./} + WAIT_US))
	while [[ ${EPOCHREALTIME/./} -lt $until ]]; do
		:
	done
	{ echo "$ID" > "$SHP_DIR/cancel"; } 2> /dev/null || late=1
	ost_wait "$1" || return 1
	if [[ $late -eq 0 ]]; then
		ost_refused && state_same "$TMP/state" || return 1
		BACK=$((BACK + 1))
		WAIT_US=$((WAIT_US + WAIT_US / 2))
	else
		equal "$OST" "$OST_EJECT_REQUEST:$OST_SUCCESS" && come_back "$1" || return 1
		GONE=$((GONE + 1))
		WAIT_US=$((WAIT_US - WAIT_US / 3))
	fi
}

# races DEVICE: about half of the cancels are too late, and at least one is
races()
{
	GONE=0
	BACK=0
	WAIT_US=20000
	while [[ $((GONE + BACK)) -lt $ROUNDS || $GONE -eq 0 || $BACK -eq 0 ]]; do
		race "$1" && continue
		ktap_print_msg "$GONE times gone, $BACK times back, then not after $WAIT_US us"
		return 1
	done
	ktap_print_msg "$GONE times gone, $BACK times back"
}

test_begin 4 "$SHP_DIR/cancel"
check "16 MiB of data" data_fill 16
state_save "$TMP/state"
check "$ROUNDS times a CPU" races cpu3
check "$ROUNDS times a DIMM" races d1
check "the data is unchanged" data_same
ktap_finished
