#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# The removal of a DIMM with a page that is pinned does not end by itself. It
# holds up nobody else, and can be cancelled.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

GIB=${SYS_HOTPLUG_LONG_GIB:-4}
DATA_MIB=${SYS_HOTPLUG_LONG_MIB:-64}
RUN_SECONDS=${SYS_HOTPLUG_LONG_SECONDS:-10}
GIGANTIC=/proc/sys/vm/movable_gigantic_pages
HUGEPAGES=/sys/kernel/mm/hugepages/hugepages-1048576kB

bigger_dimm()
{
	unplug d1 && qmp_run object-del id=m1 &&
		qmp_run object-add qom-type=memory-backend-ram id=m1 size=$((GIB << 30)) &&
		plug d1
}

runs_long()
{
	local i

	trace_start
	OOM_KILLS=$(vmstat oom_kill)
	unplug_send d1 || return 1
	for ((i = 0; i < DEADLINE * 10; i++)); do
		executing remove && break
		sleep 0.1
	done
	for ((i = 0; i < RUN_SECONDS * 10; i++)); do
		executing remove || break
		sleep 0.1
	done
	executing remove && return
	ktap_print_msg "after $i/10 s: $(cat "$SHP_DIR/state")"
	return 1
}

# meanwhile COMMAND...: it does not wait for the removal, which does not end
meanwhile()
{
	local status i

	status=$(mktemp "$TMP/status.XXXXXX")
	{ "$@"; echo $? > "$status"; } &
	for ((i = 0; i < DEADLINE * 10; i++)); do
		sleep 0.1
		[[ -s $status ]] || continue
		executing remove && equal "$(cat "$status")" 0
		return
	done
	ktap_print_msg "not done after $DEADLINE s"
	return 1
}

create_cgroup()
{
	mkdir "$TMP/cgroup/a" &&
		[[ -e $TMP/cgroup/a/memory.max && -e $TMP/cgroup/a/cpuset.cpus ]]
}

# As its pageblocks are isolated: they are not given up when it cannot have them
gigantic()
{
	local before

	before=$(isolated)
	echo 1 > "$GIGANTIC" && echo 1 > "$HUGEPAGES/nr_hugepages" || return 1
	echo 0 > "$HUGEPAGES/nr_hugepages"
	echo 0 > "$GIGANTIC"
	[[ $before -gt 0 ]] && equal "$(isolated)" "$before"
}

cancelled()
{
	executing remove && echo "$ID" > "$SHP_DIR/cancel" && ost_wait d1 || return 1
	trace_stop "$TMP/trace"
	ost_refused
}

# another_waits: the removal of cpu3, until it is cancelled
another_waits()
{
	local i

	unplug_send cpu3 || return 1
	for ((i = 0; i < DEADLINE * 10; i++)); do
		read -r -d '' line < "$SHP_DIR/state"
		[[ $line =~ $'\n'([0-9]+)\ remove\ queued\ none\ LNXCPU ]] && break
		sleep 0.1
	done
	[[ $i -lt $((DEADLINE * 10)) ]] && echo "${BASH_REMATCH[1]}" > "$SHP_DIR/cancel" && return
	ktap_print_msg "state: $line"
	return 1
}

another_cancelled()
{
	ost_wait cpu3 && ost_refused && equal "$(cat "$CPU_DIR/cpu3/online")" 1
}

busy()
{
	[[ $(cat "$CPU_DIR/cpu3/firmware_node/eject_check" 2>&1) == *"resource busy"* ]]
}

unpin()
{
	unpin_data
	unplug d1 && plug d1
}

test_begin 24 "$SHP_DIR/state" "$UNPOISON" "$GIGANTIC" "$HUGEPAGES"
mkdir "$TMP/cgroup"
mount -t cgroup2 none "$TMP/cgroup" &&
	echo "+memory +cpuset" > "$TMP/cgroup/cgroup.subtree_control"

check "a DIMM of $GIB GiB" bigger_dimm
check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
check "a page of it is pinned" pin_data
state_save "$TMP/state"
check "the removal runs for $RUN_SECONDS s" runs_long
check "meanwhile: a cgroup is created" meanwhile create_cgroup
check "meanwhile: it is removed" meanwhile rmdir "$TMP/cgroup/a"
ELSEWHERE=$(free_pfn 1)
check "meanwhile: a page elsewhere is poisoned" meanwhile poison "$ELSEWHERE"
check "meanwhile: it is healed" meanwhile unpoison "$ELSEWHERE"
ELSEWHERE=$(free_pfn 2)
check "meanwhile: another page elsewhere is given up" meanwhile soft_offline "$ELSEWHERE"
check "meanwhile: it is healed" meanwhile unpoison "$ELSEWHERE"
check "meanwhile: a page of 1 GiB is looked for" meanwhile gigantic
check "meanwhile: the removal of a CPU waits, and is cancelled" another_waits
check "meanwhile: nobody can be asked" busy
check "the removal is cancelled" cancelled
check "that of the CPU was" another_cancelled
check "result in the trace" result_is "$TMP/trace" "remove origin=PNP0C80:00" \
	error=-125 phase=execute handler=memory reason=cancelled not_restored=0
check "nobody was killed" equal "$(vmstat oom_kill)" "$OOM_KILLS"
check "nothing is isolated" equal "$(isolated)" 0
check "nothing is poisoned" equal "$(poisoned_kib)" 0
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
check "without the pin: the DIMM goes, and comes back" unpin
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
ktap_finished
