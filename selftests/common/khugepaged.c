// SPDX-License-Identifier: GPL-2.0
/*
 * Keep khugepaged asleep while a test program runs: it makes huge pages of what
 * a test has just taken apart, and fills the holes. Without permission it goes
 * on, and a test may then be disturbed once in a while.
 *
 * While it knows of no memory at all it sleeps until there is some, however long
 * that is, and looks at it at once. So it gets to know of some that no test uses,
 * and has looked at that before the first test begins.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <devthp.h>

#include "ready.h"
#include "settle.h"
#include "textfile.h"
#include "verdict.h"

#define KHUGEPAGED "/sys/kernel/mm/transparent_hugepage/khugepaged/"

static const char path[] = KHUGEPAGED "scan_sleep_millisecs";
static const char an_hour[] = "3600000";

static char before[32];
static ssize_t length;

static uint64_t full_scans(void)
{
	uint64_t scans = 0;

	return is_right(file_number(KHUGEPAGED "full_scans", &scans)) ? scans : 0;
}

/*
 * It is not to come to the tests, which are children. Where nobody ever touched anything,
 * it would not come either.
 */
static void make_known(void)
{
	const size_t size = 2 * devthp_pmd_size();
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return;
	memory[0] = 1;
	madvise(memory, size, MADV_DONTNEED);
	madvise(memory, size, MADV_DONTFORK);
	madvise(memory, size, MADV_HUGEPAGE);
}

static void __attribute__((constructor)) khugepaged_sleep(void)
{
	const uint64_t scans = full_scans();
	int fd = open(path, O_RDWR | O_CLOEXEC);
	time_t limit;

	if (fd < 0)
		return;
	make_known();
	length = read(fd, before, sizeof(before));
	if (write(fd, an_hour, sizeof(an_hour) - 1) < 0)
		length = 0;
	close(fd);
	/* Being told wakes it up. Where no huge pages are allowed, it never comes. */
	limit = time(NULL) + (kernel_is_slow() ? PATIENCE : 3);
	while (full_scans() == scans && time(NULL) < limit)
		usleep(1000);
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
