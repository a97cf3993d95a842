// SPDX-License-Identifier: GPL-2.0-only
#include "kern/address.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "address.skel.h"

static int run(const struct address_bpf *skel)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	if (bpf_prog_test_run_opts(bpf_program__fd(skel->progs.address_find), &options))
		return -errno;
	return (int)options.retval;
}

int addresses_find(struct addresses *out)
{
	struct address_bpf *skel = address_bpf__open_and_load();
	int r;

	if (!skel)
		return -errno;
	r = run(skel);
	if (!r)
		*out = (struct addresses){
			.vfio_device_fops = skel->bss->vfio_device_fops_address,
			.mdev_bus_type = skel->bss->mdev_bus_type_address,
		};
	address_bpf__destroy(skel);
	return r;
}
