// SPDX-License-Identifier: GPL-2.0
/*
 * The only program of the arm64 guest: makes slow devices, as shutdown.sh does, and
 * reboots the machine, or switches it off if it was started with the word "off".
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";
	char line[64];
	int fd, i;

	mkdir("/debug", 0700);
	mount("none", "/debug", "debugfs", 0, NULL);
	fd = open("/debug/test_device_shutdown/devices", O_WRONLY);
	dprintf(fd, "add anchor - 0 serial\n");
	for (i = 0; i < 8; i++)
		dprintf(fd, "add bridge%d anchor 0 async\n", i);
	for (i = 0; i < 64; i++) {
		snprintf(line, sizeof(line), "add leaf%d bridge%d 50 %s\n", i, i % 8,
			 i % 5 ? "async" : "serial");
		if (write(fd, line, strlen(line)) < 0)
			perror(line);
	}
	dprintf(fd, "storm 400 7\n");
	close(fd);
	reboot(strcmp(how, "off") ? RB_AUTOBOOT : RB_POWER_OFF);
	return 1;
}
