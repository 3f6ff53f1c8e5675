/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_POWERPC_SPARSEMEM_H
#define _ASM_POWERPC_SPARSEMEM_H

#define SECTION_SIZE_BITS 24

#endif
