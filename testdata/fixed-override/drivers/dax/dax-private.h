/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef DAX_PRIVATE_H
#define DAX_PRIVATE_H

#include <linux/device.h>
#include <linux/range.h>

struct dev_pagemap;

/* One device of direct access, made of ranges of memory. */
struct dev_dax {
	struct device dev;
	struct dev_pagemap *pgmap;
	unsigned long align;
	int target_node;
	int nr_range;
	struct range ranges[4];
};

struct dax_device_driver {
	const char *name;
	int (*probe)(struct dev_dax *dev_dax);
	void (*remove)(struct dev_dax *dev_dax);
	struct dax_device_driver *next;
};

int dax_driver_register(struct dax_device_driver *driver);
int dax_bus_probe(struct dev_dax *dev_dax);

#endif
