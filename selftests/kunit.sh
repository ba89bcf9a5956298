#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=kunit.filter=speed>=very_slow
#
# The KUnit tests that take too long for every boot have passed in this one.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

test_begin 1
check "a cancel that races with the commit" \
	grep -qE '\] +ok [0-9]+ shp_test_cancel_race$' <(dmesg)
ktap_finished
