// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "operations.h"
#include "program.h"
#include "ready.h"
#include "reproduce.h"
#include "text.h"
#include "worker.h"

/* Beginning and end of prelude.txt, which comes along as it is. */
extern const char prelude[], prelude_end[];
__asm__(".section .rodata\n"
	".global prelude\n"
	".global prelude_end\n"
	"prelude: .incbin \"stress/prelude.txt\"\n"
	"prelude_end: .byte 0\n"
	".previous\n");

static void title(const struct program *p)
{
	char line[128] = "the end";
	unsigned int i;

	if (p->finding->step < p->list->nsteps)
		text_of_step(&p->list->step[p->finding->step], line, sizeof(line));
	fprintf(p->file, "// SPDX-License-Identifier: GPL-2.0\n/*\n"
		" * Written by devthp-stress, seed %#llx.", (unsigned long long)p->list->seed);
	if (p->finding->kind != NO_DIFFERENCE)
		fprintf(p->file, " In step %zu, %s:\n * %s differs: %s", p->finding->step + 1,
			line, difference_name(p->finding->kind), p->finding->what);
	fputs("\n *\n * Put it into tools/testing/selftests/mm, or compile it with -I KERNEL and\n"
	      " * -I KERNEL/tools/testing/selftests/mm; it takes root, and test_hmm. With PAUSE=1\n"
	      " * in the environment it waits in the end: devthp map PID, and devthp check PID,\n"
	      " * tell more then.\n */\n#define MINORS {", p->file);
	for (i = 0; i < DEVICES; i++)
		fprintf(p->file, "%s%u", i ? ", " : " ", device_minor + i +
			(p->world->private_at & AT_DEVICE(i) ? 0 : COHERENT_MINOR));
	fputs(" }\n\n", p->file);
	fwrite(prelude, 1, prelude_end - prelude, p->file);
	fputs("\n/* ---- The steps ---- */\n\n", p->file);
}

/* ---- What is expected in the end ---- */

static bool alike(const struct program *p, uint32_t process, uint32_t range, uint32_t page,
		  uint32_t first)
{
	struct page *a = page_in(p->world, process, range, first);
	struct page *b = page_in(p->world, process, range, page);

	return can_read(a) == can_read(b) && *at_of(a) == *at_of(b) && !a->frame == !b->frame &&
	       (!a->frame || (a->frame->generation == b->frame->generation &&
			      a->frame->index + (page - first) == b->frame->index));
}

static void write_place(const struct program *p, const struct page *page, unsigned long addr,
			uint32_t npages)
{
	const uint8_t at = page->frame->at;
	unsigned int i;

	for (i = 0; i < DEVICES && !(at & (at - 1)); i++)
		fprintf(p->file, "\texpect_place(%d, %u, (char *)%#lx, %u, %d);\n",
			p->steps + 1, i, addr, npages, at == AT_DEVICE(i));
}

static void write_data(const struct program *p, const struct page *page, unsigned long addr,
		       uint32_t npages)
{
	fprintf(p->file, "\texpect_data(%d, (char *)%#lx, %u, %llu, %u);\n", p->steps + 1, addr,
		npages, (unsigned long long)page->frame->index, page->frame->generation);
}

/* Of each run of pages for which they are alike. */
static void write_expectations(const struct program *p, uint32_t process,
			       void (*write)(const struct program *p, const struct page *page,
					     unsigned long addr, uint32_t npages))
{
	uint32_t range, page, end;

	for (range = 0; range < RANGES; range++) {
		const uint32_t npages = p->list->place[range].pages;

		for (page = 0; page < npages; page = end) {
			const struct page *first = page_in(p->world, process, range, page);

			for (end = page + 1; end < npages; end++)
				if (!alike(p, process, range, end, page))
					break;
			if (can_read(first) && first->frame)
				write(p, first, page_address(p->list, range, page), end - page);
		}
	}
}

/* ---- The program ---- */

/* Places in all processes first: to look at data brings them back. */
static int place_turn(const struct program *p, uint32_t process)
{
	return p->steps + 1 + (int)process;
}

static int data_turn(const struct program *p, uint32_t process)
{
	return place_turn(p, process) + PROCESSES;
}

static void write_step(const struct program *p, const struct step *step, int number)
{
	const bool is_wrong = step == &p->list->step[p->finding->step] &&
			      p->finding->kind == IN_RESULT;
	char line[128];

	text_of_step(step, line, sizeof(line));
	fprintf(p->file, "\n\t/* %d: %s */\n\tturn(%d);\n", number, line, number);
	write_call(p, step, number, is_wrong);
}

