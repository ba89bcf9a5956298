#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Boot a kernel in QEMU and run the tests of this directory in it.
#
# The VM has what there is to hot-plug: the CPUs cpu1 to cpu3, each in a socket
# of its own, the 1 GiB DIMM d1, and the virtio-mem device vm1 of up to 1 GiB,
# which is empty. All of it is in node 0; a DIMM can be plugged into node 1. A
# virtio-serial port joined to QEMU's own monitor lets a test plug and unplug
# them itself. The kernel's log and the output of the tests use different serial
# ports.
#
# A test that has "# vmtest:" lines gets a VM of its own:
#   own            nothing else is special about it
#   cmdline=...    it is booted with these parameters
#   threads=N      each N of its CPUs are threads of one core
#   qemu=...       is given to QEMU
#   firmware=FILE  its firmware has this file as an SSDT, and not TEST.asl, if any
#   cases=...      the test is run once with each of these words, in a VM for each
#   reboots=TEXT   after the test it reboots, in the case "poweroff" or "kexec" by
#                  that, and before that the kernel's log has to have TEXT
#   judge          then the test is run again, on the host, as "TEST judge LOG"
# All other tests share one VM. A test that sends the machine to sleep prints
# "vmtest: wake N": when it has said nothing for N seconds, it is sent a character.
# Variables SYS_HOTPLUG_* and KSELFTEST_*_ARGS are passed on; SYS_HOTPLUG_CASES
# replaces the cases of each test that has some, and kselftest_override_timeout is a
# limit in seconds for each test instead of that in ./settings.
#
# Needs: qemu-system-x86_64 >= 9, busybox, bash, gzip, and util-linux's
# lsmem, chmem, lscpu and chcpu; for a test with firmware iasl, for one case kexec.

set -u

DIR=$(realpath "$(dirname "${BASH_SOURCE[0]}")")
# shellcheck disable=SC1091
. "$DIR/../kselftest/ktap_helpers.sh"

QEMU=${QEMU:-qemu-system-x86_64}
QEMU_MIN=9
# Under TCG, QEMU aborts when more CPUs were plugged in its life than it can have
MAX_CPUS=128
BOOT_TIMEOUT=600
REBOOT_TIMEOUT=180
PROBE_TIMEOUT=5
LOG_TIMEOUT=60
LOG_TAIL=40

TESTS=(kunit.sh cpu.sh dimm.sh storm.sh virtio_mem.sh virtio_mem_bbm.sh dax.sh order.sh
       cancel.sh refuse.sh evac.sh evac_memmap.sh capacity.sh room.sh node.sh notify.sh together.sh
       long.sh sleep.sh sleep_commit.sh reboot.sh operator.sh tools.sh writers.sh race.sh poison.sh
       add.sh eject.sh bad.sh container.sh faults.sh firmware.sh partial.sh nosmt.sh lastcpu.sh
       shutdown.sh shutdown_disks.sh shutdown_sriov.sh)
CMDLINE="console=ttyS0 oops=panic panic=-1 memhp_default_state=online_movable"
CMDLINE+=" kunit.filter=speed>slow kmemleak.verbose=1"
# TCG copies a string byte by byte, and reading the HPET stops other CPUs. With five levels
# of page tables KASAN reports interrupts of identify_cpu(), which forgets them for a while.
TCG_CPU="max,-erms,-fsrm,-la57"
TCG_CMDLINE="tsc=reliable"

BAD="BUG: |WARNING: |WARNING in |Oops|general protection fault|Call Trace:|Kernel panic"
BAD+="|KASAN|KCSAN|UBSAN|possible circular locking|possible recursive locking"
BAD+="|possible irq lock inversion|lock inversion detected|inconsistent lock state"
BAD+="|Invalid wait context|bad unlock balance|held lock freed|suspicious RCU usage"
BAD+="|blocked for more than|rcu.*detected.* stall|soft lockup|hard LOCKUP"
BAD+="|sleeping function called|scheduling while atomic|refcount_t: "
BAD+="|list_(add|del) corruption|unreferenced object"
BAD+="|memory leak detector disabled|ODEBUG disabled"

