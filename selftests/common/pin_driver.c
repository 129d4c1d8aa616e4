// SPDX-License-Identifier: GPL-2.0
/*
 * The driver of the device pins what the CPU has mapped, as for DMA from and to
 * system memory, for writing and for a short time.
 */
#include <string.h>

#include <devthp.h>

#include "driver.h"
#include "pin_kind.h"
#include "verdict.h"

int pin_driver_needed(const char **why)
{
	return driver_needed(why);
}

const char *pin_driver_take(struct pin *pin)
{
	struct devthp_device *driver;
	const char *verdict;

	CHECK(driver_open(&driver));
	verdict = driver_pin(driver, pin->addr, pin->npages);
	if (is_right(verdict))
		pin->holder = driver;
	else
		devthp_device_close(driver);
	return verdict;
}

/* It does not look at what it pins: the copy is what the CPU sees. */
const char *pin_driver_drop(struct pin *pin, void *copy)
{
	struct devthp_device *driver = pin->holder;
	const char *verdict;

	if (copy)
		memcpy(copy, pin->addr, pin->npages * devthp_page_size());
	verdict = driver_let_go(driver, pin->addr, pin->npages, pin->npages);
	devthp_device_close(driver);
	return verdict;
}
