// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeing (DESIGN 3): ioctls on VFIO device fds, arcs of the migration state machine, mdev sysfs
 * reads and writes, mdev life. Programs look up and report; what it means is decided in user space.
 *
 * The programs fall into groups by the module they attach to (the name's first word): user space
 * loads a group when its module is there, the others later (user/kern/observe.c).
 */
#include "common.bpf.h"
#include "flow.bpf.h"
#include "slot.bpf.h"

/* Of the running kernel, set before loading; 0 while the module mdev is not loaded. */
const volatile __u64 mdev_bus_type_address;

#define FUNCTIONS_MAX 256
#define ERRORS_FROM (-4095ul) /* a pointer from here on is an errno */

/* Of the longest way through the state machine; an arc more is told before its call ends. */
#define ARCS_MAX 4
#define STATES 8 /* of the state machine, and as many combinations of what a device may have */

/* One that a driver walks or has walked. */
struct arc {
	__u64 begin_ns;
	__u64 end_ns;
	__u32 from;
	__u32 to;
	__u32 target;
	__s32 result;
};

/* What one task is doing inside vfio_device_fops_unl_ioctl. */
struct call {
	int tid; /* of a slot: whose call it is; 0: free */
	__u32 zero;
	__u64 enter_ns;
	__u32 arc_open;
	__u32 arc_count;
	/* So many that are not told yet, and behind them one that goes on where arc_open is. */
	struct arc arcs[ARCS_MAX];
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
	call->arc_open = 0;
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
		bpf_ringbuf_submit(event, 0);
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
	call->arc_open = 0;
	call->arc_count = 0;
	call->enter_ns = bpf_ktime_get_ns();
	return 0;
}

static __always_inline void fill_arc(struct mw_event_arc *event, const struct arc *arc,
				     const char *device, const struct who *who)
{
	fill_head_of(&event->head, sizeof(*event), MW_EVENT_ARC, arc->end_ns, who);
	copy_device(event->head.device, device);
	event->duration_ns = arc->end_ns - arc->begin_ns;
	event->from = arc->from;
	event->to = arc->to;
	event->target = arc->target;
	event->result = arc->result;
}

/* The one that goes on, or has its place; NULL where there is no room for one. */
static __always_inline struct arc *arc_open(struct call *call)
{
	__u32 index = call->arc_count;

	if (index >= ARCS_MAX)
		return NULL;
	/* Again, for the verifier: clang makes the address before it tests. */
	barrier_var(index);
	return &call->arcs[index & (ARCS_MAX - 1)];
}

/* Tells the arcs that are walked before their call ends: what comes next in the ring is later. */
static __noinline int arcs_flush(struct call *call)
{
	const struct arc *open;
	struct who who;

	if (!call)
		return 0;
	who_of(&who, bpf_get_current_task_btf());
	for (__u32 i = 0; i < ARCS_MAX && i < call->arc_count; i++) {
		struct mw_event_arc *event = bpf_ringbuf_reserve(&ring, sizeof(*event), 0);

		count(MW_EVENT_ARC, 1, !event);
		if (!event)
			continue;
		fill_arc(event, &call->arcs[i], call->name, &who);
		bpf_ringbuf_submit(event, 0);
	}
	open = arc_open(call);
	if (call->arc_open && call->arc_count && open)
		call->arcs[0] = *open;
	call->arc_count = 0;
	return 0;
}

static __always_inline void arc_end(struct call *call, struct arc *arc, __u64 now, __s32 result)
{
	arc->end_ns = now;
	arc->result = result;
	call->arc_open = 0;
	call->arc_count++;
}

/*
 * The state, from 1, that vfio_mig_get_next_state() chose where a device with these flags was on
 * its way from one state to another; 0: not seen yet. It looks at nothing else, and asking the
 * kernel each time costs more than the rest of the program.
 */
static __u8 next_states[STATES * STATES * STATES];

static __always_inline __u8 *next_place(__u32 flags, __u32 from, __u32 target)
{
	__u32 index = (flags * STATES + from) * STATES + target;

	if (flags >= STATES || from >= STATES || target >= STATES)
		return NULL;
	barrier_var(index);
	return &next_states[index & (sizeof(next_states) - 1)];
}

/* Of vfio_mig_get_next_state(), from 0: where it writes the state that it chose. */
#define NEXT_STATE_ARGUMENT 3

/* What it chose now. False: that cannot be read. */
static __always_inline bool next_read(void *ctx, __u32 *to)
{
	__u64 chosen = 0;

	/* The verifier lets no program load an argument that points to an enum; the helper does. */
	bpf_get_func_arg(ctx, NEXT_STATE_ARGUMENT, &chosen);
	return !bpf_probe_read_kernel(to, sizeof(*to), (void *)chosen);
}

static __always_inline bool next_of(void *ctx, const struct vfio_device *device, __u32 from,
				    __u32 target, __u32 *to)
{
	__u8 *place = next_place(device->migration_flags, from, target);

	if (place && *place) {
		*to = *place - 1;
		return true;
	}
	if (!next_read(ctx, to))
		return false;
	if (place && *to < STATES)
		*place = *to + 1;
	return true;
}

/*
 * The driver has walked an arc, and is told the next one. A step that the state machine refuses is
 * reported as an arc straight to its target with the refusal as result. What is walked is told when
 * the call ends: telling takes longer than many an arc. Where it cannot wait, the next arc begins
 * after it, so that our own time belongs to neither.
 */
SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(vfio_next_state, struct vfio_device *device, __u32 cur, __u32 target, void *next,
	     int ret)
{
	struct call *call = call_of(bpf_get_current_task_btf(), BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 now = bpf_ktime_get_ns();
	struct arc *arc;

	if (!call)
		return 0;
	know_device(call, device);
	arc = arc_open(call);
	if (call->arc_open && arc)
		arc_end(call, arc, now, 0);
	if (is_followed((__u64)device)) {
		arcs_flush(call);
		device_enter((__u64)device, cur, MW_FLOW_LEFT, now);
		now = bpf_ktime_get_ns();
	} else if (call->arc_count >= ARCS_MAX) {
		arcs_flush(call);
		now = bpf_ktime_get_ns();
	}
	arc = arc_open(call);
	if (!arc)
		return 0;
	arc->begin_ns = now;
	arc->from = cur;
	arc->to = target;
	arc->target = target;
	if (ret)
		arc_end(call, arc, now, ret);
	else if (next_of(ctx, device, cur, target, &arc->to))
		call->arc_open = 1;
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

/*
 * Room for the arcs of a call and itself, one behind the other. The verifier wants a size that is
 * known on each way through, and that of 6.1 forgets which of them it is on: @arcs says so once
 * more.
 */
static __always_inline void *call_reserve(__u32 *arcs)
{
	const __u32 own = sizeof(struct mw_event_ioctl), each = sizeof(struct mw_event_arc);
	__u32 count = *arcs;

#define RESERVE_WITH(number)        \
	case number:                \
		count = number;     \
		barrier_var(count); \
		*arcs = count;      \
		return bpf_ringbuf_reserve(&ring, own + (number)*each, 0)

	switch (count) {
		RESERVE_WITH(0);
		RESERVE_WITH(1);
		RESERVE_WITH(2);
		RESERVE_WITH(3);
		RESERVE_WITH(ARCS_MAX);
	}
#undef RESERVE_WITH
	return NULL;
}

static __always_inline void fill_ioctl(struct mw_event_ioctl *event, const struct call *call,
				       const struct who *who, __u64 now)
{
	fill_head_of(&event->head, sizeof(*event), MW_EVENT_IOCTL, now, who);
	copy_device(event->head.device, call->name);
	event->duration_ns = now - call->enter_ns;
	event->argsz = 0;
	event->flags = 0;
	event->payload_size = 0;
	event->payload_error = 0;
	__builtin_memset(event->payload, 0, sizeof(event->payload));
}

static __always_inline void count_call(__u32 arcs, bool lost)
{
	count(MW_EVENT_IOCTL, 1, lost);
	if (arcs)
		count(MW_EVENT_ARC, arcs, lost);
}

/* A call with the arcs that it walked: one place in the ring, one look whether its reader waits. */
static __always_inline void call_emit(const struct call *call, const struct task_struct *task,
				      __u64 now, unsigned int cmd, unsigned long arg, long ret)
{
	__u32 arcs = call->arc_count;
	void *batch = call_reserve(&arcs);
	struct mw_event_ioctl *event = batch;
	struct who who;

	/* One look: 6.1 does not know after it that a place in the ring is none that is missing. */
	if (!batch) {
		count_call(arcs, true);
		return;
	}
	count_call(arcs, false);
	who_of(&who, task);
	for (__u32 i = 0; i < ARCS_MAX && i < arcs; i++) {
		fill_arc((void *)event, &call->arcs[i], call->name, &who);
		event = (void *)event + sizeof(struct mw_event_arc);
	}
	fill_ioctl(event, call, &who, now);
	event->cmd = cmd;
	event->result = (__s32)ret;
	if (cmd == MW_VFIO_DEVICE_FEATURE)
		read_argument(event, arg);
	bpf_ringbuf_submit(batch, 0);
}

/* After a failure the state is what the driver says next. */
static __always_inline void follow_call(const struct call *call, unsigned int cmd, long ret,
					const struct arc *arrived, __u64 now)
{
	__u64 vdev = (__u64)call->vdev;

	/* Most calls are neither, and need no look at the device. */
	if (ret < 0 || (cmd != MW_VFIO_DEVICE_RESET && !arrived) || !is_followed(vdev))
		return;
	if (cmd == MW_VFIO_DEVICE_RESET)
		device_enter(vdev, MW_STATE_RUNNING, MW_FLOW_RESET, now);
	else if (arrived)
		device_enter(vdev, arrived->to, MW_FLOW_LEFT, now);
}

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(vfio_ioctl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct call *call = call_of(task, 0);
	__u64 now = bpf_ktime_get_ns();
	struct arc *arrived = NULL;

	if (!call)
		return 0;
	/* Without an entry we were attached in the middle of this call. */
	if (call->enter_ns) {
		if (call->arc_open)
			arrived = arc_open(call);
		if (arrived)
			arc_end(call, arrived, now, ret < 0 ? (__s32)ret : 0);
		know_file(call, file);
		call_emit(call, task, now, cmd, arg, ret);
		follow_call(call, cmd, ret, arrived, now);
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
	bpf_ringbuf_submit(event, 0);
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
	const struct arc *arc;
	__u32 to;

	if (!call || !call->arc_open || address >= ERRORS_FROM)
		return 0;
	arc = arc_open(call);
	if (!arc)
		return 0;
	to = arc->to;
	if (file_begin(address, call, to, bpf_ktime_get_ns()))
		device_follow((__u64)call->vdev, address, arc->from);
	arcs_flush(call);
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
	bpf_ringbuf_submit(event, 0);
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
	bpf_ringbuf_submit(event, 0);
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
	bpf_ringbuf_submit(event, 0);
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
	bpf_ringbuf_submit(event, 0);
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
