#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=512M$0x40000000 kunit.enable=0
# vmtest: firmware=container.asl
# vmtest: qemu=-device max-x86_64-cpu,id=cpu4,socket-id=4,core-id=0,thread-id=0
# vmtest: cases=container dimm cpu firmware online inject
#
# Each handler in each phase of each operation: it fails; the request is cancelled
# there; a signal comes there for who waits for the request. What the machine has
# must then be what it was before, or, where that was too late, what the operation
# makes of it. "faults: ..." are the rows of a table. And the same with what the kernel
# had to inject failures: of allocations, of memory notifiers, of CPU hotplug.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

CASE=${1:-container}
TEST_DIR=/sys/kernel/debug/test_sys_hotplug
SLAB=/sys/kernel/debug/failslab
NOTIFIER=/sys/kernel/debug/notifier-error-inject/memory/actions/MEM_GOING_OFFLINE/error
PROFILE=/sys/firmware/acpi/hotplug/container/demand_offline
MEMORY="0x58000000 0x8000000"
DATA_MIB=16

# An origin OF has begin_OF OP, and answered_OF OP until that has ended

# write VALUE FILE: in the background; what the shell says about errno goes to a file
write()
{
	(
		trap : USR1
		exec {file}> "$2" || exit
		if [[ -n $NTH ]]; then
			exec {left}< /proc/self/fail-nth
			echo "$NTH" > /proc/self/fail-nth
		fi
		echo "$1" >&"$file"
		[[ -z $NTH ]] || read -r -u "$left" nth
		[[ -z $NTH ]] || echo "$nth" > "$TMP/left"
	) 2> "$TMP/written" {QMP_FD}>&- &
	WRITER=$!
}

begin_container()
{
	COUNT=$(($(fw_read SHPT0000/hrv) / 1000000))
	case $1 in
	add) fw_read SHPT0000/sun > /dev/null ;;
	remove) write 1 "$CONTAINER/eject" ;;
	esac
}

answered_container()
{
	local i

	for ((i = 0; i < DEADLINE * 10; i++)); do
		[[ $(($(fw_read SHPT0000/hrv) / 1000000)) -eq $COUNT ]] || return 0
		sleep 0.1
	done
	return 1
}

# Of QEMU: the DIMM d1, the CPU cpu4
begin_qemu()
{
	case $1 in
	add) plug_send "$QEMU_ID" ;;
	remove) write 1 "$QEMU_DEVICE/eject" ;;
	esac
}

set_qemu()
{
	QEMU_ID=$1
	case $1 in
	d1) QEMU_DEVICE=$MEM_DIR/memory$(dimm_blocks d1 | head -n 1) ;;
	*) QEMU_DEVICE=$CPU_DIR/$1 ;;
	esac
	QEMU_DEVICE=$(readlink -f "$QEMU_DEVICE/firmware_node")
}

