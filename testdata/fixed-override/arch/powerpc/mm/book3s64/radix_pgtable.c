/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the kernel maps for itself under the radix MMU: ordinary tables.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#ifdef CONFIG_SPARSEMEM_VMEMMAP
static int __map_kernel_page(unsigned long ea, unsigned long pa, pgprot_t flags)
{
	pgd_t *pgdp = pgd_offset_k(ea);
	pmd_t *pmdp;
	void *table;

	if (pgd_none(*pgdp)) {
		table = kzalloc(PAGE_SIZE, GFP_KERNEL);
		if (!table)
			return -ENOMEM;
		pgd_populate(&init_mm, pgdp, table);
	}
	pmdp = pmd_offset(pgdp, ea);
	set_pte_at(&init_mm, ea, (pte_t *)pmdp, pfn_pte(PHYS_PFN(pa), flags));
	return 0;
}

int __meminit radix__vmemmap_create_mapping(unsigned long start, unsigned long page_size,
					    unsigned long phys)
{
	return __map_kernel_page(start, phys, PAGE_KERNEL);
}

#ifdef CONFIG_ARCH_WANT_OPTIMIZE_DAX_VMEMMAP
/* Struct pages can be shared where tables map them, and not in the hash table. */
bool vmemmap_can_optimize(struct vmem_altmap *altmap, struct dev_pagemap *pgmap)
{
	if (radix_enabled())
		return __vmemmap_can_optimize(altmap, pgmap);

	return false;
}
#endif

static pte_t * __meminit radix__vmemmap_populate_address(unsigned long addr, int node,
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

int __meminit radix__vmemmap_populate(unsigned long start, unsigned long end, int node,
				      struct vmem_altmap *altmap)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += PAGE_SIZE)
		if (!radix__vmemmap_populate_address(addr, node, altmap, NULL))
			return -ENOMEM;
	return 0;
}

int __meminit vmemmap_populate_compound_pages(unsigned long start_pfn, unsigned long start,
					      unsigned long end, int node,
					      struct dev_pagemap *pgmap)
{
	unsigned long compound = pgmap_vmemmap_nr(pgmap) * sizeof(struct page);
	struct page *shared = NULL;
	unsigned long addr;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		unsigned long at = (addr - start) % compound;
		pte_t *pte;

		if (at <= PAGE_SIZE)
			shared = NULL;
		pte = radix__vmemmap_populate_address(addr, node, NULL, shared);
		if (!pte)
			return -ENOMEM;
		shared = pfn_to_page(pte_pfn(*pte));
	}
	return 0;
}
#endif
