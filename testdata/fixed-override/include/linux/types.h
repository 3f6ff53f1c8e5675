/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

#define NULL ((void *)0)

typedef _Bool bool;
enum { false, true };

typedef __SIZE_TYPE__ size_t;
typedef unsigned long long u64;
typedef unsigned long phys_addr_t;
typedef unsigned int gfp_t;

#endif
