// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeing (DESIGN 3): ioctls on VFIO device fds, arcs of the migration state machine, mdev sysfs
 * reads and writes, mdev life. Programs look up and report; what it means is decided in user space.
 *
 * The programs fall into groups by the module they attach to (the name's first word): user space
 * loads a group when its module is there, the others later (user/kern/observe.c).
 */
#include "flow.bpf.h"
#include "slot.bpf.h"

/* Of the running kernel, set before loading; 0 while the module mdev is not loaded. */
const volatile __u64 mdev_bus_type_address;

#define FUNCTIONS_MAX 256
#define ERRORS_FROM (-4095ul) /* a pointer from here on is an errno */

/* Of the longest way through the state machine; an arc more is told before its call ends. */
#define ARCS_MAX 4

/* One that a driver walks or has walked. It ends where and when the next one begins. */
struct arc {
	__u64 begin_ns;
	__u32 from;
	__u32 target;
};

/* What one task is doing inside vfio_device_fops_unl_ioctl. */
struct call {
	int tid; /* of a slot: whose call it is; 0: free */
	__u32 zero;
	__u64 enter_ns;
	/* So many that are not told yet; the last one goes on. */
	__u64 arc_count;
	struct arc arcs[ARCS_MAX];
	struct vfio_device *walker; /* whose arcs they are */
	/* The device that the task used last, as long as `releases` stays the same. */
	const struct file *file; /* NULL: known by its arcs alone */
	struct vfio_device *vdev;
	__u64 releases;
	char name[MW_DEVICE_BYTES];
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct call);
} calls SEC(".maps");

static struct call slots[SLOTS];

static __always_inline struct call *slot_of(int tid)
{
	return &slots[slot_index(tid)];
}

/* Of the call that goes on; where its entry was not seen, a fresh one that has none. */
static __always_inline struct call *call_of(struct task_struct *task, __u64 flags)
{
	struct call *slot = slot_of(task->pid);

	if (slot->tid == task->pid)
		return slot;
	return bpf_task_storage_get(&calls, task, NULL, flags);
}

/* Only here, so that one call is in one place from its begin to its end. */
static __always_inline struct call *call_begin(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call *slot = slot_of(task->pid);

	if (slot_take(&slot->tid, task->pid))
		return slot;
	return bpf_task_storage_get(&calls, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The call is over; what is known of its device stays for the next one in the slot. */
static __always_inline void call_finish(struct call *call)
{
	call->enter_ns = 0;
	call->arc_count = 0;
	slot_leave(&call->tid);
}

/* The functions of a kind of data file, by name. */
struct functions {
	char name[MW_FILE_FUNCTIONS][MW_FUNCTION_BYTES];
};

/* A module that comes may have its functions where one that went had others. */
struct functions_key {
	__u64 fops;
	__u64 unloads;
};

static const struct functions no_functions;

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FUNCTIONS_MAX);
	__type(key, struct functions_key);
	__type(value, struct functions);
} file_functions SEC(".maps");

/* Modules that went. */
__u64 unloads;

/*
 * Device files that were closed, from 1. The names that tasks keep (struct call) are good while
 * none is: a file, or the device behind it, can become another one only after that.
 */
__u64 releases = 1;

/* The device's name into call->name, which costs more than all the rest: read once per task. */
static __always_inline void know_device(struct call *call, struct vfio_device *vdev)
{
	__u64 now = releases;

	if (call->vdev == vdev && call->releases == now)
		return;
	call->file = NULL;
	call->vdev = vdev;
	call->releases = now;
	__builtin_memset(call->name, 0, sizeof(call->name));
	read_vfio_name(call->name, vdev);
}

static __always_inline void know_file(struct call *call, const struct file *file)
{
	if (call->file == file && call->releases == releases)
		return;
	know_device(call, vfio_device_of(file));
	call->file = file;
}

static __always_inline bool is_saving(__u32 state)
{
	return state == MW_STATE_PRE_COPY || state == MW_STATE_PRE_COPY_P2P ||
	       state == MW_STATE_STOP_COPY;
}

