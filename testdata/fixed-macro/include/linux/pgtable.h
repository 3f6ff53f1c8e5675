/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_PGTABLE_H
#define _LINUX_PGTABLE_H

#include <linux/mm_types.h>
#include <asm/pgtable.h>

extern struct mm_struct init_mm;

#ifndef pgd_offset
#define pgd_offset(mm, address) ((mm)->pgd + pgd_index(address))
#endif

/* An entry of the kernel's own tables. */
#ifndef pgd_offset_k
#define pgd_offset_k(address) pgd_offset(&init_mm, (address))
#endif

static inline unsigned long pmd_addr_end(unsigned long addr, unsigned long end)
{
	unsigned long boundary = (addr + PMD_SIZE) & ~(PMD_SIZE - 1);

	return boundary - 1 < end - 1 ? boundary : end;
}

#endif
