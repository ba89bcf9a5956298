#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# libvirt.sh IMAGE LOGS: a domain of libvirt boots IMAGE, its CPUs and a DIMM come and go
# by virsh, and what libvirt is told and believes has to be true. The daemon is one of its
# own, of an unprivileged user, and ends with the script.
set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

selftests=$LINUX/tools/testing/selftests
vmtest=$selftests/sys_hotplug/vmtest.sh
image=$1 logs=$2
domain=sys-hotplug
# Under TCG, QEMU aborts when more CPUs were plugged in its life than it can have
max_cpus=32

# shellcheck disable=SC1091
. "$selftests/sys_hotplug/sys_hotplug_lib.sh"
. "$TOP/qemu-scripts/world-lib.sh"
DEADLINE=300

# virsh_ COMMAND...: shows what it says. It waits for an unplug for 5 s, which may be
# too short.
virsh_() {
	local said rc

	said=$("${virsh[@]}" "$@" 2>&1)
	rc=$?
	[[ -z $said ]] || ktap_print_msg "virsh $1: ${said//$'\n'/ }"
	return "$rc"
}

dimm_xml() {
	cat <<-END
	<memory model='dimm'>
	  <target><size unit='MiB'>1024</size><node>0</node></target>
	</memory>
	END
}

# CPUs that are not there at boot would only be taken under KVM; string operations
# are slow under TCG
domain_xml() {
	cat <<-END
	<domain type='qemu'>
	  <name>$domain</name>
	  <maxMemory slots='4' unit='GiB'>8</maxMemory>
	  <memory unit='GiB'>3</memory>
	  <vcpu>$max_cpus</vcpu>
	  <vcpus>
	    <vcpu id='0' enabled='yes' hotpluggable='no'/>
	    <vcpu id='1' enabled='yes' hotpluggable='yes'/>
	    <vcpu id='2' enabled='yes' hotpluggable='yes'/>
	    <vcpu id='3' enabled='yes' hotpluggable='yes'/>
	  </vcpus>
	  <os>
	    <type arch='x86_64' machine='q35'>hvm</type>
	    <kernel>$work/image</kernel>
	    <initrd>$work/initramfs</initrd>
	    <cmdline>console=ttyS0 panic=-1 memhp_default_state=online_movable tsc=reliable kunit.enable=0</cmdline>
	  </os>
	  <features><acpi/></features>
	  <cpu mode='maximum'>
	    <topology sockets='$max_cpus' cores='1' threads='1'/>
	    <feature policy='disable' name='erms'/>
	    <feature policy='disable' name='fsrm'/>
	    <numa><cell id='0' cpus='0-$((max_cpus - 1))' memory='2' unit='GiB'/></numa>
	  </cpu>
	  <on_reboot>destroy</on_reboot>
	  <devices>
	    <emulator>$(command -v "${QEMU:-qemu-system-x86_64}")</emulator>
	    <controller type='usb' model='none'/>
	    <memballoon model='none'/>
	    <serial type='file'><source path='$work/console.log'/><target port='0'/></serial>
	    <serial type='pipe'><source path='$work/guest'/><target port='1'/></serial>
	    $(dimm_xml)
	  </devices>
	</domain>
	END
}

# guest_says TEXT: at last; the line goes to LINE
guest_says() {
	while IFS= read -r -t "$DEADLINE" -u "$from" LINE; do
		[[ $LINE != *"$1"* ]] || return 0
		ktap_print_msg "guest: $LINE"
	done
	ktap_print_msg "guest: no '$1' within $DEADLINE s"
	return 1
}

# guest COMMAND...: of libvirt-guest.sh
guest() {
	echo "run libvirt libvirt-guest.sh $*" >&"$to"
	guest_says "vmtest: exit " && [[ $LINE = *"exit 0" ]]
}

# guest_has CPUS BLOCKS: and all are online
guest_has() { guest has "$1" "$2"; }

# domain_has CPUS DIMMS: by libvirt
domain_has() {
	local xml

	xml=$("${virsh[@]}" dumpxml "$domain")
	equal "$(grep -c "<vcpu id=.* enabled='yes'" <<<"$xml") $(grep -c "<memory model='dimm'" <<<"$xml")" \
		"$1 $2"
}