usage()
{
	cat <<-END
	usage: vmtest.sh -k IMAGE [-c CONFIG] [-o DIR] [TEST...]	run tests
	       vmtest.sh -k IMAGE [-c CONFIG] [-o DIR] -x DIR...
	       vmtest.sh -k IMAGE [-c CONFIG] [-o DIR] [-x DIR...] -r SCRIPT
	       vmtest.sh -k IMAGE [-c CONFIG] [-o DIR] -s [TEST]
	       vmtest.sh -k IMAGE -i FILE [-x DIR...]
	       vmtest.sh -l

	  -k IMAGE	kernel to boot
	  -c CONFIG	its configuration; fail if an option of ./config is lost, or a
			test that was begun skips although none is
	  -o DIR	keep the logs there
	  -x DIR	selftest directory whose *-test.sh are run instead
	  -r SCRIPT	run it in the VM and show only its output
	  -s		interactive shell, in the VM that TEST would have
	  -i FILE	write the initramfs there, with these directories, and boot nothing
	  -l		list the tests

	VMTEST_ACCEL=kvm|tcg overrides the search for acceleration.
	VMTEST_PREALLOC=on has QEMU touch all of the memory before the boot.
	END
}

skip_all()
{
	ktap_print_header
	ktap_skip_all "$*"
	echo "0 passed, 0 failed, 1 skipped"
	exit "$KSFT_SKIP"
}

fail_all()
{
	ktap_print_header
	echo "Bail out! $*"
	echo "0 passed, 1 failed, 0 skipped"
	exit "$KSFT_FAIL"
}

check_tools()
{
	local tool version

	[[ $(uname -m) = x86_64 ]] || skip_all "the VM is one of x86_64"
	for tool in "$QEMU" busybox gzip ldd lsmem chmem lscpu chcpu; do
		command -v "$tool" >/dev/null || skip_all "$tool not found"
	done

	version=$("$QEMU" --version | sed -n 's/.*version \([0-9]*\)\..*/\1/p')
	[[ ${version:-0} -ge $QEMU_MIN ]] ||
		skip_all "QEMU >= $QEMU_MIN needed, $QEMU is version ${version:-unknown}"
}

check_config()
{
	local line lost=()

	while read -r line; do
		case $line in
		CONFIG_*) grep -qxF "$line" "$1" || lost+=("$line") ;;
		esac
	done < "$DIR/config"

	[[ ${#lost[@]} -eq 0 ]] || fail_all "lost in $1: ${lost[*]}"
}

# The guest's side: runs what the host asks for on the second serial port
write_init()
{
	cat <<-'END'
	#!/bin/bash
	mount -t proc none /proc
	mount -t sysfs none /sys
	mount -t devtmpfs none /dev
	mount -t debugfs none /sys/kernel/debug
	mount -t tracefs none /sys/kernel/tracing
	mount -t tmpfs none /tmp
	ln -s /proc/self/fd /dev/fd
	ln -s fd/1 /dev/stdout
	exec < /dev/ttyS1 > /dev/ttyS1 2>&1
	export HOME=/ TERM=${TERM:-linux} SYS_HOTPLUG_DESTRUCTIVE=1
	cd /selftests/sys_hotplug || exit

	if grep -qw vmtest=shell /proc/cmdline; then
		stty sane
		read -r size < /size && stty rows "${size% *}" cols "${size#* }"
		setsid -c bash --rcfile /shellrc -i
		poweroff -f
	fi

	# To the log goes what is unreferenced, 5 s old, and the same in two scans
	leaks()
	{
		local file=/sys/kernel/debug/kmemleak

		[[ -e $file ]] || return
		echo scan > $file
		sleep 6
		echo scan > $file
	}

	stty raw -echo
	echo "vmtest: ready"
	while read -r cmd dir arg; do
		case $cmd in
		env)
			export "$dir=$arg"
			;;
		run)
			# arg: the test and its arguments
			cd "/selftests/$dir" || continue
			# shellcheck disable=SC2086
			./$arg < /dev/null 2>&1
			rc=$?
			leaks
			sync
			echo "<3>vmtest: end of ${arg%% *}" > /dev/kmsg
			echo "vmtest: exit $rc"
			;;
		reboot)
			case $dir in
			poweroff) poweroff -f ;;
			kexec) kexec -e ;;
			esac
			reboot -f
			;;
		quit)
			poweroff -f
			;;
		esac
	done
	poweroff -f
	END
}

