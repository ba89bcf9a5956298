# SPDX-License-Identifier: GPL-2.0
#
# The front door; the work is done by scripts/ and qemu-scripts/.

MAKEFLAGS += --no-print-directory
.NOTPARALLEL:

.PHONY: help
help:		## this text
	@sed -nE 's/^([a-z0-9-]+):[^#]*## (.*)/\1|\2/p' $(firstword $(MAKEFILE_LIST)) | \
		while IFS='|' read -r target text; do printf '  make %-12s %s\n' "$$target" "$$text"; done

.PHONY: deps
deps:		## install what make test needs: distribution packages, QEMU, sparse
	@scripts/deps.sh lint arm64

.PHONY: deps-vm
deps-vm:
	@scripts/deps.sh

.PHONY: tree
tree:		## build/linux: the base, then one commit a patch (KERNEL_TREE=DIR BASE=REF: your own clone; FORCE=1)
	@scripts/tree.sh

build/linux:
	@scripts/tree.sh

.PHONY: kernel
kernel: build/linux	## build/kernel: what is in build/linux, with kernel-config/vm.config
	@scripts/build-kernel.sh $(CURDIR)/build/linux $(CURDIR)/build/kernel

.PHONY: kernel-base
kernel-base: build/linux	## build/kernel-base: the same without the series
	@scripts/build-base.sh

.PHONY: vm
vm: kernel	## a shell in a VM of that kernel, QMP at hand
	@qemu-scripts/vm.sh -s

.PHONY: demo
demo: deps-vm kernel	## from nothing to a VM in which a DIMM and CPUs leave and return
	@bash -o pipefail -c 'qemu-scripts/vm.sh -r qemu-scripts/demo.sh | \
		qemu-scripts/timeline.sh -i -o build/demo.svg'
	@echo "== the same as a picture: build/demo.svg"

.PHONY: bench
bench: deps-vm build/linux	## base and series side by side: tables of ratios, a plot (BENCH_RUNS=N)
	@qemu-scripts/bench.sh
	@qemu-scripts/bench-shutdown.sh

.PHONY: stress
stress: build/linux	## all that disturbs hot-plug at once (MINUTES=N SEED=N ACTORS="..." KERNEL=PATH; PAIRS=N: by two; JOBS=N)
	@scripts/deps.sh stress
	@qemu-scripts/stress.sh

.PHONY: faults
faults: kernel	## each handler fails in each phase of each operation: a table
	@qemu-scripts/faults.sh

.PHONY: world
world: build/linux	## libvirt on the host and udevd in the guest, when CPUs and DIMMs come and go (KERNEL=PATH)
	@scripts/deps.sh world
	@qemu-scripts/world.sh

.PHONY: test
test: deps	## all that a contributor must pass; logs in build/log
	@scripts/test.sh

.PHONY: test-debug
test-debug:	## its VM tests on a kernel with PREEMPT_RT, and on one with KASAN, kmemleak, ...; logs in build/log
	@scripts/deps.sh
	@scripts/test.sh debug

.PHONY: test-arm64
test-arm64: build/linux	## cross-build for arm64 and shut that down in a VM
	@scripts/deps.sh arm64
	@scripts/test-arm64.sh

.PHONY: lint
lint: build/linux	## apply, refresh, checkpatch, W=1 (gcc, clang), sparse, coccicheck, htmldocs, Kconfig, ...
	@scripts/deps.sh lint
	@scripts/lint.sh

.PHONY: lint-quick
lint-quick: build/linux	## those of them that compile nothing; a minute
	@scripts/lint.sh -q

.PHONY: bisect
bisect: build/linux	## every prefix of the series builds (touched objects)
	@scripts/bisect.sh

.PHONY: matrix
matrix: build/linux	## touched objects on other architectures, with clang, without options (MATRIX="NAME...": only these)
	@scripts/deps.sh matrix
	@scripts/matrix.sh $(MATRIX)

.PHONY: refresh
refresh:	## the commits of build/linux -> patches/, series, copies (PART=DIRECTORY: the part of new ones)
	@scripts/refresh.sh

.PHONY: send
send: lint-quick	## build/outgoing/<part>: the mails of each part, To and Cc in them; sends nothing
	@scripts/send.sh

.PHONY: kernels
kernels: deps	## Documentation/figures/kernels.md: which kernels of Debian it fits
	@scripts/kernels.sh

.PHONY: size
size: kernel kernel-base	## Documentation/figures/size.md: what it adds to the kernel, in bytes
	@scripts/size.sh
