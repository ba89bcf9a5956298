#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000
#
# A container leaves as a whole, with its CPUs, its memory and the container in it,
# and comes back. The firmware is container.asl.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

PROFILE=/sys/firmware/acpi/hotplug/container/demand_offline
VETO=/sys/kernel/debug/test_memory_hotplug/veto
CYCLES=${SYS_HOTPLUG_CONTAINER_CYCLES:-5}
DATA_MIB=32
AUTO=
ZONES=()

eject()
{
	fw_ejects "$1" PCI0.SLOT.MOD0
}

insert()
{
	fw_told "$OST_INSERTION:$OST_SUCCESS" fw_read SHPT0000/sun
}

asked()
{
	eject "$OST_BUSY" && equal "$UEVENTS" 1 &&
		equal "$(cat "$(fw_device PCI0.SLOT.MOD0)/eject_check")" \
			"-16 $(fw_name PCI0.SLOT.MOD0) not-offline"
}

written()
{
	echo "$1" > "$PROFILE"
} 2> /dev/null

# Nothing goes if one block must not
objection()
{
	echo "$1" > "$VETO"
	eject "$OST_BUSY" || return 1
	result_is "$TMP/trace" remove error=-16 phase=execute handler=memory \
		reason=offline-failed not_restored=0 && state_same "$TMP/state"
}

refused_by_firmware()
{
	fw_read SHPT0001/sun > /dev/null
	eject "$OST_FAILURE" && result_is "$TMP/trace" remove error=-5 phase=commit \
		handler=acpi reason=eject-refused not_restored=0
}

containers_are()
{
	equal "$(cat /sys/devices/system/container/ACPI0004:0[01]/online | xargs)" "$1 $1"
}

# Block by block its zone, which it has to come back to
all_offline()
{
	local cpu block container

	for cpu in 1 2 3; do
		echo 0 > "$CPU_DIR/cpu$cpu/online" || return 1
	done
	for block in 8 9 10; do
		ZONES[block]=$(< "$MEM_DIR/memory$block/valid_zones")
		echo offline > "$MEM_DIR/memory$block/state" || return 1
	done
	# The one inside has the higher number
	for container in 1 0; do
		echo 0 > "/sys/devices/system/container/ACPI0004:0$container/online" || return 1
	done
	containers_are 0
}

all_online()
{
	local cpu block container

	for container in 0 1; do
		echo 1 > "/sys/devices/system/container/ACPI0004:0$container/online" || return 1
	done
	for block in 8 9 10; do
		case ${ZONES[block]} in
		Movable) echo online_movable > "$MEM_DIR/memory$block/state" ;;
		*) echo online_kernel > "$MEM_DIR/memory$block/state" ;;
		esac || return 1
	done
	for cpu in 1 2 3; do
		echo 1 > "$CPU_DIR/cpu$cpu/online" || return 1
	done
}

cancel_eject()
{
	fw_eject PCI0.SLOT.MOD0 &
	node_cancel
	wait "$!"
}

cancelled()
{
	fw_told "$OST_EJECT:$OST_BUSY" cancel_eject &&
		grep -q "Operation canceled" "$TMP/ejected" && result_is "$TMP/trace" remove \
		error=-125 phase=execute handler=memory reason=cancelled not_restored=0
}

# By themselves, if they can
cpus_online()
{
	local cpu

	for cpu in 1 2 3; do
		[[ -n $AUTO ]] || cpu_online "$cpu" || return 1
	done
	equal "$(cat "$CPU_DIR/online")" 0-3
}

nodes_are()
{
	equal "$(cat "$NODE_DIR/online")" "$1"
}

node_has_all()
{
	equal "$(cat "$NODE_DIR/node1/cpulist"):$(cat "$NODE_DIR/has_memory")" "1-3:0-1"
}

