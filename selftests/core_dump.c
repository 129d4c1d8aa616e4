// SPDX-License-Identifier: GPL-2.0
/*
 * A process dies and leaves a core while memory of it is on the device. Rule:
 * the core has that memory's data (core(5)), like that of any private memory.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "common/driver.h"
#include "common/layout.h"
#include "common/matrix.h"
#include "common/settle.h"
#include "common/textfile.h"

#define CORE "/tmp/devthp.core"

/*
 * The child that dies has a mapping more of the memory; where it was the only
 * one, that is the state "forked". Who dumps alone comes last.
 */
MATRIX(dump, FOR_EACH_STATE)

static const char *allow_core(struct setting *pattern)
{
	const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	if (setrlimit(RLIMIT_CORE, &all))
		return went_well("allow a core", -errno);
	unlink(CORE);
	return setting_change(pattern, "/proc/sys/kernel/core_pattern", CORE);
}

static const char *die(struct sample *sample, struct peer *parent)
{
	abort();
}

static const char *died(struct peer *child)
{
	int status = peer_status(child);

	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGABRT)
		return wrong("the child did not abort, its status is %#x",
			     status);
	return WCOREDUMP(status) ? RIGHT : wrong("the child left no core");
}

/* Where the core has the byte of that address. */
static const char *find(int core, uint64_t addr, off_t *where)
{
	Elf64_Ehdr header;
	Elf64_Phdr part;
	size_t i;

	if (pread(core, &header, sizeof(header), 0) != sizeof(header))
		return wrong("the core has no ELF header");
	for (i = 0; i < header.e_phnum; i++) {
		if (pread(core, &part, sizeof(part),
			  header.e_phoff + i * sizeof(part)) != sizeof(part))
			return wrong("the core ends within its headers");
		if (part.p_type == PT_LOAD && addr >= part.p_vaddr &&
		    addr < part.p_vaddr + part.p_filesz) {
			*where = part.p_offset + (addr - part.p_vaddr);
			return RIGHT;
		}
	}
	return wrong("the core does not have %#llx",
		     (unsigned long long)addr);
}

static const char *core_page_is_right(int core, const struct sample *sample,
				      size_t page)
{
	const size_t size = devthp_page_size();
	off_t where = 0;

	CHECK(find(core, (uintptr_t)sample->addr + page * size, &where));
	if (pread(core, sample->buffer, size, where) != (ssize_t)size)
		return wrong("the core ends within page %zu", page);
	return sample_compare(sample, sample->buffer, page, 1, "the core");
}

static const char *core_is_right(const struct sample *sample)
{
	int core = open(CORE, O_RDONLY | O_CLOEXEC);
	const char *verdict = RIGHT;
	size_t page;

	if (core < 0)
		return went_well(CORE, -errno);
	for (page = 0; page < sample->pages && is_right(verdict); page++)
		if (!sample->hole[page])
			verdict = core_page_is_right(core, sample, page);
	close(core);
	unlink(CORE);
	return verdict;
}

TEST_F(dump, of_a_child)
{
	struct scene *scene = &self->scene;
	struct setting pattern = { 0 };
	struct peer child;

	ASSERT_RIGHT(allow_core(&pattern));
	/* The core is charged to who leaves it. */
	ASSERT_RIGHT(scene_lift_limit(scene));
	EXPECT_RIGHT(peer_fork(&child, die, &scene->sample));
	EXPECT_RIGHT(died(&child));
	EXPECT_RIGHT(core_is_right(&scene->sample));
	setting_restore(&pattern);
	ASSERT_RIGHT(scene_data(scene));
}

/* It tells where its memory is; all pages are of the first generation. */
static struct {
	char *addr;
	uint64_t frame;
	bool cut;		/* in: it has not got its first page any more */
} *told;

static const char *fill_and_die(struct sample *sample, struct peer *parent)
{
	struct sample own = { 0 };

	CHECK(device_open(&own.dev, device_minor));
	CHECK(sample_reserve(&own, 1));
	told->addr = own.addr;
	CHECK(sample_fill_whole(&own));
	CHECK(sample_to_device_whole(&own));
	if (told->cut && munmap(own.addr, devthp_page_size()))
		return went_well("munmap", -errno);
	CHECK(sample_look(&own));
	told->frame = own.page[told->cut].pfn;
	abort();
}

