// SPDX-License-Identifier: GPL-2.0
#include <devthp.h>

#include "difference.h"
#include "settle.h"
#include "use.h"
#include "worker.h"

void use_look(const struct list *list, struct use *use)
{
	struct worker worker = { .list = list, .kernel_knows = true };
	struct devthp_usage usage = { .size = sizeof(usage) };
	struct devthp_device *dev;
	unsigned int i;

	for (i = 0; i < DEVICES; i++) {
		use->known[i] = !worker_device(&worker, i, &dev) &&
				!(devthp_device_usage)(dev, &usage);
		use->pages[i] = usage.pages_total - usage.pages_free;
		worker_close(&worker, i);
	}
}

struct question {
	const struct list *list;
	const struct use *before;
};

static const char *ask(const void *arg)
{
	const struct question *question = arg;
	struct use now;
	unsigned int i;

	use_look(question->list, &now);
	for (i = 0; i < DEVICES; i++)
		if (now.known[i] && now.pages[i] > question->before->pages[i])
			return differs(IN_USE, "%llu pages of device %u are in use; were %llu before",
				       (unsigned long long)now.pages[i], i,
				       (unsigned long long)question->before->pages[i]);
	return RIGHT;
}

const char *use_is_back(const struct list *list, const struct use *before)
{
	const struct question question = { list, before };

	return settles(ask, &question);
}
