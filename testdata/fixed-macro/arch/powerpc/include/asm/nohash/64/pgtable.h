/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_NOHASH_64_PGTABLE_H
#define _ASM_POWERPC_NOHASH_64_PGTABLE_H

#define VMEMMAP_START 0x8000000000000000UL

int vmemmap_create_mapping(unsigned long start, unsigned long page_size, unsigned long phys);

#endif
