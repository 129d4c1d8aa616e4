/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A matrix of states and operations: a fixture whose variants are the states.
 * MATRIX(fixture, FOR_EACH_STATE), and then each TEST_F(fixture, operation)
 * runs in each of them, on self->scene, with counters compared at its end.
 */
#ifndef MATRIX_H
#define MATRIX_H

#include "harness.h"
#include "need.h"
#include "scene.h"

/*
 * States as variants of a fixture whose FIXTURE_VARIANT has "state":
 * FOR_EACH_STATE(STATE_VARIANT, fixture)
 */
#define STATE_VARIANT(name, fixture)					\
	FIXTURE_VARIANT_ADD(fixture, name) { .state = &state_##name };	\
	static void __attribute__((constructor(KSELFTEST_PRIO_XFAIL + 1)))	\
		_##fixture##_in_##name##_may_be_left_out(void)		\
	{								\
		if (state_is_left_out(&state_##name))			\
			leave_out(&_##fixture##_fixture_object,		\
				  &_##fixture##_##name##_object);	\
	}

#define MATRIX(fixture, states)						\
	FIXTURE(fixture)						\
	{								\
		struct scene scene;					\
	};								\
	FIXTURE_VARIANT(fixture)					\
	{								\
		const struct state *state;				\
	};								\
	states(STATE_VARIANT, fixture)					\
	FIXTURE_SETUP(fixture)						\
	{								\
		SETUP_SCENE(&self->scene, variant->state);		\
	}								\
	FIXTURE_TEARDOWN(fixture)					\
	{								\
		TEARDOWN_SCENE(&self->scene);				\
	}

/* For fixtures of another kind, with a scene in them. */
#define SETUP_SCENE(scene, state)					\
do {									\
	NEED(state_needed, state);					\
	SETUP_BASELINE(&(scene)->baseline);				\
	SETUP_SAMPLE(&(scene)->sample, 1);				\
	ASSERT_RIGHT(scene_enter_cgroup(scene));			\
	ASSERT_RIGHT(scene_set(scene, state));				\
} while (0)

/* The same where a cgroup is needed. */
#define SETUP_SCENE_IN_CGROUP(scene, state)				\
do {									\
	NEED(memcg_needed);						\
	SETUP_SCENE(scene, state);					\
} while (0)

/* After a failure, what is left over is no news. */
#define TEARDOWN_SCENE(scene)						\
do {									\
	const char *end = scene_end(scene);				\
									\
	if (__test_passed(_metadata))					\
		ASSERT_RIGHT(end);					\
} while (0)

#endif