write_shellrc()
{
	cat <<-'END'
	. ./sys_hotplug_lib.sh
	PS1='vm:\W# '
	qmp_open || echo "no QMP channel"
	cat <<-HELP
	  qmp device_del id=cpu1	ask the guest to eject a CPU (cpu1-cpu3) or the DIMM d1
	  plug cpu1			add it again
	  qmp query-acpi-ospm-status	any other QMP command; the reply is printed
	  qmp_events			the events that came since
	  lsmem, chmem, lscpu, chcpu, ls /sys/kernel/sys_hotplug, dmesg; exit ends the VM
	HELP
	END
}

add_program()
{
	local prog lib

	prog=$(command -v "$1") || return
	cp -L "$prog" "$root/bin/"
	for lib in $(ldd "$prog" 2>/dev/null | grep -o '/[^ )]*'); do
		mkdir -p "$root${lib%/*}"
		cp -Ln "$lib" "$root$lib"
	done
}

# The CPU that must stay gets an _EJ0 as well, so that its eject can be refused:
# Scope (\_SB.CPUS.C000) { Method (_EJ0, 1) { } }
write_ssdt()
{
	printf '\x10\x17\\\x2f\x03_SB_CPUSC000\x14\x06_EJ0\x01' > "$WORK/ssdt"
}

