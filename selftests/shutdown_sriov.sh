#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=tp_printk
# vmtest: reboots=device_shutdown_begin: pci
# vmtest: judge
# vmtest: qemu=-device nvme-subsys,id=subsys1 -device pcie-root-port,id=rp1,chassis=1,slot=1
# vmtest: qemu=-device nvme,serial=1,subsys=subsys1,bus=rp1,sriov_max_vfs=1,max_ioqpairs=4
# vmtest: qemu=-device nvme-subsys,id=subsys2 -device pcie-root-port,id=rp2,chassis=2,slot=2
# vmtest: qemu=-device nvme,serial=2,subsys=subsys2,bus=rp2,sriov_max_vfs=1,max_ioqpairs=4
# vmtest: qemu=-global nvme.sriov_vq_flexible=2 -global nvme.sriov_vi_flexible=1
#
# An NVMe controller that has a virtual function goes in its turn, after it, as it is not
# its parent; one that could have some goes in parallel.

WITH=0000:01:00.0
WITHOUT=0000:02:00.0
FUNCTION=0000:01:00.1

# judge LOG
judge()
{
	tr -d '\r' < "$1" | awk -v with="$WITH" -v without="$WITHOUT" -v fn="$FUNCTION" '
		/device_shutdown_begin: pci / {
			begin[$(NF - 1)] = NR
			how[$(NF - 1)] = $NF
		}
		/device_shutdown_end: (nvme|pci) / { end[$NF] = NR }
		END {
			print with, how[with] ",", without, how[without]
			exit how[with] != "serial" || how[without] != "async" ||
				!end[fn] || end[fn] > begin[with]
		}'
}

if [[ ${1:-} = judge ]]; then
	judge "$2"
	exit
fi

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DRIVER=/sys/bus/pci/drivers/nvme

function_made()
{
	echo 0 > "$DRIVER/$WITH/sriov_drivers_autoprobe"
	echo 1 > "$DRIVER/$WITH/sriov_numvfs" && [[ -e /sys/bus/pci/devices/$FUNCTION ]]
}

# On, and off again
function_gone()
{
	echo 1 > "$DRIVER/$WITHOUT/sriov_numvfs" && echo 0 > "$DRIVER/$WITHOUT/sriov_numvfs"
}

test_begin 3 "$DRIVER/$WITH/sriov_totalvfs"
check "two controllers have SR-IOV" equal "$(cat "$DRIVER"/0000:*/sriov_totalvfs | xargs)" "1 1"
check "one has a virtual function" function_made
check "one has none any more" function_gone
shutdown_trace
ktap_finished
