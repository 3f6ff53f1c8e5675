/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Fills struct pages in.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

static void __meminit __init_single_page(struct page *page, unsigned long pfn, int nid)
{
	page->flags = (unsigned long)nid << 48 | pfn >> 48;
	page->compound_head = 0;
	page->_refcount = 1;
}

#ifdef CONFIG_ZONE_DEVICE
/*
 * How many struct pages of a compound page have memory of their own. All,
 * unless vmemmap_populate_compound_pages() made the tails share one.
 */
static inline unsigned long compound_nr_pages(unsigned long pfn, struct vmem_altmap *altmap,
					      struct dev_pagemap *pgmap)
{
	/* A section from boot keeps the struct pages that it had. */
	if (early_section(__pfn_to_section(pfn)) || !vmemmap_can_optimize(altmap, pgmap))
		return pgmap_vmemmap_nr(pgmap);

	return VMEMMAP_RESERVE_NR * (PAGE_SIZE / sizeof(struct page));
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
				     compound_nr_pages(pfn, altmap, pgmap));
	}
}
#endif

void __meminit memmap_init_range(unsigned long start_pfn, unsigned long nr_pages, int nid)
{
	unsigned long pfn;

	for (pfn = start_pfn; pfn < start_pfn + nr_pages; pfn++)
		__init_single_page(pfn_to_page(pfn), pfn, nid);
}
