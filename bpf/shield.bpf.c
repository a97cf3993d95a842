// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shield (DESIGN 2): keeps other processes off the gate's maps, programs and pins, whatever
 * capabilities they have. While the daemon lives it is let through, and nobody else. When it is
 * dead, the next one has to get in: whoever runs the executable at the path that the daemon's was
 * run from, as long as that file is root's and nobody else may write it, and nobody had a say in
 * the execve: no tracer, nothing in the environment that makes the loader take other code along.
 *
 * A tracing or LSM link cannot be detached by a descriptor: it lives as long as its pin. So what
 * has to be kept are descriptors of maps and programs, the pins, and the file system they are in.
 */
#include "ring.bpf.h"

#include <asm-generic/errno-base.h>

#define PATH_PARTS 12
#define PART_WORDS 8
#define WRITABLE_BY_OTHERS 022
/* linux/ptrace.h */
#define PTRACE_MODE_ATTACH 2
/* linux/sched.h */
#define PF_EXITING 4
/* linux/security.h: somebody shares its root and working folder, somebody traces it. */
#define UNSAFE_SHARE 1
#define UNSAFE_PTRACE 2
/* Of an execve, read in pieces; one with more than that is not looked through. */
#define STRING_PIECES 4096
#define PIECE_BYTES 128

/* Since 6.2; told by the loader, as not every verifier takes the address of such a function. */
extern struct task_struct *bpf_task_from_pid(__s32 pid) __weak __ksym;
extern void bpf_task_release(struct task_struct *task) __weak __ksym;
const volatile bool can_look_up_tasks;

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_shield_config);
} shield SEC(".maps");

/* Where the daemon's executable is, by names from the file upwards; the last is the root's "/". */
struct executable {
	__u64 part[PATH_PARTS][PART_WORDS];
	__u32 device;
	__u32 zero;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct executable);
} home SEC(".maps");

/* Ids of maps and of programs, kept apart by the high half. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, __u32);
} kept SEC(".maps");

/* Of a task: that what it runs is ours, and that nobody else had a say in it. */
enum execution {
	EXECUTION_CLEAN = 1,
	EXECUTION_LET_IN, /* and has been told of */
};

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, enum execution);
} executions SEC(".maps");

static __always_inline struct mw_shield_config *config(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shield, &zero);
}

/*
 * Whether the current process runs an executable that is root's, writable by nobody else, and the
 * known one; or, to @learn it, at a path that can be known: the names from the file up to the root
 * of its file system, none of them cut.
 */
static __always_inline bool runs(struct executable *known, bool learn)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode = BPF_CORE_READ(exe, f_inode);
	struct dentry *dentry = BPF_CORE_READ(exe, f_path.dentry);
	__u32 device = BPF_CORE_READ(inode, i_sb, s_dev);

	if (!exe || BPF_CORE_READ(inode, i_uid.val) != 0 ||
	    (BPF_CORE_READ(inode, i_mode) & WRITABLE_BY_OTHERS))
		return false;
	if (learn)
		known->device = device;
	else if (known->device != device)
		return false;
	for (__u32 i = 0; i < PATH_PARTS; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
		__u64 part[PART_WORDS] = {};

		if (bpf_probe_read_kernel_str(part, sizeof(part),
					      BPF_CORE_READ(dentry, d_name.name)) ==
		    (long)sizeof(part))
			return false;
		for (__u32 j = 0; j < PART_WORDS; j++) {
			if (learn)
				known->part[i][j] = part[j];
			else if (known->part[i][j] != part[j])
				return false;
		}
		if (parent == dentry)
			return true;
		dentry = parent;
	}
	return false;
}

static __always_inline struct executable *executable(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&home, &zero);
}

static __always_inline bool runs_ours(const struct mw_shield_config *now)
{
	struct executable *known = executable();

	return now->trusted && known && runs(known, false);
}

