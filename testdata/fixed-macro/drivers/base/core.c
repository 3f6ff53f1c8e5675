/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Devices, and the drivers that want them.
 */
#include <linux/device.h>
#include <linux/errno.h>
#include <linux/module.h>
#include <linux/slab.h>

static struct device *devices[16];
static unsigned int nr_devices;

int device_register(struct device *dev)
{
	if (nr_devices == 16)
		return -ENOMEM;
	devices[nr_devices++] = dev;
	return 0;
}
EXPORT_SYMBOL_GPL(device_register);

int driver_register(struct device_driver *driver)
{
	unsigned int i;

	for (i = 0; i < nr_devices; i++)
		if (driver->probe(devices[i]) == 0)
			return 0;
	return -ENODEV;
}
EXPORT_SYMBOL_GPL(driver_register);

void *devm_kzalloc(struct device *dev, size_t size, gfp_t flags)
{
	return kzalloc(size, flags);
}
EXPORT_SYMBOL_GPL(devm_kzalloc);
