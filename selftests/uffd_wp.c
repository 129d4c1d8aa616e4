// SPDX-License-Identifier: GPL-2.0
/*
 * What userfaultfd has write-protected stays so, wherever the memory goes and
 * whatever becomes of its entries, until it is unprotected: nobody writes to it
 * unnoticed, neither the CPU nor the device.
 * (Documentation/admin-guide/mm/userfaultfd.rst, "Write Protect Notifications")
 *
 * With UFFD_FEATURE_SIGBUS a write is answered with that signal rather than
 * with an event that somebody has to serve, and a device's write with EFAULT.
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/baseline.h"
#include "common/form.h"
#include "common/harness.h"
#include "common/need.h"
#include "common/pagemap.h"
#include "common/peer.h"
#include "common/trap.h"
#include "common/uffd.h"

#define WP (DEVTHP_BIT_UFFD_WP | DEVTHP_BIT_WRITE)

struct protection {
	struct baseline baseline;
	struct sample sample;
	int uffd;
};

static const char *watch(struct protection *protection, uint64_t features)
{
	CHECK(uffd_open(&protection->uffd,
			UFFD_FEATURE_PAGEFAULT_FLAG_WP | features));
	return uffd_register(protection->uffd, protection->sample.addr,
			     bytes_of(&protection->sample),
			     UFFDIO_REGISTER_MODE_WP);
}

static const char *protect(const struct protection *protection)
{
	return uffd_protect(protection->uffd, protection->sample.addr,
			    bytes_of(&protection->sample));
}

static const char *unprotect(const struct protection *protection)
{
	return uffd_unprotect(protection->uffd, protection->sample.addr,
			      bytes_of(&protection->sample));
}

#define SETUP_PROTECTION(protection)					\
do {									\
	(protection)->uffd = -1;					\
	NEED(uffd_needed);						\
	SETUP_BASELINE(&(protection)->baseline);			\
	SETUP_SAMPLE(&(protection)->sample, 1);				\
} while (0)

#define TEARDOWN_PROTECTION(protection)					\
do {									\
	sample_release(&(protection)->sample);				\
	if ((protection)->uffd >= 0)					\
		close((protection)->uffd);				\
	TEARDOWN_BASELINE(&(protection)->baseline);			\
} while (0)

static const char *is_protected(const struct sample *sample)
{
	return entry_bits_of_all(sample, WP, DEVTHP_BIT_UFFD_WP);
}

/* Writing is refused; the bits stay, and so does what is there. */
static const char *writing_traps(struct sample *sample)
{
	size_t page;

	for (page = 0; page < sample->pages; page += 73) {
		if (sample->hole[page])
			continue;
		if (trap_write(page_of(sample, page)) != SIGBUS)
			return wrong("page %zu: it can be written, though it is write-protected",
				     page);
	}
	CHECK(is_protected(sample));
	return sample_data(sample);
}

static const char *writing_works(struct sample *sample)
{
	size_t page;

	for (page = 0; page < sample->pages; page += 73)
		if (!sample->hole[page] && trap_write(page_of(sample, page)))
			return wrong("page %zu: it cannot be written, though it is not write-protected any more",
				     page);
	return sample_data(sample);
}

/* ---- In each form; protected there, or before it goes ---- */

FIXTURE(wp)
{
	struct protection protection;
	struct sample *sample;
	struct peer child;
};

FIXTURE_VARIANT(wp)
{
	enum form form;
	bool before;
};

FORM_VARIANTS(wp);
FIXTURE_VARIANT_ADD(wp, before) { .form = FORM_WHOLE, .before = true };

FIXTURE_SETUP(wp)
{
	struct protection *protection = &self->protection;
	struct sample *sample = &protection->sample;

	self->sample = sample;
	SETUP_PROTECTION(protection);
	ASSERT_RIGHT(watch(protection, UFFD_FEATURE_SIGBUS));
	ASSERT_RIGHT(sample_fill_whole(sample));
	if (variant->before)
		ASSERT_RIGHT(protect(protection));
	ASSERT_RIGHT(form_to_device(sample, variant->form));
	if (!variant->before)
		ASSERT_RIGHT(protect(protection));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(is_protected(sample));
}

