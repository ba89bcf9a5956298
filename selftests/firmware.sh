#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000
#
# Firmware that is not ACPI removes CPUs and memory in one request, and adds them:
# that of CONFIG_TEST_SYS_HOTPLUG, see drivers/base/test/test_sys_hotplug.c.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

TEST_DIR=/sys/kernel/debug/test_sys_hotplug
HISTORY=/sys/kernel/debug/sys_hotplug/requests
VETO=/sys/kernel/debug/test_memory_hotplug/veto
MEMORY="0x40000000 0x18000000"
BLOCKS=(8 9 10)
CYCLES=${SYS_HOTPLUG_FIRMWARE_CYCLES:-5}
DATA_MIB=32

# event OP [CPUS]: until it has ended
event()
{
	echo "$1 $MEMORY ${2-1-2}" > "$TEST_DIR/event" && state_has idle
}

succeeds()
{
	observe event "$@" && result_is "$TMP/trace" "$1" error=0 not_restored=0
}

# fails OP STATE FIELD=VALUE...: and all is as in the file STATE
fails()
{
	observe event "$1" && result_is "$TMP/trace" "$1" "${@:3}" not_restored=0 &&
		state_same "$TMP/$2"
}

# fails_in PHASE OP STATE FIELD=VALUE...
fails_in()
{
	echo Y > "$TEST_DIR/fail_$1"
	fails "${@:2}" "phase=$1" handler=test device=test_sys_hotplug
	local status=$?
	echo N > "$TEST_DIR/fail_$1"
	return "$status"
}

# A notifier of the memory objects to the last block
objection()
{
	echo "${#BLOCKS[@]}" > "$VETO"
	fails remove there error=-16 phase=execute handler=memory \
		"device=memory${BLOCKS[-1]}" reason=offline-failed
}

no_start()
{
	echo 2 > "$TEST_DIR/fail_cpu"
	fails add gone error=-5 phase=execute handler=cpu device=cpu2 reason=online-failed
	local status=$?
	echo 0 > "$TEST_DIR/fail_cpu"
	return "$status"
}

# devices_are PHASE DEVICE...: brought online or taken offline in it
devices_are()
{
	local phase=$1

	shift
	equal "$(sed -n "s/.* shp_device_exit .*phase=$phase .*device=\([^ ]*\) error=0.*/\1/p" \
		 "$TMP/trace" | xargs)" "$*"
}

# The one that does not end, and one that waits for it
cancel_both()
{
	local ids

	echo "remove $MEMORY 1-2" > "$TEST_DIR/event"
	echo "remove 0 0 3" > "$TEST_DIR/event"
	state_has " remove execute memory *remove queued " || return 1
	mapfile -t ids < <(cut -d " " -f 1 "$SHP_DIR/state")
	echo "${ids[1]}" > "$SHP_DIR/cancel" && echo "${ids[0]}" > "$SHP_DIR/cancel" &&
		state_has idle
}

cancelled()
{
	observe cancel_both && state_same "$TMP/there" || return 1
	equal "$(sed -n 's/.* shp_request_exit .* \(error=[^ ]* phase=[^ ]*\) .*/\1/p' \
		 "$TMP/trace" | xargs)" "error=-125 phase=execute error=-125 phase=validate"
}

# New pages prefer ZONE_MOVABLE
holds_data()
{
	data_rewrite && at_least "$DATA_MIB" zone_used_mib Movable
}

starts()
{
	cpu_online "$1" 2> /dev/null
}

refused()
{
	echo "$*" > "$TEST_DIR/event"
} 2> /dev/null

cycles()
{
	local i

	for ((i = 0; i < CYCLES; i++)); do
		succeeds remove && state_same "$TMP/gone" && data_same &&
			succeeds add && state_same "$TMP/there" && holds_data && continue
		ktap_print_msg "cycle $i"
		return 1
	done
}

