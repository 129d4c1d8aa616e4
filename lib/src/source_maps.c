// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Source: /proc/PID/maps, for telling "no mapping" from "no page", and what is allowed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "source.h"

void devthp_proc_path(char *path, size_t bytes, pid_t pid, const char *file)
{
	if (pid)
		snprintf(path, bytes, "/proc/%d/%s", (int)pid, file);
	else
		snprintf(path, bytes, "/proc/self/%s", file);
}

/* Of "rwxp". */
static uint32_t vma_of(const char *flags)
{
	return (flags[0] == 'r' ? DEVTHP_VMA_READ : 0) |
	       (flags[1] == 'w' ? DEVTHP_VMA_WRITE : 0) |
	       (flags[2] == 'x' ? DEVTHP_VMA_EXEC : 0) |
	       (flags[3] == 's' ? DEVTHP_VMA_SHARED : 0);
}

static void mark_mapped(struct devthp_view *view, uintptr_t start, uintptr_t end, uint32_t vma)
{
	uintptr_t view_end = view->start + view->npages * view->page_size;
	size_t i;

	if (start < view->start)
		start = view->start;
	if (end > view_end)
		end = view_end;
	for (; start < end; start += view->page_size) {
		i = (start - view->start) / view->page_size;
		view->pages[i].location = DEVTHP_LOC_EMPTY;
		view->pages[i].vma = vma;
	}
}

int devthp_source_maps(struct devthp_view *view)
{
	char path[64], *text, *line;
	size_t i;
	int ret;

	devthp_proc_path(path, sizeof(path), view->pid, "maps");
	ret = devthp_read_text(path, &text);
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;

	for (i = 0; i < view->npages; i++) {
		view->pages[i].location = DEVTHP_LOC_UNMAPPED;
		view->pages[i].known |= DEVTHP_KNOWN_LOCATION | DEVTHP_KNOWN_VMA;
	}
	for (line = text; line; line = strchr(line, '\n')) {
		unsigned long start, end;
		char flags[5];

		line += *line == '\n';
		if (sscanf(line, "%lx-%lx %4s", &start, &end, flags) == 3)
			mark_mapped(view, start, end, vma_of(flags));
	}
	free(text);
	return 0;
}
