/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_BOOK3S_64_PGTABLE_H
#define _ASM_POWERPC_BOOK3S_64_PGTABLE_H

#include <asm/book3s/64/hash.h>
#include <asm/book3s/64/radix.h>

#define VMEMMAP_START 0xc00c000000000000UL

/* One kernel serves both kinds of processor, and learns at boot which it has. */
static inline int vmemmap_create_mapping(unsigned long start, unsigned long page_size,
					 unsigned long phys)
{
	if (radix_enabled())
		return radix__vmemmap_create_mapping(start, page_size, phys);
	return hash__vmemmap_create_mapping(start, page_size, phys);
}

#endif
