#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Cross-build the series for arm64, boot it on QEMU's virt machine, and have it shut down
# slow devices: once by a reboot, once by switching it off. The last line counts.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

out=$BUILD/kernel-arm64 log=$BUILD/log/arm64
limit=300
export ARCH=arm64 CROSS_COMPILE=aarch64-linux-gnu-

build() {
	"$TOP/scripts/build-kernel.sh" -c -o "$LINUX" "$out" "$TOP/kernel-config/arm64.config"
	with_ticker "${out#"$BUILD"/}: building" kmake "$LINUX" "$out" -s Image
}

initramfs() {
	local root=$out/root

	rm -rf "$root"
	mkdir -p "$root/dev"
	"${CROSS_COMPILE}gcc" -static -O2 -Wall -o "$root/init" "$TOP/qemu-scripts/arm64-init.c"
	(cd "$root" && find . | cpio -o -H newc --quiet | gzip -1) >"$out/initramfs"
}

# boot HOW TEXT: the guest's init is started with HOW, and the log ends with TEXT
boot() {
	local args=() i console=$log/$1.log

	for i in 1 2 3 4; do
		args+=(-device "pcie-root-port,id=rp$i,chassis=$i,slot=$i"
			-blockdev "driver=null-co,node-name=nv$i,size=67108864,read-zeroes=on"
			-device "nvme,serial=$i,drive=nv$i,bus=rp$i")
	done
	timeout "$limit" qemu-system-aarch64 -M virt -cpu cortex-a57 -smp 4 -m 512M -nodefaults \
		-display none -no-reboot -kernel "$out/arch/arm64/boot/Image" \
		-initrd "$out/initramfs" -serial "file:$console" "${args[@]}" \
		-append "console=ttyAMA0 oops=panic panic=-1 tp_printk trace_event=dev:device_shutdown_begin -- $1" || :
	grep -q "test_device_shutdown: ok" "$console" && grep -q "$2" "$console" &&
		grep -qE '\] +ok [0-9]+ device_shutdown' "$console" &&
		grep -qE 'device_shutdown_begin: pci 0000:.* async' "$console" &&
		! grep -qE 'BUG: |WARNING: |Oops|Call trace:|possible .* locking' "$console"
}

mkdir -p "$log"
build
initramfs
passed=0 failed=0
for how in "reboot:Restarting system" "off:Power down"; do
	if boot "${how%%:*}" "reboot: ${how#*:}"; then
		echo "ok ${how%%:*}"
		passed=$((passed + 1))
	else
		echo "not ok ${how%%:*} (${log#"$TOP"/}/${how%%:*}.log)"
		failed=$((failed + 1))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
(( failed == 0 ))
