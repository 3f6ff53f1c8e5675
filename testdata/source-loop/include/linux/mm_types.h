/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_MM_TYPES_H
#define _LINUX_MM_TYPES_H

#include <linux/types.h>
#include <asm/page.h>

struct mm_struct {
	pgd_t *pgd;
};

struct dev_pagemap;

struct page {
	unsigned long flags;
	unsigned long compound_head;
	unsigned int compound_order;
	int _refcount;
	struct dev_pagemap *pgmap;
	unsigned long private;
#ifdef CONFIG_64BIT
	unsigned long padding[3];
#endif
};

#endif
