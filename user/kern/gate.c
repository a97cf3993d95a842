// SPDX-License-Identifier: GPL-2.0-only
#include "kern/gate.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "gate.skel.h"
#include "kern/kernel.h"
#include "migwarden/reason.h"

struct gate {
	struct gate_bpf *skel;
	struct ring *ring;
};

enum gate_support gate_support(void)
{
	if (!kernel_has_btf())
		return GATE_NO_BTF;
	if (!kernel_lsm_is_active("bpf"))
		return GATE_NO_LSM;
	if (!kernel_can_attach("vfio"))
		return GATE_NO_VFIO;
	return GATE_SUPPORTED;
}

const char *gate_support_text(enum gate_support support)
{
	switch (support) {
	case GATE_SUPPORTED:
		return "the gate can stand";
	case GATE_NO_BTF:
		return "the kernel has no BTF (/sys/kernel/btf/vmlinux): it needs CONFIG_DEBUG_INFO_BTF";
	case GATE_NO_LSM:
		return "bpf is not an active LSM (/sys/kernel/security/lsm): boot with lsm=…,bpf";
	case GATE_NO_VFIO:
		return "the module vfio is not loaded yet: no device can migrate before it is";
	}
	return "unknown";
}

static void gate_close_ptr(struct gate **gate)
{
	gate_close(*gate);
}

int gate_open(const struct mw_gate_rules *rules, ring_handler handler, void *context,
	      struct gate **out)
{
	__attribute__((cleanup(gate_close_ptr))) struct gate *gate = NULL;
	int r;

	if (gate_support() != GATE_SUPPORTED)
		return -ENOTSUP;
	gate = calloc(1, sizeof(*gate));
	if (!gate)
		return -ENOMEM;
	gate->skel = gate_bpf__open();
	if (!gate->skel)
		return -errno;
	gate->skel->rodata->reason_ok = MW_REASON_OK;
	gate->skel->rodata->reason_no_admission = MW_REASON_NO_ADMISSION;
	r = gate_bpf__load(gate->skel);
	if (r)
		return r;
	r = gate_set_rules(gate, rules);
	if (r)
		return r;
	r = ring_open(bpf_map__fd(gate->skel->maps.ring), bpf_map__fd(gate->skel->maps.counters),
		      handler, context, &gate->ring);
	if (r)
		return r;

	/* Attach last: rules and reader are there before the first call is judged. */
	r = gate_bpf__attach(gate->skel);
	if (r)
		return r;
	*out = TAKE_PTR(gate);
	return 0;
}

void gate_close(struct gate *gate)
{
	if (!gate)
		return;
	gate_bpf__detach(gate->skel);
	ring_close(gate->ring);
	gate_bpf__destroy(gate->skel);
	free(gate);
}

struct ring *gate_ring(const struct gate *gate)
{
	return gate->ring;
}

int gate_set_rules(struct gate *gate, const struct mw_gate_rules *rules)
{
	AUTO_FD int inner = -1;
	__u32 slot = 0;

	inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "mw_rules", sizeof(slot), sizeof(*rules), 1,
			       NULL);
	if (inner < 0)
		return inner;
	if (bpf_map_update_elem(inner, &slot, rules, BPF_ANY))
		return -errno;
	/* The outer map holds the new inner one from here on; ours is only a handle. */
	if (bpf_map_update_elem(bpf_map__fd(gate->skel->maps.generations), &slot, &inner, BPF_ANY))
		return -errno;
	return 0;
}

static int make_key(const char *device, enum mw_direction direction, struct mw_admission_key *out)
{
	size_t length = strlen(device);

	if (!length || length >= sizeof(out->device))
		return -EINVAL;
	*out = (struct mw_admission_key){ .direction = direction };
	memcpy(out->device, device, length);
	return 0;
}

int gate_admit(struct gate *gate, const char *device, enum mw_direction direction,
	       const struct mw_admission *admission)
{
	struct mw_admission_key key;
	int r;

	r = make_key(device, direction, &key);
	if (r)
		return r;
	if (bpf_map_update_elem(bpf_map__fd(gate->skel->maps.admissions), &key, admission, BPF_ANY))
		return -errno;
	return 0;
}

int gate_revoke(struct gate *gate, const char *device, enum mw_direction direction)
{
	struct mw_admission_key key;
	int r;

	r = make_key(device, direction, &key);
	if (r)
		return r;
	if (bpf_map_delete_elem(bpf_map__fd(gate->skel->maps.admissions), &key))
		return -errno;
	return 0;
}

int gate_admission(struct gate *gate, const char *device, enum mw_direction direction,
		   struct mw_admission *out)
{
	struct mw_admission_key key;
	int r;

	r = make_key(device, direction, &key);
	if (r)
		return r;
	if (bpf_map_lookup_elem(bpf_map__fd(gate->skel->maps.admissions), &key, out))
		return -errno;
	return 0;
}
