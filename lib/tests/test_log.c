// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The log: who hears what, and what it says. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "mock.h"

#define PID	4711

static struct heard {
	unsigned int messages, max_level;
	char text[16384];
} heard;

static void hear(void *context, unsigned int level, const char *message)
{
	struct heard *h = context;
	const size_t filled = strlen(h->text);

	h->messages++;
	h->max_level = level > h->max_level ? level : h->max_level;
	snprintf(h->text + filled, sizeof(h->text) - filled, "%s\n", message);
	errno = EBADMSG;	/* listeners may do that */
}

static void listen_to(unsigned int level)
{
	memset(&heard, 0, sizeof(heard));
	CHECK_CALL(devthp_log_set(hear, &heard, level), 0);
}

/* And no more from here on. */
static void check_heard(const char *what)
{
	CHECK_CALL(devthp_log_set(NULL, NULL, DEVTHP_LOG_DEBUG), 0);
	if (strstr(heard.text, what))
		return;
	tap_check(false, __FILE__, __LINE__, what);
	printf("# heard:\n# %s\n", heard.text);
}

/* Something that logs on every level. */
static void make_noise(void)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .reserved = 1 };
	struct devthp_device *dev;
	struct devthp_snapshot *snap;
	int here;

	mock_start(0);
	mock_file("/dev/folio_probe", NULL, 0, -EACCES);
	CHECK_CALL(devthp_device_open(&dev, &opts), -EINVAL);
	devthp_device_close(mock_device());
	CHECK_CALL(devthp_snapshot_take(&snap, (char *)&here - (uintptr_t)&here %
					devthp_page_size(), 1, NULL), 0);
	devthp_snapshot_free(snap);
	mock_end();
}

static void levels(void)
{
	unsigned int level, before = 0;

	make_noise();
	CHECK_INT(heard.messages, 0);
	for (level = DEVTHP_LOG_ERROR; level <= DEVTHP_LOG_DEBUG; level++) {
		listen_to(level);
		make_noise();
		CHECK_INT(heard.max_level, level);
		CHECK(heard.messages > before);
		before = heard.messages;
	}
	listen_to(0);
	make_noise();
	CHECK_INT(heard.messages, 0);
	CHECK_CALL(devthp_log_set(hear, &heard, DEVTHP_LOG_DEBUG + 1), -EINVAL);
	make_noise();
	CHECK_INT(heard.messages, 0);
}

static void what_was_chosen(void)
{
	struct devthp_device_opts opts = { .size = sizeof(opts), .backend = "nothing" };
	struct devthp_device *dev;

	listen_to(DEVTHP_LOG_DEBUG);
	make_noise();
	CHECK(strstr(heard.text, "devthp_device_open: reserved refused"));
	CHECK(strstr(heard.text, "backend test_hmm (nobody named one): opened /dev/hmm_dmirror0"));
	CHECK(strstr(heard.text, "going without /dev/folio_probe: Permission denied"));
	check_heard(" by pagemap");

	listen_to(DEVTHP_LOG_ERROR);
	CHECK_CALL(devthp_device_open(&dev, &opts), -EPROTONOSUPPORT);
	check_heard("backend nothing: no device opened: Protocol not supported");
}

static void refused_by_name(void)
{
	struct {
		struct devthp_range_opts opts;
		uint64_t later;
	} longer = { .later = 1 };
	struct devthp_range_opts opts = { .size = sizeof(opts), .advice = 77 };
	struct devthp_range *range;

	listen_to(DEVTHP_LOG_ERROR);
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	check_heard("devthp_range_alloc: advice refused");
	listen_to(DEVTHP_LOG_ERROR);
	opts.size = 3;
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	check_heard("devthp_range_alloc: a structure of size 3 refused");
	listen_to(DEVTHP_LOG_ERROR);
	longer.opts.size = sizeof(longer);
	CHECK_CALL(devthp_range_alloc(&range, &longer.opts), -E2BIG);
	check_heard("devthp_range_alloc: an option at byte 32 is not known to this library");
}

/* A violation that only the first look sees. */
static void not_believed(void)
{
	static char maps[64];
	struct folio_probe_record records[2] = { { .kind = FOLIO_PROBE_KIND_MIGRATION } };
	struct devthp_region region = { .size = sizeof(region), .npages = 1, .pid = PID };
	const struct devthp_region *regions[] = { &region };

	records[0].addr = 64 * devthp_page_size();
	records[0].pfn = records[0].folio = FOLIO_PROBE_NONE;
	records[1] = records[0];
	records[1].kind = FOLIO_PROBE_KIND_NONE;
	region.addr = (void *)(uintptr_t)records[0].addr;
	snprintf(maps, sizeof(maps), "%llx-%llx rw-p 0 0:0 0\n", (unsigned long long)records[0].addr,
		 (unsigned long long)(records[0].addr + devthp_page_size()));
	mock_start(0);
	mock_file("/proc/4711/maps", maps, strlen(maps), 0);
	mock_probe(records, 1, 8);
	listen_to(DEVTHP_LOG_DEBUG);
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), 1);
	CHECK(!strstr(heard.text, "not believed"));
	check_heard("1 violations, in each look so far; 1 more looks to come");

	listen_to(DEVTHP_LOG_DEBUG);
	mock_probe_scans(records, 1, 8, 2);
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), 0);
	check_heard("not believed, gone in this look: rule at-rest, page 0 of region 0");
	mock_end();
}

static int result_within;

static void call_library(void *context, unsigned int level, const char *message)
{
	(void)context;
	(void)level;
	(void)message;
	heard.messages++;
	make_noise();
	result_within = devthp_log_set(NULL, NULL, 0);
}

static void listener_calls(void)
{
	struct devthp_range_opts opts = { .size = 1 };
	struct devthp_range *range;

	memset(&heard, 0, sizeof(heard));
	CHECK_CALL(devthp_log_set(call_library, NULL, DEVTHP_LOG_DEBUG), 0);
	CHECK_CALL(devthp_range_alloc(&range, &opts), -EINVAL);
	CHECK_CALL(devthp_log_set(NULL, NULL, 0), 0);
	CHECK_INT(heard.messages, 1);
	CHECK_INT(result_within, -EDEADLK);
}

/* Nothing ever is printed, whoever listens. */
static void silent(void)
{
	const int out = dup(1), err = dup(2);
	struct stat printed = { .st_size = -1 };
	FILE *file = tmpfile();

	fflush(stdout);
	if (!file || dup2(fileno(file), 1) < 0 || dup2(fileno(file), 2) < 0)
		tap_check(false, __FILE__, __LINE__, "stdout and stderr can be caught");
	make_noise();
	listen_to(DEVTHP_LOG_DEBUG);
	make_noise();
	fflush(stdout);
	dup2(out, 1);
	dup2(err, 2);
	close(out);
	close(err);
	CHECK(!file || !fstat(fileno(file), &printed));
	CHECK_INT(printed.st_size, 0);
	if (file)
		fclose(file);
	check_heard("opened");
}

static const struct tap_case cases[] = {
	{ "off at first, and levels", levels },
	{ "what was chosen, and what was not to be had", what_was_chosen },
	{ "refused options by name", refused_by_name },
	{ "looks that were not believed", not_believed },
	{ "a listener that calls the library", listener_calls },
	{ "nothing on stdout or stderr", silent },
};

TAP_MAIN(cases)
