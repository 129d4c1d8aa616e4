// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* Source: /proc/PID/maps, for telling "no mapping" from "no page", and what is allowed. */
#include <stdio.h>
#include <stdlib.h>

#include "source.h"
#include "text.h"

void devthp_proc_path(char *path, size_t bytes, pid_t pid, const char *file)
{
	if (pid)
		snprintf(path, bytes, "/proc/%d/%s", (int)pid, file);
	else
		snprintf(path, bytes, "/proc/self/%s", file);
}

int devthp_not_to_be_had(const char *path, int err)
{
	switch (err) {
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
	case -EACCES:
	case -EPERM:
		devthp_log(DEVTHP_LOG_WARNING, err, "going without %s: %m", path);
		return -ENODATA;
	default:
		return err;
	}
}

/* Something is there or not: that is for the other sources to say. */
static void mark_mapped(struct devthp_view *view, const struct devthp_mapping *mapping)
{
	const uint64_t view_end = view->start + view->npages * view->page_size;
	uint64_t start = mapping->start, end = mapping->end;

	if (start < view->start)
		start = view->start;
	if (end > view_end)
		end = view_end;
	for (; start < end; start += view->page_size) {
		struct devthp_page *page = &view->pages[(start - view->start) / view->page_size];

		page->location = DEVTHP_LOC_UNKNOWN;
		page->known &= ~DEVTHP_KNOWN_LOCATION;
		page->vma = mapping->vma;
	}
}

int devthp_source_maps(struct devthp_view *view)
{
	struct devthp_mapping mapping;
	char path[64], *text;
	const char *line;
	size_t i;
	int ret;

	devthp_proc_path(path, sizeof(path), view->pid, "maps");
	ret = devthp_read_text(path, &text);
	if (ret)
		return ret == -ENOENT ? -ESRCH : ret;

	/* Who has ended, and is not waited for yet, has no memory any more. */
	if (!*text) {
		free(text);
		return -ESRCH;
	}
	for (i = 0; i < view->npages; i++) {
		view->pages[i].location = DEVTHP_LOC_UNMAPPED;
		view->pages[i].known |= DEVTHP_KNOWN_LOCATION | DEVTHP_KNOWN_VMA;
	}
	for (line = text; line && *line;) {
		line = devthp_parse_mapping(line, &mapping);
		if (line)
			mark_mapped(view, &mapping);
	}
	free(text);
	return line ? 0 : -EIO;
}