FIXTURE_TEARDOWN(wp)
{
	TEARDOWN_PROTECTION(&self->protection);
}

TEST_F(wp, cpu_reads_then_writes)
{
	ASSERT_RIGHT(sample_data(self->sample));
	ASSERT_RIGHT(is_protected(self->sample));
	ASSERT_RIGHT(writing_traps(self->sample));
	ASSERT_RIGHT(unprotect(&self->protection));
	ASSERT_RIGHT(writing_works(self->sample));
}

TEST_F(wp, cpu_writes)
{
	ASSERT_RIGHT(writing_traps(self->sample));
	ASSERT_RIGHT(unprotect(&self->protection));
	ASSERT_RIGHT(writing_works(self->sample));
}

TEST_F(wp, migrated_back)
{
	ASSERT_RIGHT(sample_rest_to_system(self->sample));
	ASSERT_RIGHT(is_protected(self->sample));
	ASSERT_RIGHT(writing_traps(self->sample));
}

TEST_F(wp, evicted)
{
	ASSERT_EQ(0, devthp_device_evict(self->sample->dev));
	ASSERT_RIGHT(is_protected(self->sample));
	ASSERT_RIGHT(writing_traps(self->sample));
}

/* The device reads, and what it must not write it does not. */
TEST_F(wp, device_writes)
{
	struct sample *sample = self->sample;

	ASSERT_RIGHT(sample_device_data(sample));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	memset(sample->buffer, 0xa5, bytes_of(sample));
	ASSERT_EQ(-EFAULT, devthp_device_write(sample->dev, sample->addr,
					       sample->pages, sample->buffer,
					       NULL));
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* It has written before, and knows where. */
TEST_F(wp, device_writes_again)
{
	struct sample *sample = self->sample;

	ASSERT_RIGHT(unprotect(&self->protection));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(protect(&self->protection));
	memset(sample->buffer, 0xa5, bytes_of(sample));
	ASSERT_EQ(-EFAULT, devthp_device_write(sample->dev, sample->addr,
					       sample->pages, sample->buffer,
					       NULL));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(wp, unprotected_there)
{
	ASSERT_RIGHT(unprotect(&self->protection));
	ASSERT_RIGHT(entry_bits_of_all(self->sample, DEVTHP_BIT_UFFD_WP, 0));
	ASSERT_RIGHT(form_is_kept(self->sample, variant->form));
	ASSERT_RIGHT(sample_device_write(self->sample));
	ASSERT_RIGHT(writing_works(self->sample));
}

/* The rest stays protected, in whatever entries it has then. */
TEST_F(wp, half_unprotected_there)
{
	struct sample *sample = self->sample;
	const size_t half = sample->pages / 2;

	ASSERT_RIGHT(uffd_unprotect(self->protection.uffd, sample->addr,
				    half * devthp_page_size()));
	ASSERT_RIGHT(entry_bits(sample, 0, half, DEVTHP_BIT_UFFD_WP, 0));
	ASSERT_RIGHT(entry_bits(sample, half, half, WP, DEVTHP_BIT_UFFD_WP));
	ASSERT_RIGHT(sample_access_range(sample, 0, half, ACCESS_WRITE));
	ASSERT_EQ(SIGBUS, trap_write(page_of(sample, half)));
	ASSERT_RIGHT(entry_bits(sample, half, half, WP, DEVTHP_BIT_UFFD_WP));
	ASSERT_RIGHT(sample_data(sample));
}

TEST_F(wp, part_dropped)
{
	ASSERT_RIGHT(sample_cut(self->sample, 100, 10, HOLE_DROPPED));
	ASSERT_RIGHT(is_protected(self->sample));
	ASSERT_RIGHT(writing_traps(self->sample));
	ASSERT_RIGHT(sample_dropped_are_zero(self->sample));
}

TEST_F(wp, part_migrated_back)
{
	struct sample *sample = self->sample;

	ASSERT_EQ(0, devthp_migrate_to_system(sample->dev, page_of(sample, 65),
					      7, NULL));
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_RIGHT(writing_traps(sample));
}

TEST_F(wp, back_in_base_pages)
{
	struct sample *sample = self->sample;

	ASSERT_EQ(0, devthp_device_fail_alloc(sample->dev, 1));
	/* Where pages are small already, the first of them fails. */
	devthp_migrate_to_system(sample->dev, sample->addr, sample->pages,
				 NULL);
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_RIGHT(writing_traps(sample));
}

TEST_F(wp, there_and_back_again)
{
	struct sample *sample = self->sample;

	ASSERT_RIGHT(sample_bring_back(sample));
	ASSERT_RIGHT(sample_to_device(sample));
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_RIGHT(writing_traps(sample));
}

TEST_F(wp, mprotect)
{
	struct sample *sample = self->sample;
	const size_t bytes = bytes_of(sample);

	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_READ));
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_NONE));
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_EQ(0, mprotect(sample->addr, bytes, PROT_READ | PROT_WRITE));
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_RIGHT(writing_traps(sample));
}

