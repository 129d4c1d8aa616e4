/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A backend need not be able to do all that a device can be asked for. The Makefile
 * includes this everywhere: a test that asks for what the backend has no member for
 * ends there as one that was skipped, and says which member. Whoever can do without
 * puts the name of the function in parentheses, and looks at -EOPNOTSUPP himself.
 */
#ifndef LACKING_H
#define LACKING_H

#include <stddef.h>

#include <devthp.h>

/* Where the reason of a test to be skipped goes; see SETUP_SAMPLE() and NEED(). */
void lacking_says(char *reason, size_t size);

/* Ends the test if the result says that the member is missing; see need.h. */
int lacking(const struct devthp_device *dev, const char *member, int result);

/* The same, if a child that has said nothing more ended for that reason. */
void lacking_in_child(void);

#define devthp_migrate_to_device(dev, ...) \
	lacking(dev, "migrate_to_device", devthp_migrate_to_device(dev, __VA_ARGS__))
#define devthp_migrate_to_system(dev, ...) \
	lacking(dev, "migrate_to_system", devthp_migrate_to_system(dev, __VA_ARGS__))
#define devthp_device_read(dev, ...) \
	lacking(dev, "read", devthp_device_read(dev, __VA_ARGS__))
#define devthp_device_write(dev, ...) \
	lacking(dev, "write", devthp_device_write(dev, __VA_ARGS__))
#define devthp_device_snapshot(dev, ...) \
	lacking(dev, "snapshot", devthp_device_snapshot(dev, __VA_ARGS__))
#define devthp_device_fail_alloc(dev, nth) \
	lacking(dev, "fail_alloc", devthp_device_fail_alloc(dev, nth))
#define devthp_device_evict(dev) \
	lacking(dev, "evict", devthp_device_evict(dev))
#define devthp_device_drain(dev, report) \
	lacking(dev, "drain", devthp_device_drain(dev, report))
#define devthp_device_usage(dev, report) \
	lacking(dev, "usage", devthp_device_usage(dev, report))
#define devthp_device_times(dev, report) \
	lacking(dev, "times", devthp_device_times(dev, report))
#define devthp_device_hold(dev, ...) \
	lacking(dev, "hold", devthp_device_hold(dev, __VA_ARGS__))
#define devthp_device_unhold(dev, ...) \
	lacking(dev, "unhold", devthp_device_unhold(dev, __VA_ARGS__))
#define devthp_device_hold_frames(dev, ...) \
	lacking(dev, "hold_frames", devthp_device_hold_frames(dev, __VA_ARGS__))
#define devthp_device_unhold_frames(dev, ...) \
	lacking(dev, "unhold_frames", devthp_device_unhold_frames(dev, __VA_ARGS__))
#define devthp_device_pause(dev, point) \
	lacking(dev, "pause", devthp_device_pause(dev, point))
#define devthp_device_pause_wait(dev, ...) \
	lacking(dev, "pause_wait", devthp_device_pause_wait(dev, __VA_ARGS__))
#define devthp_device_resume(dev, point) \
	lacking(dev, "resume", devthp_device_resume(dev, point))
#define devthp_device_exclusive(dev, ...) \
	lacking(dev, "exclusive", devthp_device_exclusive(dev, __VA_ARGS__))
#define devthp_device_is_exclusive(dev, ...) \
	lacking(dev, "is_exclusive", devthp_device_is_exclusive(dev, __VA_ARGS__))

#endif
