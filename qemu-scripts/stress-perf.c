// SPDX-License-Identifier: GPL-2.0
/*
 * One of the actors of stress-guest.sh: count and sample on each CPU that is there,
 * for the milliseconds it is told.
 */
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CPUS 8

static int open_event(unsigned long long config, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = config,
		.sample_period = config == PERF_COUNT_SW_CPU_CLOCK ? 1000000 : 0,
	};

	return syscall(SYS_perf_event_open, &attr, -1, cpu, -1, 0);
}

int main(int argc, char **argv)
{
	int cpu, opened = 0;

	for (cpu = 0; cpu < CPUS; cpu++) {
		opened += open_event(PERF_COUNT_SW_CPU_CLOCK, cpu) >= 0;
		opened += open_event(PERF_COUNT_SW_CONTEXT_SWITCHES, cpu) >= 0;
	}
	if (!opened) {
		perror("perf_event_open");
		return 1;
	}
	usleep(1000 * (argc > 1 ? atoi(argv[1]) : 100));
	return 0;
}
