// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/* The same mistakes with every public call: the table in calls.c has them all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"
#include "tap.h"

/* Names of all functions in the headers, made by the Makefile. */
static const char *const api[] = {
#include "api.h"
};

/* Run it; errno must be as before. Says which call it was, if something is wrong. */
static void try(const struct call *call, const struct args *args, int wanted, const char *what)
{
	int seen, before = EXDEV;

	errno = before;
	seen = call->run(args);
	if (errno != before)
		printf("# %s, %s: errno was changed\n", call->name, what);
	if (seen != wanted)
		printf("# %s, %s: returned %d, must be %d\n", call->name, what, seen, wanted);
	CHECK(errno == before);
	CHECK(seen == wanted);
}

static const struct call *with(const struct call *call, unsigned int flags)
{
	for (; call < calls + ncalls; call++) {
		if ((call->flags & flags) == flags)
			return call;
	}
	return NULL;
}

#define for_each_call(call, flags) \
	for (call = with(calls, flags); call; call = with(call + 1, flags))

static void complete(void)
{
	size_t i, j;

	CHECK_INT(ncalls, ARRAY_SIZE(api));
	for (i = 0; i < ARRAY_SIZE(api); i++) {
		for (j = 0; j < ncalls && strcmp(calls[j].name, api[i]); j++)
			;
		if (j == ncalls)
			printf("# %s is not tried\n", api[i]);
		CHECK(j < ncalls);
	}
}

static void good(void)
{
	const struct call *call;
	struct args args;
	int ret;

	register_toys();
	toy_result = 0;
	for_each_call(call, 0) {
		void *object = object_for(call, "toy");

		if (!strcmp(call->name, "devthp_backend_register"))
			continue;
		args = good_args(call, object);
		errno = EXDEV;
		ret = call->run(&args);
		if (errno != EXDEV)
			printf("# %s changed errno\n", call->name);
		CHECK(errno == EXDEV);
		/* There are no findings, and this kernel may not have the rest. */
		if (ret < 0 && ret != -ERANGE && ret != -ENODATA && !(call->flags & FROM_KERNEL))
			printf("# %s: %d\n", call->name, ret);
		CHECK(ret >= 0 || ret == -ERANGE || ret == -ENODATA || call->flags & FROM_KERNEL);
		if (ret >= 0)
			drop_result(call, &args);
		if (!(call->flags & CLOSES))
			close_object(call, object);
	}
}

static void no_object(void)
{
	const struct call *call;

	for_each_call(call, 0) {
		struct args args = good_args(call, NULL);

		if (call->flags & ON_OBJECT)
			try(call, &args, call->flags & (CLOSES | GETS) ? 0 : -EINVAL, "no object");
	}
}

static void closed_object(void)
{
	const struct call *call;

	register_toys();
	toy_result = 0;
	for_each_call(call, 0) {
		void *object = object_for(call, "toy");
		struct args args = good_args(call, object);

		if (!(call->flags & ON_OBJECT))
			continue;
		close_object(call, object);
		toy_calls = 0;
		try(call, &args, call->flags & GETS ? 0 : -EBADF, "closed object");
		CHECK_INT(toy_calls, 0);
	}
}

static void bad_ranges(void)
{
	const size_t size = devthp_page_size();
	const struct {
		intptr_t move;
		uintptr_t at;
		size_t npages;
	} bad[] = {
		{ .npages = 0 }, { .move = 1, .npages = 1 }, { .npages = SIZE_MAX },
		{ .npages = SIZE_MAX / size }, { .npages = SIZE_MAX / size + 2 },
		{ .at = UINTPTR_MAX - size + 1, .npages = 1 },
		{ .at = UINTPTR_MAX - size + 1, .npages = 2 },
		{ .at = UINTPTR_MAX - 2 * size + 1, .npages = SIZE_MAX / 2 / size },
	};
	const struct call *call;
	size_t i;

	register_toys();
	for_each_call(call, TAKES_PAGES) {
		void *object = object_for(call, "toy");
		struct args args = good_args(call, object);
		/* Those have limits of their own, and need 8 bytes of alignment only. */
		const bool pattern = !strncmp(call->name, "devthp_pattern", 14);

		toy_calls = 0;
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			args = good_args(call, object);
			args.addr = bad[i].at ? (void *)bad[i].at :
						(char *)args.addr + bad[i].move;
			args.npages = bad[i].npages;
			try(call, &args, pattern && bad[i].npages > INT32_MAX ? -ERANGE : -EINVAL,
			    "bad range");
		}
		CHECK_INT(toy_calls, 0);
		close_object(call, object);
	}
}

