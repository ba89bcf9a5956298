#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=384M$0x40000000 movable_node kunit.enable=0
# vmtest: firmware=container.asl
# vmtest: qemu=-object memory-backend-ram,id=m2,size=512M
# vmtest: qemu=-object memory-backend-ram,id=m3,size=256M
# vmtest: qemu=-device max-x86_64-cpu,id=cpu4,socket-id=4,core-id=0,thread-id=0
# vmtest: qemu=-device max-x86_64-cpu,id=cpu5,socket-id=5,core-id=0,thread-id=0
#
# The guest's half of stress.sh, one round: the actors in SYS_HOTPLUG_STRESS_ACTORS do
# what they can for SYS_HOTPLUG_STRESS_SECONDS; then everything has to be as it was.
# "stress: ..." lines are for stress.sh. The CPUs cpu1 to cpu3 are in the container of
# the firmware, cpu4 and cpu5 are QEMU's. These come and go in turns, not both in one
# round: QEMU describes cpu1 to cpu3 as well, so that when one of its CPUs is plugged and
# the container is out, the kernel takes them as QEMU's.
#
# An actor is a function that does one thing and succeeds if it could. Each gets its
# choices from a random sequence of its own, which SYS_HOTPLUG_STRESS_SEED repeats.

# shellcheck disable=SC1091,SC2034
. "$(dirname "$0")/../sys_hotplug/sys_hotplug_lib.sh"

SEED=${SYS_HOTPLUG_STRESS_SEED:-1}
RUN_SECONDS=${SYS_HOTPLUG_STRESS_SECONDS:-60}
DEADLINE=${SYS_HOTPLUG_DEADLINE:-300}
DATA_MIB=48
# See MAX_CPUS in vmtest.sh; some are for the end
CPU_PLUGS=110
SLAB_TOLERANCE_KIB=8192

VMEM=0
DIMMS="d1 d2 d3"
CPUS="cpu4 cpu5"
# There is one QMP port, and who suspends must be the only one who prints
FOREGROUND="dimm cpu vmem sleep"
BACKGROUND="data container eject check cancel cpuwrite memwrite pressure thp hugetlb
	swap cgroup affinity perf module fault load"
ACTORS=${SYS_HOTPLUG_STRESS_ACTORS:-$FOREGROUND $BACKGROUND}

VETO=/sys/kernel/debug/test_memory_hotplug/veto
KMEMLEAK=/sys/kernel/debug/kmemleak
HUGEPAGES=/proc/sys/vm/nr_hugepages
TRACE=$TRACE_DIR/instances/stress

declare -A NEEDS=(
	[vmem]=/sys/bus/virtio/drivers/virtio_mem
	[sleep]=$TTY_WAKEUP
	[container]=$FW/SHPT0001:00
	[check]=$SHP_DIR/state
	[cancel]=$SHP_DIR/cancel
	[pressure]=./stress-ng
	[thp]=/sys/kernel/mm/transparent_hugepage
	[hugetlb]=$HUGEPAGES
	[swap]=/dev/vda
	[cgroup]=/sys/fs/cgroup
	[affinity]=/bin/taskset
	[perf]=./stress-perf
	[module]=./cpuid.ko
	[fault]=$VETO
	[load]=./stress-ng
)

# EBUSY, ECANCELED, ENOMEM, ENOSPC: refused. EINTR: by a suspend. EIO, EAGAIN: injected.
# ENOENT, ENODEV: it is gone, and so EACCES, when the shell would create the file. EINVAL:
# it is in this state.
KNOWN="resource busy|Operation canceled|Cannot allocate memory|Input/output error"
KNOWN+="|temporarily unavailable|No such file or directory|No such device|Permission denied"
KNOWN+="|Invalid argument|Interrupted system call|No space left on device"

nap()
{
	sleep 0.0$((RANDOM % 9 + 1))
}

# put VALUE FILE
put()
{
	echo "$1" > "$2"
} 2>> "$TMP/errors.$ACTOR"

ng()
{
	(
		renice -n 19 -p "$BASHPID"
		LD_LIBRARY_PATH=lib exec timeout -s KILL $((DEADLINE * 4 / 5)) \
			./stress-ng --temp-path /tmp --quiet "$@"
	) > "$TMP/ng.$ACTOR" 2>&1
}

