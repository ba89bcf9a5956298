#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# In the guest: bench-model.c is going to measure.
echo 1 > /sys/kernel/debug/bench_model
sleep 1
busybox reboot -f