static void no_result(void)
{
	const struct call *call;

	register_toys();
	for_each_call(call, 0) {
		void *object = object_for(call, "toy");
		struct args args = good_args(call, object);
		const bool needed = call->flags & NEEDS_OUT;

		args.out = NULL;
		toy_calls = 0;
		if (needed)
			try(call, &args, -EINVAL, "no place for the result");
		else if (call->flags & REPORTS)
			try(call, &args, 0, "no report");
		CHECK(!needed || !toy_calls);
		close_object(call, object);
	}
}

/* Each structure is refused before anything else happens, and nothing of it is read. */
static void bad_sizes(void)
{
	static const struct {
		size_t size;
		int wanted;
	} bad[] = {
		{ 0, -EINVAL }, { 1, -EINVAL }, { sizeof(size_t) - 1, -EINVAL },
		{ 4097, -E2BIG }, { SIZE_MAX, -E2BIG },
	};
	const struct call *call;
	size_t i;

	register_toys();
	for_each_call(call, 0) {
		void *object = object_for(call, "toy");
		struct args args;

		toy_calls = 0;
		for (i = 0; i < ARRAY_SIZE(bad); i++) {
			args = good_args(call, object);
			*(size_t *)args.out = bad[i].size;
			if (call->flags & REPORTS)
				try(call, &args, bad[i].wanted, "report of a bad size");
			args = good_args(call, object);
			*(size_t *)args.opts = bad[i].size;
			if (call->flags & TAKES_OPTS)
				try(call, &args, bad[i].wanted, "options of a bad size");
		}
		CHECK_INT(toy_calls, 0);
		close_object(call, object);
	}
}

static void rubbish_in_the_tail(void)
{
	const struct call *call;

	for_each_call(call, TAKES_OPTS) {
		struct args args = good_args(call, NULL);

		((unsigned char *)args.opts)[2047] = 1;
		try(call, &args, -E2BIG, "rubbish in the tail of options");
	}
}

/* A block of just that size, so that who reads or writes beyond it is noticed. */
static void *sized(const void *from, size_t size)
{
	void *block = malloc(size);

	memcpy(block, from, size);
	memcpy(block, &size, sizeof(size));
	return block;
}

/* No structure ends within a member: such a size is garbage, and nothing is read by it. */
static void each_size(void)
{
	const struct call *call;
	size_t size;

	register_toys();
	toy_result = 0;
	for_each_call(call, 0) {
		void *object = object_for(call, "toy");

		for (size = sizeof(size_t); size <= 512; size++) {
			const bool whole = !(size % sizeof(size_t));
			struct args args = good_args(call, object);
			void *opts, *out;

			/* They take long where sanitizers have mapped terabytes. */
			if (whole && call->flags & FROM_KERNEL && size > 48 && size % 128)
				continue;
			opts = sized(args.opts, size);
			out = sized(args.out, size);
			toy_calls = 0;
			if (call->flags & TAKES_OPTS) {
				args.opts = opts;
				if (!whole)
					try(call, &args, -EINVAL, "options of an odd size");
				else if (call->run(&args) >= 0)
					drop_result(call, &args);
			}
			args = good_args(call, object);
			if (call->flags & REPORTS) {
				args.out = out;
				if (!whole)
					try(call, &args, -EINVAL, "report of an odd size");
				else
					call->run(&args);
			}
			CHECK(whole || !toy_calls);
			free(opts);
			free(out);
		}
		close_object(call, object);
	}
}

