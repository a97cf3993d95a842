# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# What a scenario may use; sourced by guest/run before it, and by the guest's interactive shell.
# Every wait here is bounded.

GUEST=$REPO/tests/vm/guest
VM_DIR=/run/vm
MTTY_TYPES=/sys/class/mtty/mtty/mdev_supported_types
# Emulated, on a machine that others use too, what takes a second may take twenty.
WAIT_SECONDS=90

# --- checks -----------------------------------------------------------------------------------

record() {
	echo "$1"
	echo "$1" >>/lab/results
}

# The end of a command's output, on one line.
tail_of() {
	grep -v '^[[:space:]]*$' "$1" | tail -n 4 | tr '\n' '|' | sed 's/|$//; s/|/ | /g' | cut -c 1-400
}

# Runs a command in this shell, with its output in /tmp/check; tells the host what is running.
run_check() {
	echo "$1" >/lab/running
	shift
	"$@" >/tmp/check 2>&1
}

# check NAME COMMAND...: passes if the command succeeds.
check() {
	local name=$1 status=0

	shift
	run_check "$name" "$@" || status=$?
	if ((status == 0)); then
		record "pass $name"
	else
		record "fail $name: exit status $status: $(tail_of /tmp/check)"
	fi
	return "$status"
}

# check_not NAME COMMAND...: passes if the command runs and fails.
check_not() {
	local name=$1 status=0

	shift
	run_check "$name" "$@" || status=$?
	case $status in
	0) record "fail $name: it succeeded: $(tail_of /tmp/check)" ;;
	126 | 127) record "fail $name: it could not be run: $(tail_of /tmp/check)" ;;
	*) record "pass $name" && return ;;
	esac
	return 1
}

# exits STATUS COMMAND...: the command ends with that status.
exits() {
	local wanted=$1 status=0

	shift
	"$@" || status=$?
	((status == wanted)) || { echo "exit status $status" && false; }
}

# says TEXT COMMAND...: what the command prints, errors included, contains TEXT.
says() {
	local text=$1 output

	shift
	output=$("$@" 2>&1)
	[[ $output == *"$text"* ]] || { echo "it says: $output" && false; }
}

# refuses PATTERN COMMAND...: the command, a program or a function that bounds itself, ends with 2 and
# prints nothing but one line on stderr, which matches that extended regular expression.
refuses() {
	local pattern=$1 status=0
	local -a bound=(timeout "$WAIT_SECONDS")

	shift
	! declare -F "$1" >/dev/null || bound=()
	"${bound[@]}" "$@" >/tmp/refuses.out 2>/tmp/refuses.err || status=$?
	cat /tmp/refuses.out /tmp/refuses.err
	((status == 2)) || { echo "exit status $status" && return 1; }
	[[ ! -s /tmp/refuses.out && $(wc -l </tmp/refuses.err) == 1 ]] && grep -qE -- "$pattern" /tmp/refuses.err
}

# as_nobody COMMAND...: without any privilege.
as_nobody() {
	timeout "$WAIT_SECONDS" setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps=-all "$@"
}

# skip NAME PROBE: the check cannot be made here; PROBE is the command or fact that says so.
skip() {
	record "skip $1: $2"
}

# tenth_of_a_second: waits so long. Starts no process, which an emulator works on for as long again:
# nobody ever writes into that pipe.
tenth_of_a_second() {
	[[ -p /run/never ]] || mkfifo /run/never
	read -rt 0.1 <>/run/never || true
}

# wait_until SECONDS COMMAND...: tries the command ten times a second until it succeeds.
wait_until() {
	local end=$((SECONDS + $1))

	shift
	until "$@" >/dev/null 2>&1; do
		((SECONDS < end)) || return 1
		tenth_of_a_second
	done
}

# has_said FILE TEXT...: whether one of them stands in a small file. It is asked often: by the shell alone.
has_said() {
	local content='' text

	read -r -d '' content <"$1" || true
	shift
	for text; do
		[[ $content != *"$text"* ]] || return 0
	done
	return 1
}

# --- a second guest (# lab: HOSTS=2) ------------------------------------------------------------

