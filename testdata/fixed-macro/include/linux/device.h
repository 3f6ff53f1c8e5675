/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_DEVICE_H
#define _LINUX_DEVICE_H

#include <linux/types.h>

struct device {
	const char *name;
	phys_addr_t start;
	size_t size;
};

struct device_driver {
	const char *name;
	int (*probe)(struct device *dev);
};

int device_register(struct device *dev);
int driver_register(struct device_driver *driver);
void *devm_kzalloc(struct device *dev, size_t size, gfp_t flags);

#endif