TEST_F(wp, unregistered)
{
	struct sample *sample = self->sample;
	struct uffdio_range range = {
		(uintptr_t)sample->addr, bytes_of(sample)
	};

	ASSERT_EQ(0, ioctl(self->protection.uffd, UFFDIO_UNREGISTER, &range));
	ASSERT_RIGHT(entry_bits_of_all(sample, DEVTHP_BIT_UFFD_WP, 0));
	ASSERT_RIGHT(form_is_kept(sample, variant->form));
	ASSERT_RIGHT(sample_device_write(sample));
	ASSERT_RIGHT(writing_works(sample));
}

/* Nobody is left to ask: closing unregisters. */
TEST_F(wp, closed)
{
	close(self->protection.uffd);
	self->protection.uffd = -1;
	ASSERT_RIGHT(entry_bits_of_all(self->sample, DEVTHP_BIT_UFFD_WP, 0));
	ASSERT_RIGHT(sample_device_write(self->sample));
	ASSERT_RIGHT(writing_works(self->sample));
}

/* ---- Other mappings of it ---- */

/* Nobody watches the child's memory unless it was asked for. */
static const char *child_is_free(struct sample *sample, struct peer *parent)
{
	CHECK(entry_bits_of_all(sample, DEVTHP_BIT_UFFD_WP, 0));
	CHECK(peer_tell(parent));
	CHECK(peer_wait(parent));
	CHECK(sample_fill(sample));
	return sample_data(sample);
}

TEST_F(wp, child_is_not_watched)
{
	struct sample *sample = self->sample;

	ASSERT_RIGHT(peer_fork(&self->child, child_is_free, sample));
	ASSERT_RIGHT(peer_wait(&self->child));
	ASSERT_RIGHT(is_protected(sample));
	ASSERT_RIGHT(writing_traps(sample));
	ASSERT_RIGHT(peer_tell(&self->child));
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_RIGHT(writing_traps(sample));
	ASSERT_RIGHT(unprotect(&self->protection));
	ASSERT_RIGHT(sample_fill(sample));
	ASSERT_RIGHT(sample_data(sample));
}

/* Without UFFD_FEATURE_EVENT_REMAP, what moves is not watched any more. */
TEST_F(wp, moved)
{
	struct sample *sample = self->sample;
	struct sample there = *sample;

	there.addr = mremap(sample->addr, bytes_of(sample), bytes_of(sample),
			    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
			    sample->buffer);
	ASSERT_EQ(sample->buffer, there.addr);
	there.buffer = NULL;
	ASSERT_RIGHT(entry_bits_of_all(&there, DEVTHP_BIT_UFFD_WP, 0));
	ASSERT_RIGHT(form_is_kept(&there, variant->form));
	ASSERT_RIGHT(writing_works(&there));
}

