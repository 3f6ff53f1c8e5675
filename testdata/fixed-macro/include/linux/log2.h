/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_LOG2_H
#define _LINUX_LOG2_H

#include <linux/types.h>

static inline bool is_power_of_2(unsigned long n)
{
	return n && !(n & (n - 1));
}

static inline unsigned int order_base_2(unsigned long n)
{
	unsigned int order = 0;

	while (n > 1UL << order)
		order++;
	return order;
}

#endif
