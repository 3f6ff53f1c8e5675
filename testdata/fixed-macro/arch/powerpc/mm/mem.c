/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of powerpc.
 */
#include <linux/errno.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

struct cpu_spec *cur_cpu_spec;

static struct cpu_spec cpu_at_boot;

void __init paging_init(void)
{
	cur_cpu_spec = &cpu_at_boot;
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
#ifdef CONFIG_PPC_64S_HASH_MMU
	if (!radix_enabled())
		hpte_init_native();
#endif
}

#ifdef CONFIG_MEMORY_HOTPLUG
int __ref arch_add_memory(int nid, u64 start, u64 size, struct mhp_params *params)
{
	unsigned long start_pfn = PHYS_PFN(start);
	unsigned long nr_pages = PHYS_PFN(size);

	if (!nr_pages)
		return -EINVAL;
	return __add_pages(nid, start_pfn, nr_pages, params);
}
#endif
