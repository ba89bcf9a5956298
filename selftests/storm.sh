#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# CPUs and a DIMM at once: every answer of the guest is followed by the next
# request for that device, whatever the others are doing. With
# SYS_HOTPLUG_STORM_RACE=1 a CPU is removed while it is still coming online; in
# Linux 7.3 that makes lockdep complain about acpi_processor_post_eject().

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

CPU_ROUNDS=${SYS_HOTPLUG_STORM_CPU_ROUNDS:-8}
DIMM_ROUNDS=${SYS_HOTPLUG_STORM_DIMM_ROUNDS:-3}
DATA_MIB=${SYS_HOTPLUG_STORM_MIB:-32}
RACE=${SYS_HOTPLUG_STORM_RACE:-0}
DEVICES="d1 cpu1 cpu2 cpu3"

# next DEVICE: its next request, or 1 when it is done or QEMU does not take it
next()
{
	if [[ ${doing[$1]} = unplug ]]; then
		doing[$1]=plug
		plug_send "$1" || bad=1
		return "$bad"
	fi
	if [[ ${doing[$1]} = plug && $1 != d1 ]]; then
		doing[$1]=online
		cpu_online "${1#cpu}" 2>/dev/null &
		onlining[$1]=$!
		[[ $RACE = 1 ]] || return 0
	fi
	onlining[$1]=
	[[ ${rounds[$1]} -gt 0 ]] || return 1
	rounds[$1]=$((rounds[$1] - 1))
	doing[$1]=unplug
	unplug_send "$1" || bad=1
	return "$bad"
}

expected()
{
	if [[ $1 = plug ]]; then
		echo "$OST_INSERTION:$OST_SUCCESS"
	else
		echo "$OST_EJECT_REQUEST:$OST_SUCCESS"
	fi
}

# answer: judge EVENT; 1 if it is no final one
answer()
{
	[[ $EVENT =~ \"source\":\ ([0-9]+),\ \"status\":\ ([0-9]+) ]] || return 1
	[[ ${BASH_REMATCH[2]} -ne $OST_IN_PROGRESS ]] || return 1
	for device in $DEVICES; do
		[[ $EVENT == *"$(slot_of "$device")"* ]] && break
	done
	equal "$device ${BASH_REMATCH[1]}:${BASH_REMATCH[2]}" \
		"$device $(expected "${doing[$device]}")" || bad=1
}

storm()
{
	local -A rounds doing onlining
	local active=0 device deadline=$((SECONDS + DEADLINE)) bad=0

	for device in $DEVICES; do
		rounds[$device]=$CPU_ROUNDS
		[[ $device != d1 ]] || rounds[$device]=$DIMM_ROUNDS
		doing[$device]=
		next "$device" && active=$((active + 1))
	done

	while [[ $active -gt 0 && $bad -eq 0 ]]; do
		if event_wait ACPI_DEVICE_OST 0; then
			answer || continue
			deadline=$((SECONDS + DEADLINE))
			next "$device" || active=$((active - 1))
			continue
		fi
		for device in $DEVICES; do
			[[ -n ${onlining[$device]} ]] || continue
			kill -0 "${onlining[$device]}" 2>/dev/null && continue
			next "$device" || active=$((active - 1))
		done
		if [[ $SECONDS -ge $deadline ]]; then
			ktap_print_msg "no answer within $DEADLINE s;" \
				"$(declare -p doing onlining QMP_EVENTS)"
			requests_print
			return 1
		fi
		qmp_read 0.2
	done
	wait
	return "$bad"
}

online_all()
{
	cpu_online 1 && cpu_online 2 && cpu_online 3
}

test_begin 5
state_save "$TMP/state"
check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
check "every request of the storm has the expected _OST" storm
check "all CPUs are online again" online_all
check "the data is unchanged" data_same
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
