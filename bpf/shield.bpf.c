// SPDX-License-Identifier: GPL-2.0-only
/*
 * The shield (DESIGN 2): keeps other processes off the gate's maps, programs and pins, whatever
 * capabilities they have. Let through is whoever runs the executable at the path that the daemon's
 * was run from, as long as it is root's and nobody else may write it: who can replace that file can
 * replace the gate anyway.
 *
 * A tracing or LSM link cannot be detached by a descriptor: it lives as long as its pin. So what
 * has to be kept are descriptors of maps and programs, the pins, and the file system they are in.
 */
#include "common.bpf.h"

#include <asm-generic/errno-base.h>

#define PATH_PARTS 12
#define PART_BYTES 64
#define WRITABLE_BY_OTHERS 022
/* linux/ptrace.h */
#define PTRACE_MODE_ATTACH 2

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct mw_shield_config);
} shield SEC(".maps");

/* Ids of maps and of programs, kept apart by the high half. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u64);
	__type(value, __u32);
} kept SEC(".maps");

static __always_inline struct mw_shield_config *config(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&shield, &zero);
}

/* FNV-1a over the names from the file up to the root of its mount. */
static __always_inline __u64 hash_path(struct dentry *dentry)
{
	__u64 hash = 0xcbf29ce484222325ull;
	char part[PART_BYTES];

	for (int i = 0; i < PATH_PARTS; i++) {
		struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

		__builtin_memset(part, 0, sizeof(part));
		bpf_probe_read_kernel_str(part, sizeof(part), BPF_CORE_READ(dentry, d_name.name));
		for (int j = 0; j < PART_BYTES; j++)
			hash = (hash ^ (__u8)part[j]) * 0x100000001b3ull;
		if (parent == dentry)
			break;
		dentry = parent;
	}
	return hash;
}

/* What the current process runs, as one number; 0 for a file that others may write. */
static __always_inline __u64 executable(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct file *exe = BPF_CORE_READ(task, mm, exe_file);
	struct inode *inode = BPF_CORE_READ(exe, f_inode);

	if (!exe || BPF_CORE_READ(inode, i_uid.val) != 0 ||
	    (BPF_CORE_READ(inode, i_mode) & WRITABLE_BY_OTHERS))
		return 0;
	return hash_path(BPF_CORE_READ(exe, f_path.dentry)) ^ BPF_CORE_READ(inode, i_sb, s_dev);
}

static __always_inline bool is_trusted(struct mw_shield_config *now)
{
	__u64 caller = executable();

	/* The daemon tells us its own tgid, and we look for ourselves what it runs. */
	if (!now->trusted && now->daemon && now->daemon == bpf_get_current_pid_tgid() >> 32)
		now->trusted = caller;
	return !now->trusted || caller == now->trusted;
}

static __always_inline int refuse(__u32 piece, __u32 id, const void *name)
{
	struct mw_event_shield *event = event_reserve(sizeof(*event), MW_EVENT_SHIELD);

	if (!event)
		return -EPERM;
	event->piece = piece;
	event->id = id;
	event->error = -EPERM;
	event->uid = (__u32)bpf_get_current_uid_gid();
	__builtin_memset(event->name, 0, sizeof(event->name));
	bpf_probe_read_kernel_str(event->name, sizeof(event->name), name);
	bpf_ringbuf_submit(event, 0);
	return -EPERM;
}

static __always_inline int keep_off(__u32 piece, __u32 id, const void *name)
{
	__u64 key = (__u64)piece << 32 | id;
	struct mw_shield_config *now = config();

	if (!now || !bpf_map_lookup_elem(&kept, &key) || is_trusted(now))
		return 0;
	return refuse(piece, id, name);
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
	    (!is_pin_folder(now, dir) && !is_pin_folder(now, BPF_CORE_READ(dentry, d_inode))) ||
	    is_trusted(now))
		return 0;
	return refuse(MW_SHIELD_PIN, 0, BPF_CORE_READ(dentry, d_name.name));
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

	if (!now || !now->pin_folder || BPF_CORE_READ(mount, mnt_sb, s_dev) != now->pin_device ||
	    is_trusted(now))
		return 0;
	return refuse(MW_SHIELD_MOUNT, 0, "");
}

/* pidfd_getfd and /proc/PID/mem ask for the same right as a debugger. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(shield_ptrace, struct task_struct *child, unsigned int mode)
{
	struct mw_shield_config *now = config();

	if (!now || !now->daemon || (__u32)child->tgid != now->daemon ||
	    !(mode & PTRACE_MODE_ATTACH) || is_trusted(now))
		return 0;
	return refuse(MW_SHIELD_DAEMON, 0, "");
}

char LICENSE[] SEC("license") = "GPL";
