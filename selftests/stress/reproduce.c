// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <string.h>

#include "operations.h"
#include "reproduce.h"
#include "text.h"

/* Beginning and end of prelude.txt, which comes along as it is. */
extern const char prelude[], prelude_end[];
__asm__(".section .rodata\n"
	".global prelude\n"
	".global prelude_end\n"
	"prelude: .incbin \"stress/prelude.txt\"\n"
	"prelude_end: .byte 0\n"
	".previous\n");

struct program {
	FILE *file;
	const struct list *list;
	const struct world *world;
	const struct finding *finding;
	int steps;			/* that were done */
};

static void title(const struct program *p)
{
	char line[128] = "the end";

	if (p->finding->step < p->list->nsteps)
		text_of_step(&p->list->step[p->finding->step], line, sizeof(line));
	fprintf(p->file, "// SPDX-License-Identifier: GPL-2.0\n/*\n"
		" * Written by devthp-stress, seed %#llx. In step %zu, %s:\n"
		" * %s differs: %s\n *\n"
		" * gcc -O2 this file; as root, with test_hmm loaded. With PAUSE=1 in the environment\n"
		" * it waits in the end: devthp map PID, and devthp check PID, tell more then.\n */\n",
		(unsigned long long)p->list->seed, p->finding->step + 1, line,
		difference_name(p->finding->kind), p->finding->what);
	fwrite(prelude, 1, prelude_end - prelude, p->file);
	fputs("\n/* ---- The steps ---- */\n\n", p->file);
}

/* ---- Calls, by operation ---- */

static void pages(const struct program *p, const struct step *step)
{
	fprintf(p->file, "(char *)%#lx, %u", (unsigned long)
		page_address(p->list, step->range, step->first), step->npages);
}

/* FORMAT(addr, npages TAIL */
static void call(const struct program *p, const struct step *step, const char *head,
		 const char *tail)
{
	fputs(head, p->file);
	pages(p, step);
	fputs(tail, p->file);
}

static void bytes_call(const struct program *p, const struct step *step, const char *name,
		       const char *tail)
{
	fprintf(p->file, "result(%s(", name);
	call(p, step, "", " * PAGE");
	fputs(tail, p->file);
}

static void device_call(const struct program *p, const struct step *step, const char *name,
			const char *request)
{
	fprintf(p->file, "%s(%u, %s, ", name, step->device, request);
	call(p, step, "", ")");
}

static void what_is_written(const struct program *p, const struct step *step)
{
	call(p, step, "", "");
	fprintf(p->file, ", %u, %u)", page_number(step->range, step->first), step->generation);
}