cycles()
{
	local i

	for ((i = 0; i < CYCLES; i++)); do
		eject "$OST_SUCCESS" && state_same "$TMP/gone" && insert && cpus_online &&
			state_same "$TMP/state" && data_rewrite && continue
		ktap_print_msg "cycle $i"
		return 1
	done
}

# Its memory is online, and in use, when the CPUs' turn would be
cancel_insertion()
{
	local id

	arm add execute cpu Y && fw_read SHPT0000/sun > /dev/null &&
		state_has " add execute cpu" && data_fill 4 mpol=bind:1 && pin_data &&
		read -r id _ < "$SHP_DIR/state" && echo "$id" > "$SHP_DIR/cancel"
	disarm
}

stays_partly()
{
	fw_told "$OST_INSERTION:$OST_FAILURE" cancel_insertion && result_is "$TMP/trace" add \
		error=-125 phase=execute handler=cpu reason=partial not_restored=2 &&
		equal "$(cat "$MEM_DIR"/memory{8,9,10}/state | sort | xargs)" \
			"offline offline online"
}

test_begin 44 "$FW/SHPT0001:00" "$VETO" "$PROFILE" "$TRACE_DIR/kprobe_events" "$FAIL_SHP"
state_save "$TMP/state"
check "the node's notifications are traced" node_trace
check "CPUs and memory are there" equal \
	"$(cat "$CPU_DIR/online") $(cat "$MEM_DIR"/memory{8,9,10}/state | xargs | tr " " ,)" \
	"0-3 online,online,online"
check "user space is asked to take the container offline" asked
check "nothing changes" state_same "$TMP/state"
check "no other value than 0 and 1" equal "$(written 2 || echo refused)" refused
check "user space takes all of it offline" all_offline
check "the firmware refuses" refused_by_firmware
check "the containers are offline as before" containers_are 0
check "user space brings all of it online" all_online
check "everything is as before" state_same "$TMP/state"
check "the kernel is allowed to do it" written 0
for nr in 1 2 3; do
	check "objection $nr: refused, and everything is as before" objection "$nr"
done
check "the firmware refuses" refused_by_firmware
check "everything is as before" state_same "$TMP/state"
check "$DATA_MIB MiB of data" fill_node "$DATA_MIB"
KSWAPD=$(node_kswapd)
pin_data
check "the eject is cancelled" cancelled
check "everything is as before" state_same "$TMP/state"
check "no memory of the node was going" node_events_are
check "the node has the same kswapd" equal "$(node_kswapd)" "$KSWAPD"
unpin_data
check "the container goes" eject "$OST_SUCCESS"
check "it has the node's last memory, once" node_events_are $NODE_REMOVING $NODE_REMOVED
check "the node has no kswapd" equal "$(node_kswapd)" ""
check "validation is in order" order_is validate cpu memory acpi
check "devices go offline in order" order_is execute cpu memory container
check "the firmware is last" order_is commit acpi
check "CPUs are gone" equal "$(cat "$CPU_DIR/present")" 0
check "memory is gone" blocks_gone 8 9 10
check "the node is gone" nodes_are 0
check "the data is unchanged" data_same
state_save "$TMP/gone"
if [[ -e $CPU_DIR/auto_online ]]; then
	AUTO=1
	echo online > "$CPU_DIR/auto_online"
fi

check "the container comes back" insert
check "it has the node's first memory, once" node_events_are $NODE_ADDING $NODE_ADDED
check "devices come in order" order_is execute acpi container memory cpu
check "the CPUs come online" cpus_online
check "the node is back" nodes_are 0-1
check "it has the CPUs and the memory" node_has_all
check "CPUs and memory are as before" state_same "$TMP/state"
check "$CYCLES cycles" cycles
check "the data is unchanged" data_same
check "the container goes" eject "$OST_SUCCESS"
check "its insertion is cancelled: what is pinned stays" stays_partly
unpin_data
check "the container goes" eject "$OST_SUCCESS"
check "the data is unchanged" data_same
[[ -z $AUTO ]] || echo offline > "$CPU_DIR/auto_online"
ktap_finished
