/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the kernel maps for itself on embedded processors.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#ifdef CONFIG_SPARSEMEM_VMEMMAP
static int map_kernel_page(unsigned long ea, unsigned long pa, pgprot_t prot)
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
	if (pmd_none(*pmdp)) {
		table = kzalloc(PAGE_SIZE, GFP_KERNEL);
		if (!table)
			return -ENOMEM;
		pmd_populate_kernel(&init_mm, pmdp, table);
	}
	set_pte_at(&init_mm, ea, pte_offset_kernel(pmdp, ea), pfn_pte(PHYS_PFN(pa), prot));
	return 0;
}

int __meminit vmemmap_create_mapping(unsigned long start, unsigned long page_size,
				     unsigned long phys)
{
	unsigned long at;

	for (at = 0; at < page_size; at += PAGE_SIZE)
		if (map_kernel_page(start + at, phys + at, PAGE_KERNEL))
			return -ENOMEM;
	return 0;
}
#endif
