/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_MMU_H
#define _ASM_POWERPC_MMU_H

#include <linux/types.h>

#define MMU_FTR_HPTE_TABLE 0x00000001
#define MMU_FTR_TYPE_RADIX 0x00000040

/* What a processor that this kernel is built for can have. */
enum {
	MMU_FTRS_POSSIBLE =
#ifdef CONFIG_PPC_64S_HASH_MMU
		MMU_FTR_HPTE_TABLE |
#endif
#ifdef CONFIG_PPC_RADIX_MMU
		MMU_FTR_TYPE_RADIX |
#endif
		0,
};

struct cpu_spec {
	const char *cpu_name;
	unsigned long mmu_features;
};

extern struct cpu_spec *cur_cpu_spec;

static inline bool mmu_has_feature(unsigned long feature)
{
	return MMU_FTRS_POSSIBLE & cur_cpu_spec->mmu_features & feature;
}

static inline bool radix_enabled(void)
{
	return mmu_has_feature(MMU_FTR_TYPE_RADIX);
}

#endif
