// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of migrations (DESIGN 3): what goes through a driver's own read and write functions, in
 * sums per data file and phase. Nothing per call goes through the ring, and nothing of ours is on
 * the paths that other files take.
 *
 * Programs whose name begins with "vfio" follow devices and their data files; they are loaded once.
 * Those that begin with "driver" have no target here: user space sets it, for each driver an
 * instance of the object that shares the maps (user/kern/dataflow.c). All drivers have the same
 * prototypes, because they are those of struct file_operations.
 */
#include "common.bpf.h"

#define FILES_MAX 4096
#define DEVICES_MAX 4096
#define PHASES_MAX (4 * FILES_MAX)
#define ENOMSG 42
#define ERRORS_FROM (-4095ul) /* a pointer from here on is an errno */

/* What one task is doing: inside a SET, or inside a driver's function for a data file. */
struct flow_task {
	__u64 enter_ns;
	struct vfio_device *vdev;
	__u32 next;
	__u32 arc_open;
};

struct flow_device {
	__u64 file; /* that moves its state, or 0 */
	__u32 state;
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct flow_task);
} flow_tasks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, DEVICES_MAX);
	__type(key, __u64);
	__type(value, struct flow_device);
} flow_devices SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, FILES_MAX);
	__type(key, __u64);
	__type(value, struct mw_flow_file);
} flow_files SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, PHASES_MAX);
	__type(key, struct mw_flow_key);
	__type(value, struct mw_flow);
} flow_phases SEC(".maps");

static const struct mw_flow no_flow;

/*
 * In the order in which a migration goes through them. Volatile, or clang 14 folds the array into
 * the code and leaves its type behind, with which the kernel takes none of our types.
 */
static const volatile __u32 phases[] = {
	MW_STATE_NONE,     MW_STATE_RUNNING,      MW_STATE_RUNNING_P2P,
	MW_STATE_PRE_COPY, MW_STATE_PRE_COPY_P2P, MW_STATE_STOP_COPY,
	MW_STATE_RESUMING, MW_STATE_STOP,         MW_STATE_ERROR,
};