answered_qemu()
{
	ost_wait "$QEMU_ID" || return 1
	[[ $1 = add || ${OST#*:} -ne $OST_SUCCESS ]] || deleted_wait "$QEMU_ID"
}

begin_firmware()
{
	echo "$1 $MEMORY 4" > "$TEST_DIR/event"
}

answered_firmware()
{
	state_has idle
}

begin_file()
{
	case $1 in
	online) write "$ONLINE" "$FILE" ;;
	offline) write "$OFFLINE" "$FILE" ;;
	esac
}

answered_file()
{
	wait "$WRITER"
	return 0
}

# What there is, more than state_save
save()
{
	state_save "$1"
	{
		grep . "$NODE_DIR"/{online,has_*} "$NODE_DIR"/node*/cpulist "$CPU_DIR"/cpu*/online
		# That a link could not be made is no error to who makes it
		if [[ $CASE != inject ]]; then
			# shellcheck disable=SC2012 # one process for all links
			ls -ld "$FW"/*/physical_node* | awk '{ print $(NF - 2), $NF }'
			printf '%s\n' "$NODE_DIR"/node*/{cpu,memory}[0-9]*
		fi
		printf '%s\n' /sys/bus/{acpi,container,cpu,memory,node}/devices/*
		awk '/^Node/ { node = $2 $4 }
		     $1 == "spanned" || $1 == "start_pfn:" { print "zone", node, $1, $2 }' \
			/proc/zoneinfo
		grep -v "^ " /proc/iomem
	} >> "$1"
}

same()
{
	save "$TMP/now"
	diff -U 0 "$1" "$TMP/now" > "$TMP/diff" && return
	ktap_print_msg "the state has changed (- before, + now):"
	sed -n 's/^[-+][^-+]/#   &/p' "$TMP/diff"
	return 1
}

# try OP [COMMAND...]: one request, traced; the command is for the middle of it
try()
{
	local op=$1

	shift
	WRITER=
	trace_start
	"begin_$OF" "$op" || return 1
	[[ $# -eq 0 ]] || "$@" || return 1
	"answered_$OF" "$op" || return 1
	[[ -z $WRITER ]] || wait "$WRITER"
	state_has idle
	trace_stop "$TMP/trace"
}

held()
{
	local deadline=$((SECONDS + DEADLINE))

	while [[ $(< "$FAIL_SHP/times") -ne 0 ]]; do
		[[ $SECONDS -lt $deadline ]] || return 1
	done
	read -r ID _ < "$SHP_DIR/state"
}

middle_cancel()
{
	held || return 1
	TOO_LATE=
	{ echo "$ID" > "$SHP_DIR/cancel"; } 2> /dev/null || TOO_LATE=1
	echo N > "$FAIL_SHP/hold"
}

middle_signal()
{
	held && kill -USR1 "$WRITER" || return 1
	# Who ejects waits for nothing else
	[[ $OP != remove ]] || wait "$WRITER"
	echo N > "$FAIL_SHP/hold"
}

# Those that have executed, the last one first
rolled_back()
{
	local executed

	executed=$(sed -n 's/.* shp_handler_exit .*phase=execute handler=\([^ ]*\) error=0.*/\1/p' \
		   "$TMP/trace" | tac | xargs)
	equal "rolled back: $(handlers "$TMP/trace" rollback)" "rolled back: $executed"
}

written_is()
{
	[[ -z $WRITER || -z $1$(< "$TMP/written") ]] && return
	[[ -n $1 && $(< "$TMP/written") == *"$1"* ]] && return
	ktap_print_msg "the writer was told: $(< "$TMP/written")"
	return 1
}

# What is expected of the cell: RESULT, ENDS (before or after), TEXT
expect()
{
	RESULT=(error=0 reason=none)
	ENDS=after
	TEXT=
	case $1.$PHASE.$OP.$HANDLER in
	fault.*)
		RESULT=(error=-5 "phase=$PHASE" "handler=$HANDLER" reason=injected)
		ENDS=before
		TEXT="Input/output error"
		;;
	cancel.validate.* | cancel.execute.*)
		RESULT=(error=-125 reason=cancelled)
		ENDS=before
		TEXT="Operation canceled"
		;;
	signal.*.remove.*)
		TEXT="Interrupted system call"
		;;
	signal.validate.offline.memory | signal.execute.offline.memory)
		RESULT=(error=-4 phase=execute handler=memory)
		ENDS=before
		TEXT="Interrupted system call"
		;;
	esac
}

# cell FAULT|CANCEL|SIGNAL: of OF OP PHASE HANDLER; in words into OUTCOME
cell()
{
	local status=1 hold=Y middle=("middle_$1")

	[[ $1 != fault ]] || hold=N middle=()
	OUTCOME="**failed**"
	expect "$1"
	arm "$OP" "$PHASE" "$HANDLER" "$hold"
	try "$OP" "${middle[@]}"
	status=$?
	disarm
	[[ $status -eq 0 ]] || { requests_print; return 1; }

	result_is "$TMP/trace" "$OP" "${RESULT[@]}" not_restored=0 && written_is "$TEXT" &&
		same "$TMP/$ENDS" || return 1
	if [[ $1 = fault ]]; then
		rolled_back || return 1
	elif [[ $1 = cancel ]]; then
		equal "${TOO_LATE:-0}" "$([[ $ENDS = before ]] && echo 0 || echo 1)" || return 1
	fi
	case $ENDS.$1 in
	before.*) OUTCOME="as before" ;;
	after.cancel) OUTCOME="too late, done" ;;
	after.signal) OUTCOME="done" ;;
	esac
}

# Back to what was there before the operation
back()
{
	if [[ $ENDS = after ]]; then
		try "$INVERSE"
	elif [[ $OF.$OP = qemu.add ]]; then
		unplug "$QEMU_ID"
	else
		return 0
	fi
	same "$TMP/before"
}

cell_and_back()
{
	cell "$1"
	local status=$?

	back && return "$status"
	OUTCOME="**not restored**"
	return 1
}

# print_row FAULT CANCEL SIGNAL
print_row()
{
	printf 'faults: | %-9s | %-7s | %-8s | %-9s | %-9s | %-14s | %-9s |\n' \
		"$ORIGIN" "$OP" "$PHASE" "$HANDLER" "$@"
}

