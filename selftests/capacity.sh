#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=1408M$0x20000000
#
# A DIMM whose data has no place elsewhere has to stay, until there is swap.
# Without it the VM has 640 MiB, of which the tests leave little.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

SWAP=/dev/vda
DATA_MIB=32

little_is_free()
{
	dimm_set d1 offline && fill_elsewhere 128 && dimm_set d1 online_movable
}

refused()
{
	OOM_KILLS=$(vmstat oom_kill)
	observe removal_refused d1
}

nobody_killed()
{
	equal "$(vmstat oom_kill)" "$OOM_KILLS"
}

swap_on()
{
	mkswap "$SWAP" > /dev/null && swapon "$SWAP"
}

test_begin 20 "$SWAP"
state_save "$TMP/state"
check "128 MiB are free elsewhere" little_is_free
check "$DATA_MIB MiB of data in the DIMM" fills_movable "$DATA_MIB" data_fill "$DATA_MIB"

check "700 MiB are in the DIMM" fills_movable 700 fill $((700 - DATA_MIB)) dimm
check "no place for it: refused" refused
check "result in the trace" result_is "$TMP/trace" remove \
	error=-12 phase=validate handler=memory reason=no-capacity not_restored=0
check "nothing has migrated" equal "$MIGRATED" 0
check "nobody was killed" nobody_killed
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
umount "$TMP/dimm"

check "128 MiB are in the DIMM" fills_movable 128 fill $((128 - DATA_MIB)) dimm
check "it fits, but would leave nothing to the kernel: refused" refused
check "result in the trace" result_is "$TMP/trace" remove \
	error=-12 phase=execute handler=memory reason=no-capacity not_restored=0
check "nobody was killed" nobody_killed
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
umount "$TMP/dimm"

check "there is swap" swap_on
check "700 MiB are in the DIMM" fills_movable 700 fill 700 dimm
check "the DIMM goes" unplug d1
check "nobody was killed" nobody_killed
check "the data is unchanged" data_same
ktap_finished