static __always_inline struct flow_task *current_task(__u64 flags)
{
	return bpf_task_storage_get(&flow_tasks, bpf_get_current_task_btf(), NULL, flags);
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

static __always_inline void count_loss(void)
{
	__u32 slot = MW_EVENT_FLOW;
	struct mw_counter *counter = bpf_map_lookup_elem(&counters, &slot);

	if (!counter)
		return;
	__sync_fetch_and_add(&counter->produced, 1);
	__sync_fetch_and_add(&counter->lost, 1);
}

static __always_inline void phase_emit(const struct mw_flow_file *file, const struct mw_flow *flow,
				       __u32 end)
{
	struct mw_event_flow *event = event_reserve(sizeof(*event), MW_EVENT_FLOW);

	if (!event)
		return;
	__builtin_memcpy(event->head.device, file->device, sizeof(event->head.device));
	event->end = end;
	event->zero = 0;
	__builtin_memcpy(&event->flow, flow, sizeof(event->flow));
	bpf_ringbuf_submit(event, 0);
}

/* Tells the sums of a data file, a record for each phase that had calls, and forgets them. */
static __noinline int file_finish(__u64 address, __u32 end, __u64 now)
{
	struct mw_flow_file *file = bpf_map_lookup_elem(&flow_files, &address);
	struct mw_flow_key key = {.file = address};

	if (!file || file->is_done)
		return 0;
	file->is_done = 1;
	for (__u32 phase = 0; phase < sizeof(phases) / sizeof(phases[0]); phase++) {
		struct mw_flow *flow;

		key.state = phases[phase];
		flow = bpf_map_lookup_elem(&flow_phases, &key);
		if (!flow)
			continue;
		if (!flow->end_ns)
			flow->end_ns = now;
		phase_emit(file, flow, end);
		bpf_map_delete_elem(&flow_phases, &key);
	}
	return 0;
}

/* The device has come into a state: its data file goes on to the next phase, or is done with. */
static __noinline int device_enter(__u64 vdev, __u32 state, __u32 end, __u64 now)
{
	struct flow_device *device = bpf_map_lookup_elem(&flow_devices, &vdev);
	struct mw_flow_key key = {};
	struct mw_flow_file *file;
	struct mw_flow *flow;

	if (!device || device->state == state)
		return 0;
	key.file = device->file;
	key.state = device->state;
	if (has_data(device->state) && !(is_saving(device->state) && is_saving(state))) {
		file_finish(device->file, end, now);
		device->file = 0;
	}
	device->state = state;
	flow = bpf_map_lookup_elem(&flow_phases, &key);
	if (flow)
		flow->end_ns = now;
	file = bpf_map_lookup_elem(&flow_files, &device->file);
	if (file) {
		file->state = state;
		file->begin_ns = now;
		file->last_ns = 0;
	}
	return 0;
}

/* Of vfio_mig_get_next_state(), from 0: where it writes the state that it chose. */
#define NEXT_STATE_ARGUMENT 3

/*
 * The driver asks for the next arc: the one before it is walked, and the device is in `cur`. At
 * entry, because whoever measures arcs does so from the function's end to its next begin.
 */
SEC("fentry/vfio_mig_get_next_state")
int BPF_PROG(vfio_flow_state, struct vfio_device *vdev, __u32 cur, __u32 target, void *next)
{
	struct flow_device fresh = {.state = cur};
	__u64 key = (__u64)vdev;

	if (!bpf_map_lookup_elem(&flow_devices, &key))
		bpf_map_update_elem(&flow_devices, &key, &fresh, BPF_NOEXIST);
	device_enter(key, cur, MW_FLOW_LEFT, bpf_ktime_get_ns());
	return 0;
}

SEC("fexit/vfio_mig_get_next_state")
int BPF_PROG(vfio_flow_next_state, struct vfio_device *vdev, __u32 cur, __u32 target, void *next,
	     int ret)
{
	struct flow_task *task = current_task(BPF_LOCAL_STORAGE_GET_F_CREATE);
	__u64 chosen = 0;

	if (!task)
		return 0;
	task->arc_open = 0;
	task->vdev = vdev;
	/* The verifier lets no program load an argument that points to an enum; the helper does. */
	bpf_get_func_arg(ctx, NEXT_STATE_ARGUMENT, &chosen);
	if (!ret && !bpf_probe_read_kernel(&task->next, sizeof(task->next), (void *)chosen))
		task->arc_open = 1;
	return 0;
}

SEC("fexit/vfio_device_fops_unl_ioctl")
int BPF_PROG(vfio_flow_ioctl, struct file *file, unsigned int cmd, unsigned long arg, long ret)
{
	struct flow_task *task;

	if (cmd == MW_VFIO_DEVICE_RESET && !ret) {
		device_enter((__u64)vfio_device_of(file), MW_STATE_RUNNING, MW_FLOW_RESET,
			     bpf_ktime_get_ns());
		return 0;
	}
	/* Nothing else walks arcs. */
	if (cmd != MW_VFIO_DEVICE_FEATURE)
		return 0;
	task = current_task(0);
	if (!task || !task->arc_open)
		return 0;
	task->arc_open = 0;
	/* After a failure the state is what the driver says next. */
	if (ret >= 0)
		device_enter((__u64)task->vdev, task->next, MW_FLOW_LEFT, bpf_ktime_get_ns());
	return 0;
}

SEC("fentry/vfio_device_fops_release")
int BPF_PROG(vfio_flow_release, struct inode *inode, struct file *file)
{
	struct vfio_device *vdev = vfio_device_of(file);
	__u64 key = (__u64)vdev;
	struct flow_device *device = bpf_map_lookup_elem(&flow_devices, &key);

	if (!device || BPF_CORE_READ(vdev, open_count) > 1)
		return 0;
	file_finish(device->file, MW_FLOW_DEVICE_CLOSED, bpf_ktime_get_ns());
	bpf_map_delete_elem(&flow_devices, &key);
	return 0;
}

static __always_inline void read_function(char *out, const void *address)
{
	__builtin_memset(out, 0, MW_FUNCTION_BYTES);
	if (address)
		BPF_SNPRINTF(out, MW_FUNCTION_BYTES, "%ps", address);
}

static __always_inline void data_file_emit(const struct flow_task *task, const char *name,
					   const struct file_operations *fops)
{
	struct mw_event_data_file *event = event_reserve(sizeof(*event), MW_EVENT_DATA_FILE);

	if (!event)
		return;
	read_vfio_name(event->head.device, task->vdev);
	event->state = task->next;
	event->zero = 0;
	__builtin_memset(event->name, 0, sizeof(event->name));
	bpf_probe_read_kernel_str(event->name, sizeof(event->name), name);
	read_function(event->function[MW_FILE_READ], BPF_CORE_READ(fops, read));
	read_function(event->function[MW_FILE_WRITE], BPF_CORE_READ(fops, write));
	read_function(event->function[MW_FILE_IOCTL], BPF_CORE_READ(fops, unlocked_ioctl));
	read_function(event->function[MW_FILE_RELEASE], BPF_CORE_READ(fops, release));
	bpf_ringbuf_submit(event, 0);
}

/* Every driver makes its data file here, in the arc that leads to a state with data. */
SEC("fexit/anon_inode_getfile")
int BPF_PROG(vfio_flow_file, const char *name, const struct file_operations *fops, void *priv,
	     int flags, struct file *ret)
{
	struct flow_task *task = current_task(0);
	struct mw_flow_file fresh = {};
	struct flow_device *device;
	__u64 key = (__u64)ret, vdev;

	if (!task || !task->arc_open || key >= ERRORS_FROM)
		return 0;
	vdev = (__u64)task->vdev;
	device = bpf_map_lookup_elem(&flow_devices, &vdev);
	if (!device)
		return 0;
	fresh.vdev = vdev;
	fresh.state = task->next;
	fresh.begin_ns = bpf_ktime_get_ns();
	read_vfio_name(fresh.device, task->vdev);
	if (bpf_map_update_elem(&flow_files, &key, &fresh, BPF_ANY))
		count_loss();
	device->file = key;
	data_file_emit(task, name, fops);
	return 0;
}

static __always_inline int driver_enter(void)
{
	struct flow_task *task = current_task(BPF_LOCAL_STORAGE_GET_F_CREATE);

	if (task)
		task->enter_ns = bpf_ktime_get_ns();
	return 0;
}

/* When the call began that ends now; 0 if it began before we watched. */
static __always_inline __u64 driver_leave(void)
{
	struct flow_task *task = current_task(0);
	__u64 enter;

	if (!task)
		return 0;
	enter = task->enter_ns;
	task->enter_ns = 0;
	return enter;
}

/* The data file, also one that was made before we watched: of that we know no device, no phase. */
static __always_inline struct mw_flow_file *file_of(const struct file *file)
{
	struct mw_flow_file fresh = {.state = MW_STATE_NONE};
	__u64 key = (__u64)file;
	struct mw_flow_file *known = bpf_map_lookup_elem(&flow_files, &key);

	if (known)
		return known;
	if (bpf_map_update_elem(&flow_files, &key, &fresh, BPF_NOEXIST))
		count_loss();
	return bpf_map_lookup_elem(&flow_files, &key);
}

static __always_inline struct mw_flow *phase_of(const struct file *address,
						const struct mw_flow_file *file, __u32 direction)
{
	struct mw_flow_key key = {.file = (__u64)address, .state = file->state};
	struct mw_flow *flow = bpf_map_lookup_elem(&flow_phases, &key);

	if (flow)
		return flow;
	if (bpf_map_update_elem(&flow_phases, &key, &no_flow, BPF_NOEXIST))
		count_loss();
	flow = bpf_map_lookup_elem(&flow_phases, &key);
	if (flow) {
		flow->begin_ns = file->begin_ns;
		flow->state = file->state;
		flow->direction = direction;
	}
	return flow;
}

static __always_inline __u32 log2_of(__u64 value)
{
	__u32 result = 0;

	for (__u32 step = 32; step; step >>= 1)
		if (value >> step) {
			value >>= step;
			result += step;
		}
	return result;
}

static __always_inline void histogram_add(__u32 *histogram, __u32 buckets, __u64 value)
{
	__u32 bucket = log2_of(value);

	if (bucket >= buckets)
		bucket = buckets - 1;
	__sync_fetch_and_add(&histogram[bucket], 1);
}

/* The driver has kept f_pos up to date; where it has not, we begin at 0. */
static __always_inline void first_call(struct mw_flow_file *file, struct mw_flow *flow,
				       const struct file *address, long ret)
{
	__u64 position = BPF_CORE_READ(address, f_pos);
	__u64 moved = ret > 0 ? ret : 0;

	file->is_seen = 1;
	if (position <= moved)
		return;
	flow->missed_bytes = position - moved;
	file->offset = position - moved;
}

static __always_inline void add_result(struct mw_flow_file *file, struct mw_flow *flow, long ret,
				       __u64 now)
{
	__u64 offset = file->offset;

	if (ret > 0) {
		__sync_fetch_and_add(&file->offset, ret);
		__sync_fetch_and_add(&flow->bytes, ret);
		histogram_add(flow->size_log2, MW_SIZE_BUCKETS, ret);
		if (!flow->first_byte_ns && file->begin_ns)
			flow->first_byte_ns = now - file->begin_ns;
	} else if (ret == 0) {
		__sync_fetch_and_add(&flow->ends, 1);
	} else if (ret == -ENOMSG) {
		__sync_fetch_and_add(&flow->pauses, 1);
	} else if (__sync_fetch_and_add(&flow->errors, 1) == 0) {
		flow->error = (__s32)ret;
		flow->error_offset = offset;
	}
}

static __always_inline int driver_moved(const struct file *address, long ret, __u32 direction)
{
	__u64 now = bpf_ktime_get_ns(), enter = driver_leave();
	struct mw_flow_file *file;
	struct mw_flow *flow;

	if (!enter)
		return 0;
	file = file_of(address);
	if (!file || file->is_done)
		return 0;
	flow = phase_of(address, file, direction);
	if (!flow)
		return 0;
	if (!file->is_seen)
		first_call(file, flow, address, ret);
	__sync_fetch_and_add(&flow->calls, 1);
	__sync_fetch_and_add(&flow->driver_ns, now - enter);
	if (file->last_ns && enter > file->last_ns)
		__sync_fetch_and_add(&flow->gap_ns, enter - file->last_ns);
	histogram_add(flow->latency_log2, MW_LATENCY_BUCKETS, now - enter);
	add_result(file, flow, ret, now);
	file->last_ns = now;
	flow->last_ns = now;
	return 0;
}

SEC("fentry")
int BPF_PROG(driver_read_enter, struct file *file)
{
	return driver_enter();
}

SEC("fexit")
int BPF_PROG(driver_read_exit, struct file *file, void *buf, unsigned long count, void *pos,
	     long ret)
{
	return driver_moved(file, ret, MW_FLOW_READ);
}

SEC("fentry")
int BPF_PROG(driver_write_enter, struct file *file)
{
	return driver_enter();
}

SEC("fexit")
int BPF_PROG(driver_write_exit, struct file *file, const void *buf, unsigned long count, void *pos,
	     long ret)
{
	return driver_moved(file, ret, MW_FLOW_WRITE);
}

SEC("fentry")
int BPF_PROG(driver_ioctl_enter, struct file *file)
{
	return driver_enter();
}

/* struct vfio_precopy_info of the uAPI. */
struct precopy_info {
	__u32 argsz;
	__u32 flags;
	__u64 initial_bytes;
	__u64 dirty_bytes;
};

/* A VMM asks thousands of times a second: what it was told before is counted, and not told again.
 */
static __always_inline bool is_new_answer(struct mw_flow_file *file,
					  const struct precopy_info *info, long result)
{
	if (file->is_answered && file->info_result == result &&
	    file->initial_bytes == info->initial_bytes && file->dirty_bytes == info->dirty_bytes)
		return false;
	file->is_answered = 1;
	file->info_result = result;
	file->initial_bytes = info->initial_bytes;
	file->dirty_bytes = info->dirty_bytes;
	return true;
}

static __always_inline void precopy_emit(const struct mw_flow_file *file,
					 const struct precopy_info *info, __u64 now, __u64 duration)
{
	struct mw_event_precopy *event = event_reserve(sizeof(*event), MW_EVENT_PRECOPY);

	if (!event)
		return;
	__builtin_memcpy(event->head.device, file->device, sizeof(event->head.device));
	event->head.time_ns = now;
	event->duration_ns = duration;
	event->initial_bytes = info->initial_bytes;
	event->dirty_bytes = info->dirty_bytes;
	event->flags = info->flags;
	event->result = (__s32)file->info_result;
	bpf_ringbuf_submit(event, 0);
}

SEC("fexit")
int BPF_PROG(driver_ioctl_exit, struct file *address, unsigned int cmd, unsigned long arg, long ret)
{
	__u64 now = bpf_ktime_get_ns(), enter = driver_leave();
	struct precopy_info info = {};
	struct mw_flow_file *file;
	struct mw_flow *flow;

	if (cmd != MW_VFIO_MIG_GET_PRECOPY_INFO || !enter)
		return 0;
	file = file_of(address);
	if (!file || file->is_done)
		return 0;
	flow = phase_of(address, file, MW_FLOW_READ);
	if (flow) {
		__sync_fetch_and_add(&flow->infos, 1);
		__sync_fetch_and_add(&flow->info_ns, now - enter);
	}
	if (!ret)
		bpf_probe_read_user(&info, sizeof(info), (void *)arg);
	if (is_new_answer(file, &info, ret))
		precopy_emit(file, &info, now, now - enter);
	return 0;
}

SEC("fentry")
int BPF_PROG(driver_release, struct inode *inode, struct file *file)
{
	__u64 key = (__u64)file;
	struct mw_flow_file *known = bpf_map_lookup_elem(&flow_files, &key);
	struct flow_device *device;

	if (!known)
		return 0;
	file_finish(key, MW_FLOW_CLOSED, bpf_ktime_get_ns());
	device = bpf_map_lookup_elem(&flow_devices, &known->vdev);
	if (device && device->file == key)
		device->file = 0;
	bpf_map_delete_elem(&flow_files, &key);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
