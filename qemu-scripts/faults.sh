#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# faults.sh: run the selftest of that name and write the table that it prints to
# Documentation/figures/faults.md.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/../scripts/common.sh"

out=$BUILD/faults
figure=$TOP/Documentation/figures/faults.md
vmtest=$LINUX/tools/testing/selftests/sys_hotplug/vmtest.sh

document() {
	cat <<-END
	# Faults in each handler, phase and operation

	Written by

	    make faults

	| | |
	|---|---|
	| series | $(pgit -C "$LINUX" rev-list --count refs/tags/base..HEAD) patches up to "$(pgit -C "$LINUX" log -1 --format=%s)" |
	$(host_row)

	For each cell a request is made in which that handler fails in that phase (*fault*), which is cancelled there (*cancel*), or whose writer gets
	a signal while it is there (*signal*). A fault comes in place of the handler's own work, so what a handler has done is undone in the rows after
	it. A cancel comes just before that work, which is done and undone where the handler does not look. Then these are compared: the masks of
	CPUs, nodes and their memory, state and zones of each memory block, present, managed and spanned pages and the start of each zone, MemTotal,
	System RAM in /proc/iomem, the devices on the buses acpi, container, cpu, memory and node, and the links between them.

	*as before*: what was before the request, with nothing not restored. *done*: the request has gone on, and it is what the request makes of it.
	*too late*: who cancels is told so. \`-\`: it cannot be; nobody waits for the firmware's own events, and what is added has no other handlers
	before it is found.

	| device    | request | phase    | handler   | fault     | cancel         | signal    |
	|-----------|---------|----------|-----------|-----------|----------------|-----------|
	$(sed -n 's/^# faults: //p' "$out/output")

	END
}

mkdir -p "$out"
rc=0
"$vmtest" -k "$BUILD/kernel/arch/x86/boot/bzImage" -o "$out" faults.sh >"$out/output" 2>&1 || rc=$?
grep -E '^(not )?ok |^# not ok ' "$out/output"
keep_accel "$out/output"
document >"$figure"
say "faults: ${figure#"$TOP"/}"
exit "$rc"
