#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000
#
# Firmware that cannot be relied on: what it asks for is done or refused, it is
# told which, and the machine is as before. It is bad.asl.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

# The next range of the firmware's table
insert_next()
{
	fw_told "$OST_INSERTION:$OST_FAILURE" fw_read SHPT0000/sun
}

refused()
{
	check "$1: refused" insert_next
	check "result in the trace" result_is "$TMP/trace" add \
		error="$2" phase=execute handler=acpi reason=attach-failed not_restored=0
	check "everything is as before" state_same "$TMP/state"
}

two_dimms()
{
	observe fw_answers 2 fw_read SHPT0001/sun
}

# result_of DEVICE: error and reason of its insertion
result_of()
{
	local line

	line=$(grep " shp_request_exit .*op=add .*origin=$1 " "$TMP/trace")
	echo "$(field error "$line") $(field reason "$line")"
}

memory_online()
{
	equal "$(cat "$MEM_DIR/memory$1/state" 2>/dev/null)" online
}

eject_dim0()
{
	observe fw_answers 2 fw_eject DIM0 && result_is "$TMP/trace" remove error=0
}

insertion()
{
	fw_told "$OST_INSERTION:$2" fw_read "$1"
}

eject_request()
{
	fw_told "$OST_EJECT_REQUEST:$OST_NOT_SUPPORTED" fw_read SHPT0002/hrv
}

# flap: it is there, or nothing of it is; who hears of a failure has it not
flap()
{
	fw_answers 1 fw_read SHPT0003/hrv || return 1
	ktap_print_msg "_OST $OST"
	if [[ $OST = "$OST_INSERTION:$OST_FAILURE" || ! -e $MEM_DIR/memory9 ]]; then
		state_same "$TMP/state"
	fi
}

test_begin 38 "$FW/SHPT0003:00"
state_save "$TMP/state"
refused "a range that is misaligned" -22
refused "a part of a block" -22
refused "a device without memory" -22
refused "a range that overlaps with RAM" -17
refused "a length that is absurd" -7
refused "an address that is absurd" -7
refused "a range over the end" -7
refused "a range of registers" -17

check "two devices in one scan" two_dimms
check "the first is fine" equal "$(result_of "$(fw_name DIM0)")" "0 none"
check "its memory is online" memory_online 8
check "the second is misaligned" equal "$(result_of "$(fw_name DIM1)")" "-22 attach-failed"
check "1000 Device Checks are answered" fw_answers 1000 fw_read SHPT0003/sun
check "the eject takes 3 s, and a Device Check comes meanwhile" eject_dim0
fw_read SHPT0001/hrv > /dev/null
check "everything is as before" state_same "$TMP/state"

check "a CPU with the _UID of another one" insertion SHPT0002/sun "$OST_FAILURE"
check "everything is as before" state_same "$TMP/state"
check "an Eject Request without _EJ0: not supported" eject_request
check "result in the trace" result_is "$TMP/trace" remove \
	error=-95 phase=validate handler=acpi reason=not-ejectable not_restored=0
check "everything is as before" state_same "$TMP/state"
check "a _STA that changes each time" flap
check "a _STA that changes each time" flap
ktap_finished