/* ---- Memory that came to be on the device otherwise ---- */

FIXTURE(wp_unwritten)
{
	struct protection protection;
	struct sample *sample;
};

FIXTURE_SETUP(wp_unwritten)
{
	self->sample = &self->protection.sample;
	SETUP_PROTECTION(&self->protection);
}

FIXTURE_TEARDOWN(wp_unwritten)
{
	TEARDOWN_PROTECTION(&self->protection);
}

/* It may go or stay, but not lose its protection. */
static const char *stays_protected(struct sample *sample)
{
	devthp_migrate_to_device(sample->dev, sample->addr, sample->pages,
				 NULL);
	memset(sample->buffer, 0xa5, bytes_of(sample));
	if (devthp_device_write(sample->dev, sample->addr, sample->pages,
				sample->buffer, NULL) != -EFAULT)
		return wrong("the device can write to what is write-protected");
	return writing_traps(sample);
}

TEST_F(wp_unwritten, huge_zero_page)
{
	ASSERT_RIGHT(watch(&self->protection, UFFD_FEATURE_SIGBUS));
	ASSERT_RIGHT(sample_data(self->sample));
	ASSERT_RIGHT(protect(&self->protection));
	ASSERT_RIGHT(stays_protected(self->sample));
}

TEST_F(wp_unwritten, zero_pages)
{
	struct sample *sample = self->sample;

	ASSERT_EQ(0, madvise(sample->addr, bytes_of(sample), MADV_NOHUGEPAGE));
	ASSERT_RIGHT(watch(&self->protection, UFFD_FEATURE_SIGBUS));
	ASSERT_RIGHT(sample_data(sample));
	ASSERT_RIGHT(protect(&self->protection));
	ASSERT_RIGHT(stays_protected(sample));
}

TEST_F(wp_unwritten, nothing)
{
	ASSERT_RIGHT(watch(&self->protection, UFFD_FEATURE_SIGBUS |
			   UFFD_FEATURE_WP_UNPOPULATED));
	ASSERT_RIGHT(protect(&self->protection));
	ASSERT_RIGHT(stays_protected(self->sample));
}

/* ---- Somebody serves the events ---- */

FIXTURE(wp_served)
{
	struct protection protection;
	struct sample *sample;
	struct peer child;
	pthread_t server;
};

FIXTURE_VARIANT(wp_served)
{
	enum form form;
};

FORM_VARIANTS(wp_served);

FIXTURE_SETUP(wp_served)
{
	self->sample = &self->protection.sample;
	SETUP_PROTECTION(&self->protection);
}

FIXTURE_TEARDOWN(wp_served)
{
	TEARDOWN_PROTECTION(&self->protection);
}

static const char *protect_there(struct protection *protection,
				 uint64_t features, enum form form)
{
	CHECK(watch(protection, features));
	CHECK(sample_fill_whole(&protection->sample));
	CHECK(form_to_device(&protection->sample, form));
	return protect(protection);
}

/* Wait for one event; the file was opened not to block. */
static const char *next_event(int uffd, struct uffd_msg *msg)
{
	fd_set files;

	FD_ZERO(&files);
	FD_SET(uffd, &files);
	if (select(uffd + 1, &files, NULL, NULL, NULL) < 0 ||
	    read(uffd, msg, sizeof(*msg)) != sizeof(*msg))
		return went_well("wait for an event", -errno);
	return RIGHT;
}

/* What the server has seen: one write-protect fault, at this page. */
struct served {
	struct protection *protection;
	struct uffd_msg msg;
	char verdict[256];
};

