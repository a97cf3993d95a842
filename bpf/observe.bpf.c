// SPDX-License-Identifier: GPL-2.0-only
/*
 * Seeing (DESIGN 3): ioctls on VFIO device fds, arcs of the migration state machine, mdev sysfs
 * reads and writes, mdev life. Programs look up and report; what it means is decided in user space.
 *
 * The programs fall into groups by the module they attach to (the name's first word): user space
 * loads a group when its module is there, the others later (user/kern/observe.c).
 */
#include "common.bpf.h"

/* &mdev_bus_type of the running kernel; 0 while the module mdev is not loaded. */
extern const void mdev_bus_type __ksym __weak;

/* What one task is doing inside vfio_device_fops_unl_ioctl. */
struct call {
	__u64 enter_ns;
	__u64 arc_start_ns;
	__u32 arc_from;
	__u32 arc_to;
	__u32 arc_target;
	__u32 arc_open;
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

/*
 * Task storage costs more than a whole record, so a task takes a slot by its number for the time of
 * its call. Whoever finds the slot taken by somebody else's call has its task storage.
 */
#define SLOTS 256

struct slot {
	int tid; /* of the task whose call it is; 0: free */
	__u32 zero;
	struct call call;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOTS);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

static __always_inline struct slot *slot_of(int tid)
{
	__u32 index = (__u32)tid & (SLOTS - 1);

	return bpf_map_lookup_elem(&slots, &index);
}

/* Of the call that goes on; where its entry was not seen, a fresh one that has none. */
static __always_inline struct call *current_call(__u64 flags)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct slot *slot = slot_of(task->pid);

	if (slot && slot->tid == task->pid)
		return &slot->call;
	return bpf_task_storage_get(&calls, task, NULL, flags);
}

/* Only here, so that one call is in one place from its begin to its end. */
static __always_inline struct call *call_begin(void)
{
	int tid = (int)bpf_get_current_pid_tgid();
	struct slot *slot = slot_of(tid);

	if (slot)
		__sync_val_compare_and_swap(&slot->tid, 0, tid);
	return current_call(BPF_LOCAL_STORAGE_GET_F_CREATE);
}

/* The call is over; what is known of its device stays for the next one in the slot. */
static __always_inline void call_finish(struct call *call)
{
	int tid = (int)bpf_get_current_pid_tgid();
	struct slot *slot = slot_of(tid);

	call->enter_ns = 0;
	call->arc_open = 0;
	if (slot && slot->tid == tid)
		__sync_val_compare_and_swap(&slot->tid, tid, 0);
}

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

/* First of all programs, so that it counts before a name is kept. */
SEC("fentry/vfio_device_fops_release")
int BPF_PROG(vfio_release, struct inode *inode, struct file *file)
{
	struct mw_event_close *event;

	__sync_fetch_and_add(&releases, 1);
	event = event_reserve(sizeof(*event), MW_EVENT_CLOSE);
	if (!event)
		return 0;
	read_vfio_name(event->head.device, vfio_device_of(file));
	bpf_ringbuf_submit(event, 0);
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
	call->enter_ns = bpf_ktime_get_ns();
	call->arc_open = 0;
	return 0;
}

static __always_inline void arc_emit(struct call *call, __u64 now, __s32 result)
{
	struct mw_event_arc *event = event_reserve_at(sizeof(*event), MW_EVENT_ARC, now);

	call->arc_open = 0;
	if (!event)
		return;
	__builtin_memcpy(event->head.device, call->name, sizeof(event->head.device));
	event->duration_ns = now - call->arc_start_ns;
	event->from = call->arc_from;
	event->to = call->arc_to;
	event->target = call->arc_target;
	event->result = result;
	bpf_ringbuf_submit(event, 0);
}

/*
 * The driver asks for the next arc: the one before it is walked. It is told here and the next
 * begins at the exit, so that what lies between, which is our own time and others', belongs to
 * neither.
 */
SEC("fentry/vfio_mig_get_next_state")
int BPF_PROG(vfio_next_state_enter, struct vfio_device *device, __u32 cur, __u32 target, void *next)
{
	struct call *call = current_call(0);

	if (call && call->arc_open)
		arc_emit(call, bpf_ktime_get_ns(), 0);
	return 0;
}

/* Of vfio_mig_get_next_state(), from 0: where it writes the state that it chose. */
#define NEXT_STATE_ARGUMENT 3

/*
 * An arc begins. A step that the state machine refuses is reported as an arc straight to its target
 * with the refusal as result.
 */
SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(vfio_next_state, struct vfio_device *device, __u32 cur, __u32 target, void *next,
	     int ret)
{
	struct call *call = current_call(BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 chosen = 0;

	if (!call)
		return 0;
	know_device(call, device);
	call->arc_start_ns = bpf_ktime_get_ns();
	call->arc_from = cur;
	call->arc_to = target;
	call->arc_target = target;
	if (ret) {
		arc_emit(call, call->arc_start_ns, ret);
		return 0;
	}
	/* The verifier lets no program load an argument that points to an enum; the helper does. */
	bpf_get_func_arg(ctx, NEXT_STATE_ARGUMENT, &chosen);
	if (!bpf_probe_read_kernel(&call->arc_to, sizeof(call->arc_to), (void *)chosen))
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

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(vfio_ioctl_exit, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	struct call *call = current_call(0);
	struct mw_event_ioctl *event;
	__u64 now = bpf_ktime_get_ns();

	if (!call)
		return 0;
	/* Without an entry we were attached in the middle of this call. */
	if (!call->enter_ns) {
		call_finish(call);
		return 0;
	}
	if (call->arc_open)
		arc_emit(call, now, ret < 0 ? (__s32)ret : 0);

	know_file(call, file);
	event = event_reserve_at(sizeof(*event), MW_EVENT_IOCTL, now);
	if (event) {
		__builtin_memcpy(event->head.device, call->name, sizeof(event->head.device));
		event->duration_ns = now - call->enter_ns;
		event->cmd = cmd;
		event->result = (__s32)ret;
		event->argsz = 0;
		event->flags = 0;
		event->payload_size = 0;
		event->payload_error = 0;
		__builtin_memset(event->payload, 0, sizeof(event->payload));
		if (cmd == MW_VFIO_DEVICE_FEATURE)
			read_argument(event, arg);
		bpf_ringbuf_submit(event, 0);
	}
	call_finish(call);
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
	return BPF_CORE_READ(dev, bus) == &mdev_bus_type;
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
