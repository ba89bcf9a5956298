#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memory_hotplug.memmap_on_memory=force
#
# evac.sh, with the memmap of a memory block in the block itself.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

booted_with memory_hotplug.memmap_on_memory force
# shellcheck disable=SC1091
. "$(dirname "$0")/evac.sh"
