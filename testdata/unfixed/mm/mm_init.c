/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Fills struct pages in.
 */
#include <linux/mm.h>
#include "internal.h"

void __meminit __init_single_page(struct page *page, unsigned long pfn, int nid)
{
	page->flags = (unsigned long)nid << 48 | pfn >> 48;
	page->compound_head = 0;
	page->_refcount = 1;
}

void __meminit memmap_init_range(unsigned long start_pfn, unsigned long nr_pages, int nid)
{
	unsigned long pfn;

	for (pfn = start_pfn; pfn < start_pfn + nr_pages; pfn++)
		__init_single_page(pfn_to_page(pfn), pfn, nid);
}
