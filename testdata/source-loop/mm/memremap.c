/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Struct pages for the memory of devices.
 */
#include <linux/device.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>

static struct zone device_zone;

static int pagemap_range(struct dev_pagemap *pgmap, struct mhp_params *params, int range_id,
			 int nid)
{
	struct range *range = &pgmap->ranges[range_id];
	int error;

	if (range->start > range->end)
		return -EINVAL;

	/* Private memory is out of the CPU's reach: no linear mapping. */
	if (pgmap->type == MEMORY_DEVICE_PRIVATE)
		error = add_pages(nid, PHYS_PFN(range->start), PHYS_PFN(range_len(range)),
				  params);
	else
		error = arch_add_memory(nid, range->start, range_len(range), params);
	if (error)
		return error;

	memmap_init_zone_device(&device_zone, PHYS_PFN(range->start),
				PHYS_PFN(range_len(range)), pgmap);
	return 0;
}

void *memremap_pages(struct dev_pagemap *pgmap, int nid)
{
	struct mhp_params params = {
		.altmap = pgmap_altmap(pgmap),
		.pgmap = pgmap,
		.pgprot = PAGE_KERNEL,
	};
	int i, error;

	switch (pgmap->type) {
	case MEMORY_DEVICE_PRIVATE:
	case MEMORY_DEVICE_FS_DAX:
	case MEMORY_DEVICE_GENERIC:
		break;
	default:
		return ERR_PTR(-EINVAL);
	}

	for (i = 0; i < pgmap->nr_range; i++) {
		error = pagemap_range(pgmap, &params, i, nid);
		if (error)
			return ERR_PTR(error);
	}
	return __va(pgmap->ranges[0].start);
}
EXPORT_SYMBOL_GPL(memremap_pages);

void *devm_memremap_pages(struct device *dev, struct dev_pagemap *pgmap)
{
	return memremap_pages(pgmap, 0);
}
EXPORT_SYMBOL_GPL(devm_memremap_pages);
