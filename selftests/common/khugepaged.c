// SPDX-License-Identifier: GPL-2.0
/*
 * Keep khugepaged asleep while a test program runs: it makes huge pages of what
 * a test has just taken apart, and fills the holes. Without permission it goes
 * on, and a test may then be disturbed once in a while.
 */
#include <fcntl.h>
#include <unistd.h>

static const char path[] =
	"/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs";
static const char an_hour[] = "3600000";

static char before[32];
static ssize_t length;

static void __attribute__((constructor)) khugepaged_sleep(void)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	length = read(fd, before, sizeof(before));
	if (write(fd, an_hour, sizeof(an_hour) - 1) < 0)
		length = 0;
	close(fd);
}

/* Tests end by _exit(), so that only the program itself comes here. */
static void __attribute__((destructor)) khugepaged_wake(void)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (length > 0 && write(fd, before, length) < 0)
		length = 0;
	close(fd);
}
