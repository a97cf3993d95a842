# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Two hosts with libvirt (# lab: HOSTS=2 LIBVIRT=VERSION): what a scenario needs beyond lib.sh. Sourced
# in both guests; the second runs what the first asks for by on_second.

HOOKS=/etc/libvirt/hooks/qemu.d

# libvirt_install: the files of that libvirt, and the least configuration that two hosts need.
libvirt_install() {
	tar -C "$LIBVIRT" --exclude=./usr/share/doc -c . | tar -C / -x --keep-directory-symlink || return
	grep -q '^libvirt-qemu:' /etc/passwd ||
		echo 'libvirt-qemu:x:64055:64055:libvirt:/var/lib/libvirt:/usr/sbin/nologin' >>/etc/passwd
	grep -q '^kvm:' /etc/group || echo 'kvm:x:64050:' >>/etc/group
	grep -q '^libvirt-qemu:' /etc/group || echo 'libvirt-qemu:x:64055:' >>/etc/group
	mkdir -p /etc/libvirt /var/lib/libvirt/qemu /var/log/libvirt/qemu "$HOOKS"
	cat /proc/sys/kernel/random/uuid | tr -d - >/etc/machine-id
	cat >/etc/libvirt/libvirtd.conf <<-END
		listen_tls = 0
		listen_tcp = 1
		auth_tcp = "none"
		auth_unix_rw = "none"
		host_uuid_source = "machine-id"
		log_outputs = "3:file:/run/libvirtd.log"
	END
	# The default wants virtlogd.
	echo 'stdio_handler = "file"' >/etc/libvirt/qemu.conf
}

libvirt_start() {
	libvirtd --listen -d && wait_until "$WAIT_SECONDS" virsh list
}

libvirt_stop() {
	kill "$(cat /run/libvirtd.pid)" && wait_until 20 test ! -e /run/libvirtd.pid
}

# Without polkit virsh says so at each call.
virsh() {
	command virsh -q "$@" 2> >(grep -v 'Authorization not available' >&2)
}

# hook_install: as `make install` does.
hook_install() {
	sed "s|@BINDIR@|$BUILD|" "$REPO/contrib/libvirt/50-migwarden" >"$HOOKS/50-migwarden" &&
		chmod 755 "$HOOKS/50-migwarden"
}

# policy_write [LINE...]: the lab's policy with these lines in it, and where the daemon and the hook find
# it. The hook may wait long: emulated, a second is nothing.
policy_write() {
	mkdir -p /etc/migwarden
	{ printf '%s\n' "$@" && cat "$REPO/policies/lab-mtty.yaml"; } >/etc/migwarden/policy.yaml
	cat >/etc/migwarden/migwarden.yaml <<-END
		schema: migwarden.config/1
		policies: /etc/migwarden/policy.yaml
		libvirt: {hook-timeout: 20s}
	END
}

# policy_change [LINE...]: the same, and in force.
policy_change() {
	policy_write "$@" && migwarden reload
}

# The daemon of this host; its output in a file that the other guest sees.
host_daemon_start() {
	daemon_start --json "$@"
}

# domain_xml NAME UUID MDEV...: a small domain with these mdevs.
domain_xml() {
	local name=$1 uuid=$2 mdev

	shift 2
	cat <<-END
		<domain type='qemu' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
		<name>$name</name><uuid>$uuid</uuid>
		<memory unit='MiB'>64</memory><vcpu>1</vcpu>
		<os><type arch='x86_64' machine='q35'>hvm</type></os>
		<features><acpi/></features>
		<devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
		<controller type='usb' model='none'/><memballoon model='none'/>
	END
	for mdev; do
		echo "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>" \
			"<source><address uuid='$mdev'/></source></hostdev>"
	done
	cat <<-END
		</devices>
		<qemu:commandline>
		<qemu:arg value='-global'/><qemu:arg value='vfio-pci.x-device-dirty-page-tracking=off'/>
		<qemu:arg value='-global'/><qemu:arg value='vfio-pci.enable-migration=on'/>
		</qemu:commandline></domain>
	END
}

# domain_create NAME UUID MDEV...
domain_create() {
	domain_xml "$@" >"/run/$1.xml" && virsh create "/run/$1.xml"
}

domain_state() {
	virsh domstate "$1" 2>/dev/null || echo absent
}

# domain_is NAME STATE: "running", "paused", "absent".
domain_is() {
	local state

	state=$(domain_state "$1")
	[[ ${state%%$'\n'*} == "$2" ]] || { echo "it is $state" && false; }
}

# migrate NAME [OPTION...]: to the second host, bounded; what virsh says.
migrate() {
	local name=$1

	shift
	timeout 120 bash -c 'exec virsh -q "$@"' virsh migrate --live "$@" "$name" qemu+tcp://host2/system 2>&1 |
		grep -v 'Authorization not available'
	return "${PIPESTATUS[0]}"
}

# mdev_fresh TYPE UUID: that mdev and no state of an earlier migration in it, which mtty keeps.
mdev_fresh() {
	[[ ! -e /sys/bus/mdev/devices/$2 ]] || mdev_remove "$2"
	mdev_create "$1" "$2"
}

# mdevs_clear: none is left.
mdevs_clear() {
	local path

	for path in /sys/bus/mdev/devices/*; do
		[[ ! -e $path ]] || mdev_remove "${path##*/}" || return
	done
}

# qemus: how many domains' QEMU run here.
qemus() {
	pgrep -c qemu-system-x86 || true
}