compile_firmware()
{
	local asl

	mkdir "$WORK/aml"
	command -v iasl > /dev/null || return
	for asl in "$DIR"/*.asl; do
		[[ -e $asl ]] || continue
		iasl -p "$WORK/aml/$(basename "$asl" .asl)" "$asl" > "$LOGS/iasl.log" 2>&1 ||
			fail_all "iasl: $asl: $(grep -m 1 '^Error' "$LOGS/iasl.log")"
	done
}

make_initramfs()
{
	local root=$WORK/root tool dir

	mkdir -p "$root"/{bin,dev,proc,sys,tmp,etc,selftests/kselftest}
	ln -s bin "$root/sbin"
	mkdir "$root/usr"
	ln -s ../bin "$root/usr/bin"
	ln -s ../bin "$root/usr/sbin"

	add_program busybox
	for tool in $(busybox --list); do
		ln -s busybox "$root/bin/$tool" 2>/dev/null
	done
	for tool in bash timeout lsmem chmem lscpu chcpu; do
		rm -f "$root/bin/$tool"
		add_program "$tool"
	done
	add_program kexec && cp -L "$KERNEL" "$root/kernel"

	cp -r "$DIR" "$root/selftests/sys_hotplug"
	cp "$WORK"/aml/*.aml "$root/selftests/sys_hotplug/" 2>/dev/null
	cp "$DIR/../kselftest/ktap_helpers.sh" "$root/selftests/kselftest/"
	cp -r "$DIR/../dax" "$root/selftests/" 2>/dev/null
	[[ -z $SCRIPT ]] || cp "$SCRIPT" "$root/selftests/sys_hotplug/"
	for dir in "${OTHER[@]}"; do
		cp -r "$dir" "$root/selftests/"
	done

	write_init > "$root/init"
	chmod +x "$root/init"
	write_shellrc > "$root/shellrc"
	stty size > "$root/size" 2>/dev/null || echo "24 80" > "$root/size"

	(cd "$root" && find . | busybox cpio -o -H newc 2>/dev/null | gzip -1) \
		> "$WORK/initramfs" || fail_all "cannot make the initramfs"
	rm -rf "$root"
}

# qemu_args ACCEL CONSOLE-LOG CMDLINE: sets the array args
qemu_args()
{
	local i id cpu=max cmdline="$CMDLINE $3"

	if [[ $1 = tcg ]]; then
		cpu=$TCG_CPU
		# The kernel looks for threads by the vendor
		[[ $vm_threads -eq 1 ]] || cpu+=",vendor=GenuineIntel"
		cmdline+=" $TCG_CMDLINE"
	fi
	rm -f "$WORK/qmp"
	args=(
		-nodefaults -no-user-config -display none -no-reboot
		-machine q35 -accel "$1" -cpu "$cpu"
		-smp "1,maxcpus=$MAX_CPUS,cores=1,threads=$vm_threads"
		-m "2G,slots=4,maxmem=16G"
		-object "memory-backend-ram,id=m0,size=2G,prealloc=${VMTEST_PREALLOC:-off}"
		-numa "node,nodeid=0,memdev=m0,cpus=0-$((MAX_CPUS - 1))"
		-numa "node,nodeid=1"
		-kernel "$KERNEL" -initrd "$WORK/initramfs" -append "$cmdline"
		-serial "file:$2"
		-object "memory-backend-ram,id=m1,size=1G"
		-device "pc-dimm,id=d1,memdev=m1"
		-object "memory-backend-ram,id=vmem1,size=1G"
		-device "virtio-mem-pci,id=vm1,memdev=vmem1,node=0,requested-size=0"
		-acpitable "sig=SSDT,data=$WORK/ssdt"
		-chardev "socket,id=qmp,path=$WORK/qmp,server=on,wait=off"
		-mon "chardev=qmp,mode=control"
		-chardev "socket,id=port,path=$WORK/qmp"
		-device virtio-serial-pci
		-device "virtserialport,chardev=port,name=sys_hotplug.qmp"
	)
	args+=("${vm_firmware[@]}" "${vm_args[@]}" -drive "if=virtio,format=raw,file=$WORK/disk")
	for i in 1 2 3; do
		id="socket-id=$((i / vm_threads)),core-id=0,thread-id=$((i % vm_threads))"
		args+=(-device "max-x86_64-cpu,id=cpu$i,$id")
	done
}

# A usable /dev/kvm is no proof that a guest executes anything
find_accel()
{
	local out args

	ACCEL=${VMTEST_ACCEL:-}
	[[ -z $ACCEL ]] || return

	ACCEL=tcg
	if [[ ! -w /dev/kvm ]]; then
		ACCEL_WHY="no access to /dev/kvm"
		return
	fi
	qemu_args kvm "$WORK/probe.log" "kunit.enable=0"
	out=$(timeout "$PROBE_TIMEOUT" "$QEMU" "${args[@]}" -serial stdio \
	      < <(echo quit; sleep "$PROBE_TIMEOUT") 2>/dev/null)
	if [[ $out == *"vmtest: ready"* ]]; then
		ACCEL=kvm
		ACCEL_WHY="trial boot worked"
	else
		ACCEL_WHY="no trial boot under KVM within $PROBE_TIMEOUT s"
	fi
}

vm_boot()
{
	local args line name

	vm_count=$((vm_count + 1))
	vm_log=$LOGS/console$vm_count.log
	vm_checked=0
	: > "$vm_log"
	qemu_args "$ACCEL" "$vm_log" "$1"

	coproc VM {
		exec 2> "$LOGS/qemu$vm_count.log"
		"$QEMU" "${args[@]}" -serial stdio <&0 &
		trap 'kill $!' TERM
		wait $!
		wait $!
		echo "ended with status $?" >&2
	}
	# shellcheck disable=SC2153
	vm_pid=$VM_PID
	exec {vm_out}<&"${VM[0]}" {vm_in}>&"${VM[1]}"

	while IFS= read -r -t "$BOOT_TIMEOUT" -u "$vm_out" line; do
		[[ $line == *"vmtest: ready"* ]] && break
	done
	if [[ ${line-} != *"vmtest: ready"* ]]; then
		vm_kill
		return 1
	fi
	echo "env SYS_HOTPLUG_THREADS $vm_threads" >&"$vm_in"
	while read -r name; do
		echo "env $name ${!name}" >&"$vm_in"
	done < <(compgen -e | grep -E '^(SYS_HOTPLUG_.*|KSELFTEST_.*_ARGS)$')
}

# qemu_aborted: by a signal; QEMU 10.0 may, when a vCPU wakes up while another one moves a PCI
# BAR. A guest that resets is another thing.
qemu_aborted()
{
	grep -m 1 -E "Assertion .* failed|ended with status 1[2-9]" "$LOGS/qemu$vm_count.log" |
		sed 's/^/# Starting again: /'
	[[ ${PIPESTATUS[0]} -eq 0 ]]
}

vm_start()
{
	vm_boot "$1" && return
	# With TCG on a busy host, the timer of a vCPU may be lost while the guest boots
	[[ $ACCEL = tcg ]] || return
	# Nobody shall count the tests of half a boot
	mv "$vm_log" "$vm_log.failed"
	qemu_aborted || echo "# Starting again: the guest does not boot, see ${vm_log##*/}.failed"
	vm_boot "$1"
}

vm_kill()
{
	[[ -n $vm_pid ]] || return
	kill "$vm_pid" 2>/dev/null
	wait "$vm_pid" 2>/dev/null
	exec {vm_in}>&- {vm_out}<&-
	vm_pid=
}

