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

# Every enter has its exit, properly nested, none before its enter
paired()
{
	[[ -s $1 ]] || { ktap_print_msg "no events"; return 1; }
	awk '
	function get(name,	i) {
		for (i = 3; i <= NF; i++)
			if (index($i, name "=") == 1)
				return substr($i, length(name) + 2)
		return ""
	}
	{
		id = get("id")
		what = $2
		sub(/_(enter|exit)$/, "", what)
		key = what
		if (what != "shp_request")
			key = key " " get("phase") " " get("handler") " " get("device")
		if ($2 ~ /_enter$/) {
			stack[id, ++depth[id]] = key
			since[id, depth[id]] = $1
			next
		}
		if (stack[id, depth[id]] != key) {
			print "# unexpected: " $0
			bad = 1
			exit
		}
		if (get("error") == "") {
			print "# no error: " $0
			bad = 1
		}
		duration = $1 - since[id, depth[id]--]
		if (duration < 0 || (what == "shp_request" && duration <= 0)) {
			print "# duration " duration ": " $0
			bad = 1
		}
	}
	END {
		for (id in depth)
			if (depth[id]) {
				print "# no exit: " stack[id, depth[id]]
				bad = 1
			}
		exit bad
	}' "$1"
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
	check "$device: pairs and durations of the removal" paired "$removal"
	check "$device: pairs and durations of the addition" paired "$addition"
}

cpus()
{
	local i

	if [[ -d $TRACE_DIR/events/sys_hotplug && ! -e $CPU_DIR/auto_online ]]; then
		for ((i = 0; i < 11; i++)); do
			ktap_test_skip "cpu1: no $CPU_DIR/auto_online"
		done
		return
	fi
	echo online > "$CPU_DIR/auto_online"
	order_of cpu1 cpu 1
	echo offline > "$CPU_DIR/auto_online"
	cpu_online 1
}

test_begin 23
state_save "$TMP/state"
order_of d1 memory "$(dimm_blocks d1 | wc -l)"
cpus
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
