#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Remove, add and online a CPU, many times, and what is not taken away.

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

# The state in which a CPU runs
cpuhp_online()
{
	awk -F: 'END { print $1 + 0 }' "$CPU_DIR/hotplug/states"
}

# It runs, and its device says that it is offline
online_by_target()
{
	cpu_offline 3 && cpuhp_online > "$CPU_DIR/cpu3/hotplug/target" &&
		equal "$(cat "$CPU_DIR/online") $(cat "$CPU_DIR/cpu3/online")" "0-3 0"
}

offline_by_target()
{
	echo 0 > "$CPU_DIR/cpu3/hotplug/target" && cpu_online 3
}

# An isolated partition leaves no other CPU to the rest, and is given up
offline_last()
{
	local partition=$TMP/cgroup/isolated subtree=$TMP/cgroup/cgroup.subtree_control
	local ret=0 before

	mkdir "$TMP/cgroup" && mount -t cgroup2 none "$TMP/cgroup" || return 1
	before=$(< "$subtree")
	echo +cpuset > "$subtree" && mkdir "$partition" && echo 0,2-3 > "$partition/cpuset.cpus" &&
		echo isolated > "$partition/cpuset.cpus.partition" &&
		equal "$(cat "$partition/cpuset.cpus.partition")" isolated &&
		cpu_offline 1 || ret=1
	grep -q '^isolated invalid' "$partition/cpuset.cpus.partition" || ret=1
	rmdir "$partition"
	[[ $before == *cpuset* ]] || echo -cpuset > "$subtree"
	cpu_online 1 && return "$ret"
}

test_begin 9
state_save "$TMP/state"
check "a CPU of which its device does not know that it runs" online_by_target
check "is not taken away" observe removal_refused cpu3
check "result in the trace" result_is "$TMP/trace" remove \
	error=-16 phase=validate handler=cpu device=cpu3 reason=offline-failed not_restored=0
check "it goes offline and online" offline_by_target
check "the last CPU that is in no isolated partition goes offline" offline_last
check "everything is as before" state_same "$TMP/state"
check "$CYCLES cycles with the expected _OST" cycles
check "QEMU remembers the insertions as successful" last_answers
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
