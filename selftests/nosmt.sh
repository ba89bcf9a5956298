#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=nosmt maxcpus=1
# vmtest: threads=2
#
# CPUs that are hot-added come online by themselves, but for the second thread of
# a core while SMT control is off.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

EPERM=-1
ECANCELED=-125

# returns CPU ERROR...: of each attempt to bring it online
returns()
{
	local cpu=$1

	shift
	unplug "$cpu" && observe plug "$cpu" || return 1
	equal "$(sed -n "s/.* shp_device_exit .*device=$cpu error=//p" "$TMP/trace" | xargs)" "$*"
}

online_are()
{
	equal "$(cat "$CPU_DIR/present"):$(cat "$CPU_DIR/online")" "0-3:$1"
}

test_begin 9 "$CPU_DIR/auto_online"
check "SMT is off" equal "$(cat "$CPU_DIR/smt/control")" off
check "no other CPU has been started" online_are 0
check "by default, CPUs stay offline" returns cpu2
echo online > "$CPU_DIR/auto_online"
check "a second thread is added, and started once" returns cpu1 $ECANCELED $EPERM
check "it is offline" online_are 0
check "a second thread is added, and not started" returns cpu1 $EPERM
check "it is offline" online_are 0
check "a first thread is added" returns cpu2 0
check "it is online" online_are 0,2
echo offline > "$CPU_DIR/auto_online"
ktap_finished
