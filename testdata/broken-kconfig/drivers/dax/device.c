/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Direct access as a device: its memory gets compound struct pages.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/memremap.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include "dax-private.h"

static int dev_dax_probe(struct dev_dax *dev_dax)
{
	struct device *dev = &dev_dax->dev;
	struct dev_pagemap *pgmap = dev_dax->pgmap;
	void *addr;
	int i;

	if (!pgmap) {
		pgmap = devm_kzalloc(dev, sizeof(*pgmap), GFP_KERNEL);
		if (!pgmap)
			return -ENOMEM;
		pgmap->nr_range = dev_dax->nr_range;
		for (i = 0; i < dev_dax->nr_range; i++)
			pgmap->ranges[i] = dev_dax->ranges[i];
		dev_dax->pgmap = pgmap;
	}

	pgmap->type = MEMORY_DEVICE_GENERIC;
	if (dev_dax->align > PAGE_SIZE)
		pgmap->vmemmap_shift = order_base_2(dev_dax->align >> PAGE_SHIFT);

	addr = devm_memremap_pages(dev, pgmap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	return 0;
}

static struct dax_device_driver device_dax_driver = {
	.name = "device_dax",
	.probe = dev_dax_probe,
};

static int __init dax_init(void)
{
	return dax_driver_register(&device_dax_driver);
}
module_init(dax_init);
