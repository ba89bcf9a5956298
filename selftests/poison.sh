#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: own
#
# A memory block with a poisoned page does not come back once it is offline:
# it is taken last, and reported if it had to stay.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

VETO=/sys/kernel/debug/test_memory_hotplug/veto
DATA_MIB=${SYS_HOTPLUG_POISON_MIB:-32}

poison_block()
{
	local pfn

	pfn=$(free_pfn "$1") && poison "$pfn"
}

# The last block to go offline objects; before that, all were asked
last_objects()
{
	dmesg -c > /dev/null
	echo $((NR * 2)) > "$VETO"
	trace_start
	unplug_send d1 && ost_wait d1
	trace_stop "$TMP/trace"
	dmesg > "$TMP/log"
	ost_refused
}

# warned TEXT BLOCK...: these blocks, and no others, are named
warned()
{
	local text=$1

	shift
	equal "$(grep -e "$text" "$TMP/log" | grep -o 'memory[0-9][0-9]*' | sort -u | xargs)" "$*"
}

# all_but_one_same BLOCK: it is offline, all others are as before
all_but_one_same()
{
	equal "$(cat "$MEM_DIR/memory$1/state")" offline || return 1
	state_save "$TMP/state.now"
	grep '^memory' "$TMP/state" | grep -v "^memory$1:" > "$TMP/others"
	grep '^memory' "$TMP/state.now" | grep -v "^memory$1:" > "$TMP/others.now"
	diff "$TMP/others" "$TMP/others.now" > "$TMP/diff" && return
	ktap_print_msg "other blocks have changed:"
	sed 's/^/#   /' "$TMP/diff"
	return 1
}

test_begin 18 "$VETO" "$UNPOISON"
mapfile -t BLOCKS < <(dimm_blocks d1)
NR=${#BLOCKS[@]}
FIRST=${BLOCKS[2]}
SECOND=${BLOCKS[4]}
LATE="has poisoned pages"
LOST="could not be restored"

check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
state_save "$TMP/state"
check "a page of the third block is poisoned" poison_block "$FIRST"
check "the last block objects: refused" last_objects
check "one poisoned: it is the last" result_is "$TMP/trace" remove \
	error=-16 phase=execute handler=memory "device=memory$FIRST" \
	reason=offline-failed not_restored=0
check "one poisoned: warned of it" warned "$LATE" "memory$FIRST"
check "one poisoned: everything is as before" state_same "$TMP/state"
check "one poisoned: the data is unchanged" data_same

check "a page of the fifth block is poisoned" poison_block "$SECOND"
check "the last block objects: refused" last_objects
check "two poisoned: one does not come back" result_is "$TMP/trace" remove \
	error=-16 phase=execute handler=memory "device=memory$SECOND" \
	reason=offline-failed not_restored=1
check "two poisoned: warned of both" warned "$LATE" "memory$FIRST" "memory$SECOND"
check "two poisoned: the one is named" warned "$LOST" "memory$FIRST"
check "two poisoned: the others are as before" all_but_one_same "$FIRST"
check "two poisoned: the data is unchanged" data_same

check "without objection: the DIMM goes" unplug d1
check "nothing is poisoned any more" equal "$(poisoned_kib)" 0
check "the DIMM comes back" plug d1
check "everything is as before" state_same "$TMP/state"
ktap_finished
