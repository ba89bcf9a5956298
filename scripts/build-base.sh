#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Build the unpatched kernel. Its source and its output are siblings as those of
# the patched one are, so that ccache has already compiled most of it.
set -euo pipefail

. "$(dirname "${BASH_SOURCE[0]}")/common.sh"

worktree "$BUILD/base/linux" refs/tags/base
ln -sfn base/kernel "$BUILD/kernel-base"
"$TOP/scripts/build-kernel.sh" -b "$BUILD/base/linux" "$BUILD/base/kernel" "$@"
