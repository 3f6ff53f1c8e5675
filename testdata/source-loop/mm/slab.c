/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory for the kernel's own things. Nothing is given back.
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

static char heap[1 << 20];
static size_t used;

void *kzalloc(size_t size, gfp_t flags)
{
	size_t at = (used + 15) & ~(size_t)15;

	if (at > sizeof(heap) || size > sizeof(heap) - at)
		return NULL;
	used = at + size;
	return heap + at;
}
EXPORT_SYMBOL_GPL(kzalloc);

void kfree(const void *object)
{
}
EXPORT_SYMBOL_GPL(kfree);
