#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=tp_printk
# vmtest: reboots=reason=cancelled not_restored=0
#
# The machine reboots during a removal that does not end: it is cancelled and
# undone first. vmtest.sh reboots it, and looks for the result in the log.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

test_begin 2 "$SHP_DIR/state"
echo 1 > "$TRACE_DIR/events/sys_hotplug/shp_request_exit/enable"
check "64 MiB of data" data_fill 64
data_rewrite
pin_data
check "the removal runs" goes_on remove unplug_send d1
# The pin stays, and so the data
sleep 1000 &
trap - EXIT
ktap_finished
