/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_MEMREMAP_H
#define _LINUX_MEMREMAP_H

#include <linux/err.h>
#include <linux/range.h>

struct device;

/* Space on the device itself that may hold its struct pages. */
struct vmem_altmap {
	unsigned long base_pfn;
	unsigned long free;
	unsigned long alloc;
};

enum memory_type {
	MEMORY_DEVICE_PRIVATE = 1,
	MEMORY_DEVICE_FS_DAX,
	MEMORY_DEVICE_GENERIC,
};

#define PGMAP_ALTMAP_VALID (1 << 0)

struct dev_pagemap {
	struct vmem_altmap altmap;
	enum memory_type type;
	unsigned int flags;
	unsigned long vmemmap_shift;
	int nr_range;
	struct range ranges[4];
};

static inline struct vmem_altmap *pgmap_altmap(struct dev_pagemap *pgmap)
{
	return pgmap->flags & PGMAP_ALTMAP_VALID ? &pgmap->altmap : NULL;
}

/* How many pages hang together: one, unless the driver asked for more. */
static inline unsigned long pgmap_vmemmap_nr(struct dev_pagemap *pgmap)
{
	return 1UL << pgmap->vmemmap_shift;
}

#ifdef CONFIG_ZONE_DEVICE
void *memremap_pages(struct dev_pagemap *pgmap, int nid);
void *devm_memremap_pages(struct device *dev, struct dev_pagemap *pgmap);
#else
static inline void *devm_memremap_pages(struct device *dev, struct dev_pagemap *pgmap)
{
	return ERR_PTR(-ENXIO);
}
#endif

#endif