grows()
{
	local before

	before=$(vmstat "$1")
	"${@:2}"
	[[ $(vmstat "$1") -gt $before ]]
}

# In the foreground: QMP

present()
{
	qmp_run qom-list path=/machine/peripheral && [[ $QMP_REPLY == *"\"$1\""* ]]
}

# send DEVICE: another request for it. The eject actor may be faster.
send()
{
	doing=
	if present "$1"; then
		doing=3
		qmp_run device_del id="$1"
	else
		[[ $1 != cpu* || $((CPU_PLUGS--)) -gt 0 ]] || return 1
		doing=1
		plug_send "$1" > "$TMP/plug"
	fi
}

# settled DEVICE SOURCE: the final answer has come
settled()
{
	local deadline=$((SECONDS + DEADLINE)) slot

	slot=$(slot_of "$1")
	while [[ $SECONDS -lt $deadline ]]; do
		if event_wait "ACPI_DEVICE_OST.*$slot" 5; then
			[[ $EVENT =~ \"source\":\ $2,\ \"status\":\ ([0-9]+) ]] || continue
			case ${BASH_REMATCH[1]} in
			"$OST_IN_PROGRESS") continue ;;
			"$OST_SUCCESS") [[ $2 -ne 3 ]] || deleted_wait "$1" || failed "$1 stays" ;;
			esac
			return
		fi
		# ejected meanwhile
		[[ $2 -ne 3 ]] || present "$1" || return 0
	done
	failed "no answer for $1 (source $2) within $DEADLINE s: ${QMP_EVENTS[*]}"
}

