/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of 64-bit x86.
 */
#include <linux/errno.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

unsigned long boot_cpu_features;

void __init paging_init(void)
{
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
}

/* Every process has a copy of the kernel's top level; this keeps them alike. */
void sync_global_pgds(unsigned long start, unsigned long end)
{
	unsigned long addr;

	for (addr = start; addr < end; addr += 1UL << PGDIR_SHIFT)
		if (pgd_none(*pgd_offset(&init_mm, addr)))
			return;
}

#ifdef CONFIG_MEMORY_HOTPLUG
int add_pages(int nid, unsigned long start_pfn, unsigned long nr_pages,
	      struct mhp_params *params)
{
	int ret = __add_pages(nid, start_pfn, nr_pages, params);

	WARN_ON_ONCE(ret);
	return ret;
}

int arch_add_memory(int nid, u64 start, u64 size, struct mhp_params *params)
{
	return add_pages(nid, PHYS_PFN(start), PHYS_PFN(size), params);
}
#endif

#ifdef CONFIG_SPARSEMEM_VMEMMAP
void __meminit vmemmap_set_pmd(pmd_t *pmd, void *p, int node, unsigned long addr,
			       unsigned long next)
{
	set_pmd(pmd, (pmd_t){ __pa(p) | 0x1e3 });
}

int __meminit vmemmap_check_pmd(pmd_t *pmd, int node, unsigned long addr, unsigned long next)
{
	vmemmap_verify((pte_t *)pmd, node, addr, next);
	return pmd->pmd & 0x80;
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	int err;

	if (boot_cpu_has(X86_FEATURE_PSE))
		err = vmemmap_populate_hugepages(start, end, node, altmap);
	else if (altmap)
		err = -ENOMEM;
	else
		err = vmemmap_populate_basepages(start, end, node, NULL);
	if (!err)
		sync_global_pgds(start, end - 1);
	return err;
}
#endif
