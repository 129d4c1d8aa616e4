// SPDX-License-Identifier: GPL-2.0
/*
 * The module of the test device for huge pfnmaps is loaded and unloaded.
 *
 * Rules: who has it open, or has memory of it mapped, keeps it; nobody else does. It says
 * what it does not like of its parameters, and is not loaded then; without any there is
 * system memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "common/harness.h"
#include "common/module.h"
#include "common/pfnmap.h"
#include "common/textfile.h"

static const char *const parameters[] = { "bare", "paged", "bytes", NULL };
static const struct pfnmap_kind reserved = { HUGE_PFNMAP_BARE, ORDER_1G, SIZE_1G };
static const struct pfnmap_kind of_the_system = { HUGE_PFNMAP_SYSTEM, ORDER_2M, SIZE_2M };

FIXTURE(loaded)
{
	struct module module, other;	/* as it was, and otherwise */
	struct pfnmap map;
	int messages;			/* of the kernel, from now on */
};

FIXTURE_SETUP(loaded)
{
	pfnmap_none(&self->map);
	module_choose("test_huge_pfnmap", parameters);
	NEED(module_needed, &self->module);
	NEED(pfnmap_needed, &reserved);
	self->other = self->module;
	self->messages = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ASSERT_LE(0, self->messages);
	ASSERT_LE(0, lseek(self->messages, 0, SEEK_END));
}

/* Whatever became of the test: the next one needs the module. */
FIXTURE_TEARDOWN_PARENT(loaded)
{
	if (self->module.path[0] && !module_is_loaded())
		EXPECT_RIGHT(module_load(&self->module));
}

static const char *unloads(const void *nothing)
{
	return went_well("unload test_huge_pfnmap", module_unload());
}

static const char *is_unloaded_and_loaded_again(const struct module *module)
{
	CHECK(settles(unloads, NULL));
	if (module_is_loaded() || file_exists(PFNMAP_NODE))
		return wrong("something of it is left");
	return module_load(module);
}

/* ---- Who keeps it ---- */

TEST_F(loaded, by_a_file)
{
	ASSERT_RIGHT(pfnmap_create(&self->map, &of_the_system));
	ASSERT_EQ(-EWOULDBLOCK, module_unload());
	pfnmap_close(&self->map);
	ASSERT_RIGHT(is_unloaded_and_loaded_again(&self->module));
}

TEST_F(loaded, by_a_mapping)
{
	struct pfnmap *map = &self->map;

	ASSERT_RIGHT(pfnmap_create(map, &of_the_system));
	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_2M));
	close(map->file);
	map->file = -1;
	ASSERT_EQ(-EWOULDBLOCK, module_unload());
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_EQ(0, munmap(map->addr + SIZE_4K, SIZE_2M - SIZE_4K));
	ASSERT_EQ(-EWOULDBLOCK, module_unload());
	ASSERT_RIGHT(pfnmap_page_is_right(map, map->addr, 0));
	pfnmap_close(map);
	ASSERT_RIGHT(is_unloaded_and_loaded_again(&self->module));
}

/* Until it ends, by whatever. */
TEST_F(loaded, by_a_process)
{
	struct pfnmap *map = &self->map;
	pid_t child;

	ASSERT_RIGHT(pfnmap_create(map, &reserved));
	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_1G));
	ASSERT_RIGHT(pfnmap_data(map));
	child = fork();
	if (!child)
		for (;;)
			pause();
	pfnmap_close(map);
	ASSERT_EQ(-EWOULDBLOCK, module_unload());
	ASSERT_EQ(0, kill(child, SIGKILL));
	ASSERT_EQ(child, waitpid(child, NULL, 0));
	ASSERT_RIGHT(is_unloaded_and_loaded_again(&self->module));
}

/* ---- Parameters ---- */

static const char *is_not_loaded(FIXTURE_DATA(loaded) *self, const char *bad, const char *words)
{
	int err;

	snprintf(self->other.parameters, sizeof(self->other.parameters), "%s", bad);
	err = module_try_to_load(&self->other);
	if (err != -EINVAL || module_is_loaded())
		return wrong("with %s: %d", bad, err);
	return kernel_says(self->messages, words);
}

/* Neither memory nor anything else is there. */
#define FAR "0x10000000000"

TEST_F(loaded, with_bad_parameters)
{
	ASSERT_RIGHT(settles(unloads, NULL));
	EXPECT_RIGHT(is_not_loaded(self, "bare=0x10000001000", "is not aligned to"));
	EXPECT_RIGHT(is_not_loaded(self, "paged=0x10000100000", "is not aligned to"));
	EXPECT_RIGHT(is_not_loaded(self, "bare=0xffffffffc0000000 bytes=0x80000000",
				   "or too far"));
	EXPECT_RIGHT(is_not_loaded(self, "bytes=0", "is no multiple of"));
	EXPECT_RIGHT(is_not_loaded(self, "bytes=0x1000", "is no multiple of"));
	EXPECT_RIGHT(is_not_loaded(self, "bare=" FAR " paged=" FAR, "must be "));
	EXPECT_RIGHT(is_not_loaded(self, "bare=" FAR " paged=0x10020000000", "must be "));
	EXPECT_RIGHT(is_not_loaded(self, "bare=0x1000000 bytes=0x200000",
				   "bare: there is system memory in "));
	EXPECT_RIGHT(is_not_loaded(self, "paged=0x1000000 bytes=0x200000",
				   "paged: there is system memory in "));
	ASSERT_RIGHT(module_load(&self->module));
}

TEST_F(loaded, without_reserved_memory)
{
	struct huge_pfnmap_create create = { .size = sizeof(create), .bytes = SIZE_2M };
	struct pfnmap *map = &self->map;

	self->other.parameters[0] = '\0';
	ASSERT_RIGHT(is_unloaded_and_loaded_again(&self->other));
	map->file = open(PFNMAP_NODE, O_RDWR | O_CLOEXEC);
	ASSERT_LE(0, map->file);
	ASSERT_EQ(-1, ioctl(map->file, HUGE_PFNMAP_CREATE, &create));
	ASSERT_EQ(ENXIO, errno);
	create.backing = HUGE_PFNMAP_PAGED;
	ASSERT_EQ(-1, ioctl(map->file, HUGE_PFNMAP_CREATE, &create));
	ASSERT_EQ(ENXIO, errno);
	pfnmap_close(map);
	ASSERT_RIGHT(pfnmap_create(map, &of_the_system));
	ASSERT_RIGHT(pfnmap_map(map, 0, SIZE_2M));
	ASSERT_RIGHT(pfnmap_data(map));
	ASSERT_RIGHT(pfnmap_entry_is(map, map->addr, FOLIO_PROBE_PMD, true));
	pfnmap_close(map);
	ASSERT_RIGHT(is_unloaded_and_loaded_again(&self->module));
}

TEST_HARNESS_MAIN