static __always_inline bool has_data(__u32 state)
{
	return is_saving(state) || state == MW_STATE_RESUMING;
}

/* The device has come into a state: its data file goes on to the next phase, or is done with. */
static __noinline int device_enter(__u64 vdev, __u32 state, __u32 end, __u64 now)
{
	struct flow_device *device = bpf_map_lookup_elem(&flow_devices, &vdev);
	struct mw_flow_file *file;
	struct mw_flow *flow;
	__u64 address;
	__u32 before;

	if (!device || device->state == state)
		return 0;
	before = device->state;
	address = device->file;
	if (has_data(before) && !(is_saving(before) && is_saving(state))) {
		file_finish(address, end, now);
		device_forget(vdev);
		return 0;
	}
	device->state = state;
	file = file_find(address);
	if (!file)
		return 0;
	flow = &file->flow[phase_of_state(before)];
	if (has_calls(flow) && flow->state == before)
		flow->end_ns = now;
	file->state = state;
	file->begin_ns = now;
	file->last_ns = 0;
	return 0;
}

/* First of all programs, so that it counts before a name is kept. */
SEC("fentry/vfio_device_fops_release")
int BPF_PROG(vfio_release, struct inode *inode, struct file *file)
{
	struct vfio_device *vdev = vfio_device_of(file);
	const struct flow_device *device;
	__u64 key = (__u64)vdev;
	struct mw_event_close *event;

	__sync_fetch_and_add(&releases, 1);
	event = event_reserve(sizeof(*event), MW_EVENT_CLOSE);
	if (event) {
		read_vfio_name(event->head.device, vdev);
		event_submit(event);
	}
	if (!is_followed(key) || BPF_CORE_READ(vdev, open_count) > 1)
		return 0;
	device = bpf_map_lookup_elem(&flow_devices, &key);
	if (!device)
		return 0;
	file_finish(device->file, MW_FLOW_DEVICE_CLOSED, bpf_ktime_get_ns());
	device_forget(key);
	return 0;
}

/*
 * The ioctl function belongs to vfio_device_fops alone, so the file needs no further test here: a
 * container's ioctl with the same number never arrives.
 */
SEC("fentry/vfio_device_fops_unl_ioctl")
int BPF_PROG(vfio_ioctl_enter, struct file *file, unsigned int cmd, unsigned long arg)
{
	struct call *call = call_begin();

	if (!call)
		return 0;
	call->arc_count = 0;
	call->enter_ns = bpf_ktime_get_ns();
	return 0;
}

/* Volatile: what clang folds into the code has no place, and libbpf no BTF for it. */
const volatile __u8 first_steps[MW_STATES][MW_STATES] = MW_FIRST_STEPS;
const volatile __u8 state_needs[MW_STATES] = MW_STATE_NEEDS;

static __always_inline bool has_state(__u32 flags, __u32 state)
{
	return state < MW_STATES && !(state_needs[state & (MW_STATES - 1)] & ~flags);
}

/*
 * Where an arc leads that has not come to its end, as vfio_mig_get_next_state() chose: it looks at
 * nothing but these. MW_STATE_NONE: it refused. To see what it chose takes a program behind it,
 * which costs half as much again as one before it, in each arc.
 */
static __noinline __u32 arc_leads_to(const struct call *call, const struct arc *arc)
{
	const struct vfio_device *device;
	__u32 flags, step, target;

	if (!call || !arc)
		return MW_STATE_NONE;
	device = call->walker;
	flags = BPF_CORE_READ(device, migration_flags);
	step = arc->from;
	target = arc->target;
	if (!has_state(flags, step) || !has_state(flags, target))
		return MW_STATE_NONE;
	for (__u32 i = 0; i < MW_STATES; i++) {
		step = first_steps[step & (MW_STATES - 1)][target & (MW_STATES - 1)];
		if (step == MW_STATE_ERROR)
			return MW_STATE_NONE;
		if (has_state(flags, step))
			return step;
	}
	return MW_STATE_NONE;
}

