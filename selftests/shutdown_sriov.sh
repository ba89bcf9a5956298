#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=trace_event=dev:device_shutdown_begin tp_printk
# vmtest: reboots=device_shutdown_begin: nvme 0000:01:00.0 serial
# vmtest: qemu=-device pcie-root-port,id=rp1,chassis=1,slot=1 -device nvme-subsys,id=subsystem
# vmtest: qemu=-device nvme,serial=1,subsys=subsystem,bus=rp1,sriov_max_vfs=1,max_ioqpairs=4
# vmtest: qemu=-global nvme.sriov_vq_flexible=2 -global nvme.sriov_vi_flexible=1
#
# An NVMe controller with SR-IOV goes in its turn: its virtual functions have to go
# before it, and it is not their parent.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

VFS=/sys/bus/pci/drivers/nvme/0000:01:00.0/sriov_totalvfs

test_begin 1 "$VFS"
check "the controller has SR-IOV" equal "$(cat "$VFS")" 1
ktap_finished
