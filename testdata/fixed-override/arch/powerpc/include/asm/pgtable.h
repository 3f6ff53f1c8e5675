/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_PGTABLE_H
#define _ASM_POWERPC_PGTABLE_H

#include <asm/page.h>
#include <asm/mmu.h>

#define PAGE_KERNEL ((pgprot_t){ 0x18e })

#include <asm-generic/pgtable.h>

#ifdef CONFIG_PPC_BOOK3S_64
#include <asm/book3s/64/pgtable.h>
#endif
#ifdef CONFIG_PPC_BOOK3E_64
#include <asm/nohash/64/pgtable.h>
#endif

#endif