row()
{
	local what columns=()

	for what in fault cancel signal; do
		OUTCOME=-
		if [[ $what != signal || -n $WAITS ]]; then
			check "$ORIGIN: $what, $OP, $PHASE, $HANDLER" cell_and_back "$what"
		fi
		columns+=("$OUTCOME")
	done
	print_row "${columns[@]}"
}

# rows OP INVERSE HANDLER...: what is before and after OP is in $TMP/before and $TMP/after
rows()
{
	local OP=$1 INVERSE=$2 PHASE HANDLER WAITS=1

	shift 2
	[[ $OP != add && $OF != firmware ]] || WAITS=
	for PHASE in validate execute commit; do
		for HANDLER; do
			# What is added has no handler before it is found
			if [[ $OP = add && $PHASE = validate && $HANDLER != "$1" ]]; then
				print_row - - -
			else
				row
			fi
		done
	done
}

succeeds()
{
	try "$1" && result_is "$TMP/trace" "$1" error=0 not_restored=0
}

# both ORIGIN OF COME GO HANDLER...: the two operations, from a state with the devices
both()
{
	local ORIGIN=$1 OF=$2 come=$3 go=$4

	shift 4
	save "$TMP/there"
	check "$ORIGIN: $go" succeeds "$go"
	save "$TMP/gone"
	cp "$TMP/gone" "$TMP/before"
	cp "$TMP/there" "$TMP/after"
	rows "$come" "$go" "$@"
	check "$ORIGIN: $come" succeeds "$come"
	cp "$TMP/there" "$TMP/before"
	cp "$TMP/gone" "$TMP/after"
	check "$ORIGIN: as it was" same "$TMP/there"
	rows "$go" "$come" "$@"
}

