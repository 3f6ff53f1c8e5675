/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of riscv.
 */
#include <linux/mm.h>

void __init paging_init(void)
{
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
}

#ifdef CONFIG_SPARSEMEM_VMEMMAP
int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	return vmemmap_populate_basepages(start, end, node, NULL);
}
#endif
