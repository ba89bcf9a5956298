# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash
#
# Sourced by libvirt.sh, libvirt-guest.sh and udev-guest.sh, with sys_hotplug_lib.sh,
# which has DEADLINE.

# retry COMMAND...: until it succeeds
retry()
{
	local end=$((SECONDS + DEADLINE))

	until "$@"; do
		[[ $SECONDS -lt $end ]] || return 1
		sleep 0.1
	done
}