vm_stop()
{
	local line i

	[[ -n $vm_pid ]] || return
	echo quit >&"$vm_in"
	for ((i = 0; i < 100; i++)); do
		IFS= read -r -t 0.1 -u "$vm_out" line
		[[ $? -le 128 ]] && break
	done
	vm_kill
}

# vm_run PREFIX TIMEOUT DIRECTORY TEST: sets rc, or why if there is no result
vm_run()
{
	local prefix=$1 deadline=$((SECONDS + $2)) line part="" left status wake=

	echo "run $3 $4" >&"$vm_in"
	rc=
	why=
	while :; do
		left=$((deadline - SECONDS))
		if [[ $left -le 0 ]]; then
			why="no result within $2 s"
			return
		fi
		IFS= read -r -t "${wake:-$left}" -u "$vm_out" line
		status=$?
		part+=$line
		if [[ $status -gt 128 ]]; then
			[[ -z $wake ]] || echo >&"$vm_in"
			continue
		elif [[ $status -ne 0 ]]; then
			[[ -z $part ]] || echo "$prefix$part"
			why="the guest died"
			return
		elif [[ $part == *"vmtest: exit "* ]]; then
			rc=${part##*vmtest: exit }
			return
		fi
		echo "$prefix${part%$'\r'}"
		[[ $part != "ok "*"# SKIP"* && $part != "1..0 # SKIP"* ]] || skips=$((skips + 1))
		[[ $part =~ "vmtest: wake "([0-9]+) ]]
		wake=${BASH_REMATCH[1]:-}
		part=
	done
}

# vm_reboots TEXT TEST CASE: the guest ends, and its log is as TEST wants it; or why not
vm_reboots()
{
	local deadline=$((SECONDS + REBOOT_TIMEOUT)) line status=129 end

	case ${3:-} in
	poweroff) end="reboot: Power down" ;;
	kexec) end="Starting new kernel" ;;
	*) end="reboot: Restarting system" ;;
	esac
	echo "reboot ${3:-}" >&"$vm_in"
	while [[ $SECONDS -lt $deadline && $status -ne 1 ]]; do
		IFS= read -r -t 1 -u "$vm_out" line
		status=$?
	done
	if [[ $status -ne 1 ]]; then
		why="no reboot within $REBOOT_TIMEOUT s"
	elif ! grep -A 100 -F "$1" "$vm_log" | grep -qF "$end"; then
		why="no '$1' before '$end'"
	elif grep -q '^# vmtest: judge$' "$2"; then
		"$2" judge "$vm_log" | sed 's/^/# /'
		[[ ${PIPESTATUS[0]} -eq 0 ]] || why="wrong by the kernel's log"
	fi
}

# log_wait STRING: the log is written by another process
log_wait()
{
	local deadline=$((SECONDS + LOG_TIMEOUT))

	while [[ $SECONDS -lt $deadline ]]; do
		tail -n "+$((vm_checked + 1))" "$vm_log" | grep -qF "$1" && return
		sleep 0.1
	done
	why="no '$1' in the kernel's log within $LOG_TIMEOUT s"
}

# Show what is wrong in the part of the log that was not looked at yet
log_check()
{
	local total bad

	total=$(wc -l < "$vm_log")
	bad=$(head -n "$total" "$vm_log" | tail -n "+$((vm_checked + 1))" |
	      grep -nE -A 12 "$BAD" | head -n 80)
	vm_checked=$total
	[[ -n $bad ]] || return 0
	echo "# The kernel's log has:"
	echo "#   ${bad//$'\n'/$'\n#   '}"
	return 1
}

log_tail()
{
	echo "# End of the kernel's log:"
	tail -n "$LOG_TAIL" "$vm_log" | tr -d '\r' | sed 's/^/#   /'
	[[ ! -s $LOGS/qemu$vm_count.log ]] ||
		sed 's/^/# QEMU: /' "$LOGS/qemu$vm_count.log"
}

test_args()
{
	local name

	name=$(tr -d '[:blank:]' <<< "${1##*/}" | tr -c '[:alnum:]\n' _)
	name=KSELFTEST_${name^^}_ARGS
	echo "${!name:-}"
}

test_timeout()
{
	local limit

	limit=${kselftest_override_timeout:-}
	[[ -n $limit || ! -r $1/settings ]] || limit=$(sed -n 's/^timeout=//p' "$1/settings")
	echo "${limit:-300}"
}

