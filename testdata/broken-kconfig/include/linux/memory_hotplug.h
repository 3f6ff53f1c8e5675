/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_MEMORY_HOTPLUG_H
#define _LINUX_MEMORY_HOTPLUG_H

#include <linux/errno.h>
#include <linux/mm_types.h>
#include <linux/pgtable.h>

struct dev_pagemap;
struct vmem_altmap;
struct zone;

/* What comes along with new memory. */
struct mhp_params {
	struct vmem_altmap *altmap;
	pgprot_t pgprot;
	struct dev_pagemap *pgmap;
};

#ifdef CONFIG_MEMORY_HOTPLUG
int arch_add_memory(int nid, u64 start, u64 size, struct mhp_params *params);
int __add_pages(int nid, unsigned long start_pfn, unsigned long nr_pages,
		struct mhp_params *params);
int add_memory_resource(int nid, u64 start, u64 size);
int add_memory_driver_managed(int nid, u64 start, u64 size, const char *name);

#ifndef CONFIG_ARCH_HAS_ADD_PAGES
static inline int add_pages(int nid, unsigned long start_pfn, unsigned long nr_pages,
			    struct mhp_params *params)
{
	return __add_pages(nid, start_pfn, nr_pages, params);
}
#else
int add_pages(int nid, unsigned long start_pfn, unsigned long nr_pages,
	      struct mhp_params *params);
#endif
#else
static inline int add_memory_driver_managed(int nid, u64 start, u64 size, const char *name)
{
	return -EINVAL;
}
#endif

#ifdef CONFIG_SPARSEMEM
int sparse_add_section(int nid, unsigned long pfn, unsigned long nr_pages,
		       struct vmem_altmap *altmap, struct dev_pagemap *pgmap);
#endif

#ifdef CONFIG_ZONE_DEVICE
void memmap_init_zone_device(struct zone *zone, unsigned long start_pfn,
			     unsigned long nr_pages, struct dev_pagemap *pgmap);
#endif

#endif
