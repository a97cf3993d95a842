// SPDX-License-Identifier: GPL-2.0-only
/*
 * The gate (DESIGN 2): refuses the start of a migration that nothing admits, and nothing else.
 *
 * Gated are SET RESUMING (incoming), SET PRE_COPY and DMA_LOGGING_START (outgoing), and SET
 * STOP_COPY where it begins a migration rather than going on from PRE_COPY (outgoing). Whatever the
 * maps say, every other call passes: refusing it would make a VMM reset the device of a running
 * guest.
 *
 * Two walls. The hooks (hook_*, or way_* where `bpf` is no active LSM) judge what user memory says
 * before the call; the guard (guard_*) judges what the kernel itself copied from there, and refuses
 * the data fd, without which no byte of state can pass. User space loads them by name
 * (user/kern/gate.c).
 */
#include "ring.bpf.h"

#include <asm-generic/errno-base.h>

/* Of the running kernel; set before loading. */
const volatile __u64 vfio_device_fops_address;

#define MAX_ERRNO 4095
#define SIGKILL 9

/*
 * The generation in force. Slot 0 holds an array of one mw_gate_rules; a reload swaps it whole.
 * Sizes, not types: those that the loader makes have none, and 6.1 takes a map with types for
 * another kind than one without.
 */
struct rules_map {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_RDONLY_PROG);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct mw_gate_rules));
} first_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct rules_map);
} generations SEC(".maps") = {
	.values = {&first_rules},
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct mw_admission_key);
	__type(value, struct mw_admission);
} admissions SEC(".maps");

/* Which set of programs acts, where an old and a new one overlap during an upgrade. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_gate_control);
} control SEC(".maps");

/* What a hook saw of the call that the task is making. */
enum seen {
	SEEN_NOTHING, /* no SET of a state */
	SEEN_STATE,
	SEEN_UNREADABLE, /* the hook cannot fault pages in: the guard judges in its place */
};

/* How a task came into the kernel. A note about an earlier call is told by it: the kernel passes
 * over a tracing program, also the one that ends a note, while it has another run of the same one
 * preempted on this CPU. */
struct entry {
	__u64 number;
	__u64 cmd;
	__u64 arg;
	__u64 cmd32;
};

struct call {
	struct vfio_device *vdev;
	struct entry entry;
	__u32 seen; /* enum seen */
	__u32 seen_state;
	__u64 judged_by;  /* the set of programs whose hook has decided about it; or 0 */
	__u64 guarded_by; /* the same of the guard */
	/* The set that says so: the next file of this task is a data fd that must not be. */
	__u64 refused_by;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call);
} calls SEC(".maps");

/*
 * Where the kernel has no memory for the storage of a task: it is charged to the daemon's cgroup,
 * which a caller with threads enough could fill. By tid.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, __u32);
	__type(value, struct call);
} spare_calls SEC(".maps");

static const struct call no_call;

/* Tasks that this set refuses a data fd: while there is none, making a file costs one load and one
 * test. */
__u32 suspects;

/* enum mw_reason of the loader's build (user/kern/gate.c). */
const volatile __u32 reason_ok;
const volatile __u32 reason_no_admission;
const volatile __u32 reason_state_bypass;
/* Of this set of programs; it acts while `control` names it. */
const volatile __u64 build;

/* What the caller asks for, copied once. */
struct request {
	__u32 argsz;
	__u32 flags;
	__u32 state;   /* MIG_DEVICE_STATE only */
	__u32 feature; /* 0: not gated whatever it carries */
};

struct decision {
	__u64 admission;
	__u32 generation;
	__u32 basis;
	__u32 deny;
	__u32 audit;
	__u32 reason;
	__u32 seen_state; /* state-bypass: what the hook saw; else MW_STATE_NONE */
	__u32 kill;       /* what the rules say of a bypass */
	__u32 killed;
};

static __always_inline const struct mw_gate_control *in_force(void)
{
	__u32 zero = 0;
	const struct mw_gate_control *set = bpf_map_lookup_elem(&control, &zero);

	return set && set->build == build ? set : NULL;
}

static __always_inline bool acts(void)
{
	return in_force() != NULL;
}

static __always_inline struct call *find_stored(void)
{
	return bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL, 0);
}

static __always_inline struct call *find_spare(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	return bpf_map_lookup_elem(&spare_calls, &tid);
}

