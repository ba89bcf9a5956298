#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000
#
# Firmware that cannot be relied on: what it asks for is done or refused, it is
# told which, and the machine is as before. It is bad.asl.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

TABLE=/sys/kernel/config/acpi/table/shpt

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
	observe fw_answers 2 fw_eject DIM0 && ejected_is "$OST_SUCCESS" &&
		result_is "$TMP/trace" remove error=0
}

# table.asl
table_load()
{
	mkdir "$TABLE" && cat table.aml > "$TABLE/aml" && TBL0=$(fw_name TBL0)
}

table_is_gone()
{
	local i

	for ((i = 0; i < DEADLINE * 10; i++)); do
		[[ ! -e $FW/$TBL0 ]] && return
		sleep 0.1
	done
	ktap_print_msg "$TBL0 is there"
	return 1
}

# While DIM0 is ejected, and the Device Check of its own waits, one of TBL0 does
table_goes()
{
	local status=0

	fw_eject DIM0 &
	state_has " remove commit acpi" && fw_read SHPT0004/sun &&
		state_has " add queued*add queued" || status=1
	rmdir "$TABLE"
	cp "$SHP_DIR/state" "$TMP/meanwhile"
	wait "$!"
	return "$status"
}

table_is_gone_in_time()
{
	fw_answers 2 table_goes && table_is_gone
}

waited_for_nothing()
{
	observe table_is_gone_in_time && grep " remove commit acpi" "$TMP/meanwhile" &&
		! grep "origin=$TBL0 " "$TMP/trace"
}

table_works()
{
	fw_told "$OST_INSERTION:$OST_SUCCESS" fw_read SHPT0004/sun && memory_online 9 &&
		fw_ejects "$OST_SUCCESS" TBL0 && rmdir "$TABLE"
}

insertion()
{
	fw_told "$OST_INSERTION:$2" fw_read "$1"
}

# bus_check FILE STATUS
bus_check()
{
	fw_told "$OST_BUS_CHECK:$2" fw_read "$1"
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
	else
		memory_online 9
	fi
}

test_begin 50 "$FW/SHPT0003:00" /sys/kernel/config
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
check "the eject takes 6 s, and a Device Check comes meanwhile" eject_dim0
fw_read SHPT0001/hrv > /dev/null
check "everything is as before" state_same "$TMP/state"

mount -t configfs none /sys/kernel/config
check "a table is loaded" table_load
check "two devices in one scan" two_dimms
check "the table goes while a Device Check of its device waits" waited_for_nothing
fw_read SHPT0001/hrv > /dev/null
check "everything is as before" state_same "$TMP/state"
check "the table is loaded again" table_load
check "its device comes and goes, and the table" table_works
check "the device is gone" table_is_gone
check "everything is as before" state_same "$TMP/state"

check "a CPU with the _UID of another one" insertion SHPT0002/sun "$OST_FAILURE"
check "everything is as before" state_same "$TMP/state"
check "a Bus Check finds memory that is misaligned" bus_check SHPT0005/sun "$OST_FAILURE"
check "it goes" bus_check SHPT0005/hrv "$OST_SUCCESS"
check "when it comes again, that is told again" bus_check SHPT0005/sun "$OST_FAILURE"
check "everything is as before" state_same "$TMP/state"
check "an Eject Request without _EJ0: not supported" eject_request
check "result in the trace" result_is "$TMP/trace" remove \
	error=-95 phase=validate handler=acpi reason=not-ejectable not_restored=0
check "everything is as before" state_same "$TMP/state"
check "a _STA that changes each time" flap
check "a _STA that changes each time" flap
ktap_finished
