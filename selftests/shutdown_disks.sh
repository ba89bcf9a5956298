#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=tp_printk
# vmtest: reboots=test_device_shutdown: ok
# vmtest: judge
# vmtest: cases=trace
# vmtest: qemu=-device pcie-root-port,id=rp1,chassis=1,slot=1
# vmtest: qemu=-blockdev driver=null-co,node-name=nv1,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=1,drive=nv1,bus=rp1
# vmtest: qemu=-device pcie-root-port,id=rp2,chassis=2,slot=2
# vmtest: qemu=-blockdev driver=null-co,node-name=nv2,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=2,drive=nv2,bus=rp2
# vmtest: qemu=-device pcie-root-port,id=rp3,chassis=3,slot=3
# vmtest: qemu=-blockdev driver=null-co,node-name=nv3,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=3,drive=nv3,bus=rp3
# vmtest: qemu=-device pcie-root-port,id=rp4,chassis=4,slot=4
# vmtest: qemu=-blockdev driver=null-co,node-name=nv4,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=4,drive=nv4,bus=rp4
# vmtest: qemu=-device pcie-root-port,id=rp5,chassis=5,slot=5
# vmtest: qemu=-blockdev driver=null-co,node-name=nv5,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=5,drive=nv5,bus=rp5
# vmtest: qemu=-device pcie-root-port,id=rp6,chassis=6,slot=6
# vmtest: qemu=-blockdev driver=null-co,node-name=nv6,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=6,drive=nv6,bus=rp6
# vmtest: qemu=-device pcie-root-port,id=rp7,chassis=7,slot=7
# vmtest: qemu=-blockdev driver=null-co,node-name=nv7,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=7,drive=nv7,bus=rp7
# vmtest: qemu=-device pcie-root-port,id=rp8,chassis=8,slot=8
# vmtest: qemu=-blockdev driver=null-co,node-name=nv8,size=67108864,read-zeroes=on
# vmtest: qemu=-device nvme,serial=8,drive=nv8,bus=rp8
# vmtest: qemu=-device virtio-scsi-pci,id=scsi
# vmtest: qemu=-blockdev driver=null-co,node-name=sd1,size=67108864,read-zeroes=on
# vmtest: qemu=-device scsi-hd,drive=sd1,bus=scsi.0
# vmtest: qemu=-blockdev driver=null-co,node-name=sd2,size=67108864,read-zeroes=on
# vmtest: qemu=-device scsi-hd,drive=sd2,bus=scsi.0
# vmtest: qemu=-blockdev driver=null-co,node-name=sd3,size=67108864,read-zeroes=on
# vmtest: qemu=-device scsi-hd,drive=sd3,bus=scsi.0
#
# Eight NVMe controllers, each behind a root port, and three SCSI disks go down in
# parallel, each before what it is below. The kernel's log has the trace; in the case
# "time" it has not, as that takes time.

DRIVERS=/sys/bus/pci/drivers/nvme
DEVICES=/sys/kernel/debug/test_device_shutdown/devices

# "DEVICE PARENT" into the kernel's log
parents()
{
	local path

	for path in "$DRIVERS"/0000:* /sys/bus/scsi/devices/[0-9]*; do
		path=$(readlink -f "$path")
		while [[ ${path%/*} != */devices/pci0000:00 && ${path##*/} != host* ]]; do
			echo "<3>shutdown_disks: ${path##*/} ${path%/*}" > /dev/kmsg
			path=${path%/*}
		done
	done
}

# judge LOG: did each begin after those below it had ended, and some at once?
judge()
{
	tr -d '\r' < "$1" | awk '
		/shutdown_disks: / {
			sub(".*/", "", $NF)
			parent[$(NF - 1)] = $NF
		}
		# Other devices have the same names
		/device_shutdown_begin: (pci|scsi) / {
			begin[$(NF - 1)] = NR
			async[$(NF - 1)] = $NF == "async"
			count[$(NF - 1)]++
		}
		/device_shutdown_end: (nvme|pcieport|sd|scsi) / { end[$NF] = NR }
		END {
			for (d in parent) {
				if (count[d] != 1 || !async[d])
					bad = bad " " d " " count[d] + 0 " times;"
				if (!end[d] || end[d] > begin[parent[d]])
					bad = bad " " parent[d] " before " d ";"
				for (e in parent)
					if (begin[d] < begin[e] && begin[e] < end[d])
						overlaps++
				nr++
			}
			print nr " devices, " overlaps + 0 " pairs at once" bad
			exit bad != "" || nr < 8 || overlaps < 8
		}'
}

if [[ ${1:-} = judge ]]; then
	judge "$2"
	exit
fi

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

test_begin 2 "$DEVICES"
check "eight NVMe controllers" equal "$(find "$DRIVERS/" -name '0000:*' | wc -l)" 8
check "three SCSI disks" equal "$(find /sys/bus/scsi/devices/ -name '[0-9]*' | wc -l)" 3
parents
[[ $1 = time ]] || shutdown_trace
echo "add test - 0 serial" > "$DEVICES"
ktap_finished
