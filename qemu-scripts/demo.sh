#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Show what the sequencer does: a DIMM and two CPUs leave and come back. Not a
# test. SYS_HOTPLUG_COLOR=1 colours the output, SYS_HOTPLUG_DEMO_MIB is the
# amount of data that lies in the DIMM.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DATA_MIB=${SYS_HOTPLUG_DEMO_MIB:-16}
SUMMARY=()
TRACE=()
FAILED=0

if [[ ${SYS_HOTPLUG_COLOR:-0} = 1 ]]; then
	BOLD=$'\e[1m' DIM=$'\e[2m' GREEN=$'\e[32m' RED=$'\e[31m' PLAIN=$'\e[0m'
else
	BOLD='' DIM='' GREEN='' RED='' PLAIN=''
fi

# Forking takes long in an emulated machine: results are returned in variables

# usecs SECONDS.MICROSECONDS: into US
usecs()
{
	local fraction=${1#*.}000000

	US=$((10#${1%.*} * 1000000 + 10#${fraction:0:6}))
}

# ms MICROSECONDS: into MS
ms()
{
	printf -v MS '%d.%03d' $(($1 / 1000)) $(($1 % 1000))
}

# row DEPTH NAME [MICROSECONDS [ERROR]]
row()
{
	local text error=""

	printf -v text '%*s%s' $(($1 * 2)) '' "$2"
	if [[ $# -eq 2 ]]; then
		echo "$text"
		return
	fi
	[[ ${4:-0} = 0 ]] || error="  ${RED}error $4$PLAIN"
	ms "$3"
	printf '%-40s %12s ms%s\n' "$text" "$MS" "$error"
}

# What has parts shows its name before them and its duration behind them; the
# rest is one line
enter()
{
	if [[ $depth -gt 0 && ${shown[depth]} -eq 0 ]]; then
		row "$depth" "${names[depth]}"
		shown[depth]=1
	fi
	depth=$((depth + 1))
	names[depth]=$1
	since[depth]=$US
	shown[depth]=0
}

leave()
{
	local name=${names[depth]}

	[[ ${shown[depth]} -eq 0 ]] || name+=" done"
	row "$depth" "$name" $((US - since[depth])) "${fields[error]}"
	depth=$((depth - 1))
}

# follow_request: print the events until a request has ended
follow_request()
{
	local line event word depth=0 names=() since=() shown=()
	local -A fields

	while IFS= read -r -t "$DEADLINE" -u "$EVENTS_FD" line; do
		[[ $line =~ \ ([0-9]+\.[0-9]+):\ shp_([a-z_]+):\ (.*) ]] || continue
		TRACE+=("$line")
		event=${BASH_REMATCH[2]}
		fields=()
		for word in ${BASH_REMATCH[3]}; do
			fields[${word%%=*}]=${word#*=}
		done
		usecs "${BASH_REMATCH[1]}"
		case $event in
		request_enter)
			enter "request ${fields[id]}: ${fields[op]} ${fields[origin]}"
			;;
		request_exit)
			took=$((US - since[1]))
			error=${fields[error]}
			reason=${fields[reason]}
			leave
			return
			;;
		*_enter)
			enter "${fields[${event%_enter}]}"
			;;
		*_exit)
			leave
			;;
		esac
	done
	echo "${RED}no result within $DEADLINE s$PLAIN"
	error=none
}

# act DEVICE OPERATION COMMAND
act()
{
	local device=$1 operation=$2 start took="" error="" reason="" result

	echo
	echo "$BOLD== $operation $device$PLAIN"
	usecs "$EPOCHREALTIME"
	start=$US
	if ! "$3" "$device"; then
		FAILED=1
		SUMMARY+=("$device|$operation|${RED}not sent$PLAIN|-|-")
		return
	fi
	[[ -z $EVENTS_FD ]] || follow_request
	ost_wait "$device"
	if [[ -z $took ]]; then
		usecs "$EPOCHREALTIME"
		took=$((US - start))
	fi

	if [[ ${error:-0} = 0 && ${OST#*:} = "$OST_SUCCESS" ]]; then
		result=${GREEN}done$PLAIN
	else
		result="${RED}failed${reason:+ ($reason)}$PLAIN"
		FAILED=1
	fi
	echo "${DIM}_OST: $OST_ALL$PLAIN"
	ms "$took"
	SUMMARY+=("$device|$operation|$result|$MS|$OST")
}

online()
{
	local start

	usecs "$EPOCHREALTIME"
	start=$US
	echo
	echo "$BOLD== chcpu -e $1$PLAIN"
	if chcpu -e "$1"; then
		[[ -z $EVENTS_FD ]] || follow_request
		usecs "$EPOCHREALTIME"
		ms $((US - start))
		SUMMARY+=("cpu$1|online|${GREEN}done$PLAIN|$MS|")
	else
		SUMMARY+=("cpu$1|online|${RED}failed$PLAIN||")
		FAILED=1
	fi
}

machine()
{
	echo
	echo "$BOLD== the machine $1$PLAIN"
	lscpu | grep -E '^(CPU\(s\)|On-line CPU|Off-line CPU)'
	lsmem --summary=only
}

summary()
{
	local line device operation result time ost plain

	echo
	echo "$BOLD== summary$PLAIN"
	printf '%-8s %-8s %-10s %12s  %s\n' device request result ms _OST
	for line in "${SUMMARY[@]}"; do
		IFS='|' read -r device operation result time ost <<< "$line"
		plain=${result//$GREEN/}
		plain=${plain//$RED/}
		plain=${plain//$PLAIN/}
		printf '%-8s %-8s %s%*s %12s  %s\n' "$device" "$operation" "$result" \
			$((${#plain} < 10 ? 10 - ${#plain} : 0)) '' "$time" "$ost"
	done
}

if ! qmp_open; then
	echo "no QMP channel: run make demo"
	exit "$KSFT_SKIP"
fi
# shellcheck disable=SC2034 # the library uses it
TMP=$(mktemp -d) || exit
trap test_cleanup EXIT

EVENTS_FD=
if trace_start; then
	# Not cat: busybox's uses sendfile(), and that locks the pipe while it waits
	exec {EVENTS_FD}< <(exec dd if="$TRACE_DIR/trace_pipe" bs=4096 2>/dev/null) || exit 1
	READER=$!
else
	echo "This kernel has no sequencer (no events/sys_hotplug): only the results are shown."
fi

[[ -r $SHP_DIR/handlers ]] && echo "handlers in boot order: $(xargs < "$SHP_DIR/handlers")"
machine before
data_fill "$DATA_MIB" &&
	echo "$DATA_MIB MiB of data with a checksum, $(zone_used_mib Movable) MiB of the DIMM are in use"

act d1 remove unplug_send
act cpu1 remove unplug_send
act cpu2 remove unplug_send
machine "without them"

act cpu2 add plug_send
act cpu1 add plug_send
act d1 add plug_send
online 1
online 2
machine after

if data_same; then
	echo "the data is unchanged"
else
	FAILED=1
fi
summary

if [[ -n $EVENTS_FD ]]; then
	echo 0 > "$TRACE_DIR/events/sys_hotplug/enable"
	kill "$READER" 2>/dev/null
	# For timeline.sh
	printf '%s\n' "${TRACE[@]}"
fi
exit "$FAILED"
