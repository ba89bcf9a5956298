#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=virtio_mem.force_bbm=1 virtio_mem.bbm_block_size=0x10000000
#
# The same when the device is handled in units of two memory blocks.

exec "$(dirname "$0")/virtio_mem.sh"
