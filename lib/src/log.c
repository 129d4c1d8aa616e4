// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#include "internal.h"
#include "log.h"

#define MESSAGE_MAX	512

/* Whoever is told holds the lock, so that none is told any more once it was replaced. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static devthp_log_fn *listener;
static void *listener_context;
/* Of what is listened to; looked at without the lock first. */
static atomic_uint max_level;

/* The listener of this thread is at work: what it calls here is not logged. */
static __thread bool telling;

/*
 * A child has the lock as it was, and not the thread that would let go of it: nobody
 * forks while another is told. Who is told himself has it already, in the child too.
 */
static void before_fork(void)
{
	if (!telling)
		pthread_mutex_lock(&lock);
}

static void after_fork(void)
{
	if (!telling)
		pthread_mutex_unlock(&lock);
}

int devthp_log_set(devthp_log_fn *fn, void *context, unsigned int level)
{
	static bool forks_well;
	int ret = 0;

	if (level > DEVTHP_LOG_DEBUG)
		return -EINVAL;
	if (telling)
		return -EDEADLK;
	pthread_mutex_lock(&lock);
	if (!forks_well)
		ret = -pthread_atfork(before_fork, after_fork, after_fork);
	if (!ret) {
		forks_well = true;
		listener = fn;
		listener_context = context;
		atomic_store_explicit(&max_level, fn ? level : 0, memory_order_relaxed);
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

static void tell(unsigned int level, const char *message)
{
	telling = true;
	pthread_mutex_lock(&lock);
	if (listener && level <= atomic_load_explicit(&max_level, memory_order_relaxed))
		listener(listener_context, level, message);
	pthread_mutex_unlock(&lock);
	telling = false;
}

void devthp_log(unsigned int level, int err, const char *format, ...)
{
	char message[MESSAGE_MAX];
	va_list args;

	if (level > atomic_load_explicit(&max_level, memory_order_relaxed) || telling)
		return;
	DEVTHP_KEEP_ERRNO;
	va_start(args, format);
	errno = -err;
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	tell(level, message);
}

int devthp_refuse(const char *call, const char *argument)
{
	devthp_log(DEVTHP_LOG_ERROR, 0, "%s: %s refused", call, argument);
	return -EINVAL;
}
