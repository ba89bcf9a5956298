#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=virtio_mem.force_bbm=1 virtio_mem.bbm_block_size=0x10000000
#
# The same when the device is handled in units of two memory blocks.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

booted_with virtio_mem.force_bbm Y
# shellcheck disable=SC1091
. "$(dirname "$0")/virtio_mem.sh"
