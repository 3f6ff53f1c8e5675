/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Struct pages of all sections, side by side in virtual memory.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

void * __meminit vmemmap_alloc_block_buf(unsigned long size, int node,
					 struct vmem_altmap *altmap)
{
	if (altmap) {
		unsigned long pfn = altmap->base_pfn + altmap->alloc;

		if (altmap->free - altmap->alloc < PHYS_PFN(size))
			return NULL;
		altmap->alloc += PHYS_PFN(size);
		return __va(PFN_PHYS(pfn));
	}
	return kzalloc(size, GFP_KERNEL);
}

void __meminit vmemmap_verify(pte_t *pte, int node, unsigned long start, unsigned long end)
{
	WARN_ON_ONCE(pte_none(*pte));
}

pgd_t * __meminit vmemmap_pgd_populate(unsigned long addr, int node)
{
	pgd_t *pgd = pgd_offset_k(addr);

	if (pgd_none(*pgd)) {
		void *table = vmemmap_alloc_block_buf(PAGE_SIZE, node, NULL);

		if (!table)
			return NULL;
		pgd_populate(&init_mm, pgd, table);
	}
	return pgd;
}

pmd_t * __meminit vmemmap_pmd_populate(pgd_t *pgd, unsigned long addr, int node)
{
	pmd_t *pmd = pmd_offset(pgd, addr);

	if (pmd_none(*pmd)) {
		void *table = vmemmap_alloc_block_buf(PAGE_SIZE, node, NULL);

		if (!table)
			return NULL;
		pmd_populate_kernel(&init_mm, pmd, table);
	}
	return pmd;
}

pte_t * __meminit vmemmap_pte_populate(pmd_t *pmd, unsigned long addr, int node,
				       struct vmem_altmap *altmap, struct page *reuse)
{
	pte_t *pte = pte_offset_kernel(pmd, addr);

	if (pte_none(*pte)) {
		unsigned long pfn;

		if (reuse) {
			pfn = page_to_pfn(reuse);
		} else {
			void *block = vmemmap_alloc_block_buf(PAGE_SIZE, node, altmap);

			if (!block)
				return NULL;
			pfn = PHYS_PFN(__pa(block));
		}
		set_pte_at(&init_mm, addr, pte, pfn_pte(pfn, PAGE_KERNEL));
	}
	return pte;
}

static pte_t * __meminit vmemmap_populate_address(unsigned long addr, int node,
						  struct vmem_altmap *altmap,
						  struct page *reuse)
{
	pgd_t *pgd = vmemmap_pgd_populate(addr, node);
	pmd_t *pmd;

	if (!pgd)
		return NULL;
	pmd = vmemmap_pmd_populate(pgd, addr, node);
	if (!pmd)
		return NULL;
	return vmemmap_pte_populate(pmd, addr, node, altmap, reuse);
}

static int __meminit vmemmap_populate_range(unsigned long start, unsigned long end, int node,
					    struct vmem_altmap *altmap, struct page *reuse)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += PAGE_SIZE)
		if (!vmemmap_populate_address(addr, node, altmap, reuse))
			return -ENOMEM;
	return 0;
}

int __meminit vmemmap_populate_basepages(unsigned long start, unsigned long end, int node,
					 struct vmem_altmap *altmap)
{
	return vmemmap_populate_range(start, end, node, altmap, NULL);
}

/*
 * Gives each compound page two pages of struct pages, and maps the second of
 * them again and again for all the tails.
 */
static int __meminit vmemmap_populate_compound_pages(unsigned long start_pfn,
						     unsigned long start, unsigned long end,
						     int node, struct dev_pagemap *pgmap)
{
	unsigned long size = pgmap_vmemmap_nr(pgmap) * sizeof(struct page);
	unsigned long addr;
	pte_t *tail;

	if (size > end - start)
		size = end - start;
	for (addr = start; addr < end; addr += size) {
		if (!vmemmap_populate_address(addr, node, NULL, NULL))
			return -ENOMEM;
		tail = vmemmap_populate_address(addr + PAGE_SIZE, node, NULL, NULL);
		if (!tail)
			return -ENOMEM;
		if (vmemmap_populate_range(addr + 2 * PAGE_SIZE, addr + size, node, NULL,
					   pfn_to_page(pte_pfn(*tail))))
			return -ENOMEM;
	}
	return 0;
}

struct page * __meminit __populate_section_memmap(unsigned long pfn, unsigned long nr_pages,
		int nid, struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
	unsigned long start = (unsigned long)pfn_to_page(pfn);
	unsigned long end = start + nr_pages * sizeof(struct page);
	int rc;

	if (WARN_ON_ONCE(!IS_ALIGNED(pfn | nr_pages, PAGES_PER_SUBSECTION)))
		return NULL;

	if (vmemmap_can_optimize(altmap, pgmap))
		rc = vmemmap_populate_compound_pages(pfn, start, end, nid, pgmap);
	else
		rc = vmemmap_populate(start, end, nid, altmap);

	return rc < 0 ? NULL : pfn_to_page(pfn);
}
