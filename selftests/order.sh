#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The order of phases and handlers, read from the tracepoints.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

# traced FILE COMMAND...
traced()
{
	local file=$1 rc

	shift
	trace_start
	"$@"
	rc=$?
	trace_stop "$file"
	if [[ ! -s $file ]]; then
		ktap_print_msg "no events of sys_hotplug"
		return 1
	fi
	return "$rc"
}

# phases FILE
phases()
{
	sed -n 's/.* shp_phase_enter .*phase=\([^ ]*\).*/\1/p' "$1" | xargs
}

# In the order of their first work: firmware adds in execute, and removes in commit
workers()
{
	handlers "$1" execute commit | tr ' ' '\n' | awk '!seen[$0]++' | xargs
}

mirrored()
{
	local name mirror=""

	for name in $(workers "$1"); do
		mirror="$name${mirror:+ }$mirror"
	done
	[[ -n $mirror ]] || { ktap_print_msg "no handlers"; return 1; }
	equal "$(workers "$2")" "$mirror"
}

# succeeded FILE OP DEVICE-COUNT HANDLER
succeeded()
{
	result_is "$1" "$2" error=0 not_restored=0 || return 1
	equal "$(grep -c " shp_device_exit .*phase=execute handler=$4 .*error=0" "$1")" "$3"
}

order_of()
{
	local device=$1 handler=$2 count=$3 removal="$TMP/$1.remove" addition="$TMP/$1.add"

	check "$device: removal" traced "$removal" unplug "$device"
	check "$device: addition" traced "$addition" plug "$device"
	check "$device: result and devices of the removal" \
		succeeded "$removal" remove "$count" "$handler"
	check "$device: result and devices of the addition" \
		succeeded "$addition" add "$count" "$handler"
	check "$device: phases of the removal" \
		equal "$(phases "$removal")" "validate execute commit"
	check "$device: phases of the addition" \
		equal "$(phases "$addition")" "validate execute commit"
	check "$device: handlers of the removal" \
		equal "$(workers "$removal")" "$handler acpi"
	check "$device: only acpi commits the removal" equal "$(handlers "$removal" commit)" acpi
	check "$device: the addition mirrors the removal" mirrored "$addition" "$removal"
	check "$device: the trace of the removal nests" trace_nests "$removal"
	check "$device: the trace of the addition nests" trace_nests "$addition"
}

cpus()
{
	local i policy

	if [[ -d $TRACE_DIR/events/sys_hotplug && ! -e $CPU_DIR/auto_online ]]; then
		for ((i = 0; i < 11; i++)); do
			ktap_test_skip "cpu1: no $CPU_DIR/auto_online"
		done
		return
	fi
	policy=$(cat "$CPU_DIR/auto_online" 2>/dev/null)
	echo online > "$CPU_DIR/auto_online"
	order_of cpu1 cpu 1
	echo "$policy" > "$CPU_DIR/auto_online"
	cpu_online 1
}

test_begin 23
state_save "$TMP/state"
order_of d1 memory "$(dimm_blocks d1 | wc -l)"
cpus
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
