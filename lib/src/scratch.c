// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <sys/mman.h>

#include "internal.h"

int devthp_scratch_get(void **buf, size_t npages)
{
	size_t bytes = npages * devthp_page_size();
	void *p;

	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	/* Fails where the kernel has no huge pages to keep away from. */
	madvise(p, bytes, MADV_NOHUGEPAGE);
	*buf = p;
	return 0;
}

void devthp_scratch_put(void *buf, size_t npages)
{
	munmap(buf, npages * devthp_page_size());
}
