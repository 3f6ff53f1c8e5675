/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_MODULE_H
#define _LINUX_MODULE_H

#include <linux/init.h>

#define EXPORT_SYMBOL_GPL(name) extern __typeof__(name) name

#ifdef MODULE
#define module_init(initfn) \
	int init_module(void) __attribute__((__alias__(#initfn)))
#else
#define module_init(initfn) device_initcall(initfn)
#endif

#endif
