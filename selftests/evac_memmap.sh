#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memory_hotplug.memmap_on_memory=force
#
# evac.sh, with the memmap of a memory block in the block itself.

exec "$(dirname "$0")/evac.sh"
