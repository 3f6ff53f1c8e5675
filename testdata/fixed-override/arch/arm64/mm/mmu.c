/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Page tables of arm64.
 */
#include <linux/errno.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

void __init paging_init(void)
{
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
}

#ifdef CONFIG_SPARSEMEM_VMEMMAP
void __meminit vmemmap_set_pmd(pmd_t *pmdp, void *p, int node, unsigned long addr,
			       unsigned long next)
{
	set_pmd(pmdp, (pmd_t){ __pa(p) | 0x711 });
}

int __meminit vmemmap_check_pmd(pmd_t *pmdp, int node, unsigned long addr, unsigned long next)
{
	vmemmap_verify((pte_t *)pmdp, node, addr, next);
	return 1;
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	if (!IS_ENABLED(CONFIG_ARM64_4K_PAGES))
		return vmemmap_populate_basepages(start, end, node, altmap);
	return vmemmap_populate_hugepages(start, end, node, altmap);
}
#endif

#ifdef CONFIG_MEMORY_HOTPLUG
int arch_add_memory(int nid, u64 start, u64 size, struct mhp_params *params)
{
	if (!params->pgprot.pgprot)
		return -EINVAL;
	return __add_pages(nid, PHYS_PFN(start), PHYS_PFN(size), params);
}
#endif
