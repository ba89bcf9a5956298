#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: firmware=bad.asl
# vmtest: cmdline=memmap=384M$0x40000000
#
# What an operator is told: by eject, eject_check, uevents and the history. The
# firmware is bad.asl, where the ejection of DIM0 takes 6 s.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

HISTORY=/sys/kernel/debug/sys_hotplug/requests

insert()
{
	observe fw_answers 2 fw_read SHPT0001/sun
}

# traced DEVICE: as the history has it
traced()
{
	local line

	line=$(grep " shp_request_exit .*origin=$1 " "$TMP/trace")
	echo "$(field op "$line") $1: $(field error "$line") phase=${line#* phase=}"
}

# A signal ends the wait, and nothing else. Another removal would be refused.
interrupted()
{
	# shellcheck disable=SC2016
	bash -c 'trap : USR1; echo 1 > "$1"' _ "$(fw_device DIM0)/eject" 2> "$TMP/error" &
	state_has "remove commit acpi"
	kill -USR1 $!
	wait $!
	grep -q "remove commit acpi" "$SHP_DIR/state" || echo over > "$TMP/over"
}

signalled()
{
	fw_answers 2 interrupted && [[ ! -e $TMP/over ]] &&
		grep -q "Interrupted system call" "$TMP/error"
}

# record DEVICE: the latest result of it in the history
record()
{
	grep " $(fw_name "$1"): " "$HISTORY" | tail -n 1 | sed 's/^[0-9]* //'
}

# The ejection takes its seconds, in microseconds
ejection_is_long()
{
	grep -A 4 " remove $DIM0: 0" "$HISTORY" | grep -qE "commit .*acpi=[0-9]{7,} "
}

profile_disabled()
{
	echo 0 > /sys/firmware/acpi/hotplug/memory/enabled
	[[ $(cat "$FW/$DIM0/eject_check" 2>&1) == *"No such device"* ]]
	local status=$?
	echo 1 > /sys/firmware/acpi/hotplug/memory/enabled
	return "$status"
}

asked_is()
{
	equal "$(cat "$FW/$DIM0/eject_check")" "$1"
}

cpu_goes_and_comes()
{
	echo 0 > "$CPU_DIR/cpu1/online" && echo 1 > "$CPU_DIR/cpu1/online"
}

# notified NR COMMAND...: who polls a file in sysfs is told that often
notified()
{
	local nr=$1 event=$TRACE_DIR/events/kprobes/kernfs_notify

	shift
	echo "p:kernfs_notify kernfs_notify" > "$TRACE_DIR/kprobe_events"
	echo 1 > "$event/enable"
	echo 1 > "$TRACE_DIR/tracing_on"
	echo > "$TRACE_DIR/trace"
	"$@"
	echo 0 > "$event/enable"
	equal "$(grep -c "kernfs_notify: " "$TRACE_DIR/trace")" "$nr"
	local status=$?
	echo > "$TRACE_DIR/kprobe_events"
	return "$status"
}

test_begin 18 "$FW/SHPT0003:00" "$HELPER" "$HISTORY" "$TRACE_DIR/kprobe_events"
DIM0=$(fw_name DIM0)
DIM1=$(fw_name DIM1)
state_save "$TMP/state"
listen
check "two devices, the second misaligned" insert
check "a uevent says that the first was added" uevent_is "change $DIM0 add 0   none"
check "a uevent says why the second was not" uevent_is \
	"change $DIM1 add -22 acpi $DIM1 attach-failed"
check "the history has the first" equal "$(record DIM0)" "add $DIM0: 0"
check "the history has the second" equal "$(record DIM1)" \
	"add $DIM1: -22 phase=execute handler=acpi device=$DIM1 reason=attach-failed not_restored=0"
check "the trace is complete" trace_nests "$TMP/trace"
check "the history says the same" equal "$(record DIM1)" "$(traced "$DIM1")"
check "who asks is told that nothing speaks against a removal" observe asked_is ok
check "that has changed nothing" equal "$UEVENTS $MIGRATED $(isolated)" "0 0 0"
check "or that it is disabled" profile_disabled
check "a signal ends the wait for the removal, which goes on" signalled
fw_read SHPT0001/hrv > /dev/null
check "a uevent says that it is gone" uevent_is "change $DIM0 remove 0   none"
check "everything is as before" state_same "$TMP/state"
check "the history has it" grep -q " remove $DIM0: 0" "$HISTORY"
check "with the time that the ejection took" ejection_is_long
check "nothing runs" equal "$(cat "$SHP_DIR/state")" idle
check "who has read that is told what comes next" notified 1 cpu_goes_and_comes
check "nobody else is told anything" notified 0 cpu_goes_and_comes
echo > "$HELPER"
ktap_finished