# toggle DEVICE...: some of them at once
toggle()
{
	local device doing
	local -A sent=()

	QMP_EVENTS=()
	for device; do
		[[ $((RANDOM % 4)) -gt 0 ]] || continue
		send "$device" && sent[$device]=$doing
	done
	for device in "${!sent[@]}"; do
		settled "$device" "${sent[$device]}"
	done
	[[ ${#sent[@]} -gt 0 ]]
}

# shellcheck disable=SC2086
dimm()
{
	toggle $DIMMS
}

# shellcheck disable=SC2086
cpu()
{
	toggle $CPUS
}

vmem_set()
{
	qmp_run qom-set path=vm1 property=requested-size value="$(($1 << 20))" &&
		qmp_run qom-get path=vm1 property=size
}

# vmem: it grows and shrinks while other things happen
vmem()
{
	local before=$VMEM

	vmem_set $((RANDOM % 5 * 128)) || return 1
	[[ $QMP_REPLY =~ \"return\":\ ([0-9]+) ]] && VMEM=${BASH_REMATCH[1]}
	sleep 0.2
	[[ $VMEM != "$before" ]]
}

# resize MIB: until the guest has done it
resize()
{
	local deadline=$((SECONDS + DEADLINE))

	while [[ $SECONDS -lt $deadline ]]; do
		vmem_set "$1" && [[ $QMP_REPLY =~ \"return\":\ $(($1 << 20))[,}] ]] && return
		sleep 0.2
	done
	ktap_print_msg "virtio-mem, for $1 MiB: $QMP_REPLY"
	return 1
}

idle()
{
	state_has idle || failed "not idle"
}

# Not all the time, and with a removal on its way
sleep_()
{
	local slept doing

	[[ $SECONDS -ge $NEXT_SLEEP ]] || return 1
	[[ " $ACTORS " != *" dimm "* ]] || send d1
	sleeps > "$TMP/sleep" 2>> "$TMP/errors.sleep"
	slept=$?
	port_again || failed "no QMP channel after the suspend"
	idle
	NEXT_SLEEP=$((SECONDS + 30))
	return "$slept"
}

# In the background: files only

data()
{
	if ! data_rewrite || ! data_same > "$TMP/changed"; then
		failed "the data: $(cat "$TMP/changed")"
	fi
	sleep 2
}

# insert: until the firmware has been answered
insert()
{
	local i count

	count=$(($(fw_read SHPT0000/hrv) / 1000000))
	fw_read SHPT0000/sun > /dev/null
	for ((i = 0; i < DEADLINE * 10; i++)); do
		[[ $(($(fw_read SHPT0000/hrv) / 1000000)) -eq $count ]] || return 0
		sleep 0.1
	done
	failed "no answer for the container within $DEADLINE s"
}

container()
{
	put 1 "$CONTAINER/eject"
	insert
}

eject()
{
	local all device kind

	for device in "$FW"/*:*/physical_node; do
		case $device in
		*/PNP0C80:*) kind=dimm ;;
		*/LNXCPU:*) kind=cpu ;;
		*/ACPI0004:*) kind=container ;;
		*) continue ;;
		esac
		[[ " $ACTORS " = *" $kind "* ]] || continue
		[[ -e ${device%/*}/eject && $(readlink "$device") != */cpu0 ]] &&
			all+=("${device%/*}")
	done
	sleep 0.$((RANDOM % 9 + 1))
	[[ ${#all[@]} -gt 0 ]] || return 1
	put 1 "${all[RANDOM % ${#all[@]}]}/eject"
	return 0
}

check_()
{
	cat "$FW"/*/eject_check "$SHP_DIR/state" /sys/kernel/debug/sys_hotplug/requests \
		> "$TMP/checked" 2>> "$TMP/errors.check"
	nap
}

cancel()
{
	local id

	sleep $((RANDOM % 20 + 2))
	read -r id _ < "$SHP_DIR/state"
	[[ $id != idle ]] && put "$id" "$SHP_DIR/cancel"
}

cpuwrite()
{
	put $((RANDOM % 2)) "$CPU_DIR/cpu$((RANDOM % 5 + 1))/online"
	nap
}

# Only of what ACPI can remove
memwrite()
{
	local all=("$MEM_DIR"/memory*/firmware_node) states=(offline online_movable)

	put "${states[RANDOM % 2]}" "${all[RANDOM % ${#all[@]}]%/*}/state"
	nap
}

pressure()
{
	ng --vm 1 --vm-bytes 192M --vm-keep --timeout 5
}

thp()
{
	grows thp_fault_alloc ng --vm 1 --vm-bytes 96M --vm-madvise hugepage --timeout 3
}

hugetlb()
{
	local nr=$((RANDOM % 24 + 8)) got=1

	put "$nr" "$HUGEPAGES"
	if fallocate -l $((nr / 2 * 2))M "$TMP/huge/file" 2>> "$TMP/errors.hugetlb"; then
		got=0
		nap
	fi
	rm -f "$TMP/huge/file"
	put 0 "$HUGEPAGES"
	return "$got"
}

reclaim()
{
	swapon /dev/vda && put 24M "$TMP/cgroup/memory.reclaim"
	nap
	swapoff /dev/vda
} 2>> "$TMP/errors.swap"

swap()
{
	grows pswpout reclaim
}

cgroup()
{
	local group=$TMP/cgroup/$RANDOM pid

	mkdir "$group" || return 1
	put "0,$((RANDOM % 5 + 1))" "$group/cpuset.cpus"
	put 32M "$group/memory.max"
	sh -c 'i=0; while [ $i -lt 3000 ]; do i=$((i + 1)); done' &
	pid=$!
	put "$pid" "$group/cgroup.procs"
	put "$((RANDOM % 5 + 1))" "$group/cpuset.cpus"
	wait "$pid"
	rmdir "$group" 2>> "$TMP/errors.cgroup"
}

# "Invalid argument": none of them is online
affinity()
{
	# shellcheck disable=SC2016
	taskset "$(printf %x $((RANDOM % 63 + 1)))" sh -c \
		'i=0; while [ $i -lt 2000 ]; do i=$((i + 1)); done; taskset -p 3f $$' \
		> /dev/null 2>> "$TMP/errors.affinity"
}

perf()
{
	./stress-perf $((RANDOM % 300)) 2>> "$TMP/errors.perf"
}

module()
{
	local name

	for name in cpuid msr; do
		insmod ./$name.ko && nap && rmmod $name || return 1
	done 2>> "$TMP/errors.module"
}

# A memory notifier objects, the firmware refuses, a step of the CPU hotplug fails, or
# any handler in any phase
fault()
{
	local states cpu=$CPU_DIR/cpu$((RANDOM % 5 + 1))

	case $((RANDOM % 4)) in
	0)
		put $((RANDOM % 16 + 1)) "$VETO"
		;;
	1)
		fw_read SHPT0001/sun > /dev/null
		;;
	2)
		# The kernel itself does not get on with a failure when what is before is
		# undone ("DEAD callback error"), nor when a module that it is in goes (BUG)
		mapfile -t states < <(sed -n -e '1,/: ap:online$/d' -e '/x86\/\(cpuid\|msr\):/d' \
				      -e 's/^ *\([0-9]*\): .*/\1/p' "$CPU_DIR/hotplug/states")
		put "${states[RANDOM % ${#states[@]}]}" "$cpu/hotplug/fail"
		;;
	3)
		put $((RANDOM % 20)) "$FAIL_SHP/space"
		put 1 "$FAIL_SHP/times"
		put 100 "$FAIL_SHP/probability"
		;;
	esac
	sleep $((RANDOM % 8 + 2))
}

load()
{
	ng --cpu-online 1 --memhotplug 1 --vm 1 --vm-bytes 48M --timeout 10
}

# What runs them

# failed REASON: the round ends
failed()
{
	echo "$*" >> "$TMP/failed"
	return 1
}

# The names that programs and the library have as well
function_of()
{
	case $1 in
	sleep | check) echo "$1_" ;;
	*) echo "$1" ;;
	esac
}

