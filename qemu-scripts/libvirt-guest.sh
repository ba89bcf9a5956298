#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# libvirt-guest.sh COMMAND...: the guest's half of libvirt.sh, which gives the commands

# shellcheck disable=SC1091
. "$(dirname "$0")/../sys_hotplug/sys_hotplug_lib.sh"
# shellcheck disable=SC1091
. "$(dirname "$0")/world-lib.sh"

TMP=/tmp/libvirt
FILES=30000
DATA_MIB=64

# devices: the CPUs and how many memory blocks of DIMMs there are, and are online
devices()
{
	local block states=""

	for block in "$MEM_DIR"/memory*/firmware_node; do
		[[ ! -e $block ]] || states+="$(< "${block%/*}/state") "
	done
	echo "$(< "$CPU_DIR/present") $(wc -w <<< "$states")," \
		"$(< "$CPU_DIR/online") $(grep -ow online <<< "$states" | wc -l)"
}

devices_are()
{
	grep -qx idle "$SHP_DIR/state" && [[ $(devices) = "$1" ]]
}

# has CPUS BLOCKS: all of them online, at last
has()
{
	retry devices_are "$1 $2, $1 $2" || equal "$(devices)" "$1 $2, $1 $2"
}

bring_online()
{
	retry test -e "$CPU_DIR/cpu$1/online" && cpu_online "$1"
}

# fail_offline CPU: the next time
fail_offline()
{
	sed -n 's/^ *\([0-9]*\): workqueue:online$/\1/p' "$CPU_DIR/hotplug/states" \
		> "$CPU_DIR/cpu$1/hotplug/fail"
}

# Then nothing is to fail any more
has_failed()
{
	retry grep -qx -- -1 "$CPU_DIR/cpu$1/hotplug/fail"
}

save()
{
	vmstat pgmigrate_success > "$TMP/migrated"
	state_save "$TMP/state"
}

same()
{
	state_same "$TMP/state"
}

not_migrated()
{
	equal "$(vmstat pgmigrate_success)" "$(< "$TMP/migrated")"
}

# New kernel objects go to ZONE_NORMAL, and that is only the DIMM's last block
unmovable()
{
	local blocks=("$MEM_DIR"/memory*/firmware_node) last

	last=${blocks[-1]%/*}/state
	data_rewrite && echo offline > "$last" && echo online_kernel > "$last" &&
		mkdir "$TMP/data/inodes" && cd "$TMP/data/inodes" &&
		seq "$FILES" | xargs touch && at_least 1 zone_used_mib Normal
}

pin()
{
	data_fill "$DATA_MIB" && pin_data || return 1
	sleep 1000000 > /dev/null 2>&1 &
	echo $! > "$TMP/holder"
}

unpin()
{
	kill "$(< "$TMP/holder")"
}

# cancel: the removal that waits for the pinned page
cancel()
{
	state_has " remove execute memory" && executing remove && echo "$ID" > "$SHP_DIR/cancel"
}

mkdir -p "$TMP"
# Some commands count what migrates
echo 0 > /proc/sys/vm/compaction_proactiveness
"$@"