# vm_ready CMDLINE: boots unless a VM with this command line runs
vm_ready()
{
	[[ -z $vm_pid || $1 != "$vm_cmdline" ]] || return 0
	vm_stop
	vm_start "$1" || return 1
	vm_cmdline=$1
}

# run_test DIRECTORY TEST CMDLINE [CASE]
run_test()
{
	local dir=$1 test=$2 cmdline=$3 name start rc why reboots bad=0 again skips=0

	name="selftests: ${dir##*/}: $test${4:+ $4}"
	echo "# $name"
	for again in 1 0; do
		if ! vm_ready "$cmdline"; then
			log_tail
			ktap_test_fail "$name # guest does not boot"
			return
		fi
		start=$SECONDS
		vm_run "# " "$(test_timeout "$dir")" "${dir##*/}" \
			"$test ${4:-} $(test_args "$test")"
		[[ $again -gt 0 && $why = "the guest died" ]] || break
		log_check || bad=1
		if [[ $bad -ne 0 ]] || ! qemu_aborted; then
			break
		fi
		vm_kill
	done
	[[ -n $why ]] || log_wait "vmtest: end of $test"
	reboots=$(sed -n 's/^# vmtest: reboots=//p' "$dir/$test")
	[[ $rc != 0 || -z $reboots ]] || vm_reboots "$reboots" "$dir/$test" "${4:-}"
	log_check || bad=1
	[[ -z $reboots ]] || vm_kill
	echo "# $test took $((SECONDS - start)) s"

	if [[ -n $why ]]; then
		log_tail
		vm_kill
		ktap_test_fail "$name # $why"
	elif [[ $bad -ne 0 ]]; then
		ktap_test_fail "$name # kernel complaints, exit=$rc"
	elif [[ -n $CONFIG && $skips -gt 0 ]]; then
		ktap_test_fail "$name # skipped $skips, although the kernel has all of ./config"
	elif [[ $rc -eq $KSFT_PASS ]]; then
		ktap_test_pass "$name"
	elif [[ $rc -eq $KSFT_SKIP && -z $CONFIG ]]; then
		ktap_test_skip "$name"
	else
		log_tail
		ktap_test_fail "$name # exit=$rc"
	fi
}

own_vm()
{
	grep -q '^# vmtest: ' "$1"
}

# vm_for DIRECTORY TEST: what its VM has, and cmdline; not without firmware it wants
vm_for()
{
	local test=$1/$2 asl=${2%.sh}.asl

	cmdline=
	vm_firmware=()
	vm_args=()
	vm_threads=1
	if own_vm "$test"; then
		cmdline="vmtest=$2 $(sed -n 's/^# vmtest: cmdline=//p' "$test")"
		vm_threads=$(sed -n 's/^# vmtest: threads=//p' "$test")
		: "${vm_threads:=1}"
		read -r -d '' -a vm_args < <(sed -n 's/^# vmtest: qemu=//p' "$test")
		asl=$(sed -n 's/^# vmtest: firmware=//p' "$test")
		: "${asl:=${2%.sh}.asl}"
	fi
	[[ -e $1/$asl ]] || return 0
	vm_firmware=(-acpitable "file=$WORK/aml/${asl%.asl}.aml")
	[[ -e $WORK/aml/${asl%.asl}.aml ]]
}

