/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of 32-bit x86: neither a vmemmap nor hotplug.
 */
#include <linux/mm.h>

unsigned long boot_cpu_features;

void __init paging_init(void)
{
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
}
