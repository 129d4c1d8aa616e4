// SPDX-License-Identifier: GPL-2.0
/*
 * Does the record of what races may come to (selftests/stress/ledger.c) see what cannot be,
 * and nothing else? Each race here takes place in one order that is known.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <devthp.h>

#include "ledger.h"
#include "verdict.h"

#define PAGE_BYTES 4096

static uint64_t memory[PAGE_BYTES / 8];
static struct ledger *ledger;
static struct glimpse glimpse;
static int failed;

size_t devthp_page_size(void)
{
	return PAGE_BYTES;
}

static void begin(void)
{
	static const struct list list = { .seed = 7, .place[0].pages = 8 };

	ledger = ledger_new(&list, 1);
	memset(memory, 0, sizeof(memory));
}

static void should(const char *what, const char *verdict, const char *say)
{
	if (say ? strstr(verdict, say) != NULL : is_right(verdict))
		return;
	printf("%s: it says \"%s\"; should say \"%s\"\n", what, verdict, say ? say : RIGHT);
	failed++;
}

static const char *judged(const struct ledger *by)
{
	return ledger_judges(by, 3, &glimpse, memory, "who looks");
}

static void write_page(struct ledger *by, void *data)
{
	uint32_t drops, generation = ledger_begins_write(by, 3, &drops);

	ledger_fill(by, 3, generation, data);
	ledger_ends_write(by, 3, drops, true);
}

static void drop_page(struct ledger *by)
{
	uint32_t floor;

	ledger_begins_drop(by, 3, 1, &floor);
	memset(memory, 0, sizeof(memory));
	ledger_ends_drop(by, 3, 1, &floor);
}

static void one_after_the_other(void)
{
	uint64_t old[PAGE_BYTES / 8];

	begin();
	ledger_glimpse(ledger, 3, &glimpse);
	should("nothing was written", judged(ledger), NULL);
	write_page(ledger, memory);
	memcpy(old, memory, sizeof(old));
	should("a write since it began to look", judged(ledger), NULL);
	write_page(ledger, memory);
	ledger_glimpse(ledger, 3, &glimpse);
	should("the last write", judged(ledger), NULL);
	memory[511] = old[511];
	should("one word of the write before", judged(ledger), "stale");
	memory[511] = 0;
	should("one word of zero", judged(ledger), "zero");
	ledger_fill(ledger, 4, 2, memory);
	should("what is another page's", judged(ledger), "foreign");
	ledger_fill(ledger, 3, 3, memory);
	should("what is to come", judged(ledger), "not written yet");
}

static void at_the_same_time(void)
{
	uint32_t drops, generation;

	begin();
	write_page(ledger, memory);
	ledger_glimpse(ledger, 3, &glimpse);
	generation = ledger_begins_write(ledger, 3, &drops);
	should("one write at a time", ledger_begins_write(ledger, 3, &drops) ? "two" : RIGHT, NULL);
	should("the write before one that has begun", judged(ledger), NULL);
	ledger_fill(ledger, 3, generation, memory);
	should("a write that has begun", judged(ledger), NULL);
	ledger_ends_write(ledger, 3, drops, false);
	ledger_glimpse(ledger, 3, &glimpse);
	should("a write that was not whole", judged(ledger), NULL);
}

static void dropped(void)
{
	uint64_t old[PAGE_BYTES / 8];
	uint32_t floor, drops, generation;

	begin();
	write_page(ledger, memory);
	memcpy(old, memory, sizeof(old));
	ledger_glimpse(ledger, 3, &glimpse);
	drop_page(ledger);
	should("a drop since it began to look", judged(ledger), NULL);
	memcpy(memory, old, sizeof(old));
	should("and what was there before", judged(ledger), NULL);
	ledger_glimpse(ledger, 3, &glimpse);
	should("what was dropped, later", judged(ledger), "stale");

	write_page(ledger, memory);
	ledger_begins_drop(ledger, 3, 1, &floor);
	generation = ledger_begins_write(ledger, 3, &drops);
	ledger_fill(ledger, 3, generation, memory);
	ledger_ends_write(ledger, 3, drops, true);
	ledger_ends_drop(ledger, 3, 1, &floor);
	ledger_glimpse(ledger, 3, &glimpse);
	should("a write while it is dropped", judged(ledger), NULL);
	memset(memory, 0, sizeof(memory));
	should("or zero", judged(ledger), NULL);

	generation = ledger_begins_write(ledger, 3, &drops);
	ledger_begins_drop(ledger, 3, 1, &floor);
	ledger_fill(ledger, 3, generation, memory);
	ledger_ends_drop(ledger, 3, 1, &floor);
	ledger_ends_write(ledger, 3, drops, true);
	ledger_glimpse(ledger, 3, &glimpse);
	should("a write that had begun before it was dropped", judged(ledger), NULL);

	write_page(ledger, memory);
	ledger_glimpse(ledger, 3, &glimpse);
	memset(memory, 0, sizeof(memory));
	should("zero where it was written since", judged(ledger), "zero");
}

static void inherited(void)
{
	struct ledger *child;

	begin();
	write_page(ledger, memory);
	child = ledger_copy(ledger);
	ledger_inherit(child, ledger, 2);
	ledger_glimpse(child, 3, &glimpse);
	should("what its parent wrote", judged(child), NULL);
	write_page(ledger, memory);
	should("what its parent writes now", judged(child), "foreign");
	write_page(child, memory);
	should("what it writes itself", judged(child), NULL);
	ledger_glimpse(ledger, 3, &glimpse);
	should("what its child writes", judged(ledger), "foreign");
	ledger_fill(child, 3, 1, memory);
	ledger_glimpse(child, 3, &glimpse);
	should("its name on what is its parent's", judged(child), "foreign");

	begin();
	write_page(ledger, memory);
	child = ledger_copy(ledger);
	drop_page(ledger);
	ledger_inherit(child, ledger, 2);
	ledger_glimpse(child, 3, &glimpse);
	should("what its parent dropped meanwhile", judged(child), NULL);
}

static const char *signalled(int signal, int prot)
{
	return ledger_judges_signal(ledger, 3, &glimpse, signal, prot);
}

static void protected(void)
{
	begin();
	ledger_glimpse(ledger, 3, &glimpse);
	should("an access that is allowed", signalled(0, PROT_WRITE), NULL);
	should("a signal for that", signalled(SIGSEGV, PROT_WRITE), "should not");
	ledger_begins_change(ledger, 3, 1);
	should("a change that has begun", signalled(SIGSEGV, PROT_WRITE), NULL);
	ledger_ends_change(ledger, 3, 1, PROT_READ);
	should("a change since then", signalled(0, PROT_WRITE), NULL);
	ledger_glimpse(ledger, 3, &glimpse);
	should("reading what is read-only", signalled(0, PROT_READ), NULL);
	should("writing that", signalled(0, PROT_WRITE), "should");
	ledger_begins_change(ledger, 3, 1);
	ledger_glimpse(ledger, 3, &glimpse);
	should("reading amid a change", signalled(0, PROT_READ), NULL);
	should("or a signal", signalled(SIGSEGV, PROT_READ), NULL);
	ledger_ends_change(ledger, 3, 1, HOLE);
	ledger_glimpse(ledger, 3, &glimpse);
	should("reading in a hole", signalled(0, PROT_READ), "should");
	should("a signal there", signalled(SIGSEGV, PROT_READ), NULL);
}

int main(void)
{
	one_after_the_other();
	at_the_same_time();
	dropped();
	inherited();
	protected();
	printf(failed ? "%d wrong\n" : "all right\n", failed);
	return failed != 0;
}