run_tests()
{
	local dir test case cases cmdline shared=() own=() todo=()

	if [[ ${#OTHER[@]} -gt 0 ]]; then
		for dir in "${OTHER[@]}"; do
			for test in "$dir"/*-test.sh; do
				shared+=("$dir ${test##*/}")
			done
		done
	else
		for test in "$@"; do
			[[ -x $DIR/$test ]] || fail_all "no test $test"
			if own_vm "$DIR/$test"; then
				cases=$(sed -n 's/^# vmtest: cases=//p' "$DIR/$test")
				[[ -z $cases ]] || cases=${SYS_HOTPLUG_CASES:-$cases}
				for case in ${cases:-""}; do
					own+=("$DIR $test $case")
				done
			else
				shared+=("$DIR $test")
			fi
		done
	fi
	todo=("${shared[@]}" "${own[@]}")

	ktap_print_header
	ktap_print_msg "QEMU runs with ${ACCEL^^}${ACCEL_WHY:+ ($ACCEL_WHY)}"
	ktap_set_plan "${#todo[@]}"
	for test in "${todo[@]}"; do
		read -r dir test case <<< "$test"
		! own_vm "$dir/$test" || vm_stop
		if ! vm_for "$dir" "$test"; then
			ktap_test_skip "selftests: ${dir##*/}: $test # iasl not found"
			continue
		fi
		if [[ $case = kexec ]] && ! command -v kexec > /dev/null; then
			ktap_test_skip "selftests: ${dir##*/}: $test $case # kexec not found"
			continue
		fi
		run_test "$dir" "$test" "$cmdline" "$case"
	done
	vm_stop

	ktap_print_totals
	echo "$KTAP_CNT_PASS passed, $KTAP_CNT_FAIL failed, $KTAP_CNT_SKIP skipped"
	[[ $KTAP_CNT_FAIL -eq 0 ]] || exit "$KSFT_FAIL"
	[[ $KTAP_CNT_PASS -gt 0 ]] || exit "$KSFT_SKIP"
	exit "$KSFT_PASS"
}

run_script()
{
	local rc why skips=0 name=${SCRIPT##*/}

	echo "QEMU runs with ${ACCEL^^}${ACCEL_WHY:+ ($ACCEL_WHY)}"
	vm_start "quiet kunit.enable=0" || { log_tail; exit "$KSFT_FAIL"; }
	vm_run "" "$(test_timeout "$DIR")" "${DIR##*/}" "$name"
	[[ -n $why ]] || log_wait "vmtest: end of $name"
	if [[ -n $why ]]; then
		echo "$name: $why"
		log_tail
		vm_kill
		exit "$KSFT_FAIL"
	fi
	log_check || rc=1
	vm_stop
	exit "$rc"
}

run_shell()
{
	local args cmdline=

	if [[ -n ${1:-} ]]; then
		[[ -x $DIR/$1 ]] || fail_all "no test $1"
		vm_for "$DIR" "$1" || skip_all "iasl not found"
	fi
	echo "QEMU runs with ${ACCEL^^}${ACCEL_WHY:+ ($ACCEL_WHY)}; Ctrl-A x ends it"
	qemu_args "$ACCEL" "$LOGS/console.log" "vmtest=shell TERM=${TERM:-linux} $cmdline"
	"$QEMU" "${args[@]}" -chardev stdio,id=tty,mux=on,signal=off -serial chardev:tty
	exit
}

cleanup()
{
	vm_kill
	rm -rf "$WORK"
}

KERNEL=
CONFIG=
LOGS=
MODE=tests
SCRIPT=
INITRAMFS=
OTHER=()
ACCEL_WHY=
vm_pid=
vm_cmdline=
vm_firmware=()
vm_args=()
vm_threads=1
vm_count=0

while getopts k:c:o:x:r:i:slh opt; do
	case $opt in
	k) KERNEL=$OPTARG ;;
	c) CONFIG=$OPTARG ;;
	o) LOGS=$OPTARG ;;
	x) OTHER+=("$(realpath "$OPTARG")") ;;
	r) MODE=script SCRIPT=$OPTARG ;;
	s) MODE=shell ;;
	i) INITRAMFS=$OPTARG ;;
	l) printf '%s\n' "${TESTS[@]}"; exit 0 ;;
	h) usage; exit 0 ;;
	*) usage >&2; exit "$KSFT_FAIL" ;;
	esac
done
shift $((OPTIND - 1))

[[ -n $KERNEL ]] || { usage >&2; exit "$KSFT_FAIL"; }
[[ -r $KERNEL ]] || fail_all "no kernel image $KERNEL"
check_tools
[[ -z $CONFIG ]] || check_config "$CONFIG"

WORK=$(mktemp -d) || fail_all "no temporary directory: is TMPDIR there, and /tmp not full?"
trap cleanup EXIT
trap 'exit 130' INT TERM
trap '' PIPE
if [[ -z $LOGS ]]; then
	LOGS=$WORK
else
	mkdir -p "$LOGS"
fi

compile_firmware
make_initramfs
[[ -z $INITRAMFS ]] || { cp "$WORK/initramfs" "$INITRAMFS"; exit; }
write_ssdt
truncate -s 1G "$WORK/disk"
find_accel

case $MODE in
tests)
	[[ $# -gt 0 ]] || set -- "${TESTS[@]}"
	run_tests "$@"
	;;
script)
	run_script
	;;
shell)
	run_shell "$@"
	;;
esac