/* Of an arc: when, where, and how. */
struct end {
	__u64 now;
	__u32 to;
	__s32 result;
};

static __always_inline void fill_arc(struct mw_event_arc *event, const struct call *call,
				     const struct arc *arc, const struct end *end,
				     const struct who *who)
{
	fill_head_of(&event->head, sizeof(*event), MW_EVENT_ARC, end->now, who);
	copy_device(event->head.device, call->name);
	event->duration_ns = end->now - arc->begin_ns;
	event->from = arc->from;
	event->to = end->to;
	event->target = arc->target;
	event->result = end->result;
}

/* The last one, of which there must be one. */
static __always_inline struct arc *last_arc(struct call *call)
{
	__u64 index = call->arc_count - 1;

	barrier_var(index);
	return &call->arcs[index & (ARCS_MAX - 1)];
}

/*
 * Tells the first @arcs arcs before their call ends, the last of which ended as @to began: what
 * comes next in the ring is later.
 */
static __noinline int arcs_tell(struct call *call, __u64 arcs, __u64 now, __u32 to)
{
	struct records *all = records_all();
	struct who who;

	if (!call || !all)
		return 0;
	who_of(&who, bpf_get_current_task_btf());
	for (__u32 i = 0; i < ARCS_MAX && i < arcs; i++) {
		const struct arc *arc = &call->arcs[i], *next = &call->arcs[(i + 1) % ARCS_MAX];
		struct mw_event_arc *event = records_reserve(all, sizeof(*event));
		struct end end = {.now = now, .to = to};

		records_count(all, MW_EVENT_ARC, 1, !event);
		if (!event)
			continue;
		if (i + 1 < arcs) {
			end.now = next->begin_ns;
			end.to = next->from;
		}
		fill_arc(event, call, arc, &end, &who);
		records_publish(all, event, sizeof(*event));
	}
	return 0;
}

/* The driver has come to a state with all arcs that are not told yet. */
static __always_inline void arcs_flush(struct call *call, __u64 now, __u32 to)
{
	know_device(call, call->walker);
	arcs_tell(call, call->arc_count, now, to);
	call->arc_count = 0;
}

/*
 * The driver has walked an arc, and asks for the next one. What is walked is told when the call
 * ends: telling takes longer than many an arc. Where it cannot wait, the next arc begins after it,
 * so that our own time belongs to neither.
 */
