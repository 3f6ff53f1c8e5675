/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef _LINUX_KCONFIG_H
#define _LINUX_KCONFIG_H

#include <generated/autoconf.h>

/*
 * IS_ENABLED(CONFIG_X) is 1 where CONFIG_X is y or m. CONFIG_X is then defined
 * as 1, and pasting makes of it a name that puts a comma before the answer.
 */
#define __comma_if_1 0,
#define __second(first, second, ...) second
#define __answer(junk) __second(junk 1, 0)
#define __paste(value) __answer(__comma_if_##value)
#define __is_one(symbol) __paste(symbol)

#define IS_BUILTIN(symbol) __is_one(symbol)
#define IS_MODULE(symbol) __is_one(symbol##_MODULE)
#define IS_ENABLED(symbol) (IS_BUILTIN(symbol) || IS_MODULE(symbol))

#endif
