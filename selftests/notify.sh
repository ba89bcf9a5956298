#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# What memory notifiers are told when a DIMM is removed, and what happens when
# one of them objects, or keeps a page.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

TEST_DIR=/sys/kernel/debug/test_memory_hotplug
DATA_MIB=${SYS_HOTPLUG_NOTIFY_MIB:-16}
NR=8

# told GOING OFFLINE CANCEL: what the notifiers were told, one thing at a time
told()
{
	equal "$(cat "$TEST_DIR/notifier")" "\
going_offline $1
offline $2
cancel_offline $3
max_outstanding $(($1 > 0))
violations 0"
}

remove()
{
	echo 0 > "$TEST_DIR/notifier"
	observe "$@"
}

# New pages prefer ZONE_MOVABLE, which is the DIMM's
return_dimm()
{
	plug d1 && data_rewrite
}

# Asked are first all blocks, then each one again when it goes offline
objection()
{
	local asked=$1 offline=0 cancelled=$1 block

	block=${BLOCKS[($1 - 1) % NR]}
	if [[ $1 -gt $NR ]]; then
		offline=$(($1 - NR - 1))
		cancelled=$((NR + 1))
	fi

	echo "$1" > "$TEST_DIR/veto"
	remove removal_refused d1 || return 1
	told "$asked" "$offline" "$cancelled" || return 1
	result_is "$TMP/trace" remove error=-16 phase=execute handler=memory \
		"device=memory$block" reason=offline-failed not_restored=0 || return 1
	# offline and online again, and the result
	equal "$UEVENTS" $((offline * 2 + 1)) || return 1
	if [[ $1 -le $NR ]]; then
		equal "$MIGRATED" 0 || return 1
	elif [[ $MIGRATED -eq 0 ]]; then
		ktap_print_msg "nothing has migrated"
		return 1
	fi
	equal "$(isolated)" 0 && state_same "$TMP/state" && data_same && data_rewrite
}

set_all_but_last()
{
	local block

	for block in "${BLOCKS[@]::NR-1}"; do
		echo "$1" > "$MEM_DIR/memory$block/state" || return 1
	done
}

# A page of the last block, so that all others are isolated before it is found
keep_page()
{
	set_all_but_last offline &&
		echo 1 > "$TEST_DIR/offline_page" &&
		set_all_but_last online_movable || return 1
	equal $(($(cat "$TEST_DIR/offline_page") / BLOCK_PAGES)) "${BLOCKS[NR-1]}"
}

give_page_back()
{
	echo 0 > "$TEST_DIR/offline_page" &&
		equal "$(cat "$TEST_DIR/offline_page")" 0 && unplug d1 && plug d1
}

test_begin $((5 + NR * 2 + 13)) "$TEST_DIR/notifier"
mapfile -t BLOCKS < <(dimm_blocks d1)

check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
state_save "$TMP/state"
check "the DIMM goes" remove unplug d1
check "its $NR blocks are asked twice, one at a time" told $((2 * NR)) "$NR" "$NR"
check "the DIMM comes back" return_dimm
check "everything is as before" state_same "$TMP/state"

for ((i = 1; i <= NR * 2; i++)); do
	check "objection $i: refused, and everything is as before" objection "$i"
done

check "a page of the last block is PageOffline, and referenced" keep_page
FREE=$(free_pages)
check "such a page: refused" remove removal_refused d1
check "such a page: result in the trace" result_is "$TMP/trace" remove \
	error=-16 phase=execute handler=memory "device=memory${BLOCKS[NR-1]}" \
	reason=unmovable-page not_restored=0
check "such a page: each block is asked once" told "$NR" 0 "$NR"
check "such a page: nothing has migrated" equal "$MIGRATED" 0
check "such a page: no uevents but that of the result" equal "$UEVENTS" 1
check "such a page: nothing is isolated" equal "$(isolated)" 0
check "such a page: as much is free as before" free_same "$FREE"
check "such a page: everything is as before" state_same "$TMP/state"
check "such a page: the data is unchanged" data_same
check "without it: the DIMM goes, and comes back" give_page_back
check "everything is as before" state_same "$TMP/state"
check "the data is unchanged" data_same
ktap_finished
