/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory that arrives while the kernel runs.
 */
#include <linux/memory_hotplug.h>
#include <linux/mm.h>
#include <linux/module.h>

int __ref __add_pages(int nid, unsigned long start_pfn, unsigned long nr_pages,
		      struct mhp_params *params)
{
	unsigned long end_pfn = start_pfn + nr_pages;
	unsigned long pfn, step;
	int err = 0;

	for (pfn = start_pfn; pfn < end_pfn && !err; pfn += step) {
		step = PAGES_PER_SECTION - (pfn & (PAGES_PER_SECTION - 1));
		if (step > end_pfn - pfn)
			step = end_pfn - pfn;
		err = sparse_add_section(nid, pfn, step, params->altmap, params->pgmap);
	}
	return err;
}

/* Ordinary memory: it has a protection, and no page map. */
int __ref add_memory_resource(int nid, u64 start, u64 size)
{
	struct mhp_params params = { .pgprot = PAGE_KERNEL };

	return arch_add_memory(nid, start, size, &params);
}

int add_memory_driver_managed(int nid, u64 start, u64 size, const char *name)
{
	if (!name || !*name)
		return -EINVAL;
	return add_memory_resource(nid, start, size);
}
EXPORT_SYMBOL_GPL(add_memory_driver_managed);
