/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory that arrives on s390: there is hotplug, but no memory of devices.
 */
#include <linux/errno.h>
#include <linux/memory_hotplug.h>
#include <linux/mm.h>

unsigned long vmemmap_start;

void __init paging_init(void)
{
	vmemmap_start = 1UL << 46;
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
}

#ifdef CONFIG_MEMORY_HOTPLUG
int arch_add_memory(int nid, u64 start, u64 size, struct mhp_params *params)
{
	if (params->altmap)
		return -EINVAL;
	return __add_pages(nid, PHYS_PFN(start), PHYS_PFN(size), params);
}
#endif
