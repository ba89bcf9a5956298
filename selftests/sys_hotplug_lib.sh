#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What the tests of this directory share: talking to QEMU, comparing states,
# reading the tracepoints.
#
# shellcheck disable=SC2034 # the tests use the results

SYS_HOTPLUG_DIR=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
# shellcheck disable=SC1091
. "$SYS_HOTPLUG_DIR/../kselftest/ktap_helpers.sh"

CPU_DIR=/sys/devices/system/cpu
MEM_DIR=/sys/devices/system/memory
NODE_DIR=/sys/devices/system/node
SHP_DIR=/sys/kernel/sys_hotplug
FAIL_SHP=/sys/kernel/debug/fail_shp
FW=/sys/bus/acpi/devices
FW_COUNT=0
TRACE_DIR=/sys/kernel/tracing
TTY_WAKEUP=/sys/class/tty/ttyS1/power/wakeup
SUSPENDED=/sys/power/suspend_stats/success
HELPER=/sys/kernel/uevent_helper
UNPOISON=/sys/kernel/debug/hwpoison/unpoison-pfn
DEADLINE=${SYS_HOTPLUG_DEADLINE:-120}
THREADS=${SYS_HOTPLUG_THREADS:-1}
PAGE_SIZE=4096

# _OST as in the ACPI specification
OST_BUS_CHECK=0
OST_INSERTION=1
OST_EJECT_REQUEST=3
OST_EJECT=259
OST_SUCCESS=0
OST_FAILURE=1
OST_NOT_SUPPORTED=128
OST_BUSY=130
OST_IN_PROGRESS=132

# include/linux/node.h
NODE_ADDING=1
NODE_ADDED=2
NODE_REMOVING=8
NODE_REMOVED=16

PROACTIVENESS=
QMP_FD=
QMP_BUFFER=
QMP_REPLY=
QMP_ID=0
QMP_EVENTS=()

skip_all()
{
	ktap_skip_all "$*"
	exit "$KSFT_SKIP"
}

# booted_with MODULE.PARAMETER VALUE: as the kernel has it; or the test is skipped
booted_with()
{
	[[ $(cat "/sys/module/${1/./\/parameters\/}" 2>/dev/null) == "$2" ]] && return
	ktap_print_header
	skip_all "not booted with $1=$2"
}

# test_begin PLAN [FILE...]: the files are what the kernel has to have
test_begin()
{
	local plan=$1 file

	shift
	ktap_print_header
	[[ $UID -eq 0 ]] || skip_all "must run as root"
	[[ ${SYS_HOTPLUG_DESTRUCTIVE:-} = 1 ]] ||
		skip_all "removes hardware: set SYS_HOTPLUG_DESTRUCTIVE=1"
	qmp_open || skip_all "no QMP channel: run vmtest.sh"
	! grep -q '^# vmtest: ' "$0" ||
		grep -qw "vmtest=${0##*/}" /proc/cmdline ||
		skip_all "wants a VM of its own: run vmtest.sh ${0##*/}"
	for file; do
		[[ -e $file ]] || skip_all "no $file"
	done
	BLOCK_PAGES=$((0x$(cat "$MEM_DIR/block_size_bytes") / PAGE_SIZE))
	TMP=$(mktemp -d) || skip_all "no temporary directory: is TMPDIR there, and /tmp not full?"
	# Some tests count what migrates
	PROACTIVENESS=$(cat /proc/sys/vm/compaction_proactiveness)
	echo 0 > /proc/sys/vm/compaction_proactiveness
	trap test_cleanup EXIT
	ktap_set_plan "$plan"
}

test_cleanup()
{
	umount "$TMP"/*/ 2>/dev/null
	rm -rf "$TMP"
	[[ -z $PROACTIVENESS ]] || echo "$PROACTIVENESS" > /proc/sys/vm/compaction_proactiveness
}

# check DESCRIPTION COMMAND...
check()
{
	local description=$1

	shift
	if "$@"; then
		ktap_test_pass "$description"
	else
		ktap_test_fail "$description"
	fi
}

equal()
{
	[[ $1 == "$2" ]] && return
	ktap_print_msg "got '$1', expected '$2'"
	return 1
}

# QMP

qmp_open()
{
	local port

	for port in /sys/class/virtio-ports/*; do
		[[ $(cat "$port/name" 2>/dev/null) = sys_hotplug.qmp ]] || continue
		exec {QMP_FD}<>"/dev/${port##*/}" || return 1
		qmp_run qmp_capabilities
		# nobody read these, they are from before
		QMP_EVENTS=()
		return 0
	done
	return 1
}

