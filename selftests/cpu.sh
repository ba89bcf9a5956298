#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Remove, add and online a CPU, many times.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

CYCLES=${SYS_HOTPLUG_CPU_CYCLES:-50}

in_mask()
{
	[[ -d $CPU_DIR/cpu$1 ]]
}

cycle()
{
	local nr=$1

	unplug "cpu$nr" || return 1
	if in_mask "$nr"; then
		ktap_print_msg "cpu$nr is still there"
		return 1
	fi
	plug "cpu$nr" || return 1
	if ! cpu_online "$nr"; then
		ktap_print_msg "cpu$nr does not come online"
		return 1
	fi
}

cycles()
{
	local i

	for ((i = 0; i < CYCLES; i++)); do
		if ! cycle $((i % 3 + 1)); then
			ktap_print_msg "in cycle $i"
			return 1
		fi
	done
}

last_answers()
{
	local nr bad=0

	for nr in 1 2 3; do
		equal "$(ost_query "cpu$nr")" "$OST_INSERTION:$OST_SUCCESS" || bad=1
	done
	return "$bad"
}

test_begin 3
state_save "$TMP/state"
check "$CYCLES cycles with the expected _OST" cycles
check "QEMU remembers the insertions as successful" last_answers
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
