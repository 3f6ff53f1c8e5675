/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_RISCV_PGTABLE_H
#define _ASM_RISCV_PGTABLE_H

#include <asm/page.h>
#include <asm-generic/pgtable.h>

#ifdef CONFIG_64BIT
#define VMEMMAP_START 0xffffffc700000000UL
#endif

#endif
