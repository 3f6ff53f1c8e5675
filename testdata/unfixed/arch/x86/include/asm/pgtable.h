/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_X86_PGTABLE_H
#define _ASM_X86_PGTABLE_H

#include <asm/page.h>
#include <asm-generic/pgtable.h>

#ifdef CONFIG_X86_64
#define VMEMMAP_START 0xffffea0000000000UL

void sync_global_pgds(unsigned long start, unsigned long end);
#endif

#define X86_FEATURE_PSE 3
extern unsigned long boot_cpu_features;
#define boot_cpu_has(bit) (boot_cpu_features >> (bit) & 1)

#endif
