/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_BOOK3S_64_RADIX_H
#define _ASM_POWERPC_BOOK3S_64_RADIX_H

int radix__vmemmap_create_mapping(unsigned long start, unsigned long page_size,
				  unsigned long phys);

#endif
