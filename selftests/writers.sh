#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# User space writes to the files of a CPU and of memory blocks while these are removed
# and added, for SYS_HOTPLUG_WRITERS_SECONDS.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

RUN_SECONDS=${SYS_HOTPLUG_WRITERS_SECONDS:-30}
# See MAX_CPUS in vmtest.sh
CPU_ROUNDS=100

# writer FILE VALUE VALUE: errors go to a file
writer()
{
	while [[ -e $TMP/go ]]; do
		echo "$2" > "$1"
		echo "$3" > "$1"
	done 2>> "$TMP/errors"
}

write_to_all()
{
	: > "$TMP/go"
	writer "$CPU_DIR/cpu2/online" 0 1 &
	writer "$CPU_DIR/cpu3/online" 0 1 &
	writer "$MEM_DIR/memory$FIRST/state" offline online_movable &
	writer "$MEM_DIR/memory$LAST/state" offline online_movable &
}

comes_and_goes()
{
	local deadline=$((SECONDS + RUN_SECONDS)) rounds=0

	while [[ $SECONDS -lt $deadline ]]; do
		if [[ $rounds -lt $CPU_ROUNDS ]]; then
			unplug cpu3 && plug cpu3 || return 1
		fi
		unplug d1 && plug d1 || return 1
		rounds=$((rounds + 1))
	done
	ktap_print_msg "$rounds times"
	[[ $rounds -gt 0 ]]
}

# EBUSY: the state cannot be had now. ENOENT, ENODEV: it is gone, and so EACCES, when
# the shell would create the file. EINVAL: a memory block is in this state.
known_errors()
{
	local known="No such file or directory|No such device|Permission denied" unknown

	known+="|resource busy|Invalid argument"
	if [[ ! -s $TMP/errors ]]; then
		ktap_print_msg "no writer had any"
		return 1
	fi
	unknown=$(grep -vE "$known" "$TMP/errors" | sort | uniq -c)
	[[ -z $unknown ]] && return
	echo "#   ${unknown//$'\n'/$'\n#   '}"
	return 1
}

stop()
{
	rm "$TMP/go"
	wait
	cpu_online 2 && cpu_online 3
	for block in $FIRST $LAST; do
		echo online_movable > "$MEM_DIR/memory$block/state"
	done 2> /dev/null
	equal "$(cat "$SHP_DIR/state")" idle
}

test_begin 6 "$SHP_DIR/state"
BLOCKS=$(dimm_blocks d1)
FIRST=$(head -n 1 <<< "$BLOCKS")
LAST=$(tail -n 1 <<< "$BLOCKS")
check "64 MiB of data" data_fill 64
state_save "$TMP/state"
write_to_all
check "CPU and DIMM come and go for $RUN_SECONDS s" comes_and_goes
check "nothing runs, all is brought online" stop
check "the writers had the errors that they always had" known_errors
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
ktap_finished
