#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# The machine goes to sleep during a removal that does not end: it is cancelled
# and undone first, and works later. One that waits is done when the machine wakes up.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

runs()
{
	trace_start
	unplug_send d1 || return 1
	state_has " remove execute memory" && sleep 1 && executing remove && return
	ktap_print_msg "state: $(cat "$SHP_DIR/state")"
	return 1
}

another_waits()
{
	local i

	unplug_send cpu3 || return 1
	for ((i = 0; i < DEADLINE * 10; i++)); do
		grep -q "remove queued" "$SHP_DIR/state" && return
		sleep 0.1
	done
	return 1
}

another_done()
{
	local i

	for ((i = 0; i < DEADLINE * 10; i++)); do
		[[ ! -e $CPU_DIR/cpu3 && $(cat "$SHP_DIR/state") = idle ]] && return
		sleep 0.1
	done
	ktap_print_msg "cpu3 is there"
	return 1
}

# port_again: in Linux 7.3 it does not survive
port_again()
{
	local driver=/sys/bus/virtio/drivers/virtio_console device i

	device=$(basename "$(readlink -f /sys/class/virtio-ports/vport*/device)")
	exec {QMP_FD}>&-
	echo "$device" > "$driver/unbind"
	echo "$device" > "$driver/bind"
	for ((i = 0; i < DEADLINE; i++)); do
		qmp_open && return
		sleep 1
	done
	return 1
}

ended()
{
	trace_stop "$TMP/trace"
	port_again && OST=$(ost_query d1) && ost_refused
}

another_comes_back()
{
	plug cpu3 && cpu_online 3
}

goes()
{
	unpin_data
	unplug d1 && plug d1
}

test_begin 12 "$TTY_WAKEUP" "$SHP_DIR/state"
check "64 MiB of data" data_fill 64
data_rewrite
pin_data
state_save "$TMP/state"
check "the removal runs" runs
check "that of a CPU waits" another_waits
check "the machine sleeps" sleeps
check "the CPU goes afterwards" another_done
check "the first removal has ended, and the firmware knows" ended
check "result in the trace" result_is "$TMP/trace" "remove origin=PNP0C80:00" \
	error=-125 phase=execute handler=memory reason=cancelled not_restored=0
check "the CPU comes back" another_comes_back
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
check "without the pin: the DIMM goes, and comes back" goes
check "the data is unchanged" data_same
ktap_finished