# on_second COMMAND...: runs it in the other guest's shell, which keeps what it is told; its output
# and exit status are ours.
on_second() {
	local number

	number=$(cat /tmp/second 2>/dev/null || echo 0)
	echo $((number + 1)) >/tmp/second
	printf '%q ' "$@" >/both/command
	mv /both/command "/both/$number.command"
	wait_until 120 test -e "/both/$number.status" || { echo 'the second guest does not answer' && return 125; }
	cat "/both/$number.output"
	return "$(<"/both/$number.status")"
}

# --- devices ----------------------------------------------------------------------------------

# Loads VFIO and mtty; the guest boots without them.
load_vfio() {
	local module

	for module in vfio vfio_iommu_type1 mdev mtty; do
		modprobe "$module" || return
	done
}

# mdev_create TYPE UUID: makes an mtty device, of type mtty-1 or mtty-2.
mdev_create() {
	echo "$2" >"$MTTY_TYPES/$1/create" && [[ -e /sys/bus/mdev/devices/$2 ]]
}

mdev_remove() {
	echo 1 >"/sys/bus/mdev/devices/$1/remove"
}

# load_mwtest [PARAMETER=VALUE...]: loads VFIO and our own test device (tests/kmod), without mtty.
load_mwtest() {
	local module file=$BUILD/kmod${KERNEL_WANTED:+-$KERNEL_WANTED}/mwtest.ko

	for module in vfio vfio_iommu_type1 mdev; do
		modprobe "$module" || return
	done
	# Headers of 6.1 have nothing to make BTF by; the running kernel has.
	if ! readelf -S "$file" | grep -q '\.BTF'; then
		cp "$file" /tmp/mwtest.ko && file=/tmp/mwtest.ko || return
		pahole -J --btf_base /sys/kernel/btf/vmlinux "$file" || return
	fi
	insmod "$file" "$@"
}

# mwtest_create TYPE UUID [PARENT]: makes one, of type tiny, small, large or basic.
mwtest_create() {
	echo "$2" >"/sys/class/mwtest/${3:-mwtest0}/mdev_supported_types/mwtest-$1/create" &&
		[[ -e /sys/bus/mdev/devices/$2 ]]
}

# knob UUID NAME VALUE: sets what a test device does (tests/kmod/mwtest.h has the names).
knob() {
	echo "$3" >"/sys/bus/mdev/devices/$1/knobs/$2"
}

# measured UUID NAME: what it did, by its own clock.
measured() {
	cat "/sys/bus/mdev/devices/$1/measured/$2"
}

# --- virtual machines inside the guest ----------------------------------------------------------

# qmp SOCKET COMMAND...: each command a name or a JSON object; prints each answer on a line.
qmp() {
	/usr/bin/python3 -IS "$GUEST/qmp.py" "$@"
}