static void expression(const struct program *p, const struct step *step)
{
	static const char * const protection[] = {
		[PROTECT_NONE] = ", PROT_NONE))", [PROTECT_READ] = ", PROT_READ))",
		[PROTECT_WRITE] = ", PROT_READ | PROT_WRITE))",
	};

	switch (step->op) {
	case OP_DEV_WRITE:
		fprintf(p->file, "device_write(%u, ", step->device);
		what_is_written(p, step);
		break;
	case OP_DEV_READ:
		device_call(p, step, "hmm_dmirror_cmd", "HMM_DMIRROR_READ");
		break;
	case OP_TO_DEVICE:
		device_call(p, step, "hmm_dmirror_cmd", "HMM_DMIRROR_MIGRATE_TO_DEV");
		break;
	case OP_TO_SYSTEM:
		device_call(p, step, "hmm_dmirror_cmd", "HMM_DMIRROR_MIGRATE_TO_SYS");
		break;
	case OP_FAIL:
		fprintf(p->file, "hmm_dmirror_cmd(%u, HMM_DMIRROR_FLAGS, NULL, %d)",
			step->device, step->value ? 1 : 2);
		break;
	case OP_HOLD:
		device_call(p, step, "hmm_hold", "HMM_DMIRROR_HOLD");
		break;
	case OP_UNHOLD:
		device_call(p, step, "hmm_hold", "HMM_DMIRROR_UNHOLD");
		break;
	case OP_DRAIN:
		fprintf(p->file, "hmm_drain(%u)", step->device);
		break;
	case OP_EVICT:
		fprintf(p->file, "hmm_dmirror_cmd(%u, HMM_DMIRROR_RELEASE, NULL, 1)",
			step->device);
		break;
	case OP_CLOSE:
		fprintf(p->file, "hmm_close(%u)", step->device);
		break;
	case OP_UNMAP:
		bytes_call(p, step, "munmap", "))");
		break;
	case OP_MAP:
		call(p, step, "map_anew(", ")");
		break;
	case OP_DROP:
		bytes_call(p, step, "madvise", ", MADV_DONTNEED))");
		break;
	case OP_PROTECT:
		bytes_call(p, step, "mprotect", protection[step->value]);
		break;
	case OP_MOVE:
		call(p, step, "move(", "");
		fprintf(p->file, ", (char *)%#lx)", (unsigned long)
			page_address(p->list, step->to_range, step->to_first));
		break;
	case OP_ADVISE:
		bytes_call(p, step, "madvise", step->value == ADVISE_HUGE ?
			   ", MADV_HUGEPAGE))" : ", MADV_NOHUGEPAGE))");
		break;
	case OP_COLLAPSE:
		bytes_call(p, step, "madvise", ", MADV_COLLAPSE))");
		break;
	}
}

/* What has no result to speak of. */
static bool statement(const struct program *p, const struct step *step)
{
	switch (step->op) {
	case OP_WRITE:
		fputs("\tcpu_write(", p->file);
		what_is_written(p, step);
		fputs(";\n", p->file);
		return true;
	case OP_READ:
		call(p, step, "\tcpu_read(", ");\n");
		return true;
	case OP_FORK:
		fprintf(p->file, "\tfflush(stdout);\n\tif (!fork()) {\n\t\tbegin(%d);\n"
			"\t\tdone();\n\t\tprocess_%u();\n\t}\n",
			step->value == FORK_OPEN, step->other);
		return true;
	case OP_EXIT:
		fputs("\tfflush(stdout);\n\tclose(dev[0]);\n\tclose(dev[1]);\n\tdone();\n"
		      "\t_exit(0);\n", p->file);
		return true;
	}
	return false;
}

