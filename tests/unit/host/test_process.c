// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/process.h"
#include "tree.h"

#define VM_UUID "0f1a5c9e-3e60-4f0e-9f5f-2a7e3f7d9c11"

static struct tree tree;
static struct process process;

static void set_up(void)
{
	tree_make(&tree);
}

static void tear_down(void)
{
	tree_remove(&tree);
}

TestSuite(process, .init = set_up, .fini = tear_down);

/* Process 42 with that command line; blanks stand for the NULs between its words. */
static void make(const char *comm, const char *command_line, const char *cgroup)
{
	char bytes[1024];
	size_t length = strlen(command_line);

	for (size_t i = 0; i < length; i++)
		bytes[i] = command_line[i] == ' ' ? '\0' : command_line[i];
	bytes[length] = '\0';
	tree_file(&tree, "/proc/42/comm", comm);
	tree_bytes(&tree, "/proc/42/cmdline", bytes, length ? length + 1 : 0);
	if (cgroup)
		tree_file(&tree, "/proc/42/cgroup", cgroup);
	cr_assert_eq(process_read(tree.host, 42, &process), 0);
}

static void assert_name(const char *option, const char *name)
{
	char line[512];

	snprintf(line, sizeof(line), "/usr/bin/qemu-system-x86_64 -S -name %s -m 64", option);
	make("qemu-system-x86\n", line, NULL);
	cr_assert_str_eq(process.vm_name, name, "%s: %s", option, process.vm_name);
}

Test(process, a_pid_that_is_gone_is_no_process)
{
	cr_assert_eq(process_read(tree.host, 42, &process), -ESRCH);
	cr_assert_eq(process.pid, 42);
	cr_assert_str_eq(process.comm, "");
	/* Its folder is still open, its files are gone. */
	tree_folder(&tree, "/proc/43");
	cr_assert_eq(process_read(tree.host, 43, &process), -ESRCH);
}

Test(process, this_process_is_known_on_the_real_host)
{
	AUTO_HOST struct host *real = NULL;

	cr_assert_eq(host_open(NULL, &real), 0);
	cr_assert_eq(process_read(real, getpid(), &process), 0);
	cr_assert_neq(process.comm[0], '\0');
	cr_assert_str_eq(process.vm_name, "");
}

Test(process, qemu_has_a_name_and_a_uuid)
{
	make("qemu-system-x86\n",
	     "/usr/bin/qemu-system-x86_64 -name guest=db-3,debug-threads=on -S -uuid " VM_UUID,
	     "0::/machine.slice/machine-qemu\\x2d3\\x2ddb\\x2d3.scope/libvirt/emulator\n");
	cr_assert_str_eq(process.comm, "qemu-system-x86");
	cr_assert_str_eq(process.vm_name, "db-3");
	cr_assert_str_eq(process.vm_uuid, VM_UUID);
	cr_assert_str_eq(process.cgroup,
			 "/machine.slice/machine-qemu\\x2d3\\x2ddb\\x2d3.scope/libvirt/emulator");
}

Test(process, a_name_is_written_in_several_ways)
{
	assert_name("db-3", "db-3");
	assert_name("db-3,process=x", "db-3");
	assert_name("guest=db-3", "db-3");
	assert_name("process=x,guest=db-3", "db-3");
	assert_name("debug-threads=on,guest=a,,b", "a,b");
	assert_name("a,,b,process=guest", "a,b");
	assert_name("a,b", "a");
	assert_name("guest=a=b", "a=b");
	assert_name("process=x", "");
	assert_name("guest=", "");
	assert_name("first -name second", "second");
	make("qemu\n", "qemu-kvm --name x", NULL);
	cr_assert_str_eq(process.vm_name, "x");
}

Test(process, only_qemu_has_a_vm)
{
	make("find\n", "/usr/bin/find / -name guest=db-3 -uuid " VM_UUID, NULL);
	cr_assert_str_eq(process.vm_name, "");
	cr_assert_str_eq(process.vm_uuid, "");
}

Test(process, a_command_line_may_end_anywhere)
{
	make("qemu\n", "qemu-kvm -name", NULL);
	cr_assert_str_eq(process.vm_name, "");
	make("qemu\n", "qemu-kvm -uuid", NULL);
	make("qemu\n", "", NULL);
	cr_assert_str_eq(process.vm_name, "");
	tree_bytes(&tree, "/proc/42/cmdline", "qemu-kvm\0-name\0cut", 18);
	cr_assert_eq(process_read(tree.host, 42, &process), 0);
	cr_assert_str_eq(process.vm_name, "cut");
}

