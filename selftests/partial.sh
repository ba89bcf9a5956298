#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000
# vmtest: firmware=container.asl
#
# A container is added, and the second of its CPUs does not come online. Memory that
# is in use by then stays.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DATA_MIB=32
PROFILE=/sys/firmware/acpi/hotplug/container/demand_offline

# What the container has of node 1 is not movable, and has the node's kswapd
partial()
{
	local state

	state=$(sed -n 's/^ *\([0-9]*\): random:online$/\1/p' "$CPU_DIR/hotplug/states")
	cpu_offline 3 && echo "$state" > "$CPU_DIR/cpu3/hotplug/fail" || return 1
	echo 0 > "$PROFILE"
	fw_ejects "$OST_SUCCESS" PCI0.SLOT.MOD0 || return 1
	echo online > "$CPU_DIR/auto_online"
	echo online_kernel > "$MEM_DIR/auto_online_blocks"
	fw_told "$OST_INSERTION:$OST_FAILURE" fw_read SHPT0000/sun
}

# Is it said of all blocks that stay online, and of no other?
stays_named()
{
	local block state named nr=0

	for block in 8 9 10; do
		read -r state < "$MEM_DIR/memory$block/state" || return 1
		named=offline
		dmesg | grep -q "memory$block could not be restored" && named=online
		equal "memory$block $state" "memory$block $named" || return 1
		[[ $state = offline ]] || nr=$((nr + 1))
	done
	ktap_print_msg "$nr blocks stay"
	[[ $nr -gt 0 ]]
}

cpus_are()
{
	equal "$(cat "$CPU_DIR/present"):$(cat "$CPU_DIR/online")" "$1"
}

test_begin 6 "$FW/SHPT0001:00" "$PROFILE" "$CPU_DIR/auto_online"
check "$DATA_MIB MiB of data" fill_node "$DATA_MIB"
check "a CPU does not come online" partial
check "result in the trace" result_is "$TMP/trace" add \
	error=-11 phase=execute handler=cpu device=cpu3 reason=partial
check "the CPUs are offline" cpus_are 0-3:0
check "memory that is in use stays, and is named" stays_named
check "the data is unchanged" data_same
ktap_finished
