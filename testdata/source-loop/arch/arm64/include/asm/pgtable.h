/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef __ASM_PGTABLE_H
#define __ASM_PGTABLE_H

#include <asm/page.h>

#define PAGE_KERNEL ((pgprot_t){ 0x713 })
#define VMEMMAP_START 0xfffffc0000000000UL

#include <asm-generic/pgtable.h>

#endif
