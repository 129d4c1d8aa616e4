// SPDX-License-Identifier: GPL-2.0
/*
 * Calls and files that are about memory in some way, and are asked about memory
 * on a device by who tries everything. Rule: what is about pages that the CPU
 * uses leaves it alone; what is about the mapping changes that, and no entry.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/matrix.h"
#include "common/textfile.h"

#define SPLIT "/sys/kernel/debug/split_huge_pages"

#ifndef MADV_COLD
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif

MATRIX(called, FOR_EACH_STATE)

/* ---- Splitting of huge pages, for debugging ---- */

static const char *is_split_there(const struct scene *scene)
{
	const size_t behind = SCENE_BACK_FIRST + SCENE_BACK_PAGES;
	const struct layout want = small(DEVTHP_LOC_DEVICE,
					 scene->state->mapcount);
	const struct sample *sample = &scene->sample;

	CHECK(layout_of(sample, 0, SCENE_BACK_FIRST, want));
	CHECK(layout_of(sample, behind, sample->pages - behind, want));
	return scene_keeps_bits(scene, 0, sample->pages);
}

TEST_F(called, to_split_huge_pages)
{
	struct scene *scene = &self->scene;
	const uintptr_t addr = (uintptr_t)scene->sample.addr;
	char text[80];

	NEED(file_needed, SPLIT, "CONFIG_DEBUG_FS");
	snprintf(text, sizeof(text), "%d,0x%zx,0x%zx", getpid(), (size_t)addr,
		 (size_t)addr + bytes_of(&scene->sample));
	ASSERT_RIGHT(file_write(SPLIT, text));
	if (scene_is(scene, STATE_COHERENT)) {
		/* What is present can be split; it stays where it is. */
		ASSERT_RIGHT(is_split_there(scene));
		ASSERT_RIGHT(sample_device_data(&scene->sample));
		ASSERT_RIGHT(scene_data(scene));
		return;
	}
	ASSERT_RIGHT(scene_is_unchanged(scene));
	/* The whole system: of the device's memory nothing can be seen there. */
	ASSERT_RIGHT(file_write(SPLIT, "1"));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(sample_device_data(&scene->sample));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Compaction, and caches to be dropped ---- */

TEST_F(called, to_compact)
{
	struct scene *scene = &self->scene;

	NEED(file_needed, "/proc/sys/vm/compact_memory", "CONFIG_COMPACTION");
	ASSERT_RIGHT(file_write("/proc/sys/vm/compact_memory", "1"));
	ASSERT_RIGHT(file_write("/proc/sys/vm/drop_caches", "3"));
	ASSERT_RIGHT(scene_is_unchanged(scene));
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Advice that is for later, or given by somebody else ---- */

/* madvise(2): what is locked cannot be taken out; the rest has got its advice. */
static const char *returned(const struct scene *scene, int advice, long result)
{
	const bool takes = advice == MADV_COLD || advice == MADV_PAGEOUT;
	const int err = result < 0 ? -errno : 0;
	const int want = takes && scene_is(scene, STATE_LOCKED) ? -EINVAL :
			 sample_has_unmapped(&scene->sample) ? -ENOMEM : 0;

	return err == want ? RIGHT :
	       wrong("advice %d returns %d; should be %d", advice, err, want);
}

TEST_F(called, with_other_advice)
{
	static const int advices[] = {
		MADV_WILLNEED, MADV_RANDOM, MADV_SEQUENTIAL, MADV_NORMAL,
		MADV_DONTDUMP, MADV_DODUMP, MADV_WIPEONFORK, MADV_KEEPONFORK,
		MADV_HUGEPAGE,
	};
	struct scene *scene = &self->scene;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		ASSERT_RIGHT(returned(scene, advices[i],
				      madvise(scene->sample.addr,
					      bytes_of(&scene->sample),
					      advices[i])));
		ASSERT_RIGHT(scene_is_unchanged(scene));
	}
	ASSERT_RIGHT(scene_data(scene));
}

TEST_F(called, with_advice_by_another)
{
	static const int advices[] = { MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED };
	struct scene *scene = &self->scene;
	struct iovec memory = { scene->sample.addr, bytes_of(&scene->sample) };
	int pidfd = syscall(SYS_pidfd_open, getpid(), 0);
	size_t i;

	ASSERT_LE(0, pidfd);
	for (i = 0; i < ARRAY_SIZE(advices); i++) {
		ASSERT_RIGHT(returned(scene, advices[i],
				      syscall(SYS_process_madvise, pidfd,
					      &memory, 1, advices[i], 0)));
		ASSERT_RIGHT(scene_is_unchanged(scene));
	}
	close(pidfd);
	ASSERT_RIGHT(scene_data(scene));
}

/* ---- Which node is it on? The kernel looks by a fault ---- */

#ifndef MPOL_F_NODE
#define MPOL_F_NODE 1
#define MPOL_F_ADDR 2
#endif

TEST_F(called, for_its_node)
{
	struct scene *scene = &self->scene;
	const size_t page = scene_page(scene);
	int node = -1;

	if (syscall(SYS_get_mempolicy, &node, NULL, 0, scene->sample.addr +
		    page * devthp_page_size(), MPOL_F_NODE | MPOL_F_ADDR)) {
		ASSERT_EQ(ENOSYS, errno);
		SKIP(return, "no get_mempolicy(2): CONFIG_NUMA is off");
	}
	ASSERT_LE(0, node);
	ASSERT_RIGHT(scene_was_read(scene, page));
	ASSERT_RIGHT(scene_data(scene));
}

TEST_HARNESS_MAIN