FIXTURE(alone)
{
	struct setting pattern;
	struct sample sample;
};

FIXTURE_SETUP(alone)
{
	SETUP_SAMPLE(&self->sample, 1);
	told = mmap(NULL, devthp_page_size(), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)told);
	ASSERT_RIGHT(allow_core(&self->pattern));
}

FIXTURE_TEARDOWN(alone)
{
	munmap(told, devthp_page_size());
	sample_release(&self->sample);
	setting_restore(&self->pattern);
}

/* For a sample that has none of the memory itself. */
static const char *childs_core_is_right(struct sample *sample)
{
	char *own = sample->addr;
	const char *verdict;
	size_t i;

	sample->addr = told->addr;
	sample->hole[0] = told->cut ? HOLE_UNMAPPED : HOLE_NONE;
	for (i = 0; i < sample->pages; i++)
		sample->generation[i] = 1;
	verdict = core_is_right(sample);
	sample->hole[0] = HOLE_NONE;
	sample->addr = own;
	return verdict;
}

TEST_F(alone, dumps)
{
	struct peer child;

	ASSERT_RIGHT(peer_fork(&child, fill_and_die, &self->sample));
	ASSERT_RIGHT(died(&child));
	ASSERT_RIGHT(childs_core_is_right(&self->sample));
}

/* ---- Somebody else holds it for a moment ---- */

/* A fault that has tried to bring it back has given up for now. */
static const char *is_mapped_again(const void *arg)
{
	const struct peer *child = arg;
	const struct devthp_snapshot_opts opts = { .size = sizeof(opts), .pid = child->pid };
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *snap;
	int err;

	CHECK(went_well("look at the child",
			devthp_snapshot_take(&snap, told->addr + told->cut * devthp_page_size(), 1,
					     &opts)));
	err = devthp_snapshot_page(snap, 0, &page);
	devthp_snapshot_free(snap);
	CHECK(went_well("look at a page", err));
	return page.location == DEVTHP_LOC_DEVICE ? RIGHT : wrong("it is not back");
}

/* The reference comes when all is unmapped, so that the migration fails for it. */
static const char *holds_for_a_moment(struct sample *sample, struct devthp_device *driver,
				      const struct peer *child)
{
	const char *verdict;

	CHECK(went_well("wait for who dumps core",
			devthp_device_pause_wait(sample->dev, DEVTHP_POINT_FAULT_SETUP,
						 PATIENCE * 1000)));
	verdict = driver_hold_frame(driver, told->frame);
	CHECK(went_well("let it go on",
			devthp_device_resume(sample->dev, DEVTHP_POINT_FAULT_SETUP)));
	CHECK(verdict);
	verdict = settles(is_mapped_again, child);
	CHECK(driver_let_go_of_frame(driver, told->frame));
	return verdict;
}

/* Who gets no time to let go of it in time is too late: then another dumps core. */
static const char *core_of_who_waits(const void *arg)
{
	FIXTURE_DATA(alone) *self = *(FIXTURE_DATA(alone) *const *)arg;
	struct sample *sample = &self->sample;
	struct devthp_device *driver;
	const char *verdict;
	struct peer child;

	CHECK(driver_open(&driver));
	CHECK(went_well("stop who dumps core",
			devthp_device_pause(sample->dev, DEVTHP_POINT_FAULT_SETUP)));
	CHECK(peer_fork(&child, fill_and_die, sample));
	verdict = holds_for_a_moment(sample, driver, &child);
	devthp_device_close(driver);
	CHECK(died(&child));
	CHECK(verdict);
	return childs_core_is_right(sample);
}

TEST_F(alone, waits_for_a_reference_that_passes)
{
	FIXTURE_DATA(alone) *it = self;

	NEED(driver_needed);
	if (self->sample.coherent)
		SKIP(return, "no fault brings back what the CPU can use there");
	ASSERT_RIGHT(settles(core_of_who_waits, &it));
	told->cut = true;
	ASSERT_RIGHT(settles(core_of_who_waits, &it));
}

TEST_HARNESS_MAIN
