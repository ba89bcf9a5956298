#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# world.sh: hot-plug with what administrators have around it: udevd in the guest, and
# libvirt on the host. The last line counts.
#
# KERNEL=PATH	a kernel's build directory or bzImage, instead of one with
#		kernel-config/world.config
set -uo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

guest=$BUILD/world/guest
logs=$BUILD/log/world
vmtest=$LINUX/tools/testing/selftests/sys_hotplug/vmtest.sh

build() {
	local kernel=$BUILD/world/kernel

	if [[ -n ${KERNEL-} ]]; then
		kernel=$(realpath "${KERNEL%/arch/x86/boot/bzImage}")
	else
		"$TOP/scripts/build-kernel.sh" "$LINUX" "$kernel" "$TOP/kernel-config/world.config" ||
			exit
	fi
	find_image "$kernel"
}

# What vmtest.sh runs as a directory of tests
make_guest() {
	rm -rf "$guest"
	mkdir -p "$guest"
	cp "$TOP/qemu-scripts/udev-guest.sh" "$guest/udev-test.sh"
	cp "$TOP/qemu-scripts/world-lib.sh" "$guest/"
	copy_program udevadm "$guest"
	cp -r /lib/udev/rules.d "$guest/"
	echo "timeout=1800" >"$guest/settings"
}

# run NAME COMMAND...: shows and counts the results of its tests; for the guest's,
# vmtest.sh has put a "# " before them
run() {
	local name=$1 log=$logs/$1.log rc=0 start=$SECONDS
	shift

	say "$name"
	"$@" 2>&1 </dev/null | tee "$log" | sed -unE 's/^(# )?((not )?ok |1\.\.0)/\2/p' || rc=$?
	(( rc == 0 || rc == 4 )) || grep -qE '^(# )?not ok ' "$log" ||
		echo "not ok $name: exit $rc" | tee -a "$log"
	say "$name: $((SECONDS - start)) s, all of it in ${log#"$TOP"/}"
}

[[ -x $vmtest ]] || die "the series in build/linux has no vmtest.sh"
build
make_guest
rm -rf "$logs"
mkdir -p "$logs"
run udev "$vmtest" -k "$image" -o "$logs/udev" -x "$guest"
keep_accel "$logs/udev.log"
run libvirt "$TOP/qemu-scripts/libvirt.sh" "$image" "$logs/libvirt"

cat "$logs"/*.log | sed 's/^# //' | awk '
	/^not ok / { failed++ }
	/^(ok |1\.\.0).*# SKIP/ { skipped++; next }
	/^ok / { passed++ }
	END { printf "%d passed, %d failed, %d skipped\n", passed, failed, skipped; exit (failed > 0) }'
