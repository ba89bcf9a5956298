#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000
#
# Firmware that refuses an eject, and firmware that agrees and does nothing. It
# is eject.asl.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

CONTAINER=/sys/bus/container/devices/ACPI0004:00
BLOCKS="8 9"

# inserted FILE: by the Device Check that reading the file sends
inserted()
{
	fw_told "$OST_INSERTION:$OST_SUCCESS" fw_read "$1"
}

not_inserted()
{
	fw_told "$OST_INSERTION:$OST_FAILURE" fw_read "$1"
}

# bus_checked FILE
bus_checked()
{
	fw_told "$OST_BUS_CHECK:$OST_SUCCESS" fw_read "$1"
}

eject()
{
	fw_ejects "$2" "$1"
}

eject_refused()
{
	fw_read SHPT0002/sun > /dev/null && eject "$1" "$OST_FAILURE"
}

eject_incomplete()
{
	fw_read SHPT0002/hrv > /dev/null && eject "$1" "$OST_FAILURE"
}

# Block 8 in ZONE_NORMAL, block 9 in ZONE_MOVABLE
two_zones()
{
	local block

	for block in $BLOCKS; do
		echo offline > "$MEM_DIR/memory$block/state" || return 1
	done
	echo online_kernel > "$MEM_DIR/memory8/state" &&
		echo online_movable > "$MEM_DIR/memory9/state"
}

offline()
{
	echo offline > "$MEM_DIR/memory$1/state"
}

container_offline()
{
	echo 0 > "$CONTAINER/online"
} 2> /dev/null

# Nobody asked for it
gone_by_itself()
{
	offline 8 && offline 9 || return 1
	fw_told "$OST_INSERTION:$OST_SUCCESS" fw_read SHPT0003/sun
}

both_offline()
{
	offline 10 && container_offline
}

test_begin 52 "$FW/SHPT0003:00" "$MEM_DIR/hard_offline_page"
state_save "$TMP/before"
check "memory is inserted" inserted SHPT0000/sun
check "its blocks are in two zones" two_zones
data_fill 64
state_save "$TMP/state"
check "_EJ0 fails: the firmware hears so" eject_refused MEM0
check "result in the trace" result_is "$TMP/trace" remove \
	error=-5 phase=commit handler=acpi reason=eject-refused not_restored=0
check "who wrote to eject as well" grep -q "Input/output error" "$TMP/ejected"
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
check "a Device Check finds it" inserted SHPT0000/sun
check "nothing changes" state_same "$TMP/state"

check "_EJ0 does nothing: the firmware hears that it is not gone" eject_incomplete MEM0
check "result in the trace" result_is "$TMP/trace" remove \
	error=-5 phase=commit handler=acpi reason=eject-incomplete not_restored=2
check "it stays away" state_same "$TMP/before"
check "a container beside it is inserted" inserted SHPT0001/sun
check "still it stays away" blocks_gone 8 9
check "the container is busy: its memory is online" eject MOD0 "$OST_BUSY"
check "so it cannot be taken offline" equal "$(container_offline || echo busy)" busy
check "its memory can" offline 10
check "and then the container" container_offline
state_save "$TMP/container"
check "_EJ0 of the container fails" eject_refused MOD0
check "result in the trace" result_is "$TMP/trace" remove \
	error=-5 phase=commit handler=acpi reason=eject-refused not_restored=0
check "everything is as before" state_same "$TMP/container"
check "a Bus Check finds the container" bus_checked SHPT0001/hrv
check "nothing changes" state_same "$TMP/container"
check "_EJ0 of the container does nothing" eject_incomplete MOD0
check "it stays away" state_same "$TMP/before"
check "its memory cannot come back without it" not_inserted SHPT0003/hrv
check "result in the trace" result_is "$TMP/trace" add \
	error=-19 phase=execute handler=acpi reason=attach-failed not_restored=0
check "nothing changes" state_same "$TMP/before"
check "a Bus Check brings it back" bus_checked SHPT0001/hrv
check "its memory is back" test -e "$MEM_DIR/memory10"
check "offline again" both_offline
check "_EJ0 of the container works: it goes" eject MOD0 "$OST_SUCCESS"

check "a Device Check brings the memory back" inserted SHPT0000/sun
check "all of it" two_zones
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
check "a page of memory9 is poisoned" poison "$(free_pfn 9)"
check "_EJ0 fails" eject_refused MEM0
check "result in the trace" result_is "$TMP/trace" remove \
	error=-5 phase=commit handler=acpi reason=eject-refused not_restored=1
check "the block stays offline" equal "$(cat "$MEM_DIR/memory9/state")" offline
check "_EJ0 works: it goes" eject MEM0 "$OST_SUCCESS"
check "everything is as at the beginning" state_same "$TMP/before"
check "a Device Check brings it back" inserted SHPT0000/sun

check "_EJ0 does nothing" eject_incomplete MEM0
check "when it is tried again, it fails" eject_refused MEM0
check "result in the trace" result_is "$TMP/trace" remove \
	error=-5 phase=commit handler=acpi reason=eject-incomplete not_restored=0
check "it stays away" state_same "$TMP/before"
check "when it is tried once more, it goes" eject MEM0 "$OST_SUCCESS"
check "it can come back" inserted SHPT0000/sun
check "it is gone by itself, and a Device Check says so" gone_by_itself
check "that is no request" equal "$(grep -c shp_request "$TMP/trace")" 0
check "everything is as at the beginning" state_same "$TMP/before"
ktap_finished
