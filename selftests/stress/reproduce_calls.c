// SPDX-License-Identifier: GPL-2.0
/* Each step as a call of what prelude.txt has. */
#include <stdio.h>

#include "operations.h"
#include "program.h"

/* Most operations on pages: BEFORE, address and number of pages, AFTER. */
struct form {
	const char *before, *after;
};

static const struct form form_of[OPS] = {
	[OP_READ] = { "cpu_read(", ")" },
	[OP_UNMAP] = { "result(munmap(", " * PAGE))" },
	[OP_MAP] = { "map_anew(", ")" },
	[OP_DROP] = { "result(madvise(", " * PAGE, MADV_DONTNEED))" },
	[OP_COLLAPSE] = { "result(madvise(", " * PAGE, MADV_COLLAPSE))" },
	[OP_SPLIT] = { "split(", ")" },
};

static const struct form form_of_protect[] = {
	[PROTECT_NONE] = { "result(mprotect(", " * PAGE, PROT_NONE))" },
	[PROTECT_READ] = { "result(mprotect(", " * PAGE, PROT_READ))" },
	[PROTECT_WRITE] = { "result(mprotect(", " * PAGE, PROT_READ | PROT_WRITE))" },
};

static const struct form form_of_advise[] = {
	[ADVISE_HUGE] = { "result(madvise(", " * PAGE, MADV_HUGEPAGE))" },
	[ADVISE_SMALL] = { "result(madvise(", " * PAGE, MADV_NOHUGEPAGE))" },
};

static const struct form form_of_pin[] = {
	[PIN_BY_RING] = { "pin_pages(PIN_RING, ", ")" },
	[PIN_BY_PIPE] = { "pin_pages(PIN_PIPE, ", ")" },
	[PIN_BY_GUP] = { "pin_pages(PIN_GUP, ", ")" },
};

/* By a function of the device, with a request of test_hmm's. */
static const struct form request_of[OPS] = {
	[OP_DEV_READ] = { "hmm_dmirror_cmd", "HMM_DMIRROR_READ" },
	[OP_EXCLUSIVE] = { "hmm_dmirror_cmd", "HMM_DMIRROR_EXCLUSIVE" },
	[OP_TO_DEVICE] = { "hmm_dmirror_cmd", "HMM_DMIRROR_MIGRATE_TO_DEV" },
	[OP_TO_SYSTEM] = { "hmm_dmirror_cmd", "HMM_DMIRROR_MIGRATE_TO_SYS" },
	[OP_HOLD] = { "hmm_hold", "HMM_DMIRROR_HOLD" },
	[OP_UNHOLD] = { "hmm_hold", "HMM_DMIRROR_UNHOLD" },
};

static void pages(const struct program *p, const struct step *step)
{
	fprintf(p->file, "(char *)%#lx, %u", (unsigned long)
		page_address(p->list, step->range, step->first), step->npages);
}

static void call(const struct program *p, const struct step *step, const struct form *form)
{
	fputs(form->before, p->file);
	pages(p, step);
	fputs(form->after, p->file);
}

static void request(const struct program *p, const struct step *step)
{
	fprintf(p->file, "%s(%u, %s, ", request_of[step->op].before, step->device,
		request_of[step->op].after);
	pages(p, step);
	fputs(")", p->file);
}

static void what_is_written(const struct program *p, const struct step *step)
{
	pages(p, step);
	fprintf(p->file, ", %u, %u)", page_number(step->range, step->first), step->generation);
}

static void expression(const struct program *p, const struct step *step)
{
	switch (step->op) {
	case OP_DEV_WRITE:
		fprintf(p->file, "device_write(%u, ", step->device);
		what_is_written(p, step);
		break;
	case OP_FAIL:
		fprintf(p->file, "hmm_dmirror_cmd(%u, HMM_DMIRROR_FLAGS, NULL, %d)",
			step->device, step->value ? 1 : 2);
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
	case OP_MOVE:
		fputs("move(", p->file);
		pages(p, step);
		fprintf(p->file, ", (char *)%#lx)", (unsigned long)
			page_address(p->list, step->to_range, step->to_first));
		break;
	case OP_PROTECT:
		call(p, step, &form_of_protect[step->value]);
		break;
	case OP_ADVISE:
		call(p, step, &form_of_advise[step->value]);
		break;
	case OP_PIN:
		call(p, step, &form_of_pin[step->value]);
		break;
	case OP_UNPIN:
		fputs("unpin_all()", p->file);
		break;
	default:
		if (request_of[step->op].before)
			request(p, step);
		else
			call(p, step, &form_of[step->op]);
	}
}

/* What has no result, or none that has to be the same each time. */
static bool statement(const struct program *p, const struct step *step)
{
	switch (step->op) {
	case OP_WRITE:
		fputs("\tcpu_write(", p->file);
		what_is_written(p, step);
		break;
	case OP_RECLAIM:
		fprintf(p->file, "\treclaim(%lluUL * %u * PAGE)",
			(unsigned long long)step->value, folio_pages());
		break;
	case OP_READ:
	case OP_COLLAPSE:
		fputs("\t", p->file);
		call(p, step, &form_of[step->op]);
		break;
	default:
		return false;
	}
	fputs(";\n", p->file);
	return true;
}

/* Steps that change who there is say by other means when they are done. */
static bool change_of_processes(const struct program *p, const struct step *step, int number)
{
	switch (step->op) {
	case OP_FORK:
		fprintf(p->file, "\tfflush(stdout);\n\tif (!fork()) {\n\t\tbegin(%d);\n"
			"\t\tdone();\n\t\tprocess_%u_%d();\n\t}\n",
			step->value == FORK_OPEN, step->other, number);
		return true;
	case OP_EXIT:
		fputs("\tfflush(stdout);\n\tunpin_all();\n\tleave(0);\n", p->file);
		return true;
	case OP_KILL:
		fputs("\tfflush(stdout);\n\tleave(SIGKILL);\n", p->file);
		return true;
	}
	return false;
}

void write_call(const struct program *p, const struct step *step, int number, bool is_wrong)
{
	if (change_of_processes(p, step, number))
		return;
	if (!statement(p, step)) {
		fprintf(p->file, "\t%s(%d, ", is_wrong ? "expect_other" : "expect", number);
		expression(p, step);
		fprintf(p->file, ", %d);\n", step->result);
	}
	fputs("\tdone();\n", p->file);
}
