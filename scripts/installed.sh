#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# installed.sh OUTPUT LOGS: run the selftests, for the kernel in the build directory
# OUTPUT, as a user of kselftest does. On this machine nobody has agreed, so that each
# is skipped; in a VM, out of the archive of "make kselftest-gen_tar", one passes,
# and one wants a VM of its own.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

out=$1 logs=$2
dir=$BUILD/installed
unset SYS_HOTPLUG_DESTRUCTIVE

selftests() { make -s -C "$LINUX" O="$out" TARGETS=sys_hotplug "$@"; }

rm -rf "$dir" "$out/kselftest"
mkdir -p "$dir/installed" "$logs"
selftests kselftest >"$logs/kselftest.log" 2>&1
selftests kselftest-gen_tar INSTALL_PATH="$dir/install" >"$logs/gen_tar.log" 2>&1
tar -C "$dir/installed" -xf "$dir/install/kselftest-packages/kselftest.tar.gz"

n=$(wc -l <"$dir/installed/kselftest-list.txt")
reasons=$(grep -c '^# 1\.\.0 # SKIP .' "$logs/kselftest.log" || :)
skipped=$(grep -c '^ok .* # SKIP$' "$logs/kselftest.log" || :)
if [[ $n -gt 0 && "$reasons $skipped" == "$n $n" ]]; then
	echo "ok unasked: each of $n is skipped"
else
	echo "not ok unasked: $skipped of $n are skipped, $reasons say why ($logs/kselftest.log)"
	echo "0 passed, 1 failed, 0 skipped"
	exit 1
fi

cat >"$dir/installed/kselftest-test.sh" <<'END'
#!/bin/bash
./run_kselftest.sh -t sys_hotplug:dimm.sh -t sys_hotplug:lastcpu.sh | tee /tmp/kselftest
grep -q '^ok 1 selftests: sys_hotplug: dimm.sh$' /tmp/kselftest &&
	grep -q '^ok 2 selftests: sys_hotplug: lastcpu.sh # SKIP$' /tmp/kselftest
END
chmod +x "$dir/installed/kselftest-test.sh"
"$LINUX/tools/testing/selftests/sys_hotplug/vmtest.sh" -k "$out/arch/x86/boot/bzImage" -o "$logs" -x "$dir/installed"
