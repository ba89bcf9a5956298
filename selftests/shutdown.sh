#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: reboots=test_device_shutdown: ok
# vmtest: cases=leaves chain many mixed serial off links storm1 storm2 storm3 poweroff kexec
#
# The machine goes down with devices that are slow to shut down, some of which do
# it in parallel. CONFIG_TEST_DEVICE_SHUTDOWN has the devices, and says in the
# kernel's log how many went at once and if none came before another that depends on it.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DEVICES=/sys/kernel/debug/test_device_shutdown/devices
PARAMETER=/sys/module/kernel/parameters/async_shutdown

# tree BRIDGES LEAVES MS HOW: leaf devices below bridges
tree()
{
	local i

	for ((i = 0; i < $1; i++)); do
		echo "add bridge$i - 0 $4"
	done
	for ((i = 0; i < $2; i++)); do
		echo "add leaf$i bridge$((i % $1)) $3 $4"
	done
}

chain()
{
	local i parent=-

	for ((i = 0; i < $1; i++)); do
		echo "add link$i $parent $2 async"
		parent=link$i
	done
}

# Each third device did not opt in
mixed()
{
	local i how

	echo "add dev0 - 0 serial"
	for ((i = 1; i < $1; i++)); do
		how=async
		[[ $((i % 3)) -ne 0 ]] || how=serial
		echo "add dev$i dev$(((i - 1) / 4)) $2 $how"
	done
}

# Each device needs the one before it, and there are links in a circle as well
links()
{
	local i

	for ((i = 0; i < $1; i++)); do
		echo "add dev$i - $2 async"
	done
	for ((i = 1; i < $1; i++)); do
		echo "link dev$((i - 1)) dev$i sync_state_only"
		echo "link dev$i dev$((i - 1)) stateless"
	done
}

# How many at once depends on how fast the machine starts threads
devices()
{
	case $1 in
	leaves)
		tree 8 64 50 async
		echo "expect 4 256"
		;;
	chain)
		chain 16 20
		echo "expect 1 256"
		;;
	many)
		tree 8 500 1 async
		echo "expect 2 256"
		;;
	mixed | poweroff | kexec)
		mixed 100 5
		;;
	serial)
		tree 100 9900 0 serial
		echo "expect 1 1"
		;;
	one)
		tree 100 9899 0 serial
		echo "add one - 0 async"
		;;
	off)
		echo 0 > "$PARAMETER"
		tree 4 16 5 async | sed 's/async/serial/'
		tree 4 16 5 async | sed 's/leaf/async_leaf/; s/bridge/async_bridge/g'
		echo "expect 1 1"
		;;
	links)
		links 12 10
		;;
	storm*)
		mixed 60 10
		echo "storm 600 ${1#storm}"
		;;
	esac
}

# Not all of them fit into one write
make_devices()
{
	local lines

	while mapfile -t -n 200 lines && [[ ${#lines[@]} -gt 0 ]]; do
		printf '%s\n' "${lines[@]}" > "$DEVICES" || return 1
	done < <(devices "$1")
}

# The next kernel switches the machine off
load_kernel()
{
	mkdir -p /tmp/next/bin
	cp /bin/busybox /tmp/next/bin/
	printf '#!/bin/busybox sh\n/bin/busybox poweroff -f\n' > /tmp/next/init
	chmod +x /tmp/next/init
	(cd /tmp/next && find . | cpio -o -H newc) > /tmp/initrd
	kexec -s -l /kernel --initrd=/tmp/initrd \
		--command-line="console=ttyS0 panic=-1 kunit.enable=0"
}

if [[ $1 = kexec ]]; then
	test_begin 2 "$DEVICES" /kernel
	check "a kernel is loaded" load_kernel
else
	test_begin 1 "$DEVICES"
fi
check "devices are made" make_devices "$1"
ktap_finished