static __always_inline bool is_daemon(const struct mw_shield_config *now,
				      const struct task_struct *task)
{
	return (__u32)task->tgid == now->daemon &&
	       BPF_CORE_READ(task, group_leader, start_boottime) == now->daemon_began_ns;
}

/* Where the kernel cannot tell it does not. From the moment it begins to die it is dead. */
static __always_inline bool daemon_lives(const struct mw_shield_config *now)
{
	struct task_struct *task;
	bool lives;

	if (!can_look_up_tasks)
		return false;
	task = bpf_task_from_pid((__s32)now->daemon);
	if (!task)
		return false;
	lives = task->start_boottime == now->daemon_began_ns && !(task->flags & PF_EXITING);
	bpf_task_release(task);
	return lives;
}

static __always_inline void tell(__u32 piece, __u32 id, const void *name, __s32 error)
{
	struct mw_event_shield *event = event_reserve(sizeof(*event), MW_EVENT_SHIELD);

	if (!event)
		return;
	event->piece = piece;
	event->id = id;
	event->error = error;
	event->uid = (__u32)bpf_get_current_uid_gid();
	__builtin_memset(event->name, 0, sizeof(event->name));
	bpf_probe_read_kernel_str(event->name, sizeof(event->name), name);
	event_submit(event);
}

/* The daemon tells us its own tgid, and we look for ourselves what it runs. */
static __always_inline void get_to_know(struct mw_shield_config *now)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct executable *known = executable();

	if (now->trusted || (__u32)task->tgid != now->daemon)
		return;
	now->daemon_began_ns = BPF_CORE_READ(task, group_leader, start_boottime);
	now->trusted = known && runs(known, true);
}

/* One that comes in while there is no daemon is told of, once: it may be the next one, or not. */
static __always_inline bool may_follow(const struct mw_shield_config *now, __u32 piece, __u32 id,
				       const void *name)
{
	enum execution *execution =
		bpf_task_storage_get(&executions, bpf_get_current_task_btf(), NULL, 0);

	if (!execution || !runs_ours(now) || daemon_lives(now))
		return false;
	if (*execution == EXECUTION_CLEAN)
		tell(piece, id, name, 0);
	*execution = EXECUTION_LET_IN;
	return true;
}

/* Whether the current process may have the piece; else it is told of. 0 or -EPERM. */
static __always_inline int judge(struct mw_shield_config *now, __u32 piece, __u32 id,
				 const void *name)
{
	get_to_know(now);
	if (is_daemon(now, bpf_get_current_task_btf()) || may_follow(now, piece, id, name))
		return 0;
	tell(piece, id, name, -EPERM);
	return -EPERM;
}
static __always_inline int keep_off(__u32 piece, __u32 id, const void *name)
{
	__u64 key = (__u64)piece << 32 | id;
	struct mw_shield_config *now = config();

	if (!now || !bpf_map_lookup_elem(&kept, &key))
		return 0;
	return judge(now, piece, id, name);
}

/* Both are called for every new descriptor, however it was asked for. */
SEC("lsm/bpf_map")
int BPF_PROG(shield_map, struct bpf_map *map)
{
	return keep_off(MW_SHIELD_MAP, map->id, map->name);
}

SEC("lsm/bpf_prog")
int BPF_PROG(shield_prog, struct bpf_prog *prog)
{
	return keep_off(MW_SHIELD_PROGRAM, BPF_CORE_READ(prog, aux, id),
			BPF_CORE_READ(prog, aux)->name);
}

static __always_inline bool is_pin_folder(const struct mw_shield_config *now,
					  const struct inode *inode)
{
	return now->pin_folder && BPF_CORE_READ(inode, i_ino) == now->pin_folder &&
	       BPF_CORE_READ(inode, i_sb, s_dev) == now->pin_device;
}

/* A pin in our folder, or the folder itself. */
static __always_inline int keep_pin(struct inode *dir, struct dentry *dentry)
{
	struct mw_shield_config *now = config();

	if (!now ||
	    (!is_pin_folder(now, dir) && !is_pin_folder(now, BPF_CORE_READ(dentry, d_inode))))
		return 0;
	return judge(now, MW_SHIELD_PIN, 0, BPF_CORE_READ(dentry, d_name.name));
}

