/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The vmemmap of 64-bit powerpc, block by block.
 */
#include <linux/errno.h>
#include <linux/mm.h>
#include <linux/slab.h>

#ifdef CONFIG_SPARSEMEM_VMEMMAP
struct vmemmap_backing {
	struct vmemmap_backing *next;
	unsigned long phys;
	unsigned long virt_addr;
};

static struct vmemmap_backing *vmemmap_list;

/* The hash table cannot be asked what it maps, so this list can. */
static int __meminit vmemmap_list_populate(unsigned long phys, unsigned long start)
{
	struct vmemmap_backing *backing = kzalloc(sizeof(*backing), GFP_KERNEL);

	if (!backing)
		return -ENOMEM;
	backing->phys = phys;
	backing->virt_addr = start;
	backing->next = vmemmap_list;
	vmemmap_list = backing;
	return 0;
}

static bool vmemmap_populated(unsigned long start)
{
	struct vmemmap_backing *backing;

	for (backing = vmemmap_list; backing; backing = backing->next)
		if (backing->virt_addr == start)
			return true;
	return false;
}

int __meminit vmemmap_populate(unsigned long start, unsigned long end, int node,
			       struct vmem_altmap *altmap)
{
	unsigned long page_size = PMD_SIZE;

	for (start &= ~(page_size - 1); start < end; start += page_size) {
		void *p;
		int rc;

		if (vmemmap_populated(start))
			continue;

		p = vmemmap_alloc_block_buf(page_size, node, altmap);
		if (!p)
			return -ENOMEM;
		if (vmemmap_list_populate(__pa(p), start)) {
			kfree(p);
			return -ENOMEM;
		}
		rc = vmemmap_create_mapping(start, page_size, __pa(p));
		if (rc < 0)
			return -EFAULT;
	}
	return 0;
}
#endif
