/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of alpha: sections perhaps, a vmemmap never.
 */
#include <linux/mm.h>

void __init paging_init(void)
{
	init_mm.pgd = memblock_alloc(PAGE_SIZE, 0);
}
