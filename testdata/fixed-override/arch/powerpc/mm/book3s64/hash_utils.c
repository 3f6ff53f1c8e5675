/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Mappings that stay in the hash table for good: bolted.
 */
#include <linux/errno.h>
#include <linux/mm.h>

struct mmu_hash_ops mmu_hash_ops;

int htab_bolt_mapping(unsigned long start, unsigned long end, unsigned long phys,
		      unsigned long prot)
{
	unsigned long addr;
	int ret = 0;

	for (addr = start; addr < end; addr += PMD_SIZE, phys += PMD_SIZE) {
		unsigned long vpn = addr >> PAGE_SHIFT;

		ret = mmu_hash_ops.hpte_insert(vpn * 31, vpn, phys, prot);
		if (ret < 0)
			break;
	}
	return ret < 0 ? ret : 0;
}
