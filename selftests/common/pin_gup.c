// SPDX-License-Identifier: GPL-2.0
/*
 * gup_test of the kernel's debugfs. It holds the pins of one caller at a time,
 * and drops them when any file of it is closed: so there is one for all.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <devthp.h>
#include <mm/gup_test.h>

#include "pin_kind.h"
#include "verdict.h"

static const char path[] = "/sys/kernel/debug/gup_test";

/* One for each process that came by here, its own or its parent's. */
static int gup_test = -1;

int pin_gup_needed(const char **why)
{
	if (gup_test >= 0)
		return KSFT_PASS;
	gup_test = open(path, O_RDWR | O_CLOEXEC);
	if (gup_test >= 0)
		return KSFT_PASS;
	return missing(wrong("%s: %s: it takes root, debugfs and CONFIG_GUP_TEST",
				      path, strerror(errno)), why);
}

static const char *command(const char *what, unsigned long request, void *arg)
{
	return went_well(what, ioctl(gup_test, request, arg) ? -errno : 0);
}

const char *pin_gup_take(struct pin *pin)
{
	struct pin_longterm_test range = {
		.addr = (uintptr_t)pin->addr,
		.size = pin->npages * devthp_page_size(),
	};

	if (pin->kind->flags & PIN_GUP_WRITE)
		range.flags |= PIN_LONGTERM_TEST_FLAG_USE_WRITE;
	if (pin->kind->flags & PIN_GUP_FAST)
		range.flags |= PIN_LONGTERM_TEST_FLAG_USE_FAST;
	CHECK(command("pin by gup_test", PIN_LONGTERM_TEST_START, &range));
	pin->holder = &gup_test;
	return RIGHT;
}

const char *pin_gup_drop(struct pin *pin, void *copy)
{
	uint64_t to = (uintptr_t)copy;
	const char *verdict = RIGHT;

	if (copy)
		verdict = command("read pinned pages by gup_test",
				  PIN_LONGTERM_TEST_READ, &to);
	CHECK(command("unpin by gup_test", PIN_LONGTERM_TEST_STOP, NULL));
	return verdict;
}

const char *gup_got(enum gup_call call, void *addr, size_t npages, size_t at_a_time,
		    size_t *got)
{
	static const unsigned long requests[GUP_CALLS] = {
		[GET_USER_PAGES] = GUP_BASIC_TEST,
		[GET_USER_PAGES_FAST] = GUP_FAST_BENCHMARK,
		[PIN_USER_PAGES] = PIN_BASIC_TEST,
		[PIN_USER_PAGES_FAST] = PIN_FAST_BENCHMARK,
		[PIN_USER_PAGES_LONGTERM] = PIN_LONGTERM_BENCHMARK,
	};
	struct gup_test range = {
		.addr = (uintptr_t)addr,
		.size = npages * devthp_page_size(),
		.nr_pages_per_call = at_a_time,
	};

	/* It says how far it came. */
	CHECK(command("get pages by gup_test", requests[call], &range));
	*got = range.size / devthp_page_size();
	return RIGHT;
}

const char *gup_and_put(enum gup_call call, void *addr, size_t npages,
			size_t at_a_time)
{
	size_t got;

	CHECK(gup_got(call, addr, npages, at_a_time, &got));
	return got == npages ? RIGHT : wrong("gup_test got %zu pages of %zu", got, npages);
}
