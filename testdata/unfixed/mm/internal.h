/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

struct page;

void __init_single_page(struct page *page, unsigned long pfn, int nid);

#ifdef CONFIG_SPARSEMEM
void sparse_init(void);
#else
static inline void sparse_init(void) {}
#endif

#endif
