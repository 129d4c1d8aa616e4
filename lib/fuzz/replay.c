// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * replay [-r RUNS] [-s SEED] [-o CRASH] INPUT...: give every input to the target, and
 * then RUNS changed ones. The same SEED and inputs give the same runs. What the program
 * ends with is left in the file CRASH, which is an input in turn.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "target.h"

#define MAX_BYTES	16384
#define MAX_INPUTS	1024
#define MAX_CHANGES	6

struct input {
	size_t size;
	uint8_t bytes[MAX_BYTES];
};

static struct input *inputs[MAX_INPUTS];
static size_t ninputs;
static struct input current;
static const char *crash = "crash";
static uint64_t state;

/* Of the sanitizers, where the program is built with them. */
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

static void keep_crash(void)
{
	int fd = open(crash, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	if (fd < 0 || write(fd, current.bytes, current.size) != (ssize_t)current.size)
		fprintf(stderr, "replay: the input could not be written to %s\n", crash);
	else
		fprintf(stderr, "replay: the input is in %s\n", crash);
	if (fd >= 0)
		close(fd);
}

static void on_signal(int number)
{
	keep_crash();
	signal(number, SIG_DFL);
	raise(number);
}

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void insert(struct input *in, size_t at, const uint8_t *bytes, size_t count)
{
	if (count > MAX_BYTES - in->size)
		count = MAX_BYTES - in->size;
	memmove(&in->bytes[at + count], &in->bytes[at], in->size - at);
	memmove(&in->bytes[at], bytes, count);
	in->size += count;
}

static void cut(struct input *in, size_t at, size_t count)
{
	if (count > in->size - at)
		count = in->size - at;
	memmove(&in->bytes[at], &in->bytes[at + count], in->size - at - count);
	in->size -= count;
}

/* One change behind the first byte, which says what the input is. */
static void change(struct input *in)
{
	static const char *const texts[] = {
		"18446744073709551615", "18446744073709551616", "ffffffffffffffff", "0", "-1", " ",
		"\n", "-", ":", "\t", "\377\377\377\377\377\377\377\377",
		"\0\0\0\0\0\0\0\200",
	};
	const struct input *other = inputs[draw(ninputs)];
	const size_t at = 1 + draw(in->size);
	const char *text = texts[draw(sizeof(texts) / sizeof(texts[0]))];

	if (at >= in->size) {
		insert(in, in->size, (const uint8_t *)text, strlen(text));
		return;
	}
	switch (draw(7)) {
	case 0:
		in->bytes[at] ^= (uint8_t)(1U << draw(8));
		break;
	case 1:
		in->bytes[at] = (uint8_t)draw(256);
		break;
	case 2:
		cut(in, at, 1 + draw(16));
		break;
	case 3:
		cut(in, at, in->size);
		break;
	case 4:
		insert(in, at, (const uint8_t *)text, strlen(text));
		break;
	case 5:
		in->bytes[at] = (uint8_t)text[0];
		break;
	default:
		if (other->size > 1)
			insert(in, at, &other->bytes[1], 1 + draw(other->size - 1));
	}
}

static void run_changed(void)
{
	size_t changes = 1 + draw(MAX_CHANGES);

	current = *inputs[draw(ninputs)];
	while (changes--)
		change(&current);
	LLVMFuzzerTestOneInput(current.bytes, current.size);
}

static int load(const char *path)
{
	struct input *in = calloc(1, sizeof(*in));
	FILE *file = fopen(path, "rb");

	if (!in || !file || ninputs == MAX_INPUTS) {
		fprintf(stderr, "replay: cannot take %s\n", path);
		if (file)
			fclose(file);
		free(in);
		return 1;
	}
	in->size = fread(in->bytes, 1, sizeof(in->bytes), file);
	fclose(file);
	inputs[ninputs++] = in;
	return 0;
}

int main(int argc, char **argv)
{
	uint64_t runs = 0, seed = (uint64_t)time(NULL) * 1000003 + (uint64_t)getpid(), i;
	int option;

	while ((option = getopt(argc, argv, "r:s:o:")) != -1) {
		if (option == 'r')
			runs = strtoull(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'o')
			crash = optarg;
		else
			return 2;
	}
	for (; optind < argc; optind++) {
		if (load(argv[optind]))
			return 2;
	}
	if (!ninputs) {
		fprintf(stderr, "replay: no inputs\n");
		return 2;
	}
	signal(SIGABRT, on_signal);
	if (__sanitizer_set_death_callback)
		__sanitizer_set_death_callback(keep_crash);
	printf("# %zu inputs, and %" PRIu64 " changed ones by seed %" PRIu64 "\n", ninputs, runs,
	       seed);
	fflush(stdout);
	state = seed ? seed : 1;
	for (i = 0; i < ninputs; i++) {
		current = *inputs[i];
		LLVMFuzzerTestOneInput(current.bytes, current.size);
	}
	for (i = 0; i < runs; i++)
		run_changed();
	for (i = 0; i < ninputs; i++)
		free(inputs[i]);
	return 0;
}