/* What each of the steps is that were done, and its number among these. */
static const struct step *next_done(const struct program *p, const struct step *step, int *number)
{
	const struct step *end = p->list->step + p->list->nsteps;

	if (p->finding->step < p->list->nsteps)
		end = p->list->step + p->finding->step + 1;
	for (step = step ? step + 1 : p->list->step; step < end; step++) {
		if (step->done) {
			++*number;
			return step;
		}
	}
	return NULL;
}

static void write_end(const struct program *p, uint32_t process)
{
	fprintf(p->file, "\n\t/* What must be in the end */\n\tturn(%d);\n",
		place_turn(p, process));
	write_expectations(p, process, write_place);
	fprintf(p->file, "\tdone();\n\tturn(%d);\n", data_turn(p, process));
	write_expectations(p, process, write_data);
	fputs("\tend_process();\n}\n\n", p->file);
}

/* One that begins with that step: others of its number may come later. */
static void write_process(const struct program *p, uint32_t process, int birth)
{
	const struct step *step = NULL;
	int number = 0;

	fprintf(p->file, "static void process_%u_%d(void)\n{", process, birth);
	while ((step = next_done(p, step, &number))) {
		if (step->process != process || number <= birth)
			continue;
		write_step(p, step, number);
		if (worker_exits(step)) {
			fputs("}\n\n", p->file);
			return;
		}
	}
	write_end(p, process);
}

static void declare_process(const struct program *p, uint32_t process, int birth)
{
	fprintf(p->file, "static void process_%u_%d(void) __attribute__((noreturn));\n",
		process, birth);
}

static void for_each_process(const struct program *p,
			     void (*write)(const struct program *p, uint32_t process, int birth))
{
	const struct step *step = NULL;
	int number = 0;

	write(p, 0, 0);
	while ((step = next_done(p, step, &number)))
		if (step->op == OP_FORK && !step->result)
			write(p, step->other, number);
	fputs("\n", p->file);
}

static void write_memory(const struct program *p)
{
	uint32_t range;

	for (range = 0; range < RANGES; range++) {
		const struct place *place = &p->list->place[range];
		const unsigned long addr = page_address(p->list, range, 0);

		if (place->pages)
			fprintf(p->file, "\t\tmap_anew((char *)%#lx, %u);\n"
				"\t\tmadvise((char *)%#lx, %u * PAGE, %s);\n", addr, place->pages,
				addr, place->pages,
				place->huge ? "MADV_HUGEPAGE" : "MADV_NOHUGEPAGE");
	}
}

/* The test's own process has the turns of those that are gone. */
static void write_test(const struct program *p)
{
	const struct step *step = NULL;
	uint32_t process;
	int number = 0;

	fprintf(p->file, "TEST_F_TIMEOUT(steps, seed_%#llx, 3600)\n{\n\tpid_t first = fork();\n\n"
		"\tASSERT_LE(0, first);\n\tif (!first) {\n",
		(unsigned long long)p->list->seed);
	write_memory(p);
	fputs("\t\tbegin_all();\n\t\tprocess_0_0();\n\t}\n", p->file);
	while ((step = next_done(p, step, &number)))
		if (worker_exits(step))
			fprintf(p->file, "\tsee_off(%d);\n", number);
	for (process = 0; process < 2 * PROCESSES; process++)
		if (!p->world->process[process % PROCESSES].alive)
			fprintf(p->file, "\tturn(%d);\n\tdone();\n", place_turn(p, process));
	fprintf(p->file, "\tturn(%d);\n\twaitpid(first, NULL, 0);\n"
		"\tEXPECT_EQ(0, shared->failed);\n}\n\nTEST_HARNESS_MAIN\n",
		place_turn(p, 2 * PROCESSES));
}

void reproduce(const char *path, const struct list *list, const struct world *world,
	       const struct finding *finding)
{
	struct program p = {
		.file = fopen(path, "we"), .list = list, .world = world, .finding = finding,
	};
	const struct step *step = NULL;

	if (!p.file)
		return;
	while ((step = next_done(&p, step, &p.steps)))
		;
	title(&p);
	for_each_process(&p, declare_process);
	for_each_process(&p, write_process);
	write_test(&p);
	fclose(p.file);
}
