/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's structures, as far as our programs read them. Kept by hand: fields are found by name
 * at load time (preserve_access_index), so order and size here mean nothing, and a field that is
 * not here is one that we do not read. Where kernels differ, a flavour (`name___since`) stands
 * beside the type and says which versions have it.
 */
#ifndef VMLINUX_H
#define VMLINUX_H

#include <stdbool.h>
#include <linux/types.h>
#include <linux/bpf.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct kobject {
	const char *name;
};

struct bus_type {
	const char *name;
};

struct device_driver {
	const char *name;
};

/* 6.4 and later keep only the name in common with earlier kernels. */
struct class
{
	const char *name;
};

struct device {
	struct kobject kobj;
	struct device *parent;
	const struct bus_type *bus;
	struct device_driver *driver;
	const struct class *class;
};

struct file_operations {
	const void *read;
	const void *write;
	const void *unlocked_ioctl;
	const void *release;
};

struct super_block {
	__u32 s_dev;
};

typedef struct {
	__u32 val;
} kuid_t;

struct inode {
	__u16 i_mode;
	kuid_t i_uid;
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct qstr {
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
};

struct vfsmount {
	struct super_block *mnt_sb;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	const struct file_operations *f_op;
	void *private_data;
	struct path f_path;
	struct inode *f_inode;
	__s64 f_pos;
};

struct mm_struct {
	struct file *exe_file;
};

struct kernfs_node {
	__u64 id;
};

struct cgroup {
	struct kernfs_node *kn;
};

struct css_set {
	struct cgroup *dfl_cgrp;
};

struct task_struct {
	struct mm_struct *mm;
	unsigned int flags;
	struct css_set *cgroups;
	int pid;
	int tgid;
	struct task_struct *group_leader;
	__u64 start_boottime;
	char comm[16];
};

/* arch/x86: what a task came into the kernel with. */
struct pt_regs {
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long orig_ax;
};

/* include/linux/binfmts.h: an execve on its way. */
struct linux_binprm {
	unsigned long p;     /* the lowest string: argv, then the environment */
	unsigned int unsafe; /* LSM_UNSAFE_* */
	unsigned long exec;  /* the string behind them */
};

struct bpf_map {
	__u32 id;
	char name[16];
};

struct bpf_prog_aux {
	__u32 id;
	char name[16];
};

struct bpf_prog {
	struct bpf_prog_aux *aux;
};

struct attribute {
	const char *name;
};

/* drivers/vfio/vfio.h and include/linux/vfio.h: BTF of the module vfio. */
struct vfio_device {
	struct device *dev;
	__u32 migration_flags;
	struct device device;
	__u32 open_count;
};

/* 6.6 and later; before, file->private_data is the vfio_device itself. */
struct vfio_device_file {
	struct vfio_device *device;
};

/* include/linux/mdev.h: BTF of the module mdev. */
struct mdev_parent {
	struct device *dev;
};

struct mdev_type {
	struct kobject kobj;
	struct mdev_parent *parent;
};

struct mdev_device {
	struct device dev;
	struct mdev_type *type;
};

struct module {
	char name[56];
};

#pragma clang attribute pop

#endif
