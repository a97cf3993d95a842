// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate (DESIGN 2): refuses the start of a migration that nothing admits, and nothing else.
 *
 * Gated are SET RESUMING (incoming), SET PRE_COPY and DMA_LOGGING_START (outgoing), and SET
 * STOP_COPY on a device that lacks PRE_COPY (outgoing). Whatever the maps say, every other call
 * passes: refusing it would make a VMM reset the device of a running guest.
 */
#include "common.bpf.h"

#include <asm-generic/errno-base.h>

extern const void vfio_device_fops __ksym;

/* The generation in force. Slot 0 holds an array of one mw_gate_rules; a reload swaps it whole. */
struct rules_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_gate_rules);
} first_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct rules_map);
} generations SEC(".maps") = {
	.values = { &first_rules },
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct mw_admission_key);
	__type(value, struct mw_admission);
} admissions SEC(".maps");

/* What the caller asks for, copied once. */
struct request {
	__u32 argsz;
	__u32 flags;
	__u32 state; /* MIG_DEVICE_STATE only */
	__u32 feature;
};

struct decision {
	__u64 admission;
	__u32 generation;
	__u32 basis;
	__u32 deny;
	__u32 audit;
	__u32 reason;
};

/* enum mw_reason of the loader's build, for "nothing admits it" (user/kern/gate.c). */
const volatile __u32 reason_ok;
const volatile __u32 reason_no_admission;

/*
 * Reads the request. Gives 0 with feature 0 for a call that is not gated whatever it carries, or
 * -EFAULT where user memory cannot be read: the kernel could not read it either.
 */
static __always_inline int request_read(struct request *request, unsigned long arg)
{
	__u32 feature;

	if (bpf_copy_from_user(request, 2 * sizeof(__u32), (void *)arg))
		return -EFAULT;
	/* PROBE performs nothing; GET changes nothing. */
	if ((request->flags & MW_FEATURE_PROBE) || !(request->flags & MW_FEATURE_SET))
		return 0;
	feature = request->flags & MW_FEATURE_MASK;
	if (feature == MW_FEATURE_MIG_DEVICE_STATE &&
	    bpf_copy_from_user(&request->state, sizeof(__u32), (void *)(arg + 2 * sizeof(__u32))))
		return -EFAULT;
	if (feature == MW_FEATURE_MIG_DEVICE_STATE || feature == MW_FEATURE_DMA_LOGGING_START)
		request->feature = feature;
	return 0;
}

/* Whether, and in which direction, the request starts a migration; 0 when it does not. */
static __always_inline __u32 request_direction(const struct request *request,
					       const struct vfio_device *vdev)
{
	if (request->feature == MW_FEATURE_DMA_LOGGING_START)
		return MW_OUTGOING;
	switch (request->state) {
	case MW_STATE_RESUMING:
		return MW_INCOMING;
	case MW_STATE_PRE_COPY:
		return MW_OUTGOING;
	case MW_STATE_STOP_COPY:
		if (!(BPF_CORE_READ(vdev, migration_flags) & MW_MIGRATION_PRE_COPY))
			return MW_OUTGOING;
		return 0;
	default:
		return 0;
	}
}

/*
 * Takes one use of an admission. Logging starts before PRE_COPY does: of one outgoing migration
 * only the state change uses the admission up.
 */
static __always_inline bool admission_take(struct mw_admission *admission, bool consume)
{
	if (bpf_ktime_get_ns() >= admission->expires_ns)
		return false;
	if (!admission->allow)
		return true;
	if (!consume)
		return admission->uses > 0;
	if (__sync_fetch_and_add(&admission->uses, -1) > 0)
		return true;
	__sync_fetch_and_add(&admission->uses, 1);
	return false;
}

static __always_inline void decide(const struct request *request, const struct vfio_device *vdev,
				   __u32 direction, struct decision *out)
{
	struct mw_admission_key key = { .direction = direction };
	struct mw_admission *admission;
	struct mw_gate_rules *rules = NULL;
	void *generation;
	__u32 zero = 0;

	/* Without rules nobody has said what this host wants: fail closed, only for starts. */
	out->basis = MW_BASIS_DEFAULT;
	out->deny = 1;
	out->reason = reason_no_admission;
	generation = bpf_map_lookup_elem(&generations, &zero);
	if (generation)
		rules = bpf_map_lookup_elem(generation, &zero);
	if (rules) {
		out->generation = rules->generation;
		out->audit = rules->audit;
		out->deny = direction == MW_INCOMING ? rules->deny[MW_INCOMING] :
						       rules->deny[MW_OUTGOING];
		out->reason = out->deny ? reason_no_admission : reason_ok;
	}

	read_vfio_name(key.device, vdev);
	admission = bpf_map_lookup_elem(&admissions, &key);
	if (!admission ||
	    !admission_take(admission, request->feature == MW_FEATURE_MIG_DEVICE_STATE))
		return;
	out->basis = MW_BASIS_ADMISSION;
	out->admission = admission->id;
	out->deny = !admission->allow;
	out->reason = admission->reason;
}

static __always_inline void decision_emit(const struct request *request,
					  const struct vfio_device *vdev, __u32 direction,
					  const struct decision *decision, int error)
{
	struct mw_event_gate *event = event_reserve(sizeof(*event), MW_EVENT_GATE);

	if (!event)
		return;
	read_vfio_name(event->head.device, vdev);
	event->admission = decision->admission;
	event->generation = decision->generation;
	event->direction = direction;
	event->answer = !decision->deny ? MW_GATE_PASSED :
			decision->audit ? MW_GATE_AUDITED :
					  MW_GATE_REFUSED;
	event->basis = decision->basis;
	event->reason = decision->reason;
	event->feature = request->feature;
	event->target = request->state;
	event->error = error;
	bpf_ringbuf_submit(event, 0);
}

static __always_inline long gate(struct file *file, unsigned long arg)
{
	struct decision decision = {};
	struct request request = {};
	struct vfio_device *vdev;
	__u32 direction;
	int error;

	error = request_read(&request, arg);
	if (error || !request.feature)
		return error;
	vdev = vfio_device_of(file);
	direction = request_direction(&request, vdev);
	if (!direction)
		return 0;
	decide(&request, vdev, direction, &decision);
	error = decision.deny && !decision.audit ? -EPERM : 0;
	decision_emit(&request, vdev, direction, &decision, error);
	return error;
}

#define MAX_ERRNO 4095

/*
 * An LSM program may give 0 or -errno, and the verifier of 6.12 wants to see these bounds in all 64
 * bits: hence long from here to the program's own return.
 */
static __always_inline long errno_only(long error)
{
	barrier_var(error);
	return error > 0 || error < -MAX_ERRNO ? -EPERM : error;
}

/* Every KVM_RUN of the host passes here: the number first, then the file, then user memory. */
SEC("lsm.s/file_ioctl")
long BPF_PROG(gate_file_ioctl, struct file *file, unsigned int cmd, unsigned long arg)
{
	if (cmd != MW_VFIO_DEVICE_FEATURE)
		return 0;
	if ((const void *)file->f_op != &vfio_device_fops)
		return 0;
	return errno_only(gate(file, arg));
}

char LICENSE[] SEC("license") = "GPL";
