// SPDX-License-Identifier: GPL-2.0
/*
 * bench-hold anon|thp|hugetlb MIB: hold that much memory with a pattern in it,
 * say "ready", wait for SIGTERM, and exit with 0 if the pattern is unchanged.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_SIZE	(2UL << 20)

int main(int argc, char **argv)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS, sig;
	size_t size, words, i;
	uint64_t *data;
	sigset_t set;
	char *area;

	if (argc != 3)
		return 2;
	size = strtoul(argv[2], NULL, 10) << 20;
	words = size / sizeof(*data);

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);

	if (!strcmp(argv[1], "hugetlb"))
		flags |= MAP_HUGETLB;
	area = mmap(NULL, size + HUGE_SIZE, PROT_READ | PROT_WRITE,
		    flags | MAP_NORESERVE, -1, 0);
	if (area == MAP_FAILED) {
		perror("mmap");
		return 2;
	}
	/* Only whole aligned huge pages become transparent huge pages */
	area = (char *)(((uintptr_t)area + HUGE_SIZE - 1) & ~(HUGE_SIZE - 1));
	if (madvise(area, size, strcmp(argv[1], "thp") ? MADV_NOHUGEPAGE : MADV_HUGEPAGE) &&
	    !(flags & MAP_HUGETLB)) {
		perror("madvise");
		return 2;
	}

	data = (uint64_t *)area;
	for (i = 0; i < words; i++)
		data[i] = i * 0x9e3779b97f4a7c15ULL;
	puts("ready");
	fflush(stdout);
	sigwait(&set, &sig);

	for (i = 0; i < words; i++)
		if (data[i] != i * 0x9e3779b97f4a7c15ULL)
			return 1;
	return 0;
}