static void regions_of_each_size(void)
{
	const struct devthp_region good = {
		.addr = aligned_alloc(devthp_page_size(), devthp_page_size()), .npages = 1,
	};
	const size_t needed = offsetof(struct devthp_region, pid);
	unsigned char from[128] = { 0 };
	size_t size;

	memcpy(from, &good, sizeof(good));
	for (size = 0; size <= sizeof(from); size++) {
		const size_t held = size < sizeof(size) ? sizeof(size) : size;
		struct devthp_region *region = sized(from, held);
		const struct devthp_region *regions[] = { region };
		int ret;

		region->size = size;
		ret = devthp_check(regions, 1, NULL, NULL);
		if (size < needed || size % sizeof(size_t))
			CHECK_INT(ret, -EINVAL);
		else
			CHECK(ret == 0 || ret == -ENODATA);
		free(region);
	}
	free((void *)good.addr);
}

/* Reports: nothing beyond the size is touched, what is longer is 0, size stays. */
static void reports(void)
{
	const struct call *call;

	register_toys();
	toy_result = 0;
	for_each_call(call, REPORTS) {
		void *object = object_for(call, "toy");
		struct args args = good_args(call, object);
		unsigned char *bytes = args.out;
		size_t i, size;
		int ret = 0;

		for (size = sizeof(size_t); size <= 2048; size += 2040) {
			memset(bytes, 0xee, 4096);
			memcpy(bytes, &size, sizeof(size));
			ret = call->run(&args);
			CHECK(!memcmp(bytes, &size, sizeof(size)));
			for (i = size; i < 4096 && bytes[i] == 0xee; i++)
				;
			if (i < 4096)
				printf("# %s wrote beyond a report of %zu\n", call->name, size);
			CHECK_INT(i, 4096);
		}
		if (ret >= 0 && strcmp(call->name, "devthp_snapshot_compare") &&
		    strcmp(call->name, "devthp_counters_compare")) {
			for (i = 1024; i < 2048 && !bytes[i]; i++)
				;
			if (i < 2048)
				printf("# %s left the tail of a long report\n", call->name);
			CHECK_INT(i, 2048);
		}
		close_object(call, object);
	}
}

static void driver_that_cannot(void)
{
	const struct call *call;

	register_toys();
	for_each_call(call, MEMBER) {
		void *object = object_for(call, "bare");
		struct args args = good_args(call, object);

		if (call->flags & CLOSES)
			try(call, &args, 0, "bare backend");
		else
			try(call, &args, -EOPNOTSUPP, "bare backend");
		if (!(call->flags & CLOSES))
			close_object(call, object);
	}
}

/* What a driver says is what the caller gets; results are not touched. */
static void each_member_gives(int result, int want)
{
	const struct call *call;

	register_toys();
	for_each_call(call, MEMBER) {
		void *object = object_for(call, "toy");
		struct args args = good_args(call, object);

		toy_calls = 0;
		toy_result = result;
		try(call, &args, result == 1 && !strcmp(call->name, "devthp_device_is_exclusive") ?
		    1 : want, "the driver's result");
		CHECK(toy_calls > 0);
		if (!(call->flags & REPORTS))
			CHECK_INT(*(uint64_t *)args.out, 0);
		toy_result = 0;
		if (!(call->flags & CLOSES))
			close_object(call, object);
	}
}

static void driver_that_fails(void)
{
	each_member_gives(-ENOLINK, -ENOLINK);
}

static void driver_that_lies(void)
{
	each_member_gives(1, -EPROTO);
	each_member_gives(2, -EPROTO);
}

static const struct tap_case cases[] = {
	{ "every public function is tried", complete },
	{ "good arguments", good },
	{ "no object", no_object },
	{ "an object that was closed", closed_object },
	{ "ranges that are none", bad_ranges },
	{ "no place for the result", no_result },
	{ "structures of a bad size", bad_sizes },
	{ "structures of each size", each_size },
	{ "regions of each size", regions_of_each_size },
	{ "rubbish in the tail of options", rubbish_in_the_tail },
	{ "reports of any size", reports },
	{ "a driver that cannot", driver_that_cannot },
	{ "a driver that fails", driver_that_fails },
	{ "a driver that returns what it may not", driver_that_lies },
};

TAP_MAIN(cases)
