/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef MM_INTERNAL_H
#define MM_INTERNAL_H

#ifdef CONFIG_SPARSEMEM
void sparse_init(void);
#else
static inline void sparse_init(void) {}
#endif

#endif
