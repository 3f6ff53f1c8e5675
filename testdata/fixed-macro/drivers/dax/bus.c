/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Brings devices and drivers of direct access together.
 */
#include <linux/errno.h>
#include <linux/module.h>
#include "dax-private.h"

static struct dax_device_driver *drivers;

int dax_driver_register(struct dax_device_driver *driver)
{
	driver->next = drivers;
	drivers = driver;
	return 0;
}
EXPORT_SYMBOL_GPL(dax_driver_register);

int dax_bus_probe(struct dev_dax *dev_dax)
{
	struct dax_device_driver *driver;

	for (driver = drivers; driver; driver = driver->next)
		if (driver->probe && !driver->probe(dev_dax))
			return 0;
	return -ENODEV;
}
EXPORT_SYMBOL_GPL(dax_bus_probe);
