// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * When smaps is asked, and what becomes of a snapshot if it cannot be. It is known to be
 * asked by saying nonsense, which makes the snapshot fail.
 */
#include <stdlib.h>
#include <string.h>

#include "smaps.h"

#define NONSENSE	"nonsense\n"

static int take_by(unsigned int sources, struct devthp_snapshot **snap)
{
	struct devthp_snapshot_opts opts = {
		.size = sizeof(opts), .pid = PID, .sources = sources,
	};

	*snap = NULL;
	return devthp_snapshot_take(snap, (void *)(per * page_size), per, &opts);
}

/* Pages of a process that something might be told of. */
static void start_with(const struct sums *sums)
{
	start();
	present(per, 2 * per, 1);
	mapping(per, 2 * per, sums);
	mock_file("/proc/kpageflags", NULL, 0, -EACCES);
	give_files();
}

static void if_somebody_lacks_it(void)
{
	const struct sums sums = { .rss = per };
	struct devthp_snapshot *snap;

	start_with(&sums);
	give_smaps(NONSENSE, 0);
	CHECK_CALL(take_by(0, &snap), -EIO);
	drop(snap);

	/* Not allowed. */
	start_with(&sums);
	give_smaps(NONSENSE, 0);
	CHECK_CALL(take_by(DEVTHP_SOURCE_ALL & ~DEVTHP_SOURCE_SMAPS, &snap), 0);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_PAGEMAP);
	levels(snap, 0, per, '?');
	drop(snap);

	/* Nothing is there that has a level, or it is none that smaps would tell. */
	start_with(&sums);
	memset(words, 0, 2 * per * sizeof(*words));
	absent(per, per + 4, TYPE_SWAP);
	absent(per + 4, per + 8, TYPE_MARKER);
	give_smaps(NONSENSE, 0);
	CHECK_CALL(take_by(0, &snap), 0);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_PAGEMAP);
	drop(snap);
}

/* What the probe leaves out, nobody knows better. */
static void not_after_the_probe(void)
{
	struct folio_probe_record record = { .kind = FOLIO_PROBE_KIND_PRESENT };
	struct devthp_snapshot *snap;

	start_with(&(struct sums){ .rss = per, .anonymous = per });
	give_smaps(NONSENSE, 0);
	record.addr = per * page_size;
	record.pfn = record.folio = 5;
	mock_probe(&record, 1, 8);
	CHECK_CALL(take_by(0, &snap), 0);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_PROBE);
	levels(snap, 0, 1, 't');
	levels(snap, 1, per, '?');
	drop(snap);
}

static void not_to_be_had(void)
{
	static const int errors[] = { -ENOENT, -EACCES, -EPERM };
	struct devthp_snapshot *snap;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		start_with(&(struct sums){ .rss = per });
		give_smaps("", errors[i]);
		CHECK_CALL(take_by(0, &snap), 0);
		CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_PAGEMAP);
		CHECK_CALL(take_by(DEVTHP_SOURCE_SMAPS, &snap), -ENODATA);
		drop(snap);
	}
	start_with(&(struct sums){ .rss = per });
	give_smaps("", -EMFILE);
	CHECK_CALL(take_by(0, &snap), -EMFILE);
	drop(snap);
}

/* Of a process that has ended, and text that stops anywhere: nothing, or that much. */
static void bad_text(void)
{
	struct devthp_snapshot *snap;
	char *line;

	start_with(&(struct sums){ .rss = per, .anonymous = per });
	give_smaps("", 0);
	CHECK_CALL(take_by(0, &snap), 0);
	levels(snap, 0, per, '?');
	drop(snap);

	start_with(&(struct sums){ .rss = per, .anonymous = per });
	line = strstr(smaps, "VmFlags");
	*line = '\0';
	give_smaps(smaps, 0);
	CHECK_CALL(take_by(0, &snap), 0);
	levels(snap, 0, per, '?');
	drop(snap);

	/* Numbers of something else. */
	start_with(&(struct sums){ .rss = per, .anonymous = per });
	*strchr(strstr(smaps, "Rss"), 'k') = 'M';
	give_smaps(smaps, 0);
	CHECK_CALL(take_by(0, &snap), 0);
	levels(snap, 0, per, '?');
	drop(snap);
}

