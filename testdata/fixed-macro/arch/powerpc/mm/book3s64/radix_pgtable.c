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
#endif
