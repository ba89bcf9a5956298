#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=512M%0x40000000-1+0xefffffff
#
# The memory of a dax device, which is boot memory that was declared soft
# reserved: the tests of its driver, and that each page migrates once.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DATA_MIB=${SYS_HOTPLUG_DAX_MIB:-64}
DAX_TEST=$SYS_HOTPLUG_DIR/../dax/dax-kmem-hotplug.sh
STATE=/sys/bus/dax/devices/dax0.0/state

driver_tests()
{
	DAX_KMEM_TEST_DEV=dax0.0 "$DAX_TEST" > "$TMP/dax"
	local rc=$?

	sed 's/^/# /' "$TMP/dax"
	return "$rc"
}

dax_set()
{
	echo "$1" > "$STATE" && equal "$(cat "$STATE")" "$1"
}

test_begin 8 "$DAX_TEST" "$STATE"
state_save "$TMP/state"
check "the tests of dax/kmem" driver_tests
check "CPUs and memory are as before" state_same "$TMP/state"
# Then only the dax device has movable memory
check "the DIMM is offline" dimm_set d1 offline
check "$DATA_MIB MiB of data in the device" fills_movable "$DATA_MIB" data_fill "$DATA_MIB"
check "it goes, each page migrates once" migrates_once "$(zone_used_pages Movable)" \
	$((DATA_MIB * 256)) dax_set unplugged
check "the data is unchanged" data_same
check "it comes back" dax_set online_movable
dimm_set d1 online_movable
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
