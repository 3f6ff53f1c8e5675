/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Memory of a device, given to the kernel as its own. It is hotplugged, and
 * no page map comes with it.
 */
#include <linux/memory_hotplug.h>
#include <linux/module.h>
#include "dax-private.h"

static int dev_dax_kmem_probe(struct dev_dax *dev_dax)
{
	int i, rc;

	for (i = 0; i < dev_dax->nr_range; i++) {
		struct range *range = &dev_dax->ranges[i];

		rc = add_memory_driver_managed(dev_dax->target_node, range->start,
					       range_len(range), "System RAM (kmem)");
		if (rc)
			return rc;
	}
	return 0;
}

static struct dax_device_driver device_dax_kmem_driver = {
	.name = "kmem",
	.probe = dev_dax_kmem_probe,
};

static int __init dax_kmem_init(void)
{
	return dax_driver_register(&device_dax_kmem_driver);
}
module_init(dax_kmem_init);
