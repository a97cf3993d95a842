# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Completion of migwarden for bash. Verbs and options are those that --help tells, so that they are
# never other than the program's.

# Names that --device takes: mdevs and PCI functions bound to a VFIO driver.
_migwarden_devices() {
	local path

	for path in /sys/bus/mdev/devices/* /sys/class/vfio-dev/*/device /sys/bus/pci/drivers/vfio-pci/????:*; do
		[[ -e $path ]] || continue
		path=$(readlink -f "$path")
		echo "${path##*/}"
	done | sort -u
}

# $1 program: the verbs, or what a verb with parts (policy lint) has next.
_migwarden_verbs() {
	"$1" --help 2>/dev/null | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]\+\) .*/\1/p'
}

_migwarden_parts() {
	"$1" "$2" --help 2>/dev/null | grep -oE "(^usage: +| {3,})migwarden $2 [a-z|]+" |
		sed 's/.* //' | tr '|' '\n' | sort -u
}

_migwarden() {
	local cur prev words cword split
	local verb parts

	_init_completion -s || return
	if ((cword == 1)); then
		mapfile -t COMPREPLY < <(compgen -W "$(_migwarden_verbs "$1") --help --version" -- "$cur")
		return
	fi
	verb=${words[1]}
	case $prev in
	--device | -d)
		mapfile -t COMPREPLY < <(compgen -W "$(_migwarden_devices)" -- "$cur")
		return
		;;
	--source | --dest | --policy | --shadow | --config | --socket | --cases | --inventory | --file | \
		--attributes | -o | --output | --replay | --audit)
		_filedir
		return
		;;
	esac
	$split && return
	if [[ $cur == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_parse_help "$1" "$verb --help") --help" -- "$cur")
		[[ ${COMPREPLY[0]-} == *= ]] && compopt -o nospace
		return
	fi
	parts=$(_migwarden_parts "$1" "$verb")
	if ((cword == 2)) && [[ $parts ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$parts" -- "$cur")
		return
	fi
	if [[ $verb == describe ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_migwarden_devices)" -- "$cur")
		return
	fi
	_filedir
} && complete -F _migwarden migwarden
