#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# Each page of a DIMM migrates once.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

read -ra SIZES <<< "${SYS_HOTPLUG_EVAC_MIB:-32 200}"

evacuate()
{
	data_fill "$1" || return 1
	migrates_once "$(zone_used_pages Movable)" $(($1 * 256)) unplug d1
}

test_begin $((${#SIZES[@]} * 3 + 1))
state_save "$TMP/state"
for size in "${SIZES[@]}"; do
	check "$size MiB: each page migrates once" evacuate "$size"
	check "$size MiB: the data is unchanged" data_same
	check "$size MiB: the DIMM comes back" plug d1
done

check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
