// SPDX-License-Identifier: GPL-2.0-only
/*
 * The data of migrations (DESIGN 3): what goes through a driver's own read and write functions, in
 * sums per data file and phase. Nothing per call goes through the ring, and nothing of ours is on
 * the paths that other files take.
 *
 * The programs have no target here: user space sets it, for each driver an instance of the object
 * that shares the maps (user/kern/dataflow.c). All drivers have the same prototypes, because they
 * are those of struct file_operations.
 */
#include "flow.bpf.h"
#include "slot.bpf.h"

#define ENOMSG 42

/* When the call began that a task is making of a driver's function. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} enters SEC(".maps");

/* The same by slot, which is where nearly all tasks find theirs (slot.bpf.h). */
struct enter {
	int tid;     /* 0: free */
	__u32 place; /* of the file that was called for last (file_recall) */
	__u64 enter_ns;
};

static struct enter enter_slots[SLOTS];

static __always_inline int driver_enter(void)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct enter *slot = &enter_slots[slot_index(task->pid)];
	__u64 *kept;

	if (slot_take(&slot->tid, task->pid)) {
		slot->enter_ns = bpf_ktime_get_ns();
		return 0;
	}
	kept = bpf_task_storage_get(&enters, task, NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (kept)
		*kept = bpf_ktime_get_ns();
	return 0;
}

static __noinline __u64 driver_leave_kept(void)
{
	__u64 *kept = bpf_task_storage_get(&enters, bpf_get_current_task_btf(), NULL, 0);
	__u64 enter;

	if (!kept)
		return 0;
	enter = *kept;
	*kept = 0;
	return enter;
}

/*
 * When the call began that ends now; 0 if it began before we watched. *place is where the caller
 * may find its file.
 */
static __always_inline __u64 driver_leave(__u32 **place)
{
	int tid = bpf_get_current_task_btf()->pid;
	struct enter *slot = &enter_slots[slot_index(tid)];
	__u64 enter;

	*place = &slot->place;
	if (slot->tid != tid)
		return driver_leave_kept();
	enter = slot->enter_ns;
	slot_leave(&slot->tid);
	return enter;
}

/* The data file, also one that was made before we watched: of that we know no device, no phase. */
static __always_inline struct mw_flow_file *file_of(const struct file *address, __u32 *place)
{
	struct mw_flow_file *file = file_recall((__u64)address, place);

	if (file)
		return file;
	file = file_make((__u64)address);
	if (file)
		file->state = MW_STATE_NONE;
	return file;
}

static __always_inline struct mw_flow *phase_of(struct mw_flow_file *file, __u32 direction)
{
	struct mw_flow *flow = &file->flow[phase_of_state(file->state)];

	if (!has_calls(flow)) {
		flow->begin_ns = file->begin_ns;
		flow->state = file->state;
		flow->direction = direction;
	}
	return flow;
}

static const __u8 log2_of_byte[256] = {
	[2 ... 3] = 1,   [4 ... 7] = 2,    [8 ... 15] = 3,    [16 ... 31] = 4,
	[32 ... 63] = 5, [64 ... 127] = 6, [128 ... 255] = 7,
};

/* The barrier keeps clang from doing all the steps to save the jumps. */
static __always_inline __u32 log2_of(__u64 value)
{
	__u32 result = 0;

	for (__u32 byte = 0; byte < sizeof(value) - 1; byte++) {
		if (value < sizeof(log2_of_byte))
			break;
		value >>= 8;
		result += 8;
		barrier_var(value);
	}
	return result + log2_of_byte[value & (sizeof(log2_of_byte) - 1)];
}

static __always_inline void histogram_add(__u32 *histogram, __u32 buckets, __u64 value)
{
	__u32 bucket = log2_of(value);

	if (bucket >= buckets)
		bucket = buckets - 1;
	__sync_fetch_and_add(&histogram[bucket], 1);
}

/*
 * The driver has kept f_pos up to date; where it has not, we begin at 0. A call that failed may
 * have moved it all the same, by bytes that nobody missed.
 */
static __always_inline void first_call(struct mw_flow_file *file, struct mw_flow *flow,
				       const struct file *address, long ret)
{
	__u64 position = BPF_CORE_READ(address, f_pos);
	__u64 moved = ret > 0 ? ret : 0;

	file->is_seen = 1;
	if (ret < 0 || position <= moved)
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
	__u32 *place;
	__u64 now = bpf_ktime_get_ns(), enter = driver_leave(&place);
	struct mw_flow_file *file;
	struct mw_flow *flow;

	if (!enter)
		return 0;
	file = file_of(address, place);
	if (!file || file->is_done)
		return 0;
	flow = phase_of(file, direction);
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
	event_submit(event);
}

SEC("fexit")
int BPF_PROG(driver_ioctl_exit, struct file *address, unsigned int cmd, unsigned long arg, long ret)
{
	__u32 *place;
	__u64 now = bpf_ktime_get_ns(), enter = driver_leave(&place);
	struct precopy_info info = {};
	struct mw_flow_file *file;
	struct mw_flow *flow;

	if (cmd != MW_VFIO_MIG_GET_PRECOPY_INFO || !enter)
		return 0;
	file = file_of(address, place);
	if (!file || file->is_done)
		return 0;
	flow = phase_of(file, MW_FLOW_READ);
	__sync_fetch_and_add(&flow->infos, 1);
	__sync_fetch_and_add(&flow->info_ns, now - enter);
	if (!ret)
		bpf_probe_read_user(&info, sizeof(info), (void *)arg);
	if (is_new_answer(file, &info, ret))
		precopy_emit(file, &info, now, now - enter);
	return 0;
}

static __always_inline void closed_emit(const struct mw_flow_file *file)
{
	struct mw_event_data_file *event = event_reserve(sizeof(*event), MW_EVENT_DATA_FILE);

	if (!event)
		return;
	__builtin_memcpy(event->head.device, file->device, sizeof(event->head.device));
	event->state = MW_STATE_NONE;
	event->op = MW_DATA_FILE_CLOSED;
	__builtin_memset(event->name, 0, sizeof(event->name));
	__builtin_memset(event->function, 0, sizeof(event->function));
	event_submit(event);
}

SEC("fentry")
int BPF_PROG(driver_release, struct inode *inode, struct file *address)
{
	__u64 key = (__u64)address, vdev;
	struct mw_flow_file *file = file_find(key);
	const struct flow_device *device;

	if (!file)
		return 0;
	vdev = file->vdev;
	file_finish(key, MW_FLOW_CLOSED, bpf_ktime_get_ns());
	/* One that is older than our watching is of no device that we know. */
	if (vdev)
		closed_emit(file);
	device = bpf_map_lookup_elem(&flow_devices, &vdev);
	if (device && device->file == key)
		device_forget(vdev);
	file_free(file);
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
