#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# vmtest: cmdline=memmap=1408M$0x20000000
# vmtest: cases=files hugetlb
#
# A DIMM whose data has little room elsewhere goes if what is in it need not migrate:
# files that can be read again are dropped, and huge pages take the place of those that
# are free in their pool. Without it the VM has 640 MiB.

# shellcheck disable=SC1091
. "$(dirname "$0")/sys_hotplug_lib.sh"

DISK=/dev/vda
HUGEPAGES=/proc/sys/vm/nr_hugepages

make_files()
{
	mkdir "$TMP/disk"
	mke2fs "$DISK" > /dev/null 2>&1 && mount -t ext2 "$DISK" "$TMP/disk" &&
		dd if=/dev/zero of="$TMP/disk/elsewhere" bs=1M count=280 2> /dev/null &&
		dd if=/dev/zero of="$TMP/disk/dimm" bs=1M count=600 2> /dev/null
}

# read_file NAME [TIMES]
read_file()
{
	local i

	for ((i = 0; i < ${2:-1}; i++)); do
		cat "$TMP/disk/$1" > /dev/null || return 1
	done
}

# What is elsewhere is read last, so that what is in the DIMM is not reclaimed for it
fill_dimm()
{
	dimm_set d1 online_movable && read_file dimm && read_file elsewhere 3
}

# hugepages NR: of 2 MiB, as many more, and as many in use
hugepages()
{
	mkdir "$TMP/huge"
	mount -t hugetlbfs none "$TMP/huge" && echo $((2 * $1)) > "$HUGEPAGES" &&
		equal "$(< "$HUGEPAGES")" $((2 * $1)) && fallocate -l $((2 * $1))M "$TMP/huge/file"
}

hugepages_in_use()
{
	awk '/^HugePages_Total:/ { n += $2 }
	     /^HugePages_Free:/ { n -= $2 }
	     END { print n }' /proc/meminfo
}

case ${1:-files} in
files)
	test_begin 8 "$DISK"
	check "files of 880 MiB" make_files
	check "the DIMM is offline" dimm_set d1 offline
	check "300 MiB are free elsewhere" fill_elsewhere 300
	check "280 MiB of the files are there" read_file elsewhere
	check "600 MiB of them in the DIMM" fills_movable 500 fill_dimm
	check "32 MiB of data in the DIMM" fills_movable 530 data_fill 32
	check "the DIMM goes" observe unplug d1
	check "the data is unchanged" data_same
	;;
hugetlb)
	test_begin 7 "$HUGEPAGES"
	check "the DIMM is offline" dimm_set d1 offline
	echo 40 > "$HUGEPAGES"
	check "40 huge pages elsewhere" equal "$(< "$HUGEPAGES")" 40
	check "60 MiB are free besides" fill_elsewhere 60
	check "the DIMM is online" dimm_set d1 online_movable
	check "40 in the DIMM, and as many in use" fills_movable 78 hugepages 40
	check "the DIMM goes" observe unplug d1
	check "they are still in use" equal "$(hugepages_in_use)" 40
	;;
*)
	ktap_exit_fail_msg "no case $1"
	;;
esac
ktap_finished
