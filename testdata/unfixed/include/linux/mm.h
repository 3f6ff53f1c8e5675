/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_MM_H
#define _LINUX_MM_H

#include <linux/init.h>
#include <linux/log2.h>
#include <linux/memremap.h>
#include <linux/mmzone.h>
#include <linux/pgtable.h>

#define PHYS_PFN(address) ((unsigned long)((address) >> PAGE_SHIFT))
#define PFN_PHYS(pfn) ((phys_addr_t)(pfn) << PAGE_SHIFT)

#define IS_ALIGNED(value, to) (((value) & ((to) - 1)) == 0)

extern int mem_broken;
#define WARN_ON_ONCE(condition) ((condition) ? (mem_broken = 1) : 0)

/* Each architecture sets its own tables up. */
void paging_init(void);

void *memblock_alloc(size_t size, int nid);
void *vmemmap_alloc_block_buf(unsigned long size, int node, struct vmem_altmap *altmap);
void vmemmap_verify(pte_t *pte, int node, unsigned long start, unsigned long end);

pgd_t *vmemmap_pgd_populate(unsigned long addr, int node);
pmd_t *vmemmap_pmd_populate(pgd_t *pgd, unsigned long addr, int node);
pte_t *vmemmap_pte_populate(pmd_t *pmd, unsigned long addr, int node,
			    struct vmem_altmap *altmap, struct page *reuse);
int vmemmap_populate_basepages(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap);
int vmemmap_populate(unsigned long start, unsigned long end, int node,
		     struct vmem_altmap *altmap);
void memmap_init_range(unsigned long start_pfn, unsigned long nr_pages, int nid);
void page_alloc_add(unsigned long nr_pages);
struct page *__populate_section_memmap(unsigned long pfn, unsigned long nr_pages, int nid,
				       struct vmem_altmap *altmap, struct dev_pagemap *pgmap);

#endif
