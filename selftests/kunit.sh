#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=kunit.filter=speed>=very_slow
#
# The KUnit tests that take too long for every boot have passed in this one.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

# passed TEST
passed()
{
	dmesg | grep -qE "\] +ok [0-9]+ $1\$"
}

booted_with kunit.filter "speed>=very_slow"
test_begin 2
check "a cancel that races with the commit" passed shp_test_cancel_race
check "1000 random trees of devices are shut down" passed shutdown_test_random_many
ktap_finished
