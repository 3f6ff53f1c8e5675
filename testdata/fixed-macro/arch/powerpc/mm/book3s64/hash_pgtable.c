/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the kernel maps for itself under the hash MMU.
 */
#include <linux/mm.h>

#ifdef CONFIG_SPARSEMEM_VMEMMAP
int __meminit hash__vmemmap_create_mapping(unsigned long start, unsigned long page_size,
					   unsigned long phys)
{
	return htab_bolt_mapping(start, start + page_size, phys, PAGE_KERNEL.pgprot);
}
#endif