Test(process, what_is_no_uuid_is_not_taken)
{
	make("qemu\n", "qemu-kvm -uuid " VM_UUID "0", NULL);
	cr_assert_str_eq(process.vm_uuid, "");
	make("qemu\n", "qemu-kvm -uuid 0f1a5c9e-3e60-4f0e-9f5f-2a7e3f7d9c1g", NULL);
	cr_assert_str_eq(process.vm_uuid, "");
	make("qemu\n", "qemu-kvm -uuid 0F1A5C9E-3E60-4F0E-9F5F-2A7E3F7D9C11", NULL);
	cr_assert_str_eq(process.vm_uuid, VM_UUID);
}

Test(process, libvirts_scope_names_the_machine_when_qemu_does_not)
{
	make("qemu\n", "qemu-kvm -S", "0::/machine.slice/machine-qemu\\x2d12\\x2ddb\\x2d3.scope\n");
	cr_assert_str_eq(process.vm_name, "db-3");
	make("qemu\n", "qemu-kvm -S", "0::/machine/qemu-3-web.libvirt-qemu/vcpu0\n");
	cr_assert_str_eq(process.vm_name, "web");
	make("qemu\n", "qemu-kvm -S", "0::/machine/old.libvirt-qemu\n");
	cr_assert_str_eq(process.vm_name, "old");
	make("lxc\n", "init", "0::/machine.slice/machine-lxc\\x2d1\\x2dc.scope\n");
	cr_assert_str_eq(process.vm_name, "");
	make("x\n", "x", "0::/machine.slice/machine-qemu\\x2d1\\x2d.scope\n");
	cr_assert_str_eq(process.vm_name, "");
	make("x\n", "x", "0::/machine.slice/machine-.scope\n");
	cr_assert_str_eq(process.vm_name, "");
}

Test(process, a_hybrid_host_has_its_cgroup_in_systemds_hierarchy)
{
	make("x\n", "x", "12:cpu:/wrong\n1:name=systemd:/user.slice/x\n0::/\n");
	cr_assert_str_eq(process.cgroup, "/user.slice/x");
	make("x\n", "x", "0::/\n");
	cr_assert_str_eq(process.cgroup, "/");
	make("x\n", "x", "1:name=systemd:/a\n0::/b\n");
	cr_assert_str_eq(process.cgroup, "/b");
	make("x\n", "x", "\n\nno colons\n0::");
	cr_assert_str_eq(process.cgroup, "");
}

Test(process, what_a_process_calls_itself_is_clean_text)
{
	make("a\x1b[2J\xff\xc2\x9b\n", "qemu-kvm -name a\x07\xffz", NULL);
	cr_assert_str_eq(process.comm, "a?[2J??");
	cr_assert_str_eq(process.vm_name, "a??z");
}

Test(process, a_long_name_is_cut_at_a_character)
{
	char line[700] = "qemu-kvm -name ";

	for (int i = 0; i < 150; i++)
		strcat(line, "\xe2\x82\xac");
	make("x\n", line, NULL);
	cr_assert_eq(strlen(process.vm_name) % 3, 0);
	cr_assert_gt(strlen(process.vm_name), 200);
	cr_assert_lt(strlen(process.vm_name), HOST_NAME_BYTES);
}

Test(process, an_endless_command_line_is_cut)
{
	static char big[1 << 20];

	memset(big, 'x', sizeof(big));
	memcpy(big, "qemu-kvm\0-name\0vm", sizeof("qemu-kvm\0-name\0vm"));
	tree_file(&tree, "/proc/42/comm", "qemu\n");
	tree_bytes(&tree, "/proc/42/cmdline", big, sizeof(big));
	cr_assert_eq(process_read(tree.host, 42, &process), 0);
	cr_assert_str_eq(process.vm_name, "vm");
}

Test(process, what_it_runs_is_the_link_or_what_it_says_of_itself)
{
	AUTO_HOST struct host *real = NULL;
	char path[HOST_PATH_BYTES] = "";

	make("qemu-system-x86\n", "/usr/bin/qemu-system-x86_64 -S", NULL);
	cr_assert_str_eq(process.exe, "/usr/bin/qemu-system-x86_64");
	cr_assert(process.exe_is_claimed);
	cr_assert_eq(host_open(NULL, &real), 0);
	cr_assert_eq(process_read(real, getpid(), &process), 0);
	cr_assert_gt(readlink("/proc/self/exe", path, sizeof(path) - 1), 0);
	cr_assert_str_eq(process.exe, path);
	cr_assert_not(process.exe_is_claimed);
}
