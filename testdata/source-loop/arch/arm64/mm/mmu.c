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
static int __meminit vmemmap_populate_block(unsigned long addr, int node,
					    struct vmem_altmap *altmap)
{
	pgd_t *pgdp = vmemmap_pgd_populate(addr, node);
	pmd_t *pmdp;
	void *block;

	if (!pgdp)
		return -ENOMEM;
	pmdp = pmd_offset(pgdp, addr);
	if (!pmd_none(*pmdp))
		return 0;
	block = vmemmap_alloc_block_buf(PMD_SIZE, node, altmap);
	if (!block)
		return -ENOMEM;
	set_pmd(pmdp, (pmd_t){ __pa(block) | 0x711 });
	return 0;
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	unsigned long addr, next;

	if (!IS_ENABLED(CONFIG_ARM64_4K_PAGES))
		return vmemmap_populate_basepages(start, end, node, altmap);

	addr = start;
	do {
		next = pmd_addr_end(addr, end);
		if (vmemmap_populate_block(addr, node, altmap))
			return -ENOMEM;
	} while (addr = next, addr != end);
	return 0;
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
