/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_MMZONE_H
#define _LINUX_MMZONE_H

#include <linux/mm_types.h>
#include <asm/sparsemem.h>

enum zone_type {
	ZONE_NORMAL,
#ifdef CONFIG_ZONE_DEVICE
	ZONE_DEVICE,
#endif
	__MAX_NR_ZONES
};

struct zone {
	unsigned long start_pfn;
	unsigned long spanned_pages;
	int node;
};

#define PFN_SECTION_SHIFT (SECTION_SIZE_BITS - PAGE_SHIFT)
#define PAGES_PER_SECTION (1UL << PFN_SECTION_SHIFT)
#define PAGES_PER_SUBSECTION (1UL << (21 - PAGE_SHIFT))
#define NR_MEM_SECTIONS 1024

#define SECTION_IS_EARLY (1UL << 3)

struct mem_section_usage {
	unsigned long subsection_map;
};

struct mem_section {
	unsigned long section_mem_map;
	struct mem_section_usage *usage;
};

#ifdef CONFIG_SPARSEMEM
extern struct mem_section mem_section[NR_MEM_SECTIONS];

static inline struct mem_section *__pfn_to_section(unsigned long pfn)
{
	return &mem_section[(pfn >> PFN_SECTION_SHIFT) % NR_MEM_SECTIONS];
}

static inline bool early_section(const struct mem_section *section)
{
	return section && (section->section_mem_map & SECTION_IS_EARLY);
}
#endif

#ifdef CONFIG_SPARSEMEM_VMEMMAP
#define pfn_to_page(pfn) ((struct page *)VMEMMAP_START + (pfn))
#define page_to_pfn(p) ((unsigned long)((p) - (struct page *)VMEMMAP_START))
#else
extern struct page *mem_map;
#define pfn_to_page(pfn) (mem_map + (pfn))
#define page_to_pfn(p) ((unsigned long)((p) - mem_map))
#endif

#endif
