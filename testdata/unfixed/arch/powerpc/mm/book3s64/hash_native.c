/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The hash table where no hypervisor guards it.
 */
#include <linux/mm.h>

static struct { unsigned long v, r; } htab[4096];

static long native_hpte_insert(unsigned long group, unsigned long vpn, unsigned long pa,
			       unsigned long flags)
{
	unsigned long slot = group % 4096;

	if (htab[slot].v)
		return -1;
	htab[slot].r = pa | flags;
	htab[slot].v = vpn << 7 | 1;
	return slot;
}

void __init hpte_init_native(void)
{
	mmu_hash_ops.hpte_insert = native_hpte_insert;
}
