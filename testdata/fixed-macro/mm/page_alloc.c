/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Pages, given out and taken back.
 */
#include <linux/mm.h>

int mem_broken;
#ifndef CONFIG_SPARSEMEM_VMEMMAP
struct page *mem_map;
#endif
static unsigned long nr_free;

void page_alloc_add(unsigned long nr_pages)
{
	nr_free += nr_pages;
}