SEC("fentry/vfio_mig_get_next_state")
int BPF_PROG(vfio_next_state, struct vfio_device *device, __u32 cur, __u32 target)
{
	struct call *call = call_of(bpf_get_current_task_btf(), BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 now = bpf_ktime_get_ns();
	struct arc *arc;

	if (!call)
		return 0;
	call->walker = device;
	if (is_followed((__u64)device)) {
		arcs_flush(call, now, cur);
		device_enter((__u64)device, cur, MW_FLOW_LEFT, now);
		now = bpf_ktime_get_ns();
	} else if (call->arc_count >= ARCS_MAX) {
		arcs_flush(call, now, cur);
		now = bpf_ktime_get_ns();
	}
	call->arc_count++;
	arc = last_arc(call);
	arc->begin_ns = now;
	arc->from = cur;
	arc->target = target;
	return 0;
}

struct argument {
	__u32 argsz;
	__u32 flags;
	__u64 payload; /* the begin of it: all that most features have */
};

#define FEATURE_HEAD_BYTES (2 * sizeof(__u32))

static __always_inline void read_payload(struct mw_event_ioctl *event, unsigned long arg,
					 const struct argument *argument)
{
	__u32 size = argument->argsz - FEATURE_HEAD_BYTES;
	long error = 0;

	if (size > MW_PAYLOAD_BYTES)
		size = MW_PAYLOAD_BYTES;
	if (size == sizeof(argument->payload))
		*(__u64 *)event->payload = argument->payload;
	else
		error = bpf_probe_read_user(event->payload, size,
					    (void *)(arg + FEATURE_HEAD_BYTES));
	if (error)
		event->payload_error = (__s32)error;
	else
		event->payload_size = size;
}

/* Of a FEATURE. One read where one will do; a short argument may end where the memory does. */
static __always_inline void read_argument(struct mw_event_ioctl *event, unsigned long arg)
{
	struct argument argument = {};
	long error;

	error = bpf_probe_read_user(&argument, sizeof(argument), (void *)arg);
	if (error)
		error = bpf_probe_read_user(&argument, FEATURE_HEAD_BYTES, (void *)arg);
	if (error) {
		event->payload_error = (__s32)error;
		return;
	}
	event->argsz = argument.argsz;
	event->flags = argument.flags;
	if (argument.argsz > FEATURE_HEAD_BYTES)
		read_payload(event, arg, &argument);
}

/* Of a call. */
struct exit {
	__u64 now;
	unsigned long arg;
	long ret;
	unsigned int cmd;
};

/* The arcs that a call walked, back from the last one, of which the call's end is known. */
static __always_inline void fill_arcs(struct mw_event_arc *events, const struct call *call,
				      __u64 arcs, struct end *end, const struct who *who)
{
	_Static_assert(ARCS_MAX == 4, "as many as are below");
#pragma unroll
	for (int i = ARCS_MAX - 1; i >= 0; i--) {
		const struct arc *arc = &call->arcs[i];

		if ((__u64)i >= arcs)
			continue;
		fill_arc(&events[i], call, arc, end, who);
		end->now = arc->begin_ns;
		end->to = arc->from;
		end->result = 0;
	}
}

/*
 * How the last arc of a call ended. One that the state machine refused is told as an arc straight
 * to its target that took no time, with the refusal as result.
 */
static __always_inline void arc_end(struct call *call, struct end *end, long ret)
{
	const struct arc *arc = last_arc(call);

	end->to = arc->target;
	if (ret >= 0)
		return;
	end->result = (__s32)ret;
	end->to = arc_leads_to(call, arc);
	if (end->to != MW_STATE_NONE)
		return;
	end->to = arc->target;
	end->now = arc->begin_ns;
}

static __always_inline void fill_call(struct mw_event_ioctl *event, const struct call *call,
				      const struct who *who, const struct exit *exit)
{
	fill_head_of(&event->head, sizeof(*event), MW_EVENT_IOCTL, exit->now, who);
	copy_device(event->head.device, call->name);
	event->duration_ns = exit->now - call->enter_ns;
	event->cmd = exit->cmd;
	event->result = (__s32)exit->ret;
	if (exit->cmd == MW_VFIO_DEVICE_FEATURE)
		read_argument(event, exit->arg);
}

/* A call with the arcs that it walked: one place in the ring, one look whether its reader waits. */
static __always_inline void emit_arcs(struct records *all, struct call *call,
				      const struct task_struct *task, const struct exit *exit)
{
	__u64 arcs = call->arc_count <= ARCS_MAX ? call->arc_count : ARCS_MAX;
	__u32 arcs_bytes = (__u32)arcs * sizeof(struct mw_event_arc);
	__u32 size = arcs_bytes + sizeof(struct mw_event_ioctl);
	void *place = records_reserve(all, size);
	struct end end = {.now = exit->now};
	struct who who;

	records_count(all, MW_EVENT_IOCTL, 1, !place);
	records_count(all, MW_EVENT_ARC, arcs, !place);
	if (!place)
		return;
	who_of(&who, task);
	arc_end(call, &end, exit->ret);
	fill_arcs(place, call, arcs, &end, &who);
	fill_call(place + arcs_bytes, call, &who, exit);
	records_publish(all, place, size);
}

static __always_inline void emit_call(struct records *all, struct call *call,
				      const struct task_struct *task, const struct exit *exit)
{
	struct mw_event_ioctl *event = records_reserve(all, sizeof(*event));
	struct who who;

	records_count(all, MW_EVENT_IOCTL, 1, !event);
	if (!event)
		return;
	who_of(&who, task);
	fill_call(event, call, &who, exit);
	records_publish(all, event, sizeof(*event));
}

/* After a failure the state is what the driver says next. */
static __always_inline void follow_call(struct call *call, const struct exit *exit)
{
	__u64 vdev = (__u64)call->vdev;

	/* Most calls are neither, and need no look at the device. */
	if (exit->ret < 0 || (exit->cmd != MW_VFIO_DEVICE_RESET && !call->arc_count) ||
	    !is_followed(vdev))
		return;
	if (exit->cmd == MW_VFIO_DEVICE_RESET)
		device_enter(vdev, MW_STATE_RUNNING, MW_FLOW_RESET, exit->now);
	else
		device_enter(vdev, last_arc(call)->target, MW_FLOW_LEFT, exit->now);
}

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(vfio_ioctl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call *call = call_of(task, 0);
	struct exit exit = {.now = bpf_ktime_get_ns(), .arg = arg, .ret = ret, .cmd = cmd};
	struct records *all = records_all();

	if (!call || !all)
		return 0;
	/* Without an entry we were attached in the middle of this call. */
	if (call->enter_ns) {
		know_file(call, file);
		if (call->arc_count)
			emit_arcs(all, call, task, &exit);
		else
			emit_call(all, call, task, &exit);
		follow_call(call, &exit);
	}
	call_finish(call);
	return 0;
}

static __always_inline void read_function(char *out, const void *address)
{
	__builtin_memset(out, 0, MW_FUNCTION_BYTES);
	if (address)
		BPF_SNPRINTF(out, MW_FUNCTION_BYTES, "%ps", address);
}

static __always_inline void read_functions(struct functions *out,
					   const struct file_operations *fops)
{
	read_function(out->name[MW_FILE_READ], BPF_CORE_READ(fops, read));
	read_function(out->name[MW_FILE_WRITE], BPF_CORE_READ(fops, write));
	read_function(out->name[MW_FILE_IOCTL], BPF_CORE_READ(fops, unlocked_ioctl));
	read_function(out->name[MW_FILE_RELEASE], BPF_CORE_READ(fops, release));
}

/* Their names, looked up among all the kernel's symbols once for each kind of file. */
static __always_inline struct functions *functions_of(const struct file_operations *fops)
{
	struct functions_key key = {.fops = (__u64)fops, .unloads = unloads};
	struct functions *known = bpf_map_lookup_elem(&file_functions, &key);

	if (known)
		return known;
	if (bpf_map_update_elem(&file_functions, &key, &no_functions, BPF_NOEXIST))
		return NULL;
	known = bpf_map_lookup_elem(&file_functions, &key);
	if (known)
		read_functions(known, fops);
	return known;
}

static __always_inline void data_file_emit(const struct call *call, __u32 state, const char *name,
					   const struct file_operations *fops)
{
	const struct functions *functions = functions_of(fops);
	struct mw_event_data_file *event = event_reserve(sizeof(*event), MW_EVENT_DATA_FILE);

	_Static_assert(sizeof(*functions) == sizeof(event->function), "the same names");
	if (!event)
		return;
	__builtin_memcpy(event->head.device, call->name, sizeof(event->head.device));
	event->state = state;
	event->op = MW_DATA_FILE_MADE;
	__builtin_memset(event->name, 0, sizeof(event->name));
	bpf_probe_read_kernel_str(event->name, sizeof(event->name), name);
	if (functions)
		__builtin_memcpy(event->function, functions, sizeof(event->function));
	else
		read_functions((void *)event->function, fops);
	event_submit(event);
}

/* A file at this address may have been here that we did not see go. */
static __always_inline bool file_begin(__u64 address, const struct call *call, __u32 state,
				       __u64 now)
{
	struct mw_flow_file *file;

	file_finish(address, MW_FLOW_CLOSED, now);
	file = file_make(address);
	if (!file)
		return false;
	file_reset(file);
	file->vdev = (__u64)call->vdev;
	file->state = state;
	file->begin_ns = now;
	__builtin_memcpy(file->device, call->name, sizeof(file->device));
	return true;
}

/* Every driver makes its data file here, in the arc that leads to a state with data. */
SEC("fexit/anon_inode_getfile")
int BPF_PROG(vfio_data_file, const char *name, const struct file_operations *fops, void *priv,
	     int flags, struct file *ret)
{
	struct call *call = call_of(bpf_get_current_task_btf(), 0);
	__u64 address = (__u64)ret;
	struct arc arc;
	__u32 to;

	/* Without an entry what is left of arcs is of an earlier call: no device makes this file.
	 */
	if (!call || !call->enter_ns || !call->arc_count || address >= ERRORS_FROM)
		return 0;
	arc = *last_arc(call);
	to = arc_leads_to(call, &arc);
	if (to == MW_STATE_NONE)
		to = arc.target;
	know_device(call, call->walker);
	if (file_begin(address, call, to, bpf_ktime_get_ns()))
		device_follow((__u64)call->vdev, address, arc.from);
	arcs_tell(call, call->arc_count - 1, arc.begin_ns, arc.from);
	call->arcs[0] = arc;
	call->arc_count = 1;
	data_file_emit(call, to, name, fops);
	return 0;
}

static __always_inline void read_type(char *type, char *parent, const struct mdev_type *mtype)
{
	bpf_probe_read_kernel_str(type, MW_TYPE_BYTES, BPF_CORE_READ(mtype, kobj.name));
	read_device_name(parent, BPF_CORE_READ(mtype, parent, dev));
}

/* One read or write of one attribute; @mtype and @dev as far as they apply. */
static __always_inline void attribute_emit(__u32 op, const struct mdev_type *mtype,
					   const struct device *dev, const struct attribute *attr,
					   const char *buf, long length, long ret)
{
	struct mw_event_attribute *event = event_reserve(sizeof(*event), MW_EVENT_ATTRIBUTE);
	__u32 size = 0;

	if (!event)
		return;
	event->op = op;
	event->scope = dev ? MW_SCOPE_DEVICE : MW_SCOPE_TYPE;
	event->result = (__s32)ret;
	__builtin_memset(event->type, 0, sizeof(event->type));
	__builtin_memset(event->parent, 0, sizeof(event->parent));
	__builtin_memset(event->attribute, 0, sizeof(event->attribute));
	__builtin_memset(event->value, 0, sizeof(event->value));
	if (dev)
		read_device_name(event->head.device, dev);
	read_type(event->type, event->parent, mtype);
	bpf_probe_read_kernel_str(event->attribute, sizeof(event->attribute),
				  BPF_CORE_READ(attr, name));
	if (length > 0)
		size = length < MW_VALUE_BYTES ? (__u32)length : MW_VALUE_BYTES;
	/* The mask and the bound say the same; the verifier of 6.1 wants the bound on this path. */
	if (size > 0 && size <= MW_VALUE_BYTES && !bpf_probe_read_kernel(event->value, size, buf))
		event->value_size = size;
	else
		event->value_size = 0;
	event_submit(event);
}

static __always_inline struct mdev_type *type_of_kobject(struct kobject *kobj)
{
	return (void *)kobj - bpf_core_field_offset(struct mdev_type, kobj);
}

/* For functions_of() alone; what is told of modules is told by host_module_free. */
SEC("tp_btf/module_free")
int BPF_PROG(vfio_module_free, struct module *mod)
{
	__sync_fetch_and_add(&unloads, 1);
	return 0;
}

SEC("fexit/mdev_type_attr_show")
int BPF_PROG(mdev_type_show, struct kobject *kobj, struct attribute *attr, char *buf, long ret)
{
	attribute_emit(MW_ATTRIBUTE_READ, type_of_kobject(kobj), NULL, attr, buf, ret, ret);
	return 0;
}

SEC("fexit/mdev_type_attr_store")
int BPF_PROG(mdev_type_store, struct kobject *kobj, struct attribute *attr, const char *buf,
	     unsigned long count, long ret)
{
	attribute_emit(MW_ATTRIBUTE_WRITE, type_of_kobject(kobj), NULL, attr, buf, (long)count,
		       ret);
	return 0;
}

static __always_inline struct device *device_of_kobject(struct kobject *kobj)
{
	return (void *)kobj - bpf_core_field_offset(struct device, kobj);
}

/* These two see every attribute of every device of the host: the bus is tested before all else. */
static __always_inline bool is_mdev(const struct device *dev)
{
	return (__u64)BPF_CORE_READ(dev, bus) == mdev_bus_type_address;
}

static __always_inline struct mdev_type *type_of_device(struct device *dev)
{
	struct mdev_device *mdev = (void *)dev - bpf_core_field_offset(struct mdev_device, dev);

	return BPF_CORE_READ(mdev, type);
}

SEC("fexit/dev_attr_show")
int BPF_PROG(mdev_device_show, struct kobject *kobj, struct attribute *attr, char *buf, long ret)
{
	struct device *dev = device_of_kobject(kobj);

	if (is_mdev(dev))
		attribute_emit(MW_ATTRIBUTE_READ, type_of_device(dev), dev, attr, buf, ret, ret);
	return 0;
}

/* At entry: a write to `remove` frees the device before it returns. */
SEC("fentry/dev_attr_store")
int BPF_PROG(mdev_device_store, struct kobject *kobj, struct attribute *attr, const char *buf,
	     unsigned long count)
{
	struct device *dev = device_of_kobject(kobj);

	if (is_mdev(dev))
		attribute_emit(MW_ATTRIBUTE_WRITE, type_of_device(dev), dev, attr, buf, (long)count,
			       (long)count);
	return 0;
}

static __always_inline struct mw_event_mdev *mdev_reserve(__u32 op, const struct mdev_type *mtype)
{
	struct mw_event_mdev *event = event_reserve(sizeof(*event), MW_EVENT_MDEV);

	if (!event)
		return NULL;
	event->op = op;
	event->result = 0;
	__builtin_memset(event->uuid, 0, sizeof(event->uuid));
	__builtin_memset(event->type, 0, sizeof(event->type));
	__builtin_memset(event->parent, 0, sizeof(event->parent));
	read_type(event->type, event->parent, mtype);
	return event;
}

SEC("fexit/mdev_device_create")
int BPF_PROG(mdev_create, struct mdev_type *mtype, const void *uuid, int ret)
{
	struct mw_event_mdev *event = mdev_reserve(MW_MDEV_CREATE, mtype);

	if (!event)
		return 0;
	event->result = ret;
	bpf_probe_read_kernel(event->uuid, sizeof(event->uuid), uuid);
	event_submit(event);
	return 0;
}

SEC("fentry/mdev_device_remove")
int BPF_PROG(mdev_remove, struct mdev_device *mdev)
{
	struct mw_event_mdev *event = mdev_reserve(MW_MDEV_REMOVE, BPF_CORE_READ(mdev, type));

	if (!event)
		return 0;
	bpf_probe_read_kernel_str(event->head.device, MW_DEVICE_BYTES,
				  BPF_CORE_READ(mdev, dev.kobj.name));
	event_submit(event);
	return 0;
}

static __always_inline void module_emit(__u32 op, const struct module *mod)
{
	struct mw_event_module *event = event_reserve(sizeof(*event), MW_EVENT_MODULE);

	if (!event)
		return;
	event->op = op;
	event->zero = 0;
	__builtin_memset(event->module, 0, sizeof(event->module));
	bpf_probe_read_kernel_str(event->module, sizeof(event->module), mod->name);
	event_submit(event);
}

/* The module's BTF and symbols are there, its init has not run: the moment to attach to it. */
SEC("tp_btf/module_load")
int BPF_PROG(host_module_load, struct module *mod)
{
	module_emit(MW_MODULE_LOAD, mod);
	return 0;
}

SEC("tp_btf/module_free")
int BPF_PROG(host_module_free, struct module *mod)
{
	module_emit(MW_MODULE_UNLOAD, mod);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