static void *unprotect_what_is_written(void *arg)
{
	struct served *served = arg;
	const struct protection *protection = served->protection;
	const char *verdict = next_event(protection->uffd, &served->msg);

	if (is_right(verdict))
		verdict = unprotect(protection);
	snprintf(served->verdict, sizeof(served->verdict), "%s", verdict);
	return NULL;
}

TEST_F(wp_served, event_arrives)
{
	struct served served = { .protection = &self->protection };
	struct sample *sample = self->sample;

	ASSERT_RIGHT(protect_there(&self->protection, 0, variant->form));
	ASSERT_EQ(0, pthread_create(&self->server, NULL,
				    unprotect_what_is_written, &served));
	ASSERT_RIGHT(sample_access(sample, 77, ACCESS_WRITE));
	ASSERT_EQ(0, pthread_join(self->server, NULL));
	ASSERT_RIGHT(served.verdict);
	ASSERT_EQ(UFFD_EVENT_PAGEFAULT, served.msg.event);
	ASSERT_TRUE(served.msg.arg.pagefault.flags & UFFD_PAGEFAULT_FLAG_WP);
	/* Without UFFD_FEATURE_EXACT_ADDRESS it is the page's. */
	ASSERT_EQ((uintptr_t)page_of(sample, 77),
		  served.msg.arg.pagefault.address);
	ASSERT_RIGHT(sample_data(sample));
}

/* The child's memory is watched by a userfaultfd that comes with the event. */
static void *take_the_event(void *arg)
{
	struct served *served = arg;
	const char *verdict = next_event(served->protection->uffd,
					 &served->msg);

	snprintf(served->verdict, sizeof(served->verdict), "%s", verdict);
	return NULL;
}

static const char *child_is_protected(struct sample *sample,
				      struct peer *parent)
{
	CHECK(is_protected(sample));
	CHECK(sample_data(sample));
	return is_protected(sample);
}

TEST_F(wp_served, child_is_watched)
{
	struct served served = { .protection = &self->protection };

	ASSERT_RIGHT(protect_there(&self->protection, UFFD_FEATURE_EVENT_FORK |
				   UFFD_FEATURE_SIGBUS, variant->form));
	ASSERT_EQ(0, pthread_create(&self->server, NULL, take_the_event,
				    &served));
	ASSERT_RIGHT(peer_fork(&self->child, child_is_protected,
			       self->sample));
	ASSERT_EQ(0, pthread_join(self->server, NULL));
	ASSERT_RIGHT(served.verdict);
	ASSERT_EQ(UFFD_EVENT_FORK, served.msg.event);
	ASSERT_RIGHT(peer_end(&self->child));
	ASSERT_EQ(0, close(served.msg.arg.fork.ufd));
	ASSERT_RIGHT(writing_traps(self->sample));
}

TEST_F(wp_served, moved_and_watched)
{
	struct served served = { .protection = &self->protection };
	struct sample *sample = self->sample;
	struct sample there = *sample;

	ASSERT_RIGHT(protect_there(&self->protection,
				   UFFD_FEATURE_EVENT_REMAP |
				   UFFD_FEATURE_SIGBUS, variant->form));
	ASSERT_EQ(0, pthread_create(&self->server, NULL, take_the_event,
				    &served));
	there.addr = mremap(sample->addr, bytes_of(sample), bytes_of(sample),
			    MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP,
			    sample->buffer);
	ASSERT_EQ(sample->buffer, there.addr);
	there.buffer = NULL;
	ASSERT_EQ(0, pthread_join(self->server, NULL));
	ASSERT_RIGHT(served.verdict);
	ASSERT_EQ(UFFD_EVENT_REMAP, served.msg.event);
	ASSERT_RIGHT(is_protected(&there));
	ASSERT_RIGHT(form_is_kept(&there, variant->form));
	ASSERT_RIGHT(writing_traps(&there));
}

TEST_HARNESS_MAIN