# vm_start NAME UUID[,UUID...] [incoming|defer] [QEMU ARGUMENT...]: a small VM with these mdevs; running,
# or waiting for a migration, or for the word where from. Its messages go to /lab/vm-NAME.err.
vm_start() {
	local name=$1 mode=${3:-run} uuid number=0
	local -a arguments=("${@:4}")

	mkdir -p "$VM_DIR"
	[[ $mode != incoming ]] || arguments+=(-incoming "unix:$VM_DIR/$name.migration")
	[[ $mode != defer ]] || arguments+=(-incoming defer)
	for uuid in ${2//,/ }; do
		arguments+=(-device "vfio-pci,sysfsdev=/sys/bus/mdev/devices/$uuid,enable-migration=on,x-device-dirty-page-tracking=off,id=m$((number++))")
	done
	qemu-system-x86_64 -name "$name" -accel tcg -m 64 -machine q35 -nodefaults -display none \
		-qmp "unix:$VM_DIR/$name.qmp,server=on,wait=off" "${arguments[@]}" \
		</dev/null >/dev/null 2>"/lab/vm-$name.err" &
	echo $! >"$VM_DIR/$name.pid"
	qmp --timeout "$WAIT_SECONDS" "$VM_DIR/$name.qmp" query-status || { cat "/lab/vm-$name.err" && false; }
}

# The word QEMU has for it (running, paused, inmigrate, postmigrate, ...), or "gone".
vm_status() {
	process_is_gone "$(vm_pid "$1")" && echo gone && return
	qmp --field status "$VM_DIR/$1.qmp" query-status 2>/dev/null || echo gone
}

# vm_is NAME STATUS: whether vm_status is that word; for use in a check.
vm_is() {
	local status

	status=$(vm_status "$1")
	[[ $status == "$2" ]] || { echo "it is $status" && false; }
}

# vm_pid NAME: the process of the VM.
vm_pid() {
	cat "$VM_DIR/$1.pid"
}

# vm_migrate SRC DST: live migration of a running VM into one that was started as incoming.
# Prints what QEMU tells about it; succeeds if the source says completed.
vm_migrate() {
	local answer

	qmp "$VM_DIR/$1.qmp" "{\"execute\": \"migrate\", \"arguments\": {\"uri\": \"unix:$VM_DIR/$2.migration\"}}" \
		>/dev/null || return
	answer=$(qmp --until status=completed,failed,cancelled --timeout "$WAIT_SECONDS" \
		"$VM_DIR/$1.qmp" query-migrate)
	echo "$answer"
	[[ $answer == *'"status": "completed"'* ]]
}

# vm_stop NAME: ends the VM, gently if it still answers; returns when its process is gone.
vm_stop() {
	local pid

	pid=$(vm_pid "$1") || return 0
	qmp --timeout 2 "$VM_DIR/$1.qmp" quit >/dev/null 2>&1
	wait_until 5 process_is_gone "$pid" || kill -KILL "$pid" 2>/dev/null
	wait_until 5 process_is_gone "$pid" || return
	rm -f "$VM_DIR/$1".*
}

# A zombie is gone too: only its parent, perhaps another subshell, can make it vanish.
process_is_gone() {
	[[ ! -e /proc/$1 || $(sed 's/.*) //; s/ .*//' "/proc/$1/stat" 2>/dev/null) == [ZX] ]]
}

vm_stop_all() {
	local pid_file name

	for pid_file in "$VM_DIR"/*.pid; do
		[[ -e $pid_file ]] || continue
		name=${pid_file##*/}
		vm_stop "${name%.pid}"
	done
}

# --- migwarden --------------------------------------------------------------------------------

# daemon_start OPTION...: `migwarden run`; its decisions go to /lab/daemon.out. Returns when the gate
# stands, or it waits for vfio.
daemon_start() {
	# What an earlier one said is not this one's.
	: >/lab/daemon.err
	migwarden run "$@" >/lab/daemon.out 2>/lab/daemon.err &
	echo $! >/run/daemon.pid
	wait_until "$WAIT_SECONDS" has_said /lab/daemon.err 'the gate stands' 'rises with it' cannot
	has_said /lab/daemon.err 'the gate stands' 'rises with it' || { cat /lab/daemon.err && false; }
}

# daemon_stop: ends it as Ctrl-C does, and takes down the gate that goes on standing.
daemon_stop() {
	local status=0

	kill -INT "$(cat /run/daemon.pid)" && wait "$(cat /run/daemon.pid)" || status=$?
	# 1 is no failure: there was none to take down.
	migwarden release >/dev/null || (($? == 1)) || status=$?
	return "$status"
}

# watch_start_as NAME [OPTION...]: `migwarden watch` into /lab/NAME.out. Returns when it is attached.
watch_start_as() {
	local name=$1

	shift
	: >"/lab/$name.err"
	migwarden watch "$@" >"/lab/$name.out" 2>"/lab/$name.err" &
	echo $! >"/run/$name.pid"
	wait_until "$WAIT_SECONDS" has_said "/lab/$name.err" 'migwarden watch: watching'
}

# watch_start [OPTION...]: the same into /lab/watch.out.
watch_start() {
	watch_start_as watch "$@"
}

# watch_stop [NAME]: ends it as Ctrl-C does; its exit status is ours.
watch_stop() {
	local pid

	pid=$(cat "/run/${1:-watch}.pid") && kill -INT "$pid" && wait "$pid"
}

# --- judging what was printed -------------------------------------------------------------------

# judge FILE [NAME=VALUE...]: checks what migwarden printed as JSON. Standard input has a check on
# each line, "NAME: EXPRESSION", and more of the expression on indented lines (guest/events.py).
judge() {
	local line

	echo "judging $1" >/lab/running
	/usr/bin/python3 -IS "$GUEST/events.py" "$@" >/tmp/judged 2>/tmp/judge.err ||
		record "fail judge_of_${1##*/}_came_to_its_end: $(tail_of /tmp/judge.err)"
	while read -r line; do
		record "$line"
	done </tmp/judged
}
