#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=512M%0x40000000-1+0xefffffff kunit.enable=0
#
# The kernel's own test of dax/kmem, which has to be told the device. It looks for
# complaints in the log, and clears that before, as busybox's dmesg does not with -C.
dmesg -c > /dev/null
DAX_KMEM_TEST_DEV=dax0.0 DAX_KMEM_TEST_UNBIND=1 exec ./dax-kmem-hotplug.sh
