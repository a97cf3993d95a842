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

# script NAME TEXT: another script of qemu.d, with the build's programs in its path.
script() {
	printf '#!/bin/sh\nPATH=%s\n%s\n' "$PATH" "$2" >"$HOOKS/$1" && chmod 755 "$HOOKS/$1"
}

# policy_write [LINE...]: the lab's policy with these lines and our own devices in it, and where the daemon and the hook find
# it. The hook may wait long: emulated, a second is nothing.
policy_write() {
	mkdir -p /etc/migwarden
	{
		printf '%s\n' "$@" && cat "$REPO/policies/lab-mtty.yaml"
		printf '  - {name: %s, match: {driver: %s}}\n' mwtest mwtest mwvf mwvf
	} >/etc/migwarden/policy.yaml
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

# stamping_on [MORE]: from its next start on the daemon keeps stamps; MORE of the libvirt section.
stamping_on() {
	sed -i "s/hook-timeout: 20s/&, stamp: true${1:+, $1}/" /etc/migwarden/migwarden.yaml
}

# stamps NAME NUMBER [OPTION]: so many stamps are in that domain; --inactive: in its definition.
stamps() {
	local number

	number=$(virsh dumpxml "$1" ${3:+"$3"} | grep -c 'migwarden:stamp ')
	[[ $number == "$2" ]] || { echo "it has $number" && false; }
}

stamp_time() { virsh dumpxml "$1" | grep -o '"time":"[^"]*"'; }

# The daemon of this host; its output in a file that the other guest sees.
host_daemon_start() {
	daemon_start --json "$@"
}

# hostdev_mdev MDEV: as an element of a domain's devices.
hostdev_mdev() {
	echo "<hostdev mode='subsystem' type='mdev' managed='no' model='vfio-pci'>" \
		"<source><address uuid='$1'/></source></hostdev>"
}

# VFS: virtual functions of the card (# lab: PCI=1); a domain for them.
VFS=()
# shellcheck disable=SC2034
V3=11111111-2222-4333-8444-555555555553

# make_vfs DRIVER: two, given to that driver of VFIO.
make_vfs() {
	local card vf

	modprobe -a igb vfio-pci || return
	[[ $1 != mwvf ]] || insmod "$BUILD/kmod/mwvf.ko" || return
	card=$(echo /sys/bus/pci/drivers/igb/0000:*)
	echo 2 >"$card/sriov_numvfs" || return
	# libvirt gives an interface its address through the card, which has to be up for that.
	busybox ip link set "$(basename "$card"/net/*)" up || return
	VFS=()
	for vf in "$card"/virtfn*; do
		vf=$(realpath "$vf")
		[[ ! -e $vf/driver ]] || echo "${vf##*/}" >"$vf/driver/unbind"
		echo "$1" >"$vf/driver_override"
		echo "${vf##*/}" >/sys/bus/pci/drivers_probe
		[[ $(basename "$(realpath "$vf/driver")") == "$1" ]] || return
		VFS+=("${vf##*/}")
	done
	((${#VFS[@]} == 2))
}

# pci_address NAME: as libvirt writes it.
pci_address() {
	sed -E "s/(.*):(.*):(.*)\.(.*)/domain='0x\1' bus='0x\2' slot='0x\3' function='0x\4'/" <<<"$1"
}

# hostdev_pci FUNCTION, interface_pci FUNCTION: as elements of a domain's devices.
hostdev_pci() {
	echo "<hostdev mode='subsystem' type='pci' managed='no'><driver name='vfio'/>" \
		"<source><address $(pci_address "$1")/></source></hostdev>"
}

interface_pci() {
	echo "<interface type='hostdev' managed='no'><mac address='52:54:00:00:00:09'/>" \
		"<source><address type='pci' $(pci_address "$1")/></source></interface>"
}

# domain_xml NAME UUID MDEV...: a small domain with these mdevs, and MORE_DEVICES, elements of its devices;
# MORE_ARGUMENTS of its QEMU.
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
		hostdev_mdev "$mdev"
	done
	echo "${MORE_DEVICES:-}"
	cat <<-END
		</devices>
		<qemu:commandline>
		<qemu:arg value='-global'/><qemu:arg value='vfio-pci.x-device-dirty-page-tracking=off'/>
		<qemu:arg value='-global'/><qemu:arg value='vfio-pci.enable-migration=on'/>
		${MORE_ARGUMENTS:-}
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
	migrate_to host2 "$@"
}

# migrate_to HOST NAME [OPTION...]
migrate_to() {
	local host=$1 name=$2

	shift 2
	timeout 120 bash -c 'exec virsh -q "$@"' virsh migrate --live "$@" "$name" "qemu+tcp://$host/system" 2>&1 |
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

# --- two hosts; most of these names are for the scenarios ---

# shellcheck disable=SC2034
{
	V1=11111111-2222-4333-8444-555555555551
	V2=11111111-2222-4333-8444-555555555552
	SOURCE=83b8f4f2-509f-382f-3c1e-e6bfe0fa1001
	SOURCE2=83b8f4f2-509f-382f-3c1e-e6bfe0fa1002
	FREE=83b8f4f2-509f-382f-3c1e-e6bfe0fa2001
	FREE2=83b8f4f2-509f-382f-3c1e-e6bfe0fa2002
	TRUST='trust: [/both/first.pub]'
}

second() { on_second "$@"; }

# refused NAME TEXT COMMAND...: the migration fails, what virsh prints has TEXT, the domain runs on, and
# on the second host no QEMU was started.
refused() {
	local name=$1 text=$2

	shift 2
	check_not "$name" "$@"
	cp /tmp/check "/lab/said-${name}"
	check "${name}_is_told_at_the_source" grep -F -- "$text" "/lab/said-${name}"
	check "${name}_leaves_the_domain_running" domain_is v1 running
	check "${name}_starts_nothing_there" test "$(second qemus)" = 0
}

# forged SED-SCRIPT: migrates with an XML that was changed by hand.
forged() {
	virsh dumpxml --migratable v1 | sed -E "$1" >/run/forged.xml && migrate v1 --xml /run/forged.xml
}

# by_hand: what the hook would do with `remap`, by whoever types.
by_hand() { forged "s/uuid='$SOURCE'/uuid='$FREE'/"; }

# has_session SIDE END: the daemon of this host told of a session that ended so.
has_session() {
	grep '"event": *"session"' /lab/daemon.out | grep -E "\"side\": *\"$1\"" | grep -E "\"end\": *\"$2\""
}

clean_second() {
	second mdevs_clear
	second mdev_fresh mtty-2 $FREE
}

# two_hosts: libvirt, VFIO and the hook on both. Sets no policy, starts no daemon.
two_hosts() {
	check the_second_guest_is_there wait_until 60 test -e /both/ready || return
	second . "$GUEST/libvirt.sh" || return
	check libvirt_is_installed libvirt_install || return
	check libvirt_is_installed_there second libvirt_install || return
	check vfio_loads load_vfio
	check vfio_loads_there second load_vfio
	check the_hook_is_installed_there second hook_install
	check libvirt_starts libvirt_start || return
	check libvirt_starts_there second libvirt_start || return
	check the_version_is_the_one_wanted says "$LIBVIRT_WANTED" virsh version --daemon
	check the_network_joins_them busybox ping -c 1 -W 20 host2
}