# The latest request has the times of those who took part
history_is()
{
	equal "$(tail -n 4 "$HISTORY" | sed -E 's/^\t//; s/=[0-9]+//g; s/ us$//')" \
		"$(printf "%s $*\n" validate execute commit rollback)"
}

# Events come before the reply to a later command
no_ost()
{
	qmp_run query-status && [[ ${QMP_EVENTS[*]} != *ACPI_DEVICE_OST* ]]
}

no_acpi_uevent()
{
	equal "$(grep -E '^[a-z]+ (LNX|PNP|ACPI)[A-Z0-9]*:' "$TMP/uevents")" ""
}

test_begin 47 "$TEST_DIR" "$VETO" "$HELPER" "$CPU_DIR/auto_online"
# Nothing else is in ZONE_MOVABLE
D1=$(basename "$(readlink -f "$MEM_DIR/memory$(dimm_blocks d1 | head -n 1)/firmware_node")")
dimm_set d1 offline
echo online > "$CPU_DIR/auto_online"
listen

for text in "" "add" "eject 0 0 1" "remove 0 0 x" "remove 0 0 1,999"; do
	check "no event is '$text'" equal "$(refused "$text" || echo refused)" refused
done
check "there is no such memory yet" blocks_gone "${BLOCKS[@]}"
check "it cannot be removed" observe event remove ""
check "the firmware says why" result_is "$TMP/trace" remove error=-1 phase=validate \
	handler=test reason=not-ejectable not_restored=0
check "memory is added" succeeds add ""
check "with $DATA_MIB MiB of data in it" fills_movable "$DATA_MIB" data_fill "$DATA_MIB"
state_save "$TMP/there"
check "it is not added twice" fails add there error=-17 phase=validate handler=test

check "removal: the firmware fails in validate" fails_in validate remove there \
	error=-1 reason=not-ejectable
check "nothing was executed" order_is execute
check "removal: the firmware fails in execute" fails_in execute remove there \
	error=-5 reason=eject-refused
check "handlers are rolled back" order_is rollback memory cpu
check "devices are back" devices_are rollback memory10 memory9 memory8 cpu2 cpu1
check "memory has data" holds_data
check "removal: the firmware fails in commit" fails_in commit remove there \
	error=-5 reason=eject-refused
check "handlers are rolled back" order_is rollback memory cpu
check "devices are back" devices_are rollback memory10 memory9 memory8 cpu2 cpu1
check "memory has data" holds_data
check "removal: memory fails" objection
check "CPUs are back" devices_are rollback cpu2 cpu1
pin_data
check "both are cancelled: a removal, and one that is queued" cancelled
unpin_data
check "the data is unchanged" data_same

check "memory has data" holds_data
check "CPUs and memory are removed" succeeds remove
check "validation is in order" order_is validate cpu memory test
check "devices go offline in order" devices_are execute cpu1 cpu2 memory8 memory9 memory10
check "the firmware is last" order_is commit test
check "the history has these handlers" history_is cpu memory test
check "CPUs are offline" equal "$(cat "$CPU_DIR/online")" 0,3
check "memory is gone" blocks_gone "${BLOCKS[@]}"
check "the firmware does not start the CPUs" equal "$(starts 1 || echo refused)" refused
check "the data is unchanged" data_same
state_save "$TMP/gone"

check "addition: the firmware fails in validate" fails_in validate add gone \
	error=-17 reason=attach-failed
check "addition: the firmware fails in execute" fails_in execute add gone \
	error=-5 reason=attach-failed
check "addition: a CPU does not start" no_start
check "handlers are rolled back" order_is rollback memory test
check "CPUs and memory are added" succeeds add
check "handlers are in order" order_is execute test memory cpu
check "CPUs and memory are as before" state_same "$TMP/there"
check "$CYCLES cycles" cycles

check "ACPI has answered nothing" no_ost
check "it has sent no uevent" no_acpi_uevent
check "it answers when a DIMM is removed" unplug d1
check "it sends a uevent then" uevent_is "change $D1 remove 0   none"
ktap_finished