SEC("lsm/inode_unlink")
int BPF_PROG(shield_unlink, struct inode *dir, struct dentry *dentry)
{
	return keep_pin(dir, dentry);
}

SEC("lsm/inode_rmdir")
int BPF_PROG(shield_rmdir, struct inode *dir, struct dentry *dentry)
{
	return keep_pin(dir, dentry);
}

SEC("lsm/inode_rename")
int BPF_PROG(shield_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
	     struct dentry *new_dentry)
{
	int error = keep_pin(old_dir, old_dentry);

	return error ? error : keep_pin(new_dir, new_dentry);
}

SEC("lsm/sb_umount")
int BPF_PROG(shield_umount, struct vfsmount *mount)
{
	struct mw_shield_config *now = config();

	if (!now || !now->pin_folder || BPF_CORE_READ(mount, mnt_sb, s_dev) != now->pin_device)
		return 0;
	return judge(now, MW_SHIELD_MOUNT, 0, "");
}

/*
 * pidfd_getfd and /proc/PID/mem ask for the same right as a debugger. The daemon is kept from it;
 * any other process of our executable may be traced, and is one like any other from then on.
 */
SEC("lsm/ptrace_access_check")
int BPF_PROG(shield_ptrace, struct task_struct *child, unsigned int mode)
{
	struct mw_shield_config *now = config();

	if (!now || !(mode & PTRACE_MODE_ATTACH))
		return 0;
	if (is_daemon(now, child))
		return judge(now, MW_SHIELD_DAEMON, 0, "");
	bpf_task_storage_delete(&executions, child->group_leader);
	return 0;
}

struct strings {
	unsigned long at, end;
	bool goes_on; /* @at is inside a string, not where it begins */
	bool is_clean;
};

static __always_inline bool begins(const char *text, const char *prefix)
{
	for (int i = 0; prefix[i]; i++)
		if (text[i] != prefix[i])
			return false;
	return true;
}

/* What makes the loader, the C library, or OpenSSL below libcurl take other code into a process. */
static __always_inline bool brings_code(const char *text)
{
	return begins(text, "LD_") || begins(text, "GLIBC_TUNABLES=") ||
	       begins(text, "GCONV_PATH=") || begins(text, "OPENSSL_");
}

static long look_at_string(__u32 index, struct strings *strings)
{
	char text[PIECE_BYTES] = {};
	long n;

	if (strings->at >= strings->end)
		return 1;
	n = bpf_probe_read_user_str(text, sizeof(text), (void *)strings->at);
	if (n <= 0 || (!strings->goes_on && brings_code(text))) {
		strings->is_clean = false;
		return 1;
	}
	/* Its NUL is the helper's own where the string is longer. */
	strings->goes_on = n == sizeof(text);
	strings->at += strings->goes_on ? n - 1 : n;
	return 0;
}

/* The strings of the new program are on its stack by now, and nobody runs yet who could change
 * them. */
SEC("lsm/bprm_committed_creds")
int BPF_PROG(shield_exec, struct linux_binprm *bprm)
{
	const struct mw_shield_config *now = config();
	struct strings strings = {.at = bprm->p, .end = bprm->exec, .is_clean = true};
	enum execution *execution;

	bpf_task_storage_delete(&executions, bpf_get_current_task_btf());
	if (!now || !runs_ours(now) || (bprm->unsafe & (UNSAFE_SHARE | UNSAFE_PTRACE)))
		return 0;
	bpf_loop(STRING_PIECES, look_at_string, &strings, 0);
	if (!strings.is_clean || strings.at < strings.end)
		return 0;
	execution = bpf_task_storage_get(&executions, bpf_get_current_task_btf(), NULL,
					 BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (execution)
		*execution = EXECUTION_CLEAN;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
