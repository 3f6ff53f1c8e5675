/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where the kernel begins.
 */
#include <linux/init.h>
#include <linux/mm.h>
#include "../mm/internal.h"

struct mm_struct init_mm;

static void __init mm_core_init(void)
{
	sparse_init();
	memmap_init_range(0, PAGES_PER_SECTION, 0);
	page_alloc_add(PAGES_PER_SECTION);
}

void __init start_kernel(void)
{
	paging_init();
	mm_core_init();
}
