#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Write Documentation/figures/size.md: by how much build/kernel is larger than
# build/kernel-base, by scripts/bloat-o-meter, and how much of that is not tests.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

base=$BUILD/kernel-base series=$BUILD/kernel
symbols=$BUILD/size
table=$TOP/Documentation/figures/size.md

# In some builds the linker makes .data executable, and nm takes what is in it for functions
plain() {
	mkdir -p "$symbols"
	objcopy --set-section-flags .data=alloc,load,contents,data "$1/vmlinux" "$symbols/${1##*/}"
}

plain "$base"
plain "$series"
"$LINUX/scripts/bloat-o-meter" -c "$symbols/${base##*/}" "$symbols/${series##*/}" >"$symbols/symbols"

rows() {
	nm "$series"/drivers/base/test/*.o "$series/lib/test_memory_hotplug.o" |
		awk 'NF == 3 { sub(/\..*/, "", $3); print $3 }' | awk -v OFS=' | ' '
		NR == FNR { tests[$1] = 1; next }
		/^add\/remove/ { n++ }
		# Not the heads, nor the sums
		NF == 4 && $4 ~ /^[-+][0-9]+$/ {
			kind = $1 in tests ? "tests" : $1 ~ /^kallsyms/ ? "kallsyms" : \
				$1 ~ /trace|__probestub|print_fmt|^event_|_tp_func_/ ? "tracepoints" : "series"
			bytes[kind, n] += $4
			bytes["all", n] += $4
		}
		END {
			n = split("series,tracepoints,tests,kallsyms,all", kinds, ",")
			for (i = 1; i <= n; i++)
				print "| " kinds[i], bytes[kinds[i], 1] + 0, bytes[kinds[i], 2] + 0, bytes[kinds[i], 3] + 0 " |"
		}' - "$symbols/symbols"
}

cat >"$table" <<END
# Size

Written by

    make size

with the kernel's scripts/bloat-o-meter: bytes by which $(pgit -C "$LINUX" rev-list --count refs/tags/base..HEAD) patches up to
"$(pgit -C "$LINUX" log -1 --format=%s)" make the kernel larger, with
kernel-config/vm.config (optimized for size, lockdep), by $(gcc --version | head -n 1).

| | functions | data | constants |
|---|---:|---:|---:|
$(rows)
END
say "size: ${table#"$TOP"/}; the symbols are in ${symbols#"$TOP"/}/symbols"
