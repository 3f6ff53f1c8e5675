/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Lasting memory as a disk. Its page map begins as zeros, and nothing here
 * asks for compound pages.
 */
#include <linux/device.h>
#include <linux/err.h>
#include <linux/memremap.h>
#include <linux/module.h>
#include <linux/slab.h>

struct pmem_device {
	phys_addr_t phys_addr;
	size_t size;
	void *virt_addr;
	struct dev_pagemap pgmap;
};

static int pmem_attach_disk(struct device *dev, phys_addr_t start, size_t size)
{
	struct pmem_device *pmem;
	void *addr;

	pmem = devm_kzalloc(dev, sizeof(*pmem), GFP_KERNEL);
	if (!pmem)
		return -ENOMEM;

	pmem->phys_addr = start;
	pmem->size = size;
	pmem->pgmap.ranges[0].start = start;
	pmem->pgmap.ranges[0].end = start + size - 1;
	pmem->pgmap.nr_range = 1;
	pmem->pgmap.type = MEMORY_DEVICE_FS_DAX;
	addr = devm_memremap_pages(dev, &pmem->pgmap);
	if (IS_ERR(addr))
		return PTR_ERR(addr);
	pmem->virt_addr = addr;
	return 0;
}

static int nd_pmem_probe(struct device *dev)
{
	return pmem_attach_disk(dev, dev->start, dev->size);
}

static struct device_driver nd_pmem_driver = {
	.name = "nd_pmem",
	.probe = nd_pmem_probe,
};

static int __init nd_pmem_init(void)
{
	return driver_register(&nd_pmem_driver);
}
module_init(nd_pmem_init);