heard() {
	mapfile -t events < <(sed -nE "s/^event '(device-[a-z-]*)' for domain .*: (mem)?/\1 /p" "$work/events")
	(( ${#events[@]} > seen ))
}

# told EVENT: since the last time, and nothing else
told() {
	local new

	retry heard
	new=${events[*]:seen}
	seen=${#events[@]}
	equal "$new" "$1"
}

setup() {
	work=$(mktemp -d) || exit
	trap cleanup EXIT
	# What it runs ends with this script
	as_user=(setpriv --pdeathsig TERM)
	# root would be given another daemon
	(( EUID )) || as_user+=(--reuid=nobody --regid=nogroup --clear-groups)
	as_user+=(env "HOME=$work" "XDG_RUNTIME_DIR=$work" "XDG_CONFIG_HOME=$work" "XDG_CACHE_HOME=$work"
		"XDG_DATA_HOME=$work" "PATH=$PATH:/usr/sbin" LIBVIRT_AUTOSTART=0)
	virsh=("${as_user[@]}" virsh -q -c qemu:///session)

	mkdir -p "$logs" "$work/libvirt" "$work/guest/libvirt"
	echo 'stdio_handler = "file"' >"$work/libvirt/qemu.conf"
	cp "$TOP"/qemu-scripts/{libvirt-guest,world-lib}.sh "$work/guest/libvirt/"
	"$vmtest" -k "$image" -i "$work/initramfs" -x "$work/guest/libvirt"
	cp "$image" "$work/image"
	mkfifo "$work/guest.in" "$work/guest.out"
	dimm_xml >"$work/dimm.xml"
	domain_xml >"$work/domain.xml"
	touch "$work/console.log" "$work/events"
	(( EUID )) || chown -R nobody:nogroup "$work"
	exec {to}<>"$work/guest.in" {from}<>"$work/guest.out"
}

cleanup() {
	kill "$listener" "$(<"$work/libvirt/qemu/run/$domain.pid")" "$daemon"
	wait
	cp "$work"/{console.log,events,domain.xml} "$logs/"
	rm -rf "$work"
} 2>/dev/null

daemon_runs() {
	(
		# It shall not hold what somebody has locked
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			(( fd < 3 )) || exec {fd}>&-
		done
		exec "${as_user[@]}" libvirtd
	) >>"$logs/libvirtd.log" 2>&1 &
	daemon=$!
	retry virsh_ version
}

# Under TCG, QEMU 10.0 does not tell that a CPU was deleted (DEVICE_DELETED has only its
# local APIC): the daemon believes that it is there until it is started again
daemon_again() {
	kill "$daemon"
	wait "$daemon"
	daemon_runs
}

hears() {
	virsh_ metadata "$domain" --uri urn:test --key test --set "<test/>" --live
	grep -q "^event 'metadata-change'" "$work/events"
}

listens() {
	"${virsh[@]}" event --all --loop >"$work/events" 2>&1 &
	listener=$!
	retry hears
}

domain_runs() { virsh_ create "$work/domain.xml" && guest_says "vmtest: ready"; }

detach() { virsh_ detach-device "$domain" "$work/dimm.xml" --live; }
attach() { virsh_ attach-device "$domain" "$work/dimm.xml" --live; }

not() { ! "$@"; }

guest_brings_online() { guest bring_online "$1" && guest_has 0-3 8; }

# cpu_goes CPU OTHERS COMMAND...
cpu_goes() {
	local cpu=$1 others=$2
	shift 2

	virsh_ "$@"
	check "$1: CPU $cpu leaves the guest" guest_has "$others" 8
	daemon_again
	check "$1: the domain has 3 CPUs" domain_has 3 1
}

# cpu_comes CPU COMMAND...
cpu_comes() {
	local cpu=$1
	shift

	check "$1: CPU $cpu comes back" virsh_ "$@"
	check "$1: the domain has 4 CPUs" domain_has 4 1
	check "$1: and so has the guest" guest_brings_online "$cpu"
}

dimm_goes() {
	detach
	check "$1: the DIMM goes, and libvirt is told so" told "device-removed dimm0"
	check "$1: the domain has none" domain_has 4 0
	check "$1: and neither has the guest" guest_has 0-3 0
}

dimm_comes() {
	check "$1: the DIMM comes back" attach
	check "$1: libvirt is told so" told "device-added dimm0"
	check "$1: the domain has it" domain_has 4 1
	check "$1: and so has the guest" guest_has 0-3 8
}

# still_there WHAT
still_there() {
	check "$1: the domain has the DIMM" domain_has 4 1
	check "$1: and so has the guest, where nothing has changed" guest same
	check "$1: and the data is as before" guest data_same
}

seen=0 daemon='' listener=''
setup
ktap_print_header
ktap_set_plan 52
check "a daemon of libvirt runs" daemon_runs
check "it starts a domain" domain_runs
check "the domain has 4 CPUs and a DIMM" domain_has 4 1
check "and so has the guest" guest_has 0-3 8

cpu_goes 3 0-2 setvcpus "$domain" 3 --live
cpu_comes 3 setvcpus "$domain" 4 --live
cpu_goes 1 0,2-3 setvcpu "$domain" 1 --disable --live
cpu_comes 1 setvcpu "$domain" 1 --enable --live
guest fail_offline 2
check "a CPU that does not go offline: virsh fails" not virsh_ setvcpu "$domain" 2 --disable --live
check "a CPU that does not go offline: the guest has refused" guest has_failed 2
daemon_again
check "a CPU that does not go offline: the domain has 4 CPUs" domain_has 4 1
check "a CPU that does not go offline: and so has the guest" guest_has 0-3 8
cpu_goes 2 0-1,3 setvcpu "$domain" 2 --disable --live
cpu_comes 2 setvcpu "$domain" 2 --enable --live

check "virsh shows events" listens
dimm_goes detach-device
dimm_comes attach-device
check "a pinned page in the DIMM" guest pin
guest save
detach
check "a pinned page: the removal is cancelled in the guest" guest cancel
check "a pinned page: libvirt is told so" told "device-removal-failed dimm0"
still_there "a pinned page"
guest unpin
dimm_goes "no pinned page"
dimm_comes "again"
check "an unmovable page in the DIMM" guest unmovable
guest save
check "an unmovable page: refused" not detach
check "an unmovable page: libvirt is told so" told "device-removal-failed dimm0"
check "an unmovable page: nothing has migrated" guest not_migrated
still_there "an unmovable page"
check "the kernel has no complaints" not grep -E "BUG: |WARNING: |Call Trace:" "$work/console.log"
ktap_finished