/* Where is not said by smaps; but if all of a mapping is there, it knows the level. */
static void alone(void)
{
	struct devthp_page page = { .size = sizeof(page) };
	struct devthp_snapshot *snap;

	start_with(&(struct sums){ .rss = per, .anonymous = per });
	give_smaps(smaps, 0);
	CHECK_CALL(take_by(DEVTHP_SOURCE_SMAPS, &snap), 0);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_SMAPS);
	levels(snap, 0, per, 't');
	CHECK_CALL(devthp_snapshot_page(snap, 0, &page), 0);
	CHECK_INT(page.known, DEVTHP_KNOWN_VMA | DEVTHP_KNOWN_LEVEL);
	drop(snap);

	start_with(&(struct sums){ .rss = per - 1, .anonymous = per - 1 });
	give_smaps(smaps, 0);
	CHECK_CALL(take_by(DEVTHP_SOURCE_SMAPS, &snap), 0);
	levels(snap, 0, per, '?');
	drop(snap);
}

/* A device's view of per pages of our own, at pages [per, 2 * per), by prot. */
static struct devthp_snapshot *with_device(const uint8_t *prot, const char *text)
{
	struct devthp_snapshot_opts opts = { .size = sizeof(opts) };
	struct mock_ioctl call = {
		.request = HMM_SNAPSHOT, .addr = per * page_size, .npages = per, .out = prot,
		.out_bytes = per,
	};
	struct devthp_snapshot *snap = NULL;

	mock_file("/proc/self/maps", smaps, strcspn(smaps, "\n") + 1, 0);
	mock_file("/proc/self/smaps", text, strlen(text), 0);
	opts.sources = DEVTHP_SOURCE_DEVICE | DEVTHP_SOURCE_SMAPS;
	opts.dev = mock_device();
	mock_expect(&call, 1);
	CHECK_CALL(devthp_snapshot_take(&snap, (void *)(per * page_size), per, &opts), 0);
	devthp_device_close(opts.dev);
	return snap;
}

static void after_a_device(void)
{
	struct devthp_snapshot *snap;
	uint8_t *prot;

	/* It knows all there is. */
	start_with(&(struct sums){ .rss = per, .anonymous = per });
	prot = calloc(per, 1);
	memset(prot, DEVTHP_PROT_READ, per);
	snap = with_device(prot, NONSENSE);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_DEVICE);
	levels(snap, 0, per, 't');
	drop(snap);

	/* It does not know of one page, and says of another what smaps cannot mean. */
	start_with(&(struct sums){ .rss = per, .anonymous = per });
	prot[3] = DEVTHP_PROT_NONE;
	prot[4] = DEVTHP_PROT_READ | DEVTHP_PROT_PUD;
	snap = with_device(prot, smaps);
	CHECK_INT(devthp_snapshot_sources(snap), DEVTHP_SOURCE_DEVICE | DEVTHP_SOURCE_SMAPS);
	levels(snap, 0, 4, 't');
	levels(snap, 4, 5, '?');
	levels(snap, 5, per, 't');
	drop(snap);

	/* What it told stays, and is part of no other entry. */
	start_with(&(struct sums){ .rss = per, .anonymous = per, .anon_pmd = per });
	prot[4] = DEVTHP_PROT_READ;
	snap = with_device(prot, smaps);
	levels(snap, 0, 3, 't');
	levels(snap, 3, 4, '?');
	levels(snap, 4, per, 't');
	drop(snap);
	free(prot);
}

/* Rules want more than smaps knows, and look often. */
static void not_for_rules(void)
{
	struct devthp_region region = { .size = sizeof(region), .pid = PID };
	const struct devthp_region *regions[] = { &region };

	start_with(&(struct sums){ .rss = per, .anonymous = per });
	give_smaps(NONSENSE, 0);
	region.addr = (void *)(per * page_size);
	region.npages = per;
	CHECK_CALL(devthp_check(regions, 1, NULL, NULL), 0);
	drop(NULL);
}

static const struct tap_case cases[] = {
	{ "if a level is unknown that it might know", if_somebody_lacks_it },
	{ "not after the probe", not_after_the_probe },
	{ "not to be had", not_to_be_had },
	{ "text that is cut off, or of another unit", bad_text },
	{ "alone", alone },
	{ "after a device", after_a_device },
	{ "not for rules", not_for_rules },
};

TAP_MAIN(cases)
