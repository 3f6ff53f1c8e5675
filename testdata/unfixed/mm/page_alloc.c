/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pages, given out and taken back.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include "internal.h"

int mem_broken;
#ifndef CONFIG_SPARSEMEM_VMEMMAP
struct page *mem_map;
#endif
static unsigned long nr_free;

void page_alloc_add(unsigned long nr_pages)
{
	nr_free += nr_pages;
}

#ifdef CONFIG_ZONE_DEVICE
/*
 * How many struct pages of a compound page have memory of their own. All,
 * unless vmemmap_populate_compound_pages() made the tails share one.
 */
static inline unsigned long compound_nr_pages(struct vmem_altmap *altmap,
					      unsigned long nr_pages)
{
	return is_power_of_2(sizeof(struct page)) &&
		!altmap ? 2 * (PAGE_SIZE / sizeof(struct page)) : nr_pages;
}

static void __ref memmap_init_compound(struct page *head, unsigned long head_pfn, int nid,
				       struct dev_pagemap *pgmap, unsigned long nr_pages)
{
	unsigned long i;

	head->compound_order = pgmap->vmemmap_shift;
	for (i = 1; i < nr_pages; i++) {
		__init_single_page(head + i, head_pfn + i, nid);
		head[i].compound_head = (unsigned long)head | 1;
	}
}

void __ref memmap_init_zone_device(struct zone *zone, unsigned long start_pfn,
				   unsigned long nr_pages, struct dev_pagemap *pgmap)
{
	struct vmem_altmap *altmap = pgmap_altmap(pgmap);
	unsigned long step = pgmap_vmemmap_nr(pgmap);
	unsigned long pfn;

	for (pfn = start_pfn; pfn < start_pfn + nr_pages; pfn += step) {
		struct page *page = pfn_to_page(pfn);

		__init_single_page(page, pfn, zone->node);
		page->pgmap = pgmap;
		if (step == 1)
			continue;
		memmap_init_compound(page, pfn, zone->node, pgmap,
				     compound_nr_pages(altmap, step));
	}
}
#endif
