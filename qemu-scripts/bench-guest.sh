#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The guest's half of bench.sh: removes DIMMs, on the patched and on the unpatched
# kernel, and says in one line each what that took. SYS_HOTPLUG_BENCH is the set
# of workloads to run.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

HOLD=../hold/bench-hold
FILES=30000
BLOCK_CYCLES=21
WRITES=1000

# used_pages [NODE]: in ZONE_MOVABLE. For the library, pages on the lists of a CPU
# are in use; here they are free.
used_pages()
{
	awk -v node="${1:+$1,}" '
		/^Node/ { this = $4 == "Movable" && (!node || $2 == node) }
		this && $1 == "pages" && $2 == "free" { used -= $3 }
		this && $1 == "managed" { used += $2 }
		this && $1 == "count:" { used -= $2 }
		END { print used + 0 }' /proc/zoneinfo
}

migrated()
{
	awk '$1 == "pgmigrate_success" { print $2 }' /proc/vmstat
}

# report WORKLOAD GIB MIB RESULT: what start and stop have measured
report()
{
	local us=$((10#${END/./} - 10#${START/./}))

	printf 'bench: workload=%s dimm=%s used=%s seconds=%d.%06d migrated=%s used_pages=%s result=%s\n' \
		"$1" "$2" "$3" $((us / 1000000)) $((us % 1000000)) "$MIGRATED" "$PAGES" "$4"
}

start()
{
	PAGES=$(used_pages "$@")
	MIGRATED=$(migrated)
	START=$EPOCHREALTIME
}

stop()
{
	END=$EPOCHREALTIME
	MIGRATED=$(($(migrated) - MIGRATED))
}

# event_time: of EVENT, by QEMU's clock
event_time()
{
	[[ $EVENT =~ \"seconds\":\ ([0-9]+),\ \"microseconds\":\ ([0-9]+) ]] &&
		printf '%d.%06d\n' "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"
}

# unplug_measured DIMM...: START is when the guest answers that it removes the first
# one, and END when it has answered for the last
unplug_measured()
{
	local dimm first=

	OST=none
	for dimm; do
		unplug_send "$dimm" || break
		event_wait "ACPI_DEVICE_OST.*$(slot_of "$dimm")" "$DEADLINE" || break
		: "${first:=$(event_time)}"
		ost_wait "$dimm"
	done
	stop
	START=$first END=$(event_time)
}

# dimm GIB: d1 is an empty DIMM of that size, all of it movable. The library's
# plug and unplug want exact _OST sequences, which the unpatched kernel need not have.
dimm()
{
	local block state

	if [[ -n $(dimm_blocks d1) ]]; then
		unplug_send d1 && ost_wait d1 && deleted_wait d1 || return 1
	fi
	qmp_run object-del id=m1 &&
		qmp_run object-add qom-type=memory-backend-ram id=m1 size=$(($1 << 30)) prealloc=true &&
		plug_send d1 && ost_wait d1 || return 1
	BLOCKS=$(dimm_blocks d1)
	for block in $BLOCKS; do
		read -r state < "$MEM_DIR/memory$block/state" && [[ $state = online ]] && continue
		ktap_print_msg "memory$block is ${state:-missing}"
		return 1
	done
}

# remove WORKLOAD GIB MIB CHECK...: CHECK says whether the contents are as before
remove()
{
	local what=("$1" "$2" "$3") result=ok

	shift 3
	start
	unplug_measured d1
	if [[ ${OST#*:} != "$OST_SUCCESS" ]]; then
		result=refused
	elif ! deleted_wait d1; then
		result=not-deleted
	fi
	"$@" || result=data-changed
	report "${what[@]}" "$result"
}

# A measurement needs what comes before it
not_run()
{
	PAGES=0 MIGRATED=0 START=0 END=0
	report "$1" "$2" "$3" "$4"
}

tmpfs()
{
	if ! dimm "$1"; then
		not_run tmpfs "$1" "$2" no-dimm
		return
	fi
	if data_fill "$2"; then
		remove tmpfs "$1" "$2" data_same
	else
		not_run tmpfs "$1" "$2" no-room
	fi
	umount "$TMP/data"
}

hold_same()
{
	kill "$holder" && wait "$holder"
}

# hold KIND MIB: the memory of a process
hold()
{
	local line="" holder thp=0

	if ! dimm 1; then
		not_run "$1" 1 "$2" no-dimm
		return
	fi
	[[ $1 != hugetlb ]] || echo $(($2 / 2)) > /proc/sys/vm/nr_hugepages
	coproc HELD { exec "$HOLD" "$1" "$2" 2>&1; }
	# shellcheck disable=SC2153
	holder=$HELD_PID
	read -r line <&"${HELD[0]}"
	[[ $1 != thp ]] || thp=$(awk '/^AnonHugePages:/ { print int($2 / 1024) }' /proc/meminfo)
	if [[ $line != ready ]]; then
		ktap_print_msg "bench-hold: $line"
		not_run "$1" 1 "$2" no-memory
	elif [[ $1 = thp && $thp -lt $2 ]]; then
		hold_same
		not_run "$1" 1 "$2" "only-$thp-MiB-huge"
	else
		remove "$1" 1 "$2" hold_same
	fi
	echo 0 > /proc/sys/vm/nr_hugepages
}

# tmpfs has no page cache. The pages of the RAM disk itself are the kernel's,
# and so not in the DIMM.
pagecache()
{
	local i

	if ! dimm 1; then
		not_run pagecache 1 "$1" no-dimm
		return
	fi
	mkdir -p "$TMP/data"
	dd if=/dev/urandom of="$TMP/random" bs=1M count=4 2>/dev/null
	mke2fs -b 4096 /dev/ram0 > /dev/null 2>&1 && mount -t ext2 /dev/ram0 "$TMP/data"
	for ((i = 0; i < $1 / 4; i++)); do
		cp "$TMP/random" "$TMP/data/$i" || break
	done
	sync
	rm -rf "$TMP/data/lost+found"
	if [[ $i -eq $(($1 / 4)) ]] && (cd "$TMP/data" && md5sum -- * > "$TMP/sums"); then
		remove pagecache 1 "$1" data_same
	else
		not_run pagecache 1 "$1" no-room
	fi
	umount "$TMP/data"
}

# The last block holds what cannot move: as in refuse.sh
make_unmovable()
{
	local last

	last=$(tail -n 1 <<< "$BLOCKS")
	echo offline > "$MEM_DIR/memory$last/state" &&
		echo online_kernel > "$MEM_DIR/memory$last/state" || return 1
	mkdir "$TMP/data/inodes"
	(cd "$TMP/data/inodes" && seq "$FILES" | xargs touch) || return 1
	[[ $(zone_used_mib Normal) -gt 0 ]]
}

refuse()
{
	local result=ok

	if ! dimm 1 || ! data_fill "$1" || ! make_unmovable; then
		not_run refuse 1 "$1" no-unmovable
		return
	fi
	start
	unplug_measured d1
	ost_refused || result=not-refused
	data_same || result=data-changed
	report refuse 1 "$1" "$result"
}

# All of node 1: two DIMMs, one after the other
node()
{
	local dimm mib=$1 result=ok

	for dimm in d2 d3; do
		if ! qmp_run object-add qom-type=memory-backend-ram id="m${dimm#d}" size=$((512 << 20)) prealloc=true ||
		   ! plug_send "$dimm" 1 || ! ost_wait "$dimm"; then
			not_run node 1 "$mib" no-dimm
			return
		fi
	done
	if ! data_fill "$mib" mpol=bind:1; then
		not_run node 1 "$mib" no-room
		return
	fi
	start 1
	unplug_measured d2 d3
	[[ $(cat "$NODE_DIR/has_memory") = 0 ]] || result=refused
	data_same || result=data-changed
	report node 1 "$mib" "$result"
}

# An empty block: what an operation costs besides migration
block()
{
	local i j state

	if ! dimm 1; then
		not_run block-offline 1 0 no-dimm
		return
	fi
	state=$MEM_DIR/memory$(tail -n 1 <<< "$BLOCKS")/state
	for ((i = 0; i < BLOCK_CYCLES; i++)); do
		start
		echo offline > "$state" || break
		stop
		report block-offline 1 0 ok
		start
		echo online_movable > "$state" || break
		stop
		report block-online 1 0 ok
	done
	[[ $i -eq $BLOCK_CYCLES ]] || not_run block 1 0 failed

	for ((i = 0; i < BLOCK_CYCLES; i++)); do
		start
		for ((j = 0; j < WRITES; j++)); do
			echo 1 > "$CPU_DIR/cpu1/online" || break
		done
		stop
		[[ $j -eq $WRITES ]] || break
		report cpu-write 1 0 ok
	done
	[[ $i -eq $BLOCK_CYCLES ]] || not_run cpu-write 1 0 failed
}

if ! qmp_open; then
	echo "no QMP channel: run make bench"
	exit "$KSFT_SKIP"
fi
TMP=$(mktemp -d) || exit
trap test_cleanup EXIT
echo "bench-machine: Linux $(uname -r), $(nproc) CPUs"

case $SYS_HOTPLUG_BENCH in
fill)
	for mib in 100 300 500 900; do
		tmpfs 1 "$mib"
	done
	;;
size)
	for gib in 1 2 4 8; do
		tmpfs "$gib" 204
	done
	;;
quarter)
	# 2 GiB are too much for the 2 GiB that the VM has besides
	for gib in 1 2 4; do
		tmpfs "$gib" $((gib * 256))
	done
	;;
content)
	hold anon 300
	hold thp 300
	hold hugetlb 300
	pagecache 300
	;;
refuse)
	refuse 400
	;;
node)
	node 400
	;;
block)
	block
	;;
esac
