# SPDX-License-Identifier: GPL-2.0
#
# make -s -f objects.mk -C OUTPUT srctree=SOURCE dir=DIRECTORY
#
# Prints the objects that the configuration in OUTPUT makes in DIRECTORY, and
# the directories that it goes down to: all that is in obj-y, obj-m, lib-y or in
# the list of a composite object that is.
src := $(srctree)/$(dir)
obj := $(dir)

-include include/config/auto.conf
include $(firstword $(wildcard $(src)/Kbuild $(src)/Makefile))

made = $(obj-y) $(obj-m) $(lib-y)

.PHONY: print-objects
.DEFAULT_GOAL := print-objects
print-objects:
	@printf '$(dir)/%s\n' $(filter %.o %/,$(made) $(foreach o,$(made:.o=),$($o-y) $($o-m) $($o-objs)))
