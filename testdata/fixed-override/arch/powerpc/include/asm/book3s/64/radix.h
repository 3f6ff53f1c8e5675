/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_BOOK3S_64_RADIX_H
#define _ASM_POWERPC_BOOK3S_64_RADIX_H

int radix__vmemmap_create_mapping(unsigned long start, unsigned long page_size,
				  unsigned long phys);

struct dev_pagemap;
struct vmem_altmap;

int radix__vmemmap_populate(unsigned long start, unsigned long end, int node,
			    struct vmem_altmap *altmap);

#ifdef CONFIG_ARCH_WANT_OPTIMIZE_DAX_VMEMMAP
#define vmemmap_can_optimize vmemmap_can_optimize
bool vmemmap_can_optimize(struct vmem_altmap *altmap, struct dev_pagemap *pgmap);
#endif

#define vmemmap_populate_compound_pages vmemmap_populate_compound_pages
int vmemmap_populate_compound_pages(unsigned long start_pfn, unsigned long start,
				    unsigned long end, int node, struct dev_pagemap *pgmap);

#endif