static __always_inline struct call *find_call(void)
{
	struct call *call = find_stored();

	return call ? call : find_spare();
}

static __always_inline struct call *make_call(void)
{
	struct call *call = find_call();
	__u32 tid;

	if (!call)
		call = bpf_task_storage_get(&calls, bpf_get_current_task_btf(), NULL,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (call)
		return call;
	tid = (__u32)bpf_get_current_pid_tgid();
	bpf_map_update_elem(&spare_calls, &tid, &no_call, BPF_NOEXIST);
	return bpf_map_lookup_elem(&spare_calls, &tid);
}

static __always_inline void read_entry(struct entry *entry)
{
	const struct pt_regs *regs = (void *)bpf_task_pt_regs(bpf_get_current_task_btf());

	entry->number = regs->orig_ax;
	entry->cmd = regs->si;
	entry->arg = regs->dx;
	entry->cmd32 = regs->cx;
}

static __always_inline bool is_of_now(const struct call *call)
{
	struct entry now;

	read_entry(&now);
	return call->entry.number == now.number && call->entry.cmd == now.cmd &&
	       call->entry.arg == now.arg && call->entry.cmd32 == now.cmd32;
}

static __always_inline void call_forget(struct call *call)
{
	if (call->refused_by == build)
		__sync_fetch_and_add(&suspects, -1);
	call->vdev = NULL;
	call->seen = SEEN_NOTHING;
	call->seen_state = 0;
	call->judged_by = 0;
	call->guarded_by = 0;
	call->refused_by = 0;
}

/* Nothing is known of the call that begins here; what was left of an earlier one is over. */
static __always_inline void call_begin(struct call *call)
{
	call_forget(call);
	read_entry(&call->entry);
}

/* Only a sleepable program may fault pages in; the other way, -EFAULT says nothing of the page. */
static __always_inline long read_user(void *to, __u32 size, unsigned long from, bool sleepable)
{
	if (sleepable)
		return bpf_copy_from_user(to, size, (void *)from);
	return bpf_probe_read_user(to, size, (void *)from);
}

/* One look for all of it where one will do; a short argument may end where the memory does. */
static __always_inline long request_read(struct request *request, unsigned long arg, bool sleepable)
{
	const __u32 head = offsetof(struct request, state);
	long error = read_user(request, head + sizeof(__u32), arg, sleepable);
	__u32 feature, state;

	if (error && read_user(request, head, arg, sleepable))
		return -EFAULT;
	state = request->state;
	request->state = 0;
	/* PROBE performs nothing; GET changes nothing. */
	if ((request->flags & MW_FEATURE_PROBE) || !(request->flags & MW_FEATURE_SET))
		return 0;
	feature = request->flags & MW_FEATURE_MASK;
	if (feature == MW_FEATURE_MIG_DEVICE_STATE) {
		if (error)
			return -EFAULT;
		request->state = state;
	}
	if (feature == MW_FEATURE_MIG_DEVICE_STATE || feature == MW_FEATURE_DMA_LOGGING_START)
		request->feature = feature;
	return 0;
}

/*
 * The direction in which a SET of @state begins a migration; 0 when it does not, or when only the
 * guard can tell: STOP_COPY of a device that has PRE_COPY may go on from there, or begin from STOP.
 */
static __always_inline __u32 state_direction(__u32 state, const struct vfio_device *vdev)
{
	if (state == MW_STATE_RESUMING)
		return MW_INCOMING;
	if (state == MW_STATE_PRE_COPY)
		return MW_OUTGOING;
	if (state == MW_STATE_STOP_COPY &&
	    !(BPF_CORE_READ(vdev, migration_flags) & MW_MIGRATION_PRE_COPY))
		return MW_OUTGOING;
	return 0;
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

/*
 * The policy's default. Without rules nobody has said what this host wants: fail closed. True:
 * devices have defaults of their own.
 */
static __always_inline bool decide_default(__u32 direction, struct decision *out)
{
	const struct mw_gate_rules *rules = NULL;
	void *generation;
	__u32 zero = 0;

	out->basis = MW_BASIS_DEFAULT;
	out->seen_state = MW_STATE_NONE;
	out->deny = 1;
	out->reason = reason_no_admission;
	generation = bpf_map_lookup_elem(&generations, &zero);
	if (generation)
		rules = bpf_map_lookup_elem(generation, &zero);
	if (!rules)
		return false;
	out->generation = rules->generation;
	out->audit = rules->audit;
	out->kill = rules->kill;
	out->deny = direction == MW_INCOMING ? rules->deny[MW_INCOMING - 1]
					     : rules->deny[MW_OUTGOING - 1];
	out->reason = out->deny ? reason_no_admission : reason_ok;
	return rules->by_device;
}

/* What the generation that decides has for this very device; as yet nobody may have said. */
static __always_inline void decide_by_device(struct mw_admission_key *key, struct decision *out)
{
	const struct mw_admission *said;

	key->generation = out->generation;
	said = bpf_map_lookup_elem(&admissions, key);
	out->admission = MW_DEFAULT_UNSEEN;
	if (!said)
		return;
	out->admission = said->id;
	out->deny = !said->allow;
	out->reason = out->deny ? reason_no_admission : reason_ok;
}

/* Whatever covers the device: to be refused, if the mode refuses at all. */
static __always_inline void decide_against(__u32 direction, __u32 reason, struct decision *out)
{
	decide_default(direction, out);
	out->deny = 1;
	out->reason = reason;
}

static __always_inline void decide(struct vfio_device *vdev, __u32 direction, bool consume,
				   struct decision *out)
{
	struct mw_admission_key key = {.direction = direction};
	bool by_device = decide_default(direction, out);
	struct mw_admission *admission;

	read_vfio_name(key.device, vdev);
	admission = bpf_map_lookup_elem(&admissions, &key);
	if (!admission || !admission_take(admission, consume)) {
		if (by_device)
			decide_by_device(&key, out);
		return;
	}
	out->basis = MW_BASIS_ADMISSION;
	out->admission = admission->id;
	out->deny = !admission->allow;
	out->reason = admission->reason;
}

/*
 * What takes no use of an admission can be asked for again at once, without end, whatever the
 * answer: it would fill the ring, and what an admission let pass, or a bypass, would go untold. So
 * a quarter of it is kept from that. Refusals are not lost before passes that nobody admitted.
 */
static __always_inline bool has_room(const struct decision *decision, __u32 feature)
{
	bool takes_a_use = decision->basis == MW_BASIS_ADMISSION && !decision->deny &&
			   feature == MW_FEATURE_MIG_DEVICE_STATE;
	__u64 size;

	if (takes_a_use || decision->reason == reason_state_bypass)
		return true;
	size = bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE);
	return bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < size - size / 4;
}

static __always_inline long decision_emit(struct vfio_device *vdev, __u32 feature, __u32 state,
					  __u32 direction, const struct decision *decision)
{
	long error = decision->deny && !decision->audit ? -EPERM : 0;
	struct mw_event_gate *event;

	if (!has_room(decision, feature)) {
		count(MW_EVENT_GATE, 1, true);
		return error;
	}
	event = event_reserve(sizeof(*event), MW_EVENT_GATE);
	if (!event)
		return error;
	read_vfio_name(event->head.device, vdev);
	event->admission = decision->admission;
	event->generation = decision->generation;
	event->direction = direction;
	event->answer = !decision->deny   ? MW_GATE_PASSED
			: decision->audit ? MW_GATE_AUDITED
					  : MW_GATE_REFUSED;
	event->basis = decision->basis;
	event->reason = decision->reason;
	event->feature = feature;
	event->target = state;
	event->error = (__s32)error;
	event->seen = decision->seen_state;
	event->killed = decision->killed;
	event_submit(event);
	return error;
}

/* Remembers for the guard what the hook saw. Without memory @call is NULL. */
static __always_inline void note(struct call *call, struct vfio_device *vdev, enum seen seen,
				 __u32 state)
{
	if (!call)
		return;
	call_begin(call);
	call->vdev = vdev;
	call->seen = seen;
	call->seen_state = state;
}

/*
 * While one set of programs takes over from another both see a call, and either may be the one that
 * acts by then. What one has judged is not judged again; what neither has, the guard judges.
 */
static __always_inline bool is_judged_by_other(const struct call *call)
{
	return call && call->judged_by && call->judged_by != build && is_of_now(call);
}

static __always_inline long gate(struct vfio_device *vdev, unsigned long arg, bool sleepable)
{
	struct decision decision = {};
	struct request request = {};
	struct call *call = make_call();
	__u32 direction = 0;
	bool is_state;
	long error;

	if (is_judged_by_other(call))
		return 0;
	if (!acts()) {
		note(call, vdev, SEEN_UNREADABLE, 0);
		return 0;
	}
	error = request_read(&request, arg, sleepable);
	if (error) {
		/*
		 * What a sleepable hook cannot read the kernel cannot read either, and says so
		 * itself; the other hooks leave the call to the guard. Neither refuses: it may be
		 * a RUNNING.
		 */
		note(call, vdev, sleepable ? SEEN_NOTHING : SEEN_UNREADABLE, 0);
		return 0;
	}
	is_state = request.feature == MW_FEATURE_MIG_DEVICE_STATE;
	if (is_state)
		direction = state_direction(request.state, vdev);
	else if (request.feature == MW_FEATURE_DMA_LOGGING_START)
		direction = MW_OUTGOING;
	note(call, vdev, is_state ? SEEN_STATE : SEEN_NOTHING, request.state);
	if (!direction)
		return 0;
	/* Without memory the guard could not tell that it was admitted. */
	if (call)
		decide(vdev, direction, is_state, &decision);
	else
		decide_against(direction, reason_no_admission, &decision);
	error = decision_emit(vdev, request.feature, request.state, direction, &decision);
	if (!call || !is_state)
		return error;
	/* What is refused here ends here: its judgement must not stand for the task's next call. */
	if (error)
		call->seen = SEEN_NOTHING;
	else
		call->judged_by = build;
	return error;
}

/*
 * An LSM program may give 0 or -errno, and the verifier of 6.12 wants to see these bounds in all 64
 * bits: hence long from here to the program's own return.
 */
static __always_inline long errno_only(long error)
{
	barrier_var(error);
	return error > 0 || error < -MAX_ERRNO ? -EPERM : error;
}

/*
 * The loader proves its gate (user/kern/gate_self_test.c) with calls on a file that is no device:
 * judged by the same admissions and rules, under the name of no device, in every mode as if
 * enforced, without a record.
 */
static __always_inline long self_test(unsigned long arg, bool sleepable)
{
	const struct mw_gate_control *set = in_force();
	struct decision decision = {};
	struct request request = {};
	__u32 direction;

	if (!set || !set->self_test_tid || set->self_test_tid != (__u32)bpf_get_current_pid_tgid())
		return 0;
	if (request_read(&request, arg, sleepable) ||
	    request.feature != MW_FEATURE_MIG_DEVICE_STATE)
		return 0;
	direction = state_direction(request.state, NULL);
	if (!direction)
		return 0;
	decide(NULL, direction, true, &decision);
	return decision.deny ? -EPERM : 0;
}

static __always_inline long judge_feature(struct file *file, unsigned long arg, bool sleepable)
{
	if ((__u64)file->f_op != vfio_device_fops_address)
		return errno_only(self_test(arg, sleepable));
	return errno_only(gate(vfio_device_of(file), arg, sleepable));
}

/* Functions of their own, so that the programs save no registers for what is hardly ever called. */
static __noinline long judge_sleepable(struct file *file, unsigned long arg)
{
	return judge_feature(file, arg, true);
}

static __noinline long judge_atomic(struct file *file, unsigned long arg)
{
	return judge_feature(file, arg, false);
}

/* Every KVM_RUN of the host passes here: the number first, then the file, then the maps. */
static __always_inline long judge(struct file *file, unsigned int cmd, unsigned long arg,
				  bool sleepable)
{
	if (cmd != MW_VFIO_DEVICE_FEATURE)
		return 0;
	return sleepable ? judge_sleepable(file, arg) : judge_atomic(file, arg);
}

SEC("lsm.s/file_ioctl")
long BPF_PROG(hook_ioctl, struct file *file, unsigned int cmd, unsigned long arg)
{
	return judge(file, cmd, arg, true);
}

/* A 32-bit caller, and `int $0x80` from a 64-bit one. No kernel lets this hook sleep. */
SEC("lsm/file_ioctl_compat")
long BPF_PROG(hook_compat, struct file *file, unsigned int cmd, unsigned long arg)
{
	return judge(file, cmd, arg, false);
}

/* The second way in, where the kernel calls no LSM program. */
SEC("fmod_ret/security_file_ioctl")
long BPF_PROG(way_ioctl, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : judge(file, cmd, arg, false);
}

SEC("fmod_ret/security_file_ioctl_compat")
long BPF_PROG(way_compat, struct file *file, unsigned int cmd, unsigned long arg, int ret)
{
	return ret ? ret : judge(file, cmd, arg, false);
}

/* linux/vfio.h: the arcs that give a new data fd. */
static __always_inline bool makes_data_fd(__u32 from, __u32 to)
{
	return (from == MW_STATE_RUNNING && to == MW_STATE_PRE_COPY) ||
	       (from == MW_STATE_RUNNING_P2P && to == MW_STATE_PRE_COPY_P2P) ||
	       (from == MW_STATE_STOP && to == MW_STATE_STOP_COPY) ||
	       (from == MW_STATE_STOP && to == MW_STATE_RESUMING);
}

/* Of vfio_mig_get_next_state(), from 0: where it writes the state that it chose. */
#define NEXT_STATE_ARGUMENT 3

static __always_inline __u32 target_direction(__u32 target)
{
	return target == MW_STATE_RESUMING ? MW_INCOMING : MW_OUTGOING;
}

/* PRE_COPY_P2P is never refused, also where it begins a migration: then it is told of. */
static __always_inline bool may_be_refused(__u32 target)
{
	return target != MW_STATE_PRE_COPY_P2P;
}

/* Gives whether it was sent: the kernel kills no PID 1. */
static __always_inline bool kill_caller(void)
{
	return bpf_send_signal(SIGKILL) == 0;
}

/*
 * An arc that gives a data fd, on the way to @target as the kernel itself read it. True: refuse.
 * The hook has judged this very target, or could not (then it is judged here), or saw something
 * else: the caller changed it meanwhile.
 */
static __always_inline bool guard_refuses(struct call *call, struct vfio_device *vdev, __u32 target)
{
	__u32 direction = target_direction(target);
	bool same = call->vdev == vdev && call->seen == SEEN_STATE && call->seen_state == target;
	bool unread = call->vdev == vdev && call->seen == SEEN_UNREADABLE;
	struct decision decision = {};

	if (same && call->judged_by)
		return false;
	if (same || unread) {
		decide(vdev, direction, true, &decision);
		if (!may_be_refused(target))
			decision.audit = 1;
	} else {
		decide_against(direction, reason_state_bypass, &decision);
		decision.seen_state = call->seen == SEEN_STATE ? call->seen_state : MW_STATE_NONE;
		decision.killed = decision.kill && !decision.audit && kill_caller();
	}
	return decision_emit(vdev, MW_FEATURE_MIG_DEVICE_STATE, target, direction, &decision) != 0;
}

/*
 * There is no memory for what the hook saw, nor to refuse the data fd by: what the mode would
 * refuse is killed, which is all that is left to keep the state from passing.
 */
static __always_inline void guard_blindly(struct vfio_device *vdev, __u32 target)
{
	__u32 direction = target_direction(target);
	struct decision decision = {};

	decide_against(direction, reason_state_bypass, &decision);
	if (!may_be_refused(target))
		decision.audit = 1;
	decision.killed = !decision.audit && kill_caller();
	decision_emit(vdev, MW_FEATURE_MIG_DEVICE_STATE, target, direction, &decision);
}

static __always_inline void guard_arc(struct vfio_device *vdev, __u32 target)
{
	struct call *call = make_call();

	if (!call) {
		guard_blindly(vdev, target);
		return;
	}
	if (!is_of_now(call))
		call_begin(call);
	if (call->guarded_by)
		return;
	call->guarded_by = build;
	if (guard_refuses(call, vdev, target)) {
		call->refused_by = build;
		__sync_fetch_and_add(&suspects, 1);
	}
}

/*
 * States with data are where a way through the state machine begins or ends, and nowhere between
 * (linux/vfio.h): one that ends in these gives no data fd. Most calls end here.
 */
static __always_inline bool is_without_data(__u32 target)
{
	return target == MW_STATE_STOP || target == MW_STATE_RUNNING ||
	       target == MW_STATE_RUNNING_P2P;
}

/* The driver was told its next arc and has not walked it yet. */
static __always_inline int next_state(void *ctx, struct vfio_device *vdev, __u32 from, __u32 target,
				      int ret)
{
	__u64 chosen = 0;
	__u32 to = 0;

	if (ret || is_without_data(target) || !acts())
		return 0;
	/* The verifier lets no program load an argument that points to an enum; the helper does. */
	bpf_get_func_arg(ctx, NEXT_STATE_ARGUMENT, &chosen);
	if (bpf_probe_read_kernel(&to, sizeof(to), (void *)chosen))
		return 0;
	if (makes_data_fd(from, to))
		guard_arc(vdev, target);
	return 0;
}

SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(guard_next_state, struct vfio_device *vdev, __u32 cur, __u32 target, void *next,
	     int ret)
{
	return next_state(ctx, vdev, cur, target, ret);
}

/*
 * The same once more, for a kernel that preempts its own code: the first one is passed over while
 * another task was preempted in it on this CPU. For both, two tasks must have been, one in each.
 */
SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(guard_next_again, struct vfio_device *vdev, __u32 cur, __u32 target, void *next,
	     int ret)
{
	return next_state(ctx, vdev, cur, target, ret);
}

static __noinline long refuse_suspect(void)
{
	const struct call *call = find_call();

	return call && call->refused_by && is_of_now(call) ? -EPERM : 0;
}

/*
 * Every open and every socket of the host passes here: one load, one test. An LSM program is never
 * passed over (since 6.2); where there can be none, the other one stands.
 */
SEC("lsm/file_alloc_security")
long BPF_PROG(guard_file, struct file *file)
{
	return suspects ? errno_only(refuse_suspect()) : 0;
}

SEC("fmod_ret/security_file_alloc")
long BPF_PROG(guard_file_alloc, struct file *file, int ret)
{
	return ret || !suspects ? ret : refuse_suspect();
}

/*
 * What a hook could not read and the guard has no part in: told of when it is over, and its page is
 * there. No state has moved by it.
 */
static __always_inline void tell_unread(const struct call *call, unsigned long arg)
{
	struct decision decision = {};
	struct request request = {};

	if (call->seen != SEEN_UNREADABLE || !is_of_now(call) || !acts() ||
	    request_read(&request, arg, false) || request.feature != MW_FEATURE_DMA_LOGGING_START)
		return;
	decide(call->vdev, MW_OUTGOING, false, &decision);
	decision.audit = 1;
	decision_emit(call->vdev, request.feature, 0, MW_OUTGOING, &decision);
}

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(guard_ioctl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	bool is_spare = false;
	struct call *call;
	__u32 tid;

	if (cmd != MW_VFIO_DEVICE_FEATURE)
		return 0;
	call = find_stored();
	if (!call) {
		call = find_spare();
		is_spare = true;
	}
	if (!call || (call->refused_by && call->refused_by != build))
		return 0;
	if (!ret)
		tell_unread(call, arg);
	call_forget(call);
	/* No call: a number that none has. */
	call->entry.number = ~0ull;
	if (is_spare) {
		tid = (__u32)bpf_get_current_pid_tgid();
		bpf_map_delete_elem(&spare_calls, &tid);
	}
	return 0;
}

static __always_inline void forget(struct mw_admission_key *key, __u32 generation)
{
	key->generation = generation;
	key->direction = MW_INCOMING;
	bpf_map_delete_elem(&admissions, key);
	key->direction = MW_OUTGOING;
	bpf_map_delete_elem(&admissions, key);
}

/*
 * A device leaves vfio: its mdev is removed, or its function gets another driver. What comes under
 * its name later is another device, and what was judged is gone. So are the defaults that it had in
 * the generation in force and, where the daemon is about to put that in force, in the next. Behind
 * the function too, which waits until nobody has the device open: what was written meanwhile goes.
 */
static __always_inline int forget_all(const struct vfio_device *vdev)
{
	struct mw_admission_key key = {};
	struct decision decision = {};

	decide_default(MW_OUTGOING, &decision);
	read_vfio_name(key.device, vdev);
	forget(&key, 0);
	if (decision.generation) {
		forget(&key, decision.generation);
		forget(&key, decision.generation + 1);
	}
	return 0;
}

SEC("fentry/vfio_unregister_group_dev")
int BPF_PROG(forget_device, struct vfio_device *vdev)
{
	return forget_all(vdev);
}

SEC("fexit/vfio_unregister_group_dev")
int BPF_PROG(forget_device_again, struct vfio_device *vdev)
{
	return forget_all(vdev);
}

char LICENSE[] SEC("license") = "GPL";
