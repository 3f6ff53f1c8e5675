/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _ASM_X86_SPARSEMEM_H
#define _ASM_X86_SPARSEMEM_H

#ifdef CONFIG_X86_32
#define SECTION_SIZE_BITS 26
#else
#define SECTION_SIZE_BITS 27
#endif

#endif