# qmp_read SECONDS: one line into QMP_LINE; events are queued and give 1
qmp_read()
{
	local line

	IFS= read -r -t "$1" -u "$QMP_FD" line
	local status=$?

	QMP_BUFFER+=$line
	[[ $status -eq 0 ]] || return 1
	QMP_LINE=$QMP_BUFFER
	QMP_BUFFER=
	if [[ $QMP_LINE == *'"event": '* ]]; then
		QMP_EVENTS+=("$QMP_LINE")
		return 1
	fi
}

# qmp_run COMMAND [KEY=VALUE...]: the reply goes to QMP_REPLY
qmp_run()
{
	local command=$1 arguments="" deadline=$((SECONDS + 30)) pair value

	shift
	for pair in "$@"; do
		value=${pair#*=}
		[[ $value =~ ^([0-9]+|true)$ ]] || value="\"$value\""
		arguments+="${arguments:+, }\"${pair%%=*}\": $value"
	done

	QMP_ID=$((QMP_ID + 1))
	echo "{\"execute\": \"$command\", \"arguments\": {$arguments}, \"id\": $QMP_ID}" >&"$QMP_FD"
	while [[ $SECONDS -lt $deadline ]]; do
		qmp_read 1 || continue
		[[ $QMP_LINE =~ "\"id\": $QMP_ID"[^0-9] ]] || continue
		QMP_REPLY=$QMP_LINE
		[[ $QMP_REPLY == *'"return": '* ]]
		return
	done
	QMP_REPLY="no reply"
	return 1
}

# for the shell
qmp()
{
	qmp_run "$@"
	echo "$QMP_REPLY"
}

qmp_events()
{
	while qmp_read 0.2 || [[ -n $QMP_BUFFER ]]; do
		:
	done
	[[ ${#QMP_EVENTS[@]} -eq 0 ]] || printf '%s\n' "${QMP_EVENTS[@]}"
	QMP_EVENTS=()
}

# event_wait REGEX SECONDS: the first such event, into EVENT
event_wait()
{
	local deadline=$((SECONDS + $2)) i

	while :; do
		for i in "${!QMP_EVENTS[@]}"; do
			[[ ${QMP_EVENTS[i]} =~ $1 ]] || continue
			EVENT=${QMP_EVENTS[i]}
			unset "QMP_EVENTS[i]"
			return 0
		done
		[[ $SECONDS -lt $deadline ]] || return 1
		qmp_read 1
	done
}

# The device's slot, as _OST events have it
slot_of()
{
	case $1 in
	cpu*) echo "\"slot\": \"${1#cpu}\", \"slot-type\": \"CPU\"" ;;
	d*) echo "\"slot\": \"$((${1#d} - 1))\", \"slot-type\": \"DIMM\"" ;;
	esac
}

# ost_known SOURCE:STATUS: does the specification have it, and libvirt understand it
ost_known()
{
	[[ $1 =~ ^([01]:[01]|(3|259):([01]|12[89]|13[0-2]))$ ]] && return
	ktap_print_msg "_OST $1 has no meaning"
	return 1
}

# ost_wait DEVICE: the guest's answer into OST ("source:status"), all of them into OST_ALL
ost_wait()
{
	local slot deadline=$((SECONDS + DEADLINE))

	slot=$(slot_of "$1")
	OST=none
	OST_ALL=
	while [[ $SECONDS -lt $deadline ]]; do
		event_wait "ACPI_DEVICE_OST.*$slot" $((deadline - SECONDS)) || break
		[[ $EVENT =~ \"source\":\ ([0-9]+),\ \"status\":\ ([0-9]+) ]] || continue
		OST=${BASH_REMATCH[1]}:${BASH_REMATCH[2]}
		OST_ALL+="${OST_ALL:+ }$OST"
		ost_known "$OST" || return 1
		[[ ${OST#*:} -eq $OST_IN_PROGRESS ]] || return 0
	done
	ktap_print_msg "$1: no final _OST within $DEADLINE s, seen: ${OST_ALL:-none}"
	return 1
}

deleted_wait()
{
	event_wait "DEVICE_DELETED.*/machine/peripheral/$1[/\"]" "$DEADLINE" && return
	ktap_print_msg "$1: no DEVICE_DELETED"
	return 1
}

unplug_send()
{
	qmp_run device_del id="$1" && return
	ktap_print_msg "device_del $1: $QMP_REPLY"
	return 1
}

# plug_send DEVICE [NODE]: QEMU may need a moment until the name of a deleted device is free
plug_send()
{
	local i nr=${1#cpu}

	for ((i = 0; i < DEADLINE * 10; i++)); do
		case $1 in
		cpu*)
			qmp_run device_add driver=max-x86_64-cpu id="$1" \
				socket-id=$((nr / THREADS)) core-id=0 \
				thread-id=$((nr % THREADS)) && return
			;;
		d*)
			qmp_run device_add driver=pc-dimm id="$1" memdev="m${1#d}" \
				node="${2:-0}" slot=$((${1#d} - 1)) && return
			;;
		esac
		[[ $QMP_REPLY =~ Duplicate|already ]] || break
		sleep 0.1
	done
	ktap_print_msg "device_add $1: $QMP_REPLY"
	return 1
}

# unplug DEVICE, plug DEVICE [NODE]: until the guest has answered with success
unplug()
{
	local expected="$OST_EJECT_REQUEST:$OST_IN_PROGRESS $OST_EJECT_REQUEST:$OST_SUCCESS"

	unplug_send "$1" && ost_wait "$1" || return 1
	if [[ $OST_ALL != "$expected" ]]; then
		ktap_print_msg "$1: unexpected _OST on removal: $OST_ALL"
		return 1
	fi
	deleted_wait "$1"
}

plug()
{
	plug_send "$@" && ost_wait "$1" || return 1
	if [[ $OST_ALL != "$OST_INSERTION:$OST_SUCCESS" ]]; then
		ktap_print_msg "$1: unexpected _OST on addition: $OST_ALL"
		return 1
	fi
}

# ost_query DEVICE: what QEMU remembers as the last answer
ost_query()
{
	qmp_run query-acpi-ospm-status || return 1
	[[ $QMP_REPLY =~ \"source\":\ ([0-9]+),\ \"status\":\ ([0-9]+),\ $(slot_of "$1") ]] &&
		echo "${BASH_REMATCH[1]}:${BASH_REMATCH[2]}"
}

# answers DEVICE ANSWER: to who asks whether it could be ejected
answers()
{
	equal "$(cat "/sys/devices/system/$1/firmware_node/eject_check" 2>&1)" "$2"
}

# ost_refused: is OST a failure that the specification has for an eject
ost_refused()
{
	[[ ${OST%:*} -eq $OST_EJECT_REQUEST || ${OST%:*} -eq $OST_EJECT ]] &&
		[[ ${OST#*:} -ge 128 && ${OST#*:} -lt $OST_IN_PROGRESS ]] && return
	ktap_print_msg "_OST is $OST_ALL"
	return 1
}

# removal_refused DEVICE
removal_refused()
{
	unplug_send "$1" && ost_wait "$1" && ost_refused
}

# Firmware of the test's own, TEST.asl: in sysfs its devices SHPTnnnn have files that
# run a method when they are read

# fw_read FILE
fw_read()
{
	cat "$FW/${1/\//:00/}"
}

# fw_device NAME: its directory
fw_device()
{
	dirname "$(grep -lxF "\\_SB_.$1" "$FW"/*/path)"
}

fw_name()
{
	basename "$(fw_device "$1")"
}

# fw_eject NAME: what the shell says about errno goes to $TMP/ejected
fw_eject()
{
	{ echo 1 > "$(fw_device "$1")/eject" || :; } 2> "$TMP/ejected"
}

# fw_answers NR COMMAND...: the firmware gets that many answers to what the command does,
# no more, and none before; the last one into OST. SHPT0000/hrv is COUNT * 1000000 +
# SOURCE * 1000 + STATUS.
fw_answers()
{
	local nr=$1 i last status=0 count=$FW_COUNT

	shift
	OST=none
	last=$(fw_read SHPT0000/hrv)
	if [[ $((last / 1000000)) -ne $count ]]; then
		ktap_print_msg "answers to the firmware: $((last / 1000000)), expected $count"
		return 1
	fi
	"$@" > /dev/null || status=1
	for ((i = 0; i < DEADLINE * 10; i++)); do
		last=$(fw_read SHPT0000/hrv)
		FW_COUNT=$((last / 1000000))
		[[ $((FW_COUNT - count)) -lt $nr ]] || break
		sleep 0.1
	done
	OST=$((last / 1000 % 1000)):$((last % 1000))
	ost_known "$OST" && equal "$((FW_COUNT - count)) answers" "$nr answers" &&
		equal "status $status" "status 0"
}

# fw_told OST COMMAND...: that is the only answer to what the command does; traced
fw_told()
{
	local expected=$1

	shift
	observe fw_answers 1 "$@" && equal "$OST" "$expected"
}

# ejected_is STATUS: who wrote to eject was told whether that failed, as the firmware was
ejected_is()
{
	if [[ $1 = "$OST_SUCCESS" ]]; then
		equal "$(< "$TMP/ejected")" ""
	else
		grep -q "write error" "$TMP/ejected"
	fi
}

# fw_ejects STATUS NAME
fw_ejects()
{
	fw_told "$OST_EJECT:$1" fw_eject "$2" && ejected_is "$1"
}

# state_has PATTERN: without starting a program
state_has()
{
	local deadline=$((SECONDS + DEADLINE))

	while [[ $SECONDS -lt $deadline ]]; do
		[[ $(< "$SHP_DIR/state") == *$1* ]] && return
	done
	return 1
}

# blocks_gone BLOCK...
blocks_gone()
{
	local block

	for block; do
		[[ ! -e $MEM_DIR/memory$block ]] && continue
		ktap_print_msg "memory$block is there"
		return 1
	done
}

# CPUs and memory

cpu_online()
{
	[[ $(cat "$CPU_DIR/cpu$1/online" 2>/dev/null) = 1 ]] && return
	echo 1 > "$CPU_DIR/cpu$1/online"
}

cpu_offline()
{
	echo 0 > "$CPU_DIR/cpu$1/online"
}

# dimm_blocks DEVICE: the numbers of its memory blocks
dimm_blocks()
{
	local size

	size=$((0x$(cat "$MEM_DIR/block_size_bytes")))
	qmp_run query-memory-devices || return 1
	[[ $QMP_REPLY =~ \{[^{}]*\"id\":\ \"$1\"[^{}]*\} ]] || return 1
	local info=${BASH_REMATCH[0]}
	[[ $info =~ \"addr\":\ ([0-9]+) ]] || return 1
	local start=${BASH_REMATCH[1]}
	[[ $info =~ \"size\":\ ([0-9]+) ]] || return 1
	seq $((start / size)) $(((start + BASH_REMATCH[1]) / size - 1))
}

# dimm_set DEVICE STATE: all its memory blocks
dimm_set()
{
	local block

	for block in $(dimm_blocks "$1"); do
		echo "$2" > "$MEM_DIR/memory$block/state" || return 1
	done
}

vmstat()
{
	sed -n "s/^$1 //p" /proc/vmstat
}

# zone_used_pages ZONE [NODE]
zone_used_pages()
{
	echo 1 > /proc/sys/vm/stat_refresh
	awk -v zone="$1" -v node="${2:+$2,}" '
		/^Node/ { this = $4 == zone && (!node || $2 == node) }
		this && $1 == "pages" && $2 == "free" { free += $3 }
		this && $1 == "managed" { managed += $2 }
		END { print managed - free }' /proc/zoneinfo
}

zone_used_mib()
{
	echo $(($(zone_used_pages "$1") / 256))
}

# at_least MIN COMMAND...: the kernel's counters may be behind by a second or two
at_least()
{
	local i n

	for ((i = 0; i < 100; i++)); do
		n=$("${@:2}")
		[[ $n -ge $1 ]] && return
		sleep 0.1
	done
	ktap_print_msg "${*:2}: $n, not $1"
	return 1
}

# fills_movable MIB COMMAND...: has ZONE_MOVABLE that much in use then?
fills_movable()
{
	local min=$1

	shift
	"$@" && at_least "$min" zone_used_mib Movable
}

# fill MIB NAME: pages of shmem, in the file NAME/file
fill()
{
	mkdir -p "$TMP/$2" && mount -t tmpfs -o size=100% tmpfs "$TMP/$2" &&
		fallocate -l "$1M" "$TMP/$2/file"
}

# fill_elsewhere LEFT: all but LEFT MiB; with the DIMM offline, so that it stays empty
fill_elsewhere()
{
	local free

	sync
	echo 3 > /proc/sys/vm/drop_caches
	free=$(awk '/^MemFree:/ { print int($2 / 1024) }' /proc/meminfo)
	fill $((free - $1)) elsewhere
}

# migrates_once USED MIN COMMAND...: at most 1.02 times, and not so little that
# something else was measured
migrates_once()
{
	local used=$1 min=$2 before migrated

	shift 2
	before=$(vmstat pgmigrate_success)
	"$@" || return 1
	migrated=$(($(vmstat pgmigrate_success) - before))
	ktap_print_msg "$used pages in use, $migrated migrated"
	[[ $used -ge $min && $migrated -ge $min ]] || return 1
	[[ $((migrated * 100)) -le $((used * 102)) ]]
}

# isolated: pageblocks that nothing is allocated from
isolated()
{
	awk '
		/^Number of blocks/ {
			for (i = 1; i <= NF; i++)
				if ($i == "Isolate")
					column = i
		}
		/^Node/ && column { n += $column }
		END { print n + 0 }' /proc/pagetypeinfo
}

# free_pages: of all zones, with those on the lists of the CPUs
free_pages()
{
	echo 1 > /proc/sys/vm/stat_refresh
	awk '($1 == "pages" && $2 == "free") { n += $3 }
	     $1 == "count:" { n += $2 }
	     END { print n }' /proc/zoneinfo
}

# free_same PAGES: up to what the kernel may need for itself
free_same()
{
	local free

	free=$(free_pages)
	[[ $((free - $1)) -le 512 && $(($1 - free)) -le 512 ]] && return
	ktap_print_msg "$1 pages were free, now $free"
	return 1
}

uevents()
{
	cat /sys/kernel/uevent_seqnum
}

# listen: what is told by uevents, a line each, into $TMP/uevents
listen()
{
	cat > "$TMP/helper" <<-END
	#!/bin/busybox sh
	echo "\$ACTION \${DEVPATH##*/} \$SHP_OP \$SHP_RESULT" \\
		"\$SHP_HANDLER \$SHP_BLOCKER \$SHP_REASON" >> $TMP/uevents
	END
	chmod +x "$TMP/helper"
	echo "$TMP/helper" > "$HELPER"
}

# uevent_is TEXT: nobody waits for helpers
uevent_is()
{
	local i

	for ((i = 0; i < DEADLINE * 10; i++)); do
		grep -qxF "$1" "$TMP/uevents" && return
		sleep 0.1
	done
	ktap_print_msg "no uevent '$1', the latest: $(tail -n 5 "$TMP/uevents" | xargs)"
	return 1
}

# page_flags BLOCK: its pages, "PFN FLAGS", by /proc/kpageflags
page_flags()
{
	dd if=/proc/kpageflags bs=8 skip=$(($1 * BLOCK_PAGES)) count="$BLOCK_PAGES" 2>/dev/null |
		od -An -v -tx8 -w8 | awk -v pfn=$(($1 * BLOCK_PAGES)) '{ print pfn++, $1 }'
}

# free_pfn BLOCK: of its last free page, by bit 10
free_pfn()
{
	page_flags "$1" | awk '
		$2 ~ /[4567cdef]..$/ { last = $1 }
		END { if (last) print last; exit !last }'
}

# poison PFN, soft_offline PFN: until it is unpoisoned
poison()
{
	echo $(($1 * PAGE_SIZE)) > "$MEM_DIR/hard_offline_page"
}

soft_offline()
{
	echo $(($1 * PAGE_SIZE)) > "$MEM_DIR/soft_offline_page"
}

unpoison()
{
	echo "$1" > "$UNPOISON"
}

poisoned_kib()
{
	awk '/^HardwareCorrupted:/ { print $2 }' /proc/meminfo
}

# data_fill MIB [OPTION]: files in a tmpfs, with their checksums
data_fill()
{
	local i

	umount "$TMP/data" 2>/dev/null
	mkdir -p "$TMP/data"
	mount -t tmpfs -o "size=90%${2:+,$2}" tmpfs "$TMP/data" || return 1
	dd if=/dev/urandom of="$TMP/random" bs=1M count=1 2>/dev/null
	for ((i = 0; i < $1 / 4; i++)); do
		{
			echo "file $i"
			cat "$TMP/random" "$TMP/random" "$TMP/random" "$TMP/random"
		} > "$TMP/data/$i" || return 1
	done
	(cd "$TMP/data" && md5sum -- * > "$TMP/sums")
}

node_shmem_mib()
{
	awk '$3 == "Shmem:" { print int($4 / 1024) }' "$NODE_DIR/node1/meminfo"
}

# fill_node MIB: data_fill in node 1
fill_node()
{
	data_fill "$1" mpol=bind:1 && at_least "$1" node_shmem_mib
}

node_kswapd()
{
	pidof kswapd1
}

# node_cancel: cancel a removal when all has migrated out of node 1 but what is pinned
node_cancel()
{
	local deadline=$((SECONDS + DEADLINE))

	while [[ $SECONDS -lt $deadline && $(node_shmem_mib) -gt 0 ]]; do
		sleep 0.1
	done
	[[ $(node_shmem_mib) -eq 0 ]] && executing remove && echo "$ID" > "$SHP_DIR/cancel"
}

# New pages prefer ZONE_MOVABLE, which is the DIMM's
data_rewrite()
{
	local file

	for file in "$TMP"/data/*; do
		cp "$file" "$TMP/data/new" && mv "$TMP/data/new" "$file" || return 1
	done
}

# pin_data: one more file, of a page that is pinned until unpin_data. What is spliced
# into a pipe, as busybox's cat does, is pinned until it is read.
pin_data()
{
	dd if=/dev/urandom of="$TMP/data/pinned" bs=4096 count=1 2>/dev/null &&
		mkfifo "$TMP/pipe" && exec {PIPE}<>"$TMP/pipe" &&
		busybox cat "$TMP/data/pinned" > "$TMP/pipe" || return 1
	(cd "$TMP/data" && md5sum pinned >> "$TMP/sums")
}

unpin_data()
{
	exec {PIPE}<&-
	rm "$TMP/pipe"
}

data_same()
{
	(cd "$TMP/data" && md5sum -c "$TMP/sums" > "$TMP/md5" 2>&1) && return
	ktap_print_msg "data has changed:"
	grep -v ': OK$' "$TMP/md5" | sed 's/^/#   /'
	return 1
}

# state_save FILE
state_save()
{
	local mask block cpus state zones

	{
		for mask in present online possible offline; do
			read -r cpus < "$CPU_DIR/$mask"
			echo "cpu $mask: $cpus"
		done
		for block in /sys/bus/container/devices/*/online; do
			[[ ! -e $block ]] || echo "$block: $(cat "$block")"
		done
		for block in "$MEM_DIR"/memory[0-9]*; do
			read -r state < "$block/state"
			read -r zones < "$block/valid_zones"
			echo "${block##*/}: $state $zones"
		done
		awk '/^MemTotal:/ { print "MemTotal:", $2 }' /proc/meminfo
		awk '/^Node/ { node = $2 $4 }
		     $1 == "present" || $1 == "managed" { print "zone", node, $1 ":", $2 }' \
			/proc/zoneinfo
	} > "$1"
}

# state_same FILE
state_same()
{
	state_save "$1.now"
	diff -U 0 "$1" "$1.now" > "$1.diff" && return
	ktap_print_msg "the state has changed (- before, + now):"
	sed -n 's/^[-+][^-+]/#   &/p' "$1.diff"
	return 1
}

# requests_print: what runs, and where everybody is who waits for it
requests_print()
{
	local task

	ktap_print_msg "state: $(cat "$SHP_DIR/state" 2>&1)"
	for task in /proc/[0-9]*; do
		grep -qE 'lock_device_hotplug|shp_|acpi_|cpu_(up|down)|offline_pages' \
			"$task/stack" 2>/dev/null || continue
		ktap_print_msg "$(cat "$task/comm")"
		sed 's/^/#   /' "$task/stack"
	done
}

# Trace

trace_start()
{
	[[ -d $TRACE_DIR/events/sys_hotplug ]] || return 1
	echo 0 > "$TRACE_DIR/tracing_on"
	echo > "$TRACE_DIR/trace"
	echo 1 > "$TRACE_DIR/events/sys_hotplug/enable"
	echo 1 > "$TRACE_DIR/tracing_on"
}

# trace_stop FILE: "SECONDS EVENT FIELD=VALUE...", one a line
trace_stop()
{
	: > "$1"
	[[ -d $TRACE_DIR/events/sys_hotplug ]] || return 1
	echo 0 > "$TRACE_DIR/events/sys_hotplug/enable"
	[[ -z ${SYS_HOTPLUG_TRACE:-} ]] || sed 's/^/# /' "$TRACE_DIR/trace"
	sed -n 's/^.* \([0-9]*\.[0-9]*\): \(shp_[a-z_]*\): /\1 \2 /p' "$TRACE_DIR/trace" > "$1"
}

# shutdown_trace: into the kernel's log, if it was booted with tp_printk
shutdown_trace()
{
	echo 1 > "$TRACE_DIR/events/dev/device_shutdown_begin/enable" &&
		echo 1 > "$TRACE_DIR/events/dev/device_shutdown_end/enable"
}

# field NAME LINE
field()
{
	[[ " $2 " =~ \ $1=([^ ]*)\  ]] && echo "${BASH_REMATCH[1]}"
}

# handlers FILE PHASE...
handlers()
{
	local file=$1 phase

	shift
	for phase; do
		sed -n "s/.* shp_handler_enter .*phase=$phase handler=\([^ ]*\).*/\1/p" "$file"
	done | xargs
}

# order_is PHASE HANDLER...: what observe has traced
order_is()
{
	local phase=$1

	shift
	equal "$(handlers "$TMP/trace" "$phase")" "$*"
}

# result_is FILE OP FIELD=VALUE...: the only request of this kind ended like this
result_is()
{
	local file=$1 op=$2 line pair lines bad=0

	shift 2
	if [[ ! -d $TRACE_DIR/events/sys_hotplug ]]; then
		ktap_print_msg "no tracepoints events/sys_hotplug"
		return 1
	fi
	lines=$(grep " shp_request_exit .*op=$op " "$file")
	if [[ $(grep -c . <<< "$lines") -ne 1 ]]; then
		ktap_print_msg "expected one result of $op, found: ${lines:-none}"
		return 1
	fi
	for pair in "$@"; do
		[[ $(field "${pair%%=*}" "$lines") == "${pair#*=}" ]] && continue
		ktap_print_msg "expected $pair in: $lines"
		bad=1
	done
	return "$bad"
}

# trace_nests FILE: requests have phases, these have handlers, and these have devices.
# Each enter has its exit; who fails is the last one, and its error is that of the request.
trace_nests()
{
	awk '
		function bad(why) {
			print "# " $0 ": " why
			status = 1
		}
		{
			split("", f)
			for (i = 3; i <= NF; i++) {
				eq = index($i, "=")
				f[substr($i, 1, eq - 1)] = substr($i, eq + 1)
			}
			what = $2
			sub(/_(enter|exit)$/, "", what)
			key = what " " f["id"]
			if (what != "shp_request")
				key = key " " f["phase"] " " f["handler"] " " f["device"]
		}
		$1 < last { bad("back in time") }
		{ last = $1 }
		/_enter / { stack[++depth] = key }
		/_exit / {
			if (stack[depth--] != key)
				bad("was not entered last")
			if (!("error" in f))
				bad("no error")
			if (what != "shp_request") {
				if (f["error"] != 0)
					error[f["id"]] = f["error"]
			} else {
				n++
				if (f["error"] != error[f["id"]] + 0)
					bad("error was " error[f["id"]])
			}
		}
		END { exit status || depth || !n }' "$1"
}

# observe COMMAND...: requests into the trace, what else happens into MIGRATED and UEVENTS
observe()
{
	local migrated sent status

	migrated=$(vmstat pgmigrate_success)
	sent=$(uevents)
	trace_start
	"$@"
	status=$?
	trace_stop "$TMP/trace"
	MIGRATED=$(($(vmstat pgmigrate_success) - migrated))
	UEVENTS=$(($(uevents) - sent))
	return "$status"
}

# arm OP PHASE HANDLER HOLD: that handler fails once, or is held until disarm
arm()
{
	echo "$1" > "$FAIL_SHP/op" && echo "$2" > "$FAIL_SHP/phase" &&
		echo "$3" > "$FAIL_SHP/handler" && echo "$4" > "$FAIL_SHP/hold" &&
		echo 0 > "$FAIL_SHP/verbose" && echo 1 > "$FAIL_SHP/times" &&
		echo 100 > "$FAIL_SHP/probability"
}

disarm()
{
	echo 0 > "$FAIL_SHP/probability"
	echo N > "$FAIL_SHP/hold"
}

# sleeps: suspend to idle, vmtest.sh wakes the machine up
sleeps()
{
	local start=$EPOCHREALTIME count

	count=$(cat "$SUSPENDED")
	echo enabled > "$TTY_WAKEUP"
	echo "vmtest: wake 20" > /dev/ttyS1
	echo freeze > /sys/power/state || return 1
	ktap_print_msg "$(((${EPOCHREALTIME/./} - ${start/./}) / 1000)) ms"
	equal "$(cat "$SUSPENDED")" $((count + 1))
}

# port_again: in Linux 7.3 the QMP channel does not survive that
port_again()
{
	local driver=/sys/bus/virtio/drivers/virtio_console device i

	device=$(basename "$(readlink -f /sys/class/virtio-ports/vport*/device)")
	exec {QMP_FD}>&-
	QMP_BUFFER=
	echo "$device" > "$driver/unbind"
	echo "$device" > "$driver/bind"
	for ((i = 0; i < DEADLINE; i++)); do
		qmp_open && return
		sleep 1
	done
	return 1
}

# node_trace: there is no tracepoint for the notifications of a node
node_trace()
{
	# shellcheck disable=SC2016
	echo 'p:node_notify node_notify event=$arg1:u32 nid=+0($arg2):s32' \
		> "$TRACE_DIR/kprobe_events" &&
		echo 1 > "$TRACE_DIR/events/kprobes/node_notify/enable"
} 2>/dev/null

# node_events_are EVENT...: what node 1 was notified of since trace_start
node_events_are()
{
	equal "$(sed -n 's/.* node_notify: .* event=\([0-9]*\) nid=1$/\1/p' \
		 "$TRACE_DIR/trace" | xargs)" "$*"
}

# executing OP: is memory in work in such a request? Its number into ID
executing()
{
	local op phase handler

	read -r ID op phase handler _ 2>/dev/null < "$SHP_DIR/state" &&
		[[ "$op $phase $handler" == "$1 execute memory" ]]
}

# goes_on OP COMMAND...: its request has come to a page that is pinned
goes_on()
{
	local op=$1 failed

	shift
	failed=$(vmstat pgmigrate_fail)
	"$@" || return 1
	state_has " $op execute memory" && at_least $((failed + 1)) vmstat pgmigrate_fail &&
		executing "$op" && return
	ktap_print_msg "state: $(cat "$SHP_DIR/state")"
	return 1
}