# act ACTOR NUMBER
act()
{
	local ACTOR=$1 function n=0

	function=$(function_of "$1")
	RANDOM=$((SEED + $2))
	while [[ -e $TMP/go && ! -e $TMP/failed ]]; do
		if "$function"; then
			n=$((n + 1))
			echo "$n" > "$TMP/count.$ACTOR"
		fi
	done
}

counts()
{
	local actor

	for actor in $ACTORS; do
		echo "$actor=$(cat "$TMP/count.$actor")"
	done | xargs
}

foreground()
{
	local end=$((SECONDS + RUN_SECONDS)) next=$((SECONDS + 30)) mine=() actor ACTOR function

	for actor in $FOREGROUND; do
		[[ " $ACTORS " = *" $actor "* ]] || continue
		mine+=("$actor")
		# They come first
		[[ ! $actor =~ dimm|cpu ]] || mine+=("$actor" "$actor")
	done
	while [[ $SECONDS -lt $end && ! -e $TMP/failed ]]; do
		if [[ $SECONDS -ge $next ]]; then
			echo "stress: $((RUN_SECONDS - end + SECONDS)) s: $(counts)"
			next=$((SECONDS + 30))
		fi
		if [[ ${#mine[@]} -eq 0 ]]; then
			sleep 1
			continue
		fi
		ACTOR=${mine[RANDOM % ${#mine[@]}]}
		function=$(function_of "$ACTOR")
		"$function" && echo $(($(cat "$TMP/count.$ACTOR") + 1)) > "$TMP/count.$ACTOR"
	done
}

storm()
{
	local nr=0 actor pid pids=() deadline

	: > "$TMP/go"
	for actor in $ACTORS; do
		nr=$((nr + 1))
		echo 0 > "$TMP/count.$actor"
		: > "$TMP/errors.$actor"
		[[ " $FOREGROUND " != *" $actor "* ]] || continue
		act "$actor" "$nr" > "$TMP/out.$actor" 2>&1 {QMP_FD}>&- &
		pids+=($!)
	done
	RANDOM=$SEED
	NEXT_SLEEP=$((SECONDS + 10))
	foreground

	rm "$TMP/go"
	deadline=$((SECONDS + DEADLINE))
	for pid in "${pids[@]}"; do
		while kill -0 "$pid" 2> /dev/null; do
			if [[ $SECONDS -ge $deadline ]]; then
				failed "an actor does not end"
				break 2
			fi
			sleep 0.2
		done
	done
	[[ ! -e $TMP/failed ]] && return
	sed 's/^/# /' "$TMP/failed"
	requests_print
	return 1
}

gone()
{
	! present "$1" || unplug "$1"
}

# Everything leaves and comes back
restore()
{
	local device cpu block policy bad=0

	echo 0 > "$VETO"
	echo 0 > "$FAIL_SHP/probability"
	echo 0 > "$HUGEPAGES"
	for cpu in "$CPU_DIR"/cpu*/hotplug/fail; do
		echo -1 > "$cpu"
	done
	idle
	resize 0 || bad=1
	# Answers to the eject actor
	QMP_EVENTS=()
	# A DIMM's address depends on what is there; a CPU may be there for QEMU alone
	for device in $DIMMS; do
		gone "$device" || bad=1
	done
	for device in $CPUS; do
		[[ -e $CPU_DIR/$device ]] || gone "$device" || bad=1
	done
	for device in $DIMMS $CPUS; do
		[[ -e $CPU_DIR/$device ]] || plug "$device" || bad=1
	done
	# The firmware may have been told to fail once
	echo 1 > "$CONTAINER/eject"
	insert || bad=1
	echo 1 > "$CONTAINER/eject"
	insert || bad=1
	idle
	for cpu in 1 2 3 4 5; do
		cpu_online "$cpu" || bad=1
	done
	# stress-ng takes any of them, and with movable_node most come online as movable
	for block in "$MEM_DIR"/memory[0-9]*; do
		policy=online_kernel
		if [[ -e $block/firmware_node ]]; then
			policy=online_movable
		elif [[ $(< "$block/valid_zones") = Movable ]]; then
			echo offline > "$block/state" || bad=1
		fi
		[[ $(< "$block/state") != offline ]] || echo "$policy" > "$block/state" || bad=1
	done
	return "$bad"
} 2> "$TMP/errors.restore"

slab_kib()
{
	sync
	echo 3 > /proc/sys/vm/drop_caches
	sleep 1
	awk '/^Slab:/ { print $2 }' /proc/meminfo
}

mem_total_kib()
{
	awk '/^MemTotal:/ { print $2 }' /proc/meminfo
}

conserved()
{
	local total slab most=$SLAB_TOLERANCE_KIB

	# KASAN keeps what was freed, up to this
	[[ ! -e $KMEMLEAK ]] || most=$((most + TOTAL / 32))
	total=$(mem_total_kib)
	slab=$(slab_kib)
	echo "stress: memory MemTotal=$((total - TOTAL)) Slab=$((slab - SLAB)) of=$SLAB"
	[[ $total -eq $TOTAL && $((slab - SLAB)) -le $most ]] && return
	awk 'NR == FNR { before[$1] = $3 * $4; next }
	     { n = $3 * $4 - before[$1] }
	     n > 65536 { print "#  ", $1, n / 1024 " KiB" }' "$TMP/slabinfo" /proc/slabinfo
	return 1
}

no_leaks()
{
	local i

	for ((i = 0; i < 2; i++)); do
		echo scan > "$KMEMLEAK"
		sleep 6
	done
	cp "$KMEMLEAK" "$TMP/leaks"
	echo "stress: leaks $(grep -c "unreferenced object" "$TMP/leaks")"
	[[ ! -s $TMP/leaks ]] && return
	head -n 200 "$TMP/leaks"
	return 1
}

all_acted()
{
	local actor bad=0

	for actor in $ACTORS; do
		echo "stress: actor $actor $(cat "$TMP/count.$actor") $(grep -c . "$TMP/errors.$actor")"
		[[ $(cat "$TMP/count.$actor") -gt 0 ]] && continue
		ktap_print_msg "$actor did nothing: $(tail -n 3 "$TMP/errors.$actor")" \
			"$(cat "$TMP"/{out,ng}."$actor" 2> /dev/null)"
		bad=1
	done
	return "$bad"
}

known_errors()
{
	local unknown

	unknown=$(grep -vE "$KNOWN" "$TMP"/errors.* | sort | uniq -c | head -n 20)
	[[ -z $unknown ]] && return
	ktap_print_msg "$unknown"
	return 1
}

# Which DIMM each of the firmware's memory devices is
dimm_names()
{
	local path device sizes=(1024 512 256)

	for path in "$FW"/PNP0C80:*/path; do
		device=${path%/*}
		[[ $(< "$path") =~ MP0([0-2])$ ]] &&
			echo "${device##*/} DIMM-${sizes[BASH_REMATCH[1]]}-MiB"
	done
}

# requests: every one has ended, and how
requests()
{
	dimm_names > "$TMP/names"
	sed -n 's/^.* \([0-9]*\.[0-9]*\): shp_request_\([a-z]*\): /\1 \2 /p' "$TRACE/trace" |
		awk 'NR == FNR { name[$1] = $2; next }
		     {
			for (i = 3; i <= NF; i++) {
				n = index($i, "=")
				f[substr($i, 1, n - 1)] = substr($i, n + 1)
			}
		     }
		     $2 == "enter" { start[f["id"]] = $1; next }
		     !(f["id"] in start) { next }
		     {
			what = f["origin"]
			if (what in name)
				what = name[what]
			else if (what ~ /^(cpu|LNXCPU)/)
				what = "CPU"
			else if (what ~ /^ACPI0004/)
				what = "container"
			else if (what ~ /^memory/)
				what = "block"
			printf "stress: request %s %s %d %s %.3f %d\n", f["op"], what, f["error"],
				f["error"] ? f["phase"] "/" f["handler"] "/" f["reason"] : "-",
				($1 - start[f["id"]]) * 1000, f["not_restored"]
			delete start[f["id"]]
			n++
		     }
		     END {
			for (id in start)
				print "# request", id, "has not ended"
			exit !n || length(start)
		     }' "$TMP/names" -
}

lost_trace()
{
	equal "$(awk '/^(overrun|dropped events):/ { n += $NF } END { print n + 0 }' \
		 "$TRACE"/per_cpu/cpu*/stats)" 0
}

trace_requests()
{
	mkdir "$TRACE" && echo global > "$TRACE/trace_clock" && echo 2048 > "$TRACE/buffer_size_kb" &&
		echo 1 > "$TRACE/events/sys_hotplug/shp_request_enter/enable" &&
		echo 1 > "$TRACE/events/sys_hotplug/shp_request_exit/enable"
	# for a failure: the latest of all events
	echo 256 > "$TRACE_DIR/buffer_size_kb"
	trace_start
}

prepare()
{
	local device

	mkdir "$TMP/huge" "$TMP/cgroup"
	mount -t hugetlbfs none "$TMP/huge"
	mount -t cgroup2 none "$TMP/cgroup"
	echo "+cpuset +memory" > "$TMP/cgroup/cgroup.subtree_control"
	mkswap /dev/vda > /dev/null
	echo 0 > /sys/firmware/acpi/hotplug/container/demand_offline
	echo online > "$CPU_DIR/auto_online"
	echo 0 > "$FAIL_SHP/verbose"
	for device in d2 d3; do
		plug $device || return 1
	done
	# The first time costs memory that is kept
	restore && resize 512 && resize 0
}

test_begin 13 "$SHP_DIR/state" "$TRACE_DIR/events/sys_hotplug"
cd "$(dirname "$0")" || exit
CONTAINER=$(fw_device PCI0.SLOT.MOD0)
echo -900 > /proc/self/oom_score_adj
for actor in $ACTORS; do
	[[ ! -e ${NEEDS[$actor]:-/} ]] || continue
	echo "stress: SKIP $actor: no ${NEEDS[$actor]}"
	ACTORS=" $ACTORS "
	ACTORS=${ACTORS/ $actor / }
done
echo "stress: seed $SEED, $RUN_SECONDS s of: $(xargs <<< "$ACTORS")"

check "devices, data" prepare
check "$DATA_MIB MiB of data" data_fill "$DATA_MIB"
state_save "$TMP/state"
TOTAL=$(mem_total_kib)
SLAB=$(slab_kib)
cp /proc/slabinfo "$TMP/" 2> /dev/null
check "requests are traced" trace_requests
check "everybody comes to an end" storm
echo 0 > "$TRACE_DIR/tracing_on"
[[ ! -e $TMP/failed ]] || tail -n 400 "$TRACE_DIR/trace" | sed 's/^/# trace: /'
check "each actor has done something" all_acted
check "every request has ended" requests
check "all of them are in the trace" lost_trace
check "every error is one that is known" known_errors
check "everything comes back" restore
check "CPUs and memory are as before" state_same "$TMP/state"
check "the data is unchanged" data_same
check "no memory is lost" conserved
if [[ -e $KMEMLEAK ]]; then
	check "nothing has leaked" no_leaks
else
	ktap_test_skip "nothing has leaked (no kmemleak)"
fi
ktap_finished
