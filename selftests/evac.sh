#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# Each page of a DIMM migrates once, and none if the DIMM has to stay.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

read -ra SIZES <<< "${SYS_HOTPLUG_EVAC_MIB:-32 200}"

refill()
{
	umount "$TMP/data" 2>/dev/null
	rm -rf "$TMP/data"
	data_fill "$1"
}

# At most 1.02 times, and not so little that something else was measured
migrates_once()
{
	local used before migrated

	refill "$1" || return 1
	used=$(zone_used_pages Movable)
	before=$(vmstat pgmigrate_success)
	unplug d1 || return 1
	migrated=$(($(vmstat pgmigrate_success) - before))
	ktap_print_msg "$1 MiB of data: $used pages in use, $migrated migrated"
	[[ $used -ge $(($1 * 256)) && $migrated -ge $(($1 * 256)) ]] || return 1
	[[ $((migrated * 100)) -le $((used * 102)) ]]
}

# Pages of shmem that take what there is, except for a few
fill_up()
{
	local free

	mkdir -p "$TMP/full" && mount -t tmpfs -o size=100% tmpfs "$TMP/full" || return 1
	free=$(awk '/^MemFree:/ { print int($2 / 1024) }' /proc/meminfo)
	fallocate -l $((free - 128))M "$TMP/full/file"
}

no_room()
{
	local before

	fill_up || return 1
	state_save "$TMP/state.full"
	before=$(vmstat pgmigrate_success)
	OOM_KILLS=$(vmstat oom_kill)
	trace_start
	unplug_send d1 && ost_wait d1
	trace_stop "$TMP/trace"
	MIGRATED=$(($(vmstat pgmigrate_success) - before))
	equal "${OST#*:}" "$OST_FAILURE"
}

nobody_killed()
{
	equal "$(vmstat oom_kill)" "$OOM_KILLS"
}

make_room()
{
	umount "$TMP/full"
}

test_begin $((${#SIZES[@]} * 3 + 7))
state_save "$TMP/state"
for size in "${SIZES[@]}"; do
	check "$size MiB: each page migrates once" migrates_once "$size"
	check "$size MiB: the data is unchanged" data_same
	check "$size MiB: the DIMM comes back" plug d1
done

check "no room for the data elsewhere: refused" no_room
check "no room: result in the trace" result_is "$TMP/trace" remove \
	error=-12 phase=validate handler=memory reason=no-capacity not_restored=0
check "no room: nothing has migrated" equal "$MIGRATED" 0
check "no room: nobody was killed" nobody_killed
check "no room: everything is as before" state_same "$TMP/state.full"
check "no room: the data is unchanged" data_same
make_room
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
