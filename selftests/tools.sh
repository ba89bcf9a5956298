#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What chcpu, lscpu, chmem and lsmem of util-linux do. It passes on a kernel without the
# sequencer as well, and prints the same.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

# Exit status, as in their manual pages
OK=0
FAILED=1
PARTIAL=64

gives()
{
	local expected=$1 output status

	shift
	output=$("$@" 2>&1)
	status=$?
	ktap_print_msg "$*:"
	[[ -z $output ]] || echo "#   ${output//$'\n'/$'\n#   '}"
	equal "$status" "$expected"
}

cpus_are()
{
	equal "$(cat "$CPU_DIR/online")" "$1"
}

block_state()
{
	equal "$(cat "$MEM_DIR/memory$1/state")" "$2"
}

test_begin 25
BLOCKS=$(dimm_blocks d1)
LAST=$(tail -n 1 <<< "$BLOCKS")
state_save "$TMP/state"
check "lscpu lists CPUs" gives $OK lscpu -a -e=cpu,node,online
check "a CPU goes offline" gives $OK chcpu -d 3
check "it is" cpus_are 0-2
check "once more" gives $OK chcpu -d 3
check "lscpu shows it" gives $OK lscpu -a -e=cpu,node,online
check "and comes online" gives $OK chcpu -e 3
check "it is" cpus_are 0-3
check "two of three" gives $PARTIAL chcpu -d 2,3,0
check "two are" cpus_are 0-1
check "both come online" gives $OK chcpu -e 2,3
check "the boot CPU" gives $PARTIAL chcpu -d 0
check "a CPU that is not there" gives $FAILED chcpu -d 99
check "a rescan" gives $FAILED chcpu -r
check "CPUs and memory are as before" state_same "$TMP/state"

check "lsmem lists memory" gives $OK lsmem -a -o RANGE,SIZE,STATE,REMOVABLE,BLOCK,NODE,ZONES
check "a block goes offline" gives $OK chmem -b -d "$LAST"
check "it is" block_state "$LAST" offline
check "lsmem shows it" gives $OK lsmem -o RANGE,STATE,BLOCK
check "and comes online" gives $OK chmem -b -e "$LAST" -z Movable
check "it is" block_state "$LAST" online
check "256 MiB go offline" gives $OK chmem -d 256M
check "and come online" gives $OK chmem -e 256M -z Movable
check "the kernel's own memory" gives $FAILED chmem -b -d 0
check "a block that is not there" gives $FAILED chmem -b -d 9999
check "CPUs and memory are as before" state_same "$TMP/state"
ktap_finished
