#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# vm.sh [ARGUMENT...]: boot build/kernel; vmtest.sh says which arguments there are
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

vmtest=$LINUX/tools/testing/selftests/sys_hotplug/vmtest.sh
[[ -x $vmtest ]] || die "the series in build/linux has no vmtest.sh"
exec "$vmtest" -k "$BUILD/kernel/arch/x86/boot/bzImage" -c "$BUILD/kernel/.config" "$@"
