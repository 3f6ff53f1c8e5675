/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_GENERIC_PGTABLE_H
#define _ASM_GENERIC_PGTABLE_H

#include <linux/types.h>

struct mm_struct;

#define PGDIR_SHIFT 30
#define ENTRY_PRESENT 1UL

#ifndef PAGE_KERNEL
#define PAGE_KERNEL ((pgprot_t){ 0x63 })
#endif

#define pgd_index(address) (((address) >> PGDIR_SHIFT) & 511)
#define pmd_index(address) (((address) >> PMD_SHIFT) & 511)
#define pte_index(address) (((address) >> PAGE_SHIFT) & 511)

static inline bool pgd_none(pgd_t pgd)
{
	return !pgd.pgd;
}

static inline bool pmd_none(pmd_t pmd)
{
	return !pmd.pmd;
}

static inline bool pte_none(pte_t pte)
{
	return !pte.pte;
}

static inline unsigned long pte_pfn(pte_t pte)
{
	return pte.pte >> PAGE_SHIFT;
}

static inline pte_t pfn_pte(unsigned long pfn, pgprot_t prot)
{
	return (pte_t){ pfn << PAGE_SHIFT | prot.pgprot | ENTRY_PRESENT };
}

static inline pmd_t *pmd_offset(pgd_t *pgd, unsigned long address)
{
	return (pmd_t *)__va(pgd->pgd & ~(PAGE_SIZE - 1)) + pmd_index(address);
}

static inline pte_t *pte_offset_kernel(pmd_t *pmd, unsigned long address)
{
	return (pte_t *)__va(pmd->pmd & ~(PAGE_SIZE - 1)) + pte_index(address);
}

static inline void set_pte(pte_t *ptep, pte_t pte)
{
	*ptep = pte;
}

static inline void set_pmd(pmd_t *pmdp, pmd_t pmd)
{
	*pmdp = pmd;
}

static inline void set_pte_at(struct mm_struct *mm, unsigned long address, pte_t *ptep, pte_t pte)
{
	set_pte(ptep, pte);
}

static inline void pgd_populate(struct mm_struct *mm, pgd_t *pgd, void *table)
{
	pgd->pgd = __pa(table) | ENTRY_PRESENT;
}

static inline void pmd_populate_kernel(struct mm_struct *mm, pmd_t *pmd, void *table)
{
	set_pmd(pmd, (pmd_t){ __pa(table) | ENTRY_PRESENT });
}

#endif
