/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sections of memory, and the struct pages of each.
 */
#include <linux/err.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "internal.h"

struct mem_section mem_section[NR_MEM_SECTIONS];

#ifndef CONFIG_SPARSEMEM_VMEMMAP
struct page __init *__populate_section_memmap(unsigned long pfn, unsigned long nr_pages,
		int nid, struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
	return memblock_alloc(nr_pages * sizeof(struct page), nid);
}
#endif

static void __init sparse_init_nid(int nid, unsigned long first, unsigned long last)
{
	unsigned long nr;

	for (nr = first; nr < last; nr++) {
		struct page *map;

		map = __populate_section_memmap(nr << PFN_SECTION_SHIFT, PAGES_PER_SECTION,
						nid, NULL, NULL);
		if (!map)
			return;
		mem_section[nr].section_mem_map = (unsigned long)map | SECTION_IS_EARLY;
	}
}

void __init sparse_init(void)
{
	sparse_init_nid(0, 0, 16);
}

#ifdef CONFIG_MEMORY_HOTPLUG
#ifdef CONFIG_SPARSEMEM_VMEMMAP
static struct page * __meminit populate_section_memmap(unsigned long pfn,
		unsigned long nr_pages, int nid, struct vmem_altmap *altmap,
		struct dev_pagemap *pgmap)
{
	return __populate_section_memmap(pfn, nr_pages, nid, altmap, pgmap);
}
#else
static struct page * __meminit populate_section_memmap(unsigned long pfn,
		unsigned long nr_pages, int nid, struct vmem_altmap *altmap,
		struct dev_pagemap *pgmap)
{
	return kzalloc(nr_pages * sizeof(struct page), GFP_KERNEL);
}
#endif

static struct page * __meminit section_activate(int nid, unsigned long pfn,
		unsigned long nr_pages, struct vmem_altmap *altmap,
		struct dev_pagemap *pgmap)
{
	struct mem_section *section = __pfn_to_section(pfn);
	struct page *memmap;

	if (!section->usage) {
		section->usage = kzalloc(sizeof(*section->usage), GFP_KERNEL);
		if (!section->usage)
			return ERR_PTR(-ENOMEM);
	}

	/* What boot made of this section serves its other parts too. */
	if (nr_pages < PAGES_PER_SECTION && early_section(section))
		return pfn_to_page(pfn);

	memmap = populate_section_memmap(pfn, nr_pages, nid, altmap, pgmap);
	if (!memmap)
		return ERR_PTR(-ENOMEM);
	return memmap;
}

int __meminit sparse_add_section(int nid, unsigned long pfn, unsigned long nr_pages,
				 struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
	struct page *memmap = section_activate(nid, pfn, nr_pages, altmap, pgmap);

	if (IS_ERR(memmap))
		return PTR_ERR(memmap);
	__pfn_to_section(pfn)->section_mem_map = (unsigned long)memmap;
	return 0;
}
#endif
