#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=isolcpus=domain,0
#
# CPU0 is isolated: of the CPUs that are left at least one must stay.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

offline_last()
{
	! cpu_offline 1 2> "$TMP/error" && grep -q 'busy' "$TMP/error"
}

test_begin 7
cpu_offline 2
cpu_offline 3
state_save "$TMP/state"
check "cpu0 and cpu1 are online" equal "$(cat "$CPU_DIR/online")" 0-1
check "the last housekeeping CPU cannot go offline" offline_last
check "everything is as before" state_same "$TMP/state"
check "eject of the last housekeeping CPU: refused" observe removal_refused cpu1
check "result in the trace" result_is "$TMP/trace" remove \
	error=-16 phase=validate handler=cpu device=cpu1 reason=last-cpu not_restored=0
check "everything is as before" state_same "$TMP/state"
cpu_online 2
check "it can go when there is another one" unplug cpu1
ktap_finished