# slab_filter: only what a request allocates, if it does not call too deep for that. Not
# ACPICA: it keeps the mutex of a method that has no memory to begin.
slab_filter()
{
	local request next first last

	read -r request next first last < <(sort /proc/kallsyms | awk '
		request && !next_ { next_ = $1 }
		$3 == "shp_run_request" { request = $1 }
		$3 ~ /^acpi_ds_/ && !first { first = $1 }
		$3 ~ /^acpi_ut_/ { last = $1 }
		END { print "0x" request, "0x" next_, "0x" first, "0x" last }')
	echo "$request" > "$SLAB/require-start" && echo "$next" > "$SLAB/require-end" &&
		echo "$first" > "$SLAB/reject-start" && echo "$last" > "$SLAB/reject-end" &&
		echo 32 > "$SLAB/stacktrace-depth" && echo N > "$SLAB/ignore-gfp-wait" &&
		echo 0 > "$SLAB/verbose"
}

# slab_arm: failslab fails each INTERVALth allocation of all that it has seen, and nobody
# can ask how many these are. Of a task of its own, the NTHth.
slab_arm()
{
	[[ $OF != file ]] || return 0
	echo "$INTERVAL" > "$SLAB/interval"
	echo 1 > "$SLAB/times"
	echo 100 > "$SLAB/probability"
}

slab_hit()
{
	if [[ $OF = file ]]; then
		[[ $(< "$TMP/left") -eq 0 ]]
	else
		echo 0 > "$SLAB/probability"
		[[ $(< "$SLAB/times") -eq 0 ]]
	fi
}

# slab_cell: 2 if so many have not been allocated
slab_cell()
{
	local error hit=2

	slab_arm
	try "$OP"
	slab_hit && hit=0
	error=$(field error "$(grep " shp_request_exit .*op=$OP " "$TMP/trace")")
	ENDS=before
	if [[ $error = 0 ]]; then
		ENDS=after
	else
		REFUSED=$((REFUSED + 1))
	fi
	if ! same "$TMP/$ENDS" || ! NTH='' back; then
		ktap_print_msg "error $error"
		return 1
	fi
	return "$hit"
}

# slab_cells OP INVERSE: one allocation after the other, the later ones in steps, until
# there are no more
slab_cells()
{
	local OP=$1 INVERSE=$2 NTH INTERVAL nr=1 status=0

	REFUSED=0
	while [[ $status -eq 0 ]]; do
		NTH=$nr
		INTERVAL=$((SLAB_SEEN + nr))
		slab_cell
		status=$?
		# With an interval of 1, it does not count
		[[ $OF = file || $status -ne 0 || $INTERVAL -eq 1 ]] || SLAB_SEEN=$INTERVAL
		nr=$((nr + 1 + nr / 4))
	done
	# Until it has seen a known number of them again
	while [[ $OF != file && $status -eq 2 ]]; do
		slab_cell
		status=$?
		[[ $status -ne 0 ]] || SLAB_SEEN=$INTERVAL
	done
	ktap_print_msg "$OP: allocation $NTH, $REFUSED times refused"
	[[ $status -ne 1 && $NTH -gt 1 ]]
}

# slab_both ORIGIN OF COME GO
slab_both()
{
	local OF=$2

	save "$TMP/there"
	check "$1: $4" succeeds "$4"
	save "$TMP/gone"
	cp "$TMP/gone" "$TMP/before"
	cp "$TMP/there" "$TMP/after"
	check "$1: allocations of $3" slab_cells "$3" "$4"
	check "$1: $3" succeeds "$3"
	cp "$TMP/there" "$TMP/before"
	cp "$TMP/gone" "$TMP/after"
	check "$1: allocations of $4" slab_cells "$4" "$3"
}

notifier_objects()
{
	local OF=qemu

	save "$TMP/before"
	echo -12 > "$NOTIFIER"
	try remove && result_is "$TMP/trace" remove error=-12 phase=execute handler=memory \
		reason=offline-failed not_restored=0 && same "$TMP/before"
	local status=$?
	echo 0 > "$NOTIFIER"
	return "$status"
}

# Those steps of the CPU hotplug that the CPU does itself, and that undo something
steps_fail()
{
	local fail=$CPU_DIR/cpu4/hotplug/fail OF=file ENDS=after INVERSE=online step n=0

	save "$TMP/before"
	while read -r step; do
		{ echo "$step" > "$fail"; } 2> /dev/null || continue
		try offline || return 1
		if [[ $(< "$fail") -eq -1 ]]; then
			result_is "$TMP/trace" offline error=-11 phase=execute handler=cpu \
				reason=offline-failed not_restored=0 && same "$TMP/before" ||
				return 1
			n=$((n + 1))
		else
			echo -1 > "$fail"
			back || return 1
		fi
	done < <(sed -n -e '1,/: ap:online$/d' -e 's/^ *\([0-9]*\): .*/\1/p' \
		 "$CPU_DIR/hotplug/states")
	ktap_print_msg "$n steps"
	[[ $n -gt 0 ]]
}

goes_and_comes()
{
	succeeds remove && succeeds add
}

# What is in the inner one of the boards
board_offline()
{
	cpu_offline 3 && echo offline > "$MEM_DIR/memory10/state"
}

declare -A PLAN=([container]=60 [dimm]=33 [cpu]=33 [firmware]=37 [online]=66 [inject]=21)
test_begin "${PLAN[$CASE]}" "$FAIL_SHP" "$TEST_DIR" "$PROFILE" "$CPU_DIR/auto_online" \
	"$FW/SHPT0001:00"
CONTAINER=$(fw_device PCI0.SLOT.MOD0)
NTH=
SLAB_SEEN=0
echo 0 > "$FAIL_SHP/verbose"
echo 0 > "$PROFILE"
echo online > "$CPU_DIR/auto_online"
cpu_online 4
check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
case $CASE in
container)
	# The CPUs are those of another node at boot
	OF=container
	check "container: it goes and comes" goes_and_comes
	both "container" container add remove acpi container memory cpu
	;;
dimm)
	set_qemu d1
	both DIMM qemu add remove acpi memory
	;;
cpu)
	set_qemu cpu4
	both CPU qemu add remove acpi cpu
	;;
firmware)
	echo "add $MEMORY" > "$TEST_DIR/event"
	state_has idle
	both "firmware" firmware add remove test memory cpu
	;;
online)
	FILE=$CPU_DIR/cpu4/online ONLINE=1 OFFLINE=0
	both "file" file online offline cpu
	FILE=$MEM_DIR/memory$(dimm_blocks d1 | tail -n 1)/state
	ONLINE=online_movable OFFLINE=offline
	both "file" file online offline memory
	check "what is on the board is offline" board_offline
	FILE=$(readlink -f "$(fw_device PCI0.SLOT.MOD0.MOD1)/physical_node")/online
	ONLINE=1 OFFLINE=0
	both "file" file online offline container
	;;
inject)
	check "only what requests allocate" slab_filter
	FILE=$CPU_DIR/cpu4/online ONLINE=1 OFFLINE=0
	slab_both CPU file online offline
	check "steps of the CPU hotplug" steps_fail
	FILE=$MEM_DIR/memory$(dimm_blocks d1 | tail -n 1)/state
	ONLINE=online_movable OFFLINE=offline
	slab_both memory file online offline
	set_qemu cpu4
	slab_both CPU qemu add remove
	set_qemu d1
	slab_both DIMM qemu add remove
	check "a memory notifier" notifier_objects
	;;
esac
check "the data is unchanged" data_same
ktap_finished
