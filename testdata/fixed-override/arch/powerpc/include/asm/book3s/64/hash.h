/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_BOOK3S_64_HASH_H
#define _ASM_POWERPC_BOOK3S_64_HASH_H

/* The hardware's table is reached through the hypervisor, or not: hence pointers. */
struct mmu_hash_ops {
	long (*hpte_insert)(unsigned long group, unsigned long vpn, unsigned long pa,
			    unsigned long flags);
};

extern struct mmu_hash_ops mmu_hash_ops;

int htab_bolt_mapping(unsigned long start, unsigned long end, unsigned long phys,
		      unsigned long prot);
int hash__vmemmap_create_mapping(unsigned long start, unsigned long page_size,
				 unsigned long phys);
void hpte_init_native(void);

#endif
