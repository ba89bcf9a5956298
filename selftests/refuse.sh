#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=slab_max_order=0
#
# What cannot go is refused, and everything is as before. Slabs of one page look
# most like free pages.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

FILES=${SYS_HOTPLUG_REFUSE_FILES:-30000}
DATA_MIB=${SYS_HOTPLUG_REFUSE_MIB:-32}

# CPU0 has no online file; the write fails only where the writer gets the result
eject_boot_cpu()
{
	trace_start
	echo 1 > "$CPU_DIR/cpu0/firmware_node/eject" 2>/dev/null
	ost_wait cpu0
	trace_stop "$TMP/trace.cpu"
	ost_refused
}

zone_of()
{
	local zone

	read -r zone _ < "$MEM_DIR/memory$1/valid_zones"
	echo "$zone"
}

# Kernel objects go to ZONE_NORMAL first, and that is only the DIMM's last block
make_unmovable()
{
	echo offline > "$MEM_DIR/memory$LAST/state" &&
		echo online_kernel > "$MEM_DIR/memory$LAST/state" || return 1
	equal "$(zone_of "$LAST")" Normal || return 1
	mkdir "$TMP/data/inodes"
	(cd "$TMP/data/inodes" && seq "$FILES" | xargs touch) || return 1
	[[ $(zone_used_mib Normal) -gt 0 ]] && return
	ktap_print_msg "memory$LAST is empty"
	return 1
}

make_offline()
{
	echo offline > "$MEM_DIR/memory$OFFLINE/state"
}

# first_slab BLOCK: by bit 7 of the flags
first_slab()
{
	page_flags "$1" | awk '$2 ~ /[89a-f].$/ { print $1; exit }'
}

# blames_first BLOCK SLAB: the log names no page that is behind a slab, the first one of
# which was SLAB before
blames_first()
{
	local pfn slab

	pfn=$(dmesg | sed -n "s/.* memory$1: the page at PFN \(0x[0-9a-f]*\) .*/\1/p" | tail -n 1)
	slab=$(first_slab "$1")
	ktap_print_msg "blamed: ${pfn:-none}, first slabs: $(printf '%#x, %#x' "$2" "$slab")"
	[[ -n $pfn && -n $slab && $((pfn)) -le $(($2 > slab ? $2 : slab)) ]]
}

# The rest of the kernel may use the block by now: then it stays as it is
restore()
{
	rm -rf "$TMP/data/inodes"
	echo 3 > /proc/sys/vm/drop_caches
	echo offline > "$MEM_DIR/memory$LAST/state" &&
		echo online_movable > "$MEM_DIR/memory$LAST/state"
	echo online_movable > "$MEM_DIR/memory$OFFLINE/state"
}

test_begin 18
BLOCKS=$(dimm_blocks d1)
LAST=$(tail -n 1 <<< "$BLOCKS")
OFFLINE=$(sed -n 3p <<< "$BLOCKS")

state_save "$TMP/state"
check "the boot CPU: refused" eject_boot_cpu
check "the boot CPU: result in the trace" result_is "$TMP/trace.cpu" remove \
	error=-1 phase=validate handler=cpu device=cpu0 reason=offline-disabled not_restored=0
check "the boot CPU: everything is as before" state_same "$TMP/state"
check "the boot CPU: who asks is told so" answers cpu/cpu0 "-1 cpu0 offline-disabled"

check "data in the DIMM" data_fill "$DATA_MIB"
check "a block of the DIMM is offline" make_offline
check "unmovable memory in the DIMM's last block" make_unmovable
state_save "$TMP/state"
FREE=$(free_pages)
check "the DIMM: who asks is told why" observe answers "memory/memory$OFFLINE" \
	"-16 memory$LAST unmovable-page"
check "the DIMM: that has changed nothing" equal "$UEVENTS $MIGRATED $(isolated)" "0 0 0"
SLAB=$(first_slab "$LAST")
check "the DIMM: refused" observe removal_refused d1
check "the DIMM: result in the trace" result_is "$TMP/trace" remove \
	error=-16 phase=validate handler=memory "device=memory$LAST" \
	reason=unmovable-page not_restored=0
check "the DIMM: the log names the first page that is in the way" blames_first "$LAST" "$SLAB"
check "the DIMM: nothing has migrated" equal "$MIGRATED" 0
check "the DIMM: no uevents but that of the result" equal "$UEVENTS" 1
check "the DIMM: nothing is isolated" equal "$(isolated)" 0
check "the DIMM: as much is free as before" free_same "$FREE"
check "the DIMM: everything is as before, the offline block is offline" state_same "$TMP/state"
check "the DIMM: the data is unchanged" data_same
restore 2>/dev/null
ktap_finished
