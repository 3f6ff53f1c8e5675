/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * s390 walks its tables itself.
 */
#include <linux/errno.h>
#include <linux/mm.h>

#ifdef CONFIG_SPARSEMEM_VMEMMAP
static int __meminit add_pte(pmd_t *pmd, unsigned long addr, int node)
{
	pte_t *pte = pte_offset_kernel(pmd, addr);
	void *block;

	if (!pte_none(*pte))
		return 0;
	block = vmemmap_alloc_block_buf(PAGE_SIZE, node, NULL);
	if (!block)
		return -ENOMEM;
	set_pte(pte, pfn_pte(PHYS_PFN(__pa(block)), PAGE_KERNEL));
	return 0;
}

static int __meminit add_page(unsigned long addr, int node)
{
	pgd_t *pgd = pgd_offset_k(addr);
	pmd_t *pmd;
	void *table;

	if (pgd_none(*pgd)) {
		table = vmemmap_alloc_block_buf(PAGE_SIZE, node, NULL);
		if (!table)
			return -ENOMEM;
		pgd_populate(&init_mm, pgd, table);
	}
	pmd = pmd_offset(pgd, addr);
	if (pmd_none(*pmd)) {
		table = vmemmap_alloc_block_buf(PAGE_SIZE, node, NULL);
		if (!table)
			return -ENOMEM;
		pmd_populate_kernel(&init_mm, pmd, table);
	}
	return add_pte(pmd, addr, node);
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	unsigned long addr;
	int rc;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		rc = add_page(addr, node);
		if (rc)
			return rc;
	}
	return 0;
}
#endif
