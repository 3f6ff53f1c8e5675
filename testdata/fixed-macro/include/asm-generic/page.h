/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_GENERIC_PAGE_H
#define _ASM_GENERIC_PAGE_H

#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PMD_SHIFT 21
#define PMD_SIZE (1UL << PMD_SHIFT)

typedef struct { unsigned long pgd; } pgd_t;
typedef struct { unsigned long pmd; } pmd_t;
typedef struct { unsigned long pte; } pte_t;
typedef struct { unsigned long pgprot; } pgprot_t;

#ifndef PAGE_OFFSET
#define PAGE_OFFSET 0UL
#endif

#define __va(physical) ((void *)((unsigned long)(physical) + PAGE_OFFSET))
#define __pa(address) ((unsigned long)(address) - PAGE_OFFSET)

#endif
