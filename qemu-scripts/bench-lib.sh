# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2016,SC2034
#
# Sourced by bench.sh and bench-shutdown.sh: both kernels, medians, where it was measured.

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

runs=${BENCH_RUNS:-3}
out=$BUILD/bench
figures=$TOP/Documentation/figures
vmtest=$out/patched/linux/tools/testing/selftests/sys_hotplug/vmtest.sh

check_out() {
	worktree "$out/base/linux" refs/tags/base
	worktree "$out/patched/linux" "$(pgit -C "$LINUX" rev-parse HEAD)"
}

build() {
	local fragment=$TOP/kernel-config/bench.config

	"$TOP/scripts/build-kernel.sh" -b "$out/base/linux" "$out/base/kernel" "$fragment"
	"$TOP/scripts/build-kernel.sh" "$out/patched/linux" "$out/patched/kernel" "$fragment"
}

# Functions for awk: lists of numbers are strings
AWK_LISTS='
	function sorted(list, v,	n, i, j, x) {
		n = split(list, v, " ")
		for (i = 2; i <= n; i++) {
			x = v[i] + 0
			for (j = i - 1; j >= 1 && v[j] + 0 > x; j--)
				v[j + 1] = v[j]
			v[j + 1] = x
		}
		return n
	}
	function median(list,	v, n) {
		n = sorted(list, v)
		return n ? (v[int((n + 1) / 2)] + v[int(n / 2) + 1]) / 2 : "-"
	}
	# NAME=VALUE... of this line into f
	function fields(f,	i, pair) {
		split("", f)
		for (i = 1; i <= NF; i++) {
			split($i, pair, "=")
			f[pair[1]] = pair[2]
		}
	}'

# document TITLE BASE-ALSO ROW...: how a file of figures begins
document() {
	cat <<-END
	# $1

	Written by

	    make bench BENCH_RUNS=$runs

	from the medians of $runs runs of each kernel, in turns, in the same VM and with the same configuration
	(kernel-config/vm.config and kernel-config/bench.config).

	| | |
	|---|---|
	| base | $(pgit -C "$out/base/linux" log -1 --format=%s)$2 |
	| series | $(pgit -C "$out/patched/linux" rev-list --count refs/tags/base..HEAD) patches up to "$(
		pgit -C "$out/patched/linux" log -1 --format=%s)" |
	END
	printf '%s\n' "${@:3}" "$(host_row)" ""
}
