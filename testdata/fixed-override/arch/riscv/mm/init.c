/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of riscv.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

void __init paging_init(void)
{
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
}

#ifdef CONFIG_SPARSEMEM_VMEMMAP
int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	return vmemmap_populate_hugepages(start, end, node, altmap);
}

void __meminit vmemmap_set_pmd(pmd_t *pmd, void *p, int node, unsigned long addr,
			       unsigned long next)
{
	set_pmd(pmd, (pmd_t){ __pa(p) | 0xef });
}
#endif

#ifdef CONFIG_MEMORY_HOTPLUG
int __ref arch_add_memory(int nid, u64 start, u64 size, struct mhp_params *params)
{
	return __add_pages(nid, PHYS_PFN(start), PHYS_PFN(size), params);
}
#endif
