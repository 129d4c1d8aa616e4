// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <sys/mman.h>

#include <devthp.h>

#include "form.h"
#include "sample.h"
#include "settle.h"
#include "verdict.h"

/*
 * A mapping that begins within a huge page takes that page's PMD entry apart;
 * when the difference between the two is gone, so are they.
 */
const char *form_split_entries(struct sample *sample)
{
	const size_t size = devthp_page_size();
	size_t page;

	for (page = 1; page < sample->pages; page += sample->folio_pages) {
		char *addr = sample->addr + page * size;

		if (madvise(addr, size, MADV_DONTFORK) ||
		    madvise(addr, size, MADV_DOFORK))
			return went_well("MADV_DONTFORK, MADV_DOFORK", -errno);
	}
	return RIGHT;
}

/* The failure is one-shot, so it is asked for folio by folio. */
static const char *to_device_small(struct sample *sample)
{
	size_t page;

	for (page = 0; page < sample->pages; page += sample->folio_pages) {
		char *addr = sample->addr + page * devthp_page_size();

		CHECK(went_well("let an allocation fail",
				devthp_device_fail_alloc(sample->dev, 1)));
		CHECK(went_well("migrate to the device",
				devthp_migrate_to_device(sample->dev, addr,
							 sample->folio_pages,
							 NULL)));
	}
	return RIGHT;
}

struct layout form_layout(enum form form, unsigned int location, int mapcount)
{
	struct layout layout = whole(location, mapcount);

	if (form == FORM_BY_PAGES)
		layout.level = DEVTHP_LEVEL_PTE;
	if (form == FORM_SMALL)
		layout = small(location, mapcount);
	return layout;
}

const char *form_is_kept(const struct sample *sample, enum form form)
{
	return layout_of_all(sample, form_layout(form, DEVTHP_LOC_DEVICE, 1));
}

struct wanted {
	const struct sample *sample;
	enum form form;
};

static const char *is_in_form(const void *arg)
{
	const struct wanted *wanted = arg;

	return form_is_kept(wanted->sample, wanted->form);
}

const char *form_settles(const struct sample *sample, enum form form)
{
	const struct wanted wanted = { sample, form };

	return settles(is_in_form, &wanted);
}

const char *form_to_device(struct sample *sample, enum form form)
{
	if (form == FORM_SMALL)
		CHECK(to_device_small(sample));
	else
		CHECK(sample_to_device_whole(sample));
	if (form == FORM_BY_PAGES)
		CHECK(form_split_entries(sample));
	return form_is_kept(sample, form);
}