static void write_step(const struct program *p, const struct step *step, int number)
{
	const bool wrong = step == &p->list->step[p->finding->step] &&
			   p->finding->kind == IN_RESULT;
	char line[128];

	text_of_step(step, line, sizeof(line));
	fprintf(p->file, "\n\t/* %d: %s */\n\tturn(%d);\n", number, line, number);
	if (!statement(p, step)) {
		fprintf(p->file, "\t%s(%d, ", wrong ? "expect_other" : "expect", number);
		expression(p, step);
		fprintf(p->file, ", %d);\n", step->result);
	}
	/* A child says so itself, once it is there; who exits has. */
	if (step->op != OP_FORK && step->op != OP_EXIT)
		fputs("\tdone();\n", p->file);
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

static void write_expectation(const struct program *p, uint32_t process, uint32_t range,
			      uint32_t first, uint32_t npages, bool data)
{
	struct page *page = page_in(p->world, process, range, first);
	const unsigned long addr = page_address(p->list, range, first);
	unsigned int i;

	for (i = 0; i < DEVICES && !data; i++)
		if (page->frame && !(*at_of(page) & (*at_of(page) - 1)))
			fprintf(p->file, "\texpect_place(%d, %u, (char *)%#lx, %u, %d);\n",
				p->steps + 1, i, addr, npages, *at_of(page) == AT_DEVICE(i));
	if (data && page->frame)
		fprintf(p->file, "\texpect_data(%d, (char *)%#lx, %u, %llu, %u);\n",
			p->steps + 1, addr, npages, (unsigned long long)page->frame->index,
			page->frame->generation);
}

/* Places first: to look at data brings them back. */
static void write_expectations(const struct program *p, uint32_t process, bool data)
{
	uint32_t range, page, end;

	for (range = 0; range < RANGES; range++) {
		const uint32_t npages = p->list->place[range].pages;

		for (page = 0; page < npages; page = end) {
			for (end = page + 1; end < npages; end++)
				if (!alike(p, process, range, end, page))
					break;
			if (can_read(page_in(p->world, process, range, page)))
				write_expectation(p, process, range, page, end - page, data);
		}
	}
}

/* ---- The program ---- */

static void write_process(struct program *p, uint32_t process)
{
	const size_t last = p->finding->step;
	int number = 0;
	size_t n;

	fprintf(p->file, "static void __attribute__((noreturn)) process_%u(void)\n{", process);
	for (n = 0; n < p->list->nsteps && n <= last; n++) {
		const struct step *step = &p->list->step[n];

		number += step->done;
		if (step->done && step->process == process)
			write_step(p, step, number);
	}
	if (!p->world->process[process].alive) {
		fputs("}\n\n", p->file);
		return;
	}
	fprintf(p->file, "\n\t/* What must be in the end */\n\tturn(%d);\n",
		p->steps + 1 + (int)process);
	write_expectations(p, process, false);
	write_expectations(p, process, true);
	fputs("\tfflush(stdout);\n\tdone();\n\tif (getenv(\"PAUSE\"))\n\t\tpause();\n"
	      "\t_exit(0);\n}\n\n", p->file);
}

/* Is there ever such a process? */
static bool lives(const struct program *p, uint32_t process)
{
	size_t n;

	for (n = 0; n < p->list->nsteps && n <= p->finding->step; n++) {
		const struct step *step = &p->list->step[n];

		if (step->done && step->op == OP_FORK && step->other == process)
			return true;
	}
	return !process;
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

static void write_main(const struct program *p)
{
	uint32_t process;

	fputs("int main(void)\n{\n\tstruct sigaction jumps = { .sa_handler = jump };\n\n"
	      "\tsigaction(SIGSEGV, &jumps, NULL);\n\tsigaction(SIGBUS, &jumps, NULL);\n"
	      "\tshared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,\n"
	      "\t\t      MAP_SHARED | MAP_ANONYMOUS, -1, 0);\n\tshared->turn = 1;\n"
	      "\tif (!fork()) {\n", p->file);
	write_memory(p);
	fputs("\t\tbegin(1);\n\t\tprocess_0();\n\t}\n", p->file);
	/* Turns of processes that are not there in the end are taken here. */
	for (process = 0; process < PROCESSES; process++)
		if (!p->world->process[process].alive)
			fprintf(p->file, "\tturn(%d);\n\tdone();\n",
				p->steps + 1 + (int)process);
	fprintf(p->file, "\tturn(%d);\n\twait(NULL);\n"
		"\tprintf(\"1..1\\n%%sok 1 steps\\n\", shared->failed ? \"not \" : \"\");\n"
		"\treturn shared->failed;\n}\n", p->steps + 1 + PROCESSES);
}

void reproduce(const char *path, const struct list *list, const struct world *world,
	       const struct finding *finding)
{
	struct program p = {
		.file = fopen(path, "we"), .list = list, .world = world, .finding = finding,
	};
	uint32_t process;
	size_t n;

	if (!p.file)
		return;
	for (n = 0; n < list->nsteps && n <= finding->step; n++)
		p.steps += list->step[n].done;
	title(&p);
	for (process = 0; process < PROCESSES; process++)
		if (lives(&p, process))
			fprintf(p.file, "static void process_%u(void) __attribute__((noreturn));\n",
				process);
	fputs("\n", p.file);
	for (process = 0; process < PROCESSES; process++)
		if (lives(&p, process))
			write_process(&p, process);
	write_main(&p);
	fclose(p.file);
}
