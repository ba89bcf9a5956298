# SPDX-License-Identifier: GPL-2.0
#
# make -s -f objects.mk -C OUTPUT srctree=SOURCE dir=DIRECTORY
#
# Prints the objects that the configuration in OUTPUT makes in DIRECTORY, and
# the directories that it goes down to: all that is in obj-y, obj-m or in the
# list of a composite object.
src := $(srctree)/$(dir)
obj := $(dir)

-include include/config/auto.conf
include $(firstword $(wildcard $(src)/Kbuild $(src)/Makefile))

.PHONY: print-objects
.DEFAULT_GOAL := print-objects
print-objects:
	@printf '$(dir)/%s\n' $(filter %.o %/,$(foreach v,$(filter %-y %-m %-objs,$(.VARIABLES)),$($v)))
