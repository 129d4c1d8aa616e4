// SPDX-License-Identifier: GPL-2.0
/* What others hold on to, and what the kernel does to memory when asked. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "acts.h"
#include "need.h"
#include "operations.h"
#include "pin.h"
#include "pressure.h"
#include "textfile.h"
#include "verdict.h"

static enum pin_how how(const struct step *step)
{
	static const enum pin_how how[] = {
		[PIN_BY_RING] = PIN_RING, [PIN_BY_PIPE] = REFERENCE_PIPE, [PIN_BY_GUP] = PIN_SLOW,
	};

	return how[step->value];
}

int act_pin(struct worker *worker, const struct step *step)
{
	struct held *held = &worker->held[worker->nheld];
	const char *why;

	if (pin_needed(how(step), &why) != KSFT_PASS)
		return -EOPNOTSUPP;
	held->step = *step;
	if (!is_right(pin_take(&held->pin, how(step),
			       worker_page(worker, step->range, step->first), step->npages)))
		return -EIO;
	worker->nheld++;
	return 0;
}

/* What a pipe has may be an old copy. */
static int let_go(struct worker *worker, struct held *held)
{
	const struct step *step = &held->step;

	if (!is_right(pin_drop(&held->pin, worker->buffer)))
		return -EIO;
	if (step->value != PIN_BY_PIPE)
		worker_judges_buffer(worker, step->range, step->first, step->npages);
	return 0;
}

int act_unpin(struct worker *worker, const struct step *step)
{
	int ret = 0;

	(void)step;
	while (worker->nheld && !ret)
		ret = let_go(worker, &worker->held[--worker->nheld]);
	return ret;
}

int act_split(struct worker *worker, const struct step *step)
{
	const char *path = "/sys/kernel/debug/split_huge_pages";
	const uintptr_t addr = page_address(worker->list, step->range, step->first);
	char text[80];

	if (!file_exists(path))
		return -EOPNOTSUPP;
	snprintf(text, sizeof(text), "%d,%#lx,%#lx", getpid(), (unsigned long)addr,
		 (unsigned long)(addr + step->npages * devthp_page_size()));
	return is_right(file_write(path, text)) ? 0 : -EIO;
}

int act_reclaim(struct worker *worker, const struct step *step)
{
	(void)worker;
	return pressure_reclaim(step->value * folio_pages() * devthp_page_size());
}
