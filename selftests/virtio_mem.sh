#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# A virtio-mem device grows, shrinks to nothing with data in it, and grows again.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DATA_MIB=${SYS_HOTPLUG_VIRTIO_MEM_MIB:-64}
SIZE_MIB=512

# blocks: how many there are, and are online
blocks()
{
	cat "$MEM_DIR"/memory[0-9]*/state | awk '/^online$/ { n++ } END { print NR, n + 0 }'
}

# resize MIB: until the guest has plugged, or unplugged, what it was asked for, and has
# added or removed its blocks, which comes later
resize()
{
	local size=$(($1 << 20)) deadline=$((SECONDS + DEADLINE)) nr expected

	nr=$((size / PAGE_SIZE / BLOCK_PAGES))
	expected="$((${EMPTY% *} + nr)) $((${EMPTY#* } + nr))"

	qmp_run qom-set path=vm1 property=requested-size value="$size" || {
		ktap_print_msg "$QMP_REPLY"
		return 1
	}
	while [[ $SECONDS -lt $deadline ]]; do
		qmp_run qom-get path=vm1 property=size
		[[ $QMP_REPLY =~ \"return\":\ ${size}[,}] && $(blocks) = "$expected" ]] && return
		sleep 0.2
	done
	ktap_print_msg "$size asked for: $QMP_REPLY, blocks: $(blocks)"
	return 1
}

test_begin 14 /sys/bus/virtio/drivers/virtio_mem
state_save "$TMP/state"
# Then only the virtio-mem device has movable memory
check "the DIMM is offline" dimm_set d1 offline
state_save "$TMP/state.empty"
EMPTY=$(blocks)
check "the device grows" resize $SIZE_MIB
state_save "$TMP/state.full"
check "$DATA_MIB MiB of data in it" fills_movable "$DATA_MIB" data_fill "$DATA_MIB"
check "it shrinks to nothing" resize 0
check "no memory of it is left" state_same "$TMP/state.empty"
check "the data is unchanged" data_same
check "it grows again" resize $SIZE_MIB
check "it has the same memory" state_same "$TMP/state.full"
check "the data goes into it" fills_movable "$DATA_MIB" data_rewrite
check "the data is unchanged" data_same
check "it shrinks to nothing" resize 0
check "no memory of it is left" state_same "$TMP/state.empty"
check "the data is unchanged" data_same
dimm_set d1 online_movable
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
