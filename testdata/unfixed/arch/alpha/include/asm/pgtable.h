/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ALPHA_PGTABLE_H
#define _ALPHA_PGTABLE_H

#include <asm/page.h>
#include <asm-generic/pgtable.h>

#endif
