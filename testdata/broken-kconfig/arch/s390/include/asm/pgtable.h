/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _S390_PGTABLE_H
#define _S390_PGTABLE_H

#include <asm/page.h>
#include <asm-generic/pgtable.h>

extern unsigned long vmemmap_start;
#define VMEMMAP_START vmemmap_start

#endif
