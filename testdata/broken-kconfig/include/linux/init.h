/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_INIT_H
#define _LINUX_INIT_H

#define __section(name) __attribute__((__section__(name)))

#define __init __section(".init.text")
#define __ref __section(".ref.text")
#ifdef CONFIG_MEMORY_HOTPLUG
#define __meminit
#else
#define __meminit __init
#endif
#define __weak __attribute__((__weak__))

typedef int (*initcall_t)(void);

#define device_initcall(fn) \
	static initcall_t __initcall_##fn __attribute__((__used__, __section__(".initcall6.init"))) = fn

#endif
