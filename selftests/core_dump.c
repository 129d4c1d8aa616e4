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

#include "common/matrix.h"
#include "common/textfile.h"

#define CORE "/tmp/devthp.core"

/*
 * The child that dies has a mapping more of the memory; where it was the only
 * one, that is the state "forked". Who dumps alone is the last test.
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

/* It tells its address, and all pages are of the first generation. */
static char **told;

static const char *fill_and_die(struct sample *sample, struct peer *parent)
{
	struct sample own = { 0 };

	CHECK(device_open(&own.dev, device_minor));
	CHECK(sample_reserve(&own, 1));
	*told = own.addr;
	CHECK(sample_fill_whole(&own));
	CHECK(sample_to_device_whole(&own));
	abort();
}

TEST(dump_alone)
{
	struct setting pattern = { 0 };
	struct sample sample = { 0 };
	struct peer child;
	size_t i;

	SETUP_SAMPLE(&sample, 1);
	told = mmap(NULL, devthp_page_size(), PROT_READ | PROT_WRITE,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)told);
	ASSERT_RIGHT(allow_core(&pattern));
	EXPECT_RIGHT(peer_fork(&child, fill_and_die, &sample));
	EXPECT_RIGHT(died(&child));
	sample.addr = *told;
	for (i = 0; i < sample.pages; i++)
		sample.generation[i] = 1;
	EXPECT_RIGHT(core_is_right(&sample));
	setting_restore(&pattern);
	sample_release(&sample);
}

TEST_HARNESS_MAIN
