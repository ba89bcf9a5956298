#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest: what bench-model.c has measured.
cat /sys/kernel/debug/bench_model
