/* SPDX-License-Identifier: GPL-2.0 */
/* Means by which a page of memory is read and written on behalf of the CPU. */
#ifndef MEANS_H
#define MEANS_H

#include <stdbool.h>

struct means {
	/* Copy a page from memory, or to memory. 0 or a negative errno. */
	int (*get)(const char *page, char *copy);
	int (*put)(char *page, const char *copy);
	const char *get_name, *put_name;	/* for messages */
	bool forces;	/* writes where the mapping does not allow it */
	bool pins;	/* reads by a pin, for which shared pages are copied */
	bool reads_first;	/* brings memory back before it finds it read-only */
};

extern const struct means
	means_instruction,	/* load and store; a SIGSEGV is EFAULT */
	means_pipe,		/* write(2) to and read(2) from a pipe */
	means_direct_io,	/* the same for a block device, with O_DIRECT */
	means_process_vm,	/* process_vm_readv(2), process_vm_writev(2) */
	means_ptrace,		/* PTRACE_PEEKDATA, PTRACE_POKEDATA */
	means_proc_mem,		/* /proc/PID/mem */
	means_vmsplice,		/* vmsplice(2) to a pipe; cannot put */
	means_futex;		/* waits on a word and writes it; cannot get */

#endif
