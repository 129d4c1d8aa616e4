// SPDX-License-Identifier: GPL-2.0
/*
 * The module of the devices is loaded with bad parameters, and without memory. Rule: it
 * says what it does not like, and nothing of it is left; with good ones, and memory, it
 * can be loaded afterwards.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/baseline.h"
#include "common/driver.h"
#include "common/failing.h"
#include "common/harness.h"
#include "common/module.h"
#include "common/need.h"

FIXTURE(loaded)
{
	struct module module, other;	/* as it was, and otherwise */
	struct baseline baseline;
	struct failing failing;
	int messages;		/* of the kernel, from now on */
};

static const char *unloads(const void *nothing)
{
	return went_well("unload test_hmm", module_unload());
}

FIXTURE_SETUP(loaded)
{
	self->failing.nth = -1;
	self->failing.uffd = -1;
	SETUP_BASELINE(&self->baseline);
	NEED(module_needed, &self->module);
	NEED(driver_needed);
	self->messages = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->messages);
	ASSERT_LE(0, lseek(self->messages, 0, SEEK_END));
	ASSERT_RIGHT(settles(unloads, NULL));
	self->other = self->module;
}

/* Whatever became of the test: the next one needs the module. */
FIXTURE_TEARDOWN_PARENT(loaded)
{
	if (self->module.path[0] && !module_is_loaded())
		EXPECT_RIGHT(module_load(&self->module));
}

static const char *can_be_loaded_as_before(FIXTURE_DATA(loaded) *self)
{
	const char *verdict;

	CHECK(module_load(&self->module));
	verdict = baseline_is_back(&self->baseline);
	baseline_forget(&self->baseline);
	return verdict;
}

/* ---- Parameters ---- */

/* Neither memory nor anything else is there. */
#define FAR (1ULL << 40)

static const char *is_refused(FIXTURE_DATA(loaded) *self, uint64_t first, uint64_t second,
			      const char *words)
{
	int err;

	snprintf(self->other.parameters, sizeof(self->other.parameters),
		 "spm_addr_dev0=%#" PRIx64 " spm_addr_dev1=%#" PRIx64, first, second);
	err = module_try_to_load(&self->other);
	if (err != -EINVAL)
		return wrong("it is loaded with %s: %d", self->other.parameters, err);
	if (module_is_loaded())
		return wrong("it is loaded, although that failed");
	return kernel_says(self->messages, words);
}

TEST_F_TIMEOUT(loaded, not_aligned, MODULE_TIMEOUT)
{
	static const char words[] = "spm_addr_dev0 and spm_addr_dev1 must be aligned to ";

	ASSERT_RIGHT(is_refused(self, FAR + devthp_page_size(), 2 * FAR, words));
	ASSERT_RIGHT(is_refused(self, FAR, 2 * FAR + devthp_pmd_size() / 2, words));
	ASSERT_RIGHT(is_refused(self, FAR, 2 * FAR + 1, words));
	ASSERT_RIGHT(can_be_loaded_as_before(self));
}

TEST_F_TIMEOUT(loaded, not_apart, MODULE_TIMEOUT)
{
	static const char words[] = "spm_addr_dev0 and spm_addr_dev1 must be ";

	ASSERT_RIGHT(is_refused(self, FAR, FAR, words));
	ASSERT_RIGHT(is_refused(self, FAR, FAR + devthp_pmd_size(), words));
	ASSERT_RIGHT(is_refused(self, FAR + devthp_pmd_size(), FAR, words));
	ASSERT_RIGHT(can_be_loaded_as_before(self));
}

/* Of the last memory that the system has: where its last two huge pages begin. */
static const char *find_memory(uint64_t *inside)
{
	FILE *map = fopen("/proc/iomem", "r");
	uint64_t first, last, end = 0;
	char line[256];

	while (map && fgets(line, sizeof(line), map))
		if (strstr(line, " : System RAM") && line[0] != ' ' &&
		    sscanf(line, "%" SCNx64 "-%" SCNx64, &first, &last) == 2)
			end = last + 1;
	if (map)
		fclose(map);
	*inside = end - end % devthp_pmd_size() - 2 * devthp_pmd_size();
	return end > 2 * devthp_pmd_size() ? RIGHT : wrong("no memory in /proc/iomem");
}

TEST_F_TIMEOUT(loaded, in_the_systems_memory, MODULE_TIMEOUT)
{
	uint64_t memory;

	ASSERT_RIGHT(find_memory(&memory));
	ASSERT_RIGHT(is_refused(self, memory, FAR, "spm_addr_dev0: there is system memory in "));
	ASSERT_RIGHT(is_refused(self, FAR, memory, "spm_addr_dev1: there is system memory in "));
	ASSERT_RIGHT(can_be_loaded_as_before(self));
}

/* Two, or none: one alone is no device. */
TEST_F_TIMEOUT(loaded, with_one_address, MODULE_TIMEOUT)
{
	snprintf(self->other.parameters, sizeof(self->other.parameters),
		 "spm_addr_dev0=%#llx", FAR);
	ASSERT_RIGHT(module_load(&self->other));
	ASSERT_EQ(0, access("/dev/hmm_dmirror1", F_OK));
	ASSERT_EQ(-1, access("/dev/hmm_dmirror2", F_OK));
	ASSERT_RIGHT(settles(unloads, NULL));
	ASSERT_RIGHT(can_be_loaded_as_before(self));
}

/* ---- Memory ---- */

/* It is, or it says why not, which is then the reason. */
static const char *is_loaded_or_not(FIXTURE_DATA(loaded) *self, unsigned int nth,
				    unsigned int *left, int *err)
{
	CHECK(failing_arm(&self->failing, nth));
	*err = module_try_to_load(&self->module);
	CHECK(failing_disarm(&self->failing, left));
	if (*err && (*left || *err != -ENOMEM))
		return wrong("loading it gives %d, with %u allocations left", *err, *left);
	if (!*err)
		return settles(unloads, NULL);
	return module_is_loaded() ? wrong("it is loaded, although that failed") : RIGHT;
}

/*
 * The last allocation that it cannot do without: when all devices but the last are there.
 * Not those before, as the kernel itself warns when it has no memory for struct pages.
 */
TEST_F_TIMEOUT(loaded, without_memory_for_the_last_device, MODULE_TIMEOUT)
{
	unsigned int nth, left, all;
	int err;

	NEED(failing_needed);
	ASSERT_RIGHT(failing_begin(&self->failing));
	ASSERT_RIGHT(is_loaded_or_not(self, FAILING_MANY, &left, &err));
	ASSERT_EQ(0, err);
	all = FAILING_MANY - left;
	for (nth = all; nth && !err; nth--)
		ASSERT_RIGHT(is_loaded_or_not(self, nth, &left, &err));
	ASSERT_EQ(-ENOMEM, err);
	TH_LOG("allocation %u of %u failed", nth + 1, all);
	ASSERT_EQ(-1, access("/dev/hmm_dmirror0", F_OK));
	failing_end(&self->failing);
	ASSERT_RIGHT(can_be_loaded_as_before(self));
}

TEST_HARNESS_MAIN
