/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory before there is an allocator.
 */
#include <linux/init.h>
#include <linux/types.h>

static char pool[1 << 16];
static size_t used;

void * __meminit memblock_alloc(size_t size, int nid)
{
	size_t at = used;

	if (size > sizeof(pool) - at)
		return NULL;
	used = at + size;
	return pool + at;
}
