# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A domain of libvirt between two hosts: what is admitted and what is refused, and what the person at
# the source reads. Sourced by the scenarios libvirt-*, which only differ in libvirt's version.

# shellcheck source-path=SCRIPTDIR source=libvirt.sh
. "$GUEST/libvirt.sh"

# --- two hosts ---

two_hosts || exit
policy_write
second policy_write 'remap: uuid' "trust: []"
check the_daemon_enforces host_daemon_start
check the_daemon_enforces_there second host_daemon_start
check the_source_device_is_made mdev_create mtty-2 $SOURCE
check the_domain_starts domain_create v1 $V1 $SOURCE
check a_device_is_free_there second mdev_create mtty-2 $FREE

# --- stamps: each defect with its own reason ---

refused without_a_stamp descriptor-absent migrate v1
check the_domain_is_stamped says "stamped  v1  $SOURCE  live" migwarden stamp v1
check the_key_is_nobody_elses test "$(stat -c %a /var/lib/migwarden/host.key)" = 600
check the_stamp_is_in_the_domain eval "virsh dumpxml v1 | grep -F 'urn:migwarden:stamp:1'"
check stamping_again_changes_nothing_else eval "migwarden stamp --all && [[ \$(virsh dumpxml v1 | grep -c 'migwarden:stamps ') == 1 ]]"
check status_shows_the_stamp eval "migwarden status | grep -E '^v1 +$SOURCE +here, stamped'"
refused of_an_unknown_key key-untrusted migrate v1
check the_key_is_exported eval "migwarden key export >/both/first.pub"
check it_is_trusted_there second policy_change 'remap: uuid' "$TRUST"
refused forged_in_its_text signature-invalid forged 's/(mdev_type.*)mtty-2/\1mtty-1/'
refused without_its_signature descriptor-unsigned forged 's/ signature="[^"]*"//; s/ signature='"'[^']*'"'//'
refused that_is_no_json descriptor-malformed forged 's/[{]"schema":"migwarden.stamp/oops &/'
head -c 30000 /dev/zero | tr '\0' x >/run/filler
refused that_is_too_large descriptor-too-large forged "s/[{]\"schema\":\"migwarden.stamp/$(cat /run/filler)&/"
refused that_has_elements descriptor-malformed forged 's/[{]"schema":"migwarden.stamp/<x\/>&/'
check that_has_elements_is_what_it_says grep -F 'expected JSON in the stamp, got elements' /lab/said-that_has_elements
refused that_stands_twice descriptor-malformed forged 's/<migwarden:stamp .*<.migwarden:stamp>/&&/'
check that_stands_twice_is_what_it_says grep -F 'expected one stamp of the device, got two' /lab/said-that_stands_twice
refused of_a_version_to_come descriptor-malformed forged '/<migwarden:stamps/s/version=.1/version="2/'
check of_a_version_to_come_is_what_it_says grep -F 'expected stamps of version 1' /lab/said-of_a_version_to_come
refused with_a_signature_of_a_mile descriptor-malformed forged "s/ signature=./&$(head -c 200 /run/filler)/"
check with_a_signature_of_a_mile_is_what_it_says grep -F 'expected a signature, got a longer text' /lab/said-with_a_signature_of_a_mile
check_not that_is_no_xml_does_not_leave_the_source forged 's/<devices>/<devices/'
cp /tmp/check /lab/said-that_is_no_xml
check that_is_no_xml_is_told_by_libvirt grep -F 'error parsing attribute name' /lab/said-that_is_no_xml
check that_is_no_xml_leaves_the_domain_running domain_is v1 running
# libvirt sends what is well-formed; a script before ours need not.
# shellcheck disable=SC2016
second script 10-before '[ "$2" = migrate ] || exit 0; head -c 900'
refused cut_by_a_script_before_ours 'expected well-formed XML' migrate v1
# shellcheck disable=SC2016
second script 10-before '[ "$2" = migrate ] || exit 0; echo "<!DOCTYPE domain SYSTEM \"file:///etc/passwd\">"; cat'
refused with_a_document_type_by_a_script_before_ours 'expected a domain without a document type' migrate v1
second rm "$HOOKS/10-before"
second policy_change 'remap: uuid' "$TRUST" 'stamp-max-age: 1s'
sleep 2
refused that_is_too_old descriptor-stale migrate v1
second policy_change 'remap: uuid' "$TRUST"

# --- another type ---

second mdevs_clear
second mdev_create mtty-1 $FREE
refused to_another_type type-mismatch migrate v1
check the_refusal_has_both_values eval "grep -E 'source +mtty-2' /lab/said-to_another_type && grep -E 'destination +mtty-1' /lab/said-to_another_type"
check the_refusal_names_host_rule_and_hint eval "grep -F 'migwarden: host2 refuses domain v1' /lab/said-to_another_type && grep -F '/etc/migwarden/policy.yaml:' /lab/said-to_another_type && grep -E 'hint +[^ ]' /lab/said-to_another_type"

# --- stamped before the source was booted ---

check it_is_stamped_before_a_boot eval "migwarden stamp v1 && virsh dumpxml --migratable v1 >/run/before.xml"
BEFORE=$(cat /proc/sys/kernel/random/boot_id)
cat /proc/sys/kernel/random/uuid >/run/boot_id
# As after a boot, but that what runs runs on.
check the_source_has_another_boot_id mount --bind /run/boot_id /proc/sys/kernel/random/boot_id
check it_is_stamped_after_the_boot migwarden stamp v1
refused after_the_boot_it_is_judged type-mismatch migrate v1
refused of_an_earlier_boot descriptor-stale migrate v1 --xml /run/before.xml
check of_an_earlier_boot_has_both_ids eval "grep -E 'source +$BEFORE' /lab/said-of_an_earlier_boot && grep -E 'destination +$(cat /run/boot_id)' /lab/said-of_an_earlier_boot"
check of_an_earlier_boot_is_what_it_says grep -F 'host host1 has been booted since it stamped the domain' /lab/said-of_an_earlier_boot
umount /proc/sys/kernel/random/boot_id
second migwarden audit list --json --vm v1 >/lab/audit-refused
check the_audit_has_the_refusal_with_domain_and_hosts grep -E "descriptor-stale.*$V1|$V1.*descriptor-stale" /lab/audit-refused
migwarden stamp v1

# --- it fits ---

clean_second
watch_start --events arc --json
check a_matching_domain_migrates migrate v1
check it_runs_there second domain_is v1 running
check it_is_gone_here domain_is v1 absent
check it_has_the_free_device_there eval "second virsh dumpxml v1 | grep -F $FREE"
check its_old_stamps_are_gone eval "! second virsh dumpxml v1 | grep -F 'migwarden:stamp '"
check the_gate_let_it_in second grep -E '"answer": ?"passed".*RESUMING|RESUMING.*"answer": ?"passed"' /lab/daemon.out
watch_stop
check the_source_left_by_stop_copy grep -E 'STOP_COPY' /lab/watch.out
check the_timeline_of_the_source wait_until 30 has_session source completed
check the_timeline_of_the_destination second wait_until 30 has_session destination completed
second migwarden audit list --json --kind admission --vm v1 >/lab/audit-there
check the_audit_there_has_the_domain grep -F "$V1" /lab/audit-there
check the_audit_there_has_both_hosts grep -E 'source_host[^,]*host1.*dest_host[^,]*host2' /lab/audit-there
check the_audit_there_has_the_key grep -E "\"key\": ?\"$(migwarden key show | cut -d ' ' -f 1)\"" /lab/audit-there
check the_domain_ends_there second virsh destroy v1

# --- other scripts; an admission that is not used ---

check a_domain_for_other_scripts eval "mdev_fresh mtty-2 $SOURCE && domain_create v1 $V1 $SOURCE && migwarden stamp v1"
clean_second
# shellcheck disable=SC2016
second script 60-later '[ "$2" = migrate ] || exit 0; cat >/run/later.xml; exit 0'
# shellcheck disable=SC2016
second script 70-no '[ "$2" = prepare ] || exit 0; migwarden status --json >/run/prepared.json; echo not today >&2; exit 1'
refused by_a_script_after_ours 'not today' migrate v1
check the_script_after_ours_saw_the_other_mdev second grep -F $FREE /run/later.xml
check a_ticket_was_written second grep -F "$FREE" /run/prepared.json
check it_was_taken_back eval "second migwarden status --json | grep -E '\"admissions\": \[\]'"
check the_audit_has_that eval "second migwarden audit list --json --kind revoke | grep -F $FREE"
second rm "$HOOKS/60-later" "$HOOKS/70-no"
second policy_change 'remap: uuid' "$TRUST" 'admission-ttl: 20s'
# shellcheck disable=SC2016
second script 60-no '[ "$2" = migrate ] || exit 0; migwarden status >/run/promised; echo not here >&2; exit 1'
refused by_another_hook 'not here' migrate v1
check status_there_shows_who_is_to_come second grep -E "^v1 +$FREE +coming from host1, stamped [0-9]+ s ago" /run/promised
check its_ticket_runs_out second wait_until 60 eval "migwarden status --json | grep -E '\"admissions\": \[\]'"
second rm "$HOOKS/60-no"
second policy_change 'remap: uuid' "$TRUST"
virsh destroy v1

# --- a persistent domain ---

check a_domain_is_only_defined eval "mdev_fresh mtty-2 $SOURCE && domain_xml v1 $V1 $SOURCE >/run/v1.xml && virsh define /run/v1.xml"
check_not its_definition_alone_does_not_go virsh migrate --offline --persistent v1 qemu+tcp://host2/system
cp /tmp/check /lab/said-offline
check that_is_asked_of_the_hook_too grep -F 'descriptor-absent' /lab/said-offline
check it_starts virsh start v1
check both_its_places_are_stamped says "stamped  v1  $SOURCE  live and config" migwarden stamp v1
clean_second
check it_migrates_with_its_definition migrate v1 --persistent --undefinesource
check it_runs_there_with_the_free_device eval "second virsh dumpxml v1 | grep -F $FREE"
check its_definition_there_names_the_old_device eval "second virsh dumpxml --inactive v1 | grep \"uuid='$SOURCE'\""
check stamping_it_there_says_so second says "its definition names $SOURCE, which is not on this host" migwarden stamp v1
check it_is_defined_as_it_runs second eval "virsh dumpxml --migratable v1 >/run/v1.xml && virsh define /run/v1.xml"
check its_definition_names_the_new_device eval "second virsh dumpxml --inactive v1 | grep \"uuid='$FREE'\""
check_not stamping_it_says_no_more second says 'its definition names' migwarden stamp v1
second virsh destroy v1
second virsh undefine v1

# --- there and back ---

check two_of_one_name eval "mdev_fresh mtty-2 $SOURCE && second mdevs_clear && second mdev_fresh mtty-2 $SOURCE"
check a_domain_for_there_and_back eval "domain_create v1 $V1 $SOURCE && migwarden stamp v1"
second policy_change "$TRUST"
check without_remap_it_migrates migrate v1
check its_stamps_are_as_they_were second stamps v1 1
check here_its_stamp_is_trusted_too eval "second migwarden stamp --all --print >/dev/null; second migwarden key export >/both/second.pub && hook_install && kill -HUP $(cat /run/libvirtd.pid) && policy_change 'trust: [/both/first.pub, /both/second.pub]'"
check a_device_waits_here mdev_fresh mtty-2 $SOURCE
check_not with_the_stamp_of_here_it_does_not_come_back second migrate_to host1 v1
cp /tmp/check /lab/said-back
check that_is_descriptor_stale grep -F descriptor-stale /lab/said-back
check it_is_told_why grep -F 'it was stamped here, before it left' /lab/said-back
check it_still_runs_there second domain_is v1 running
check it_is_stamped_there second migwarden stamp v1
check then_it_comes_back second migrate_to host1 v1
check it_runs_here_again domain_is v1 running
virsh destroy v1
rm "$HOOKS/50-migwarden"
policy_change
second policy_change 'remap: uuid' "$TRUST"

# --- all or nothing ---

check two_devices_here eval "mdev_fresh mtty-2 $SOURCE && mdev_create mtty-2 $SOURCE2"
check a_domain_with_two_starts domain_create v1 $V1 $SOURCE $SOURCE2
check both_are_stamped eval "[[ \$(migwarden stamp v1 | wc -l) == 2 ]]"
clean_second
refused with_room_for_one_of_two no-capacity migrate v1
check nobody_was_admitted eval "second migwarden status --json | grep -E '\"admissions\": \[\]'"
second mdev_create mtty-2 $FREE2
check with_room_for_both_it_migrates migrate v1
check both_went_over eval "second virsh dumpxml v1 | grep -F $FREE && second virsh dumpxml v1 | grep -F $FREE2"
second virsh destroy v1

# --- several without P2P ---

check our_own_device_is_there eval "mdevs_clear && insmod '$BUILD/kmod/mwtest.ko' && mwtest_create tiny $SOURCE && mwtest_create tiny $SOURCE2"
check our_own_device_is_there_too second eval "mdevs_clear && insmod '$BUILD/kmod/mwtest.ko' && mwtest_create tiny $FREE && mwtest_create tiny $FREE2"
check a_domain_with_two_of_it_starts domain_create v1 $V1 $SOURCE $SOURCE2
check both_of_it_are_stamped eval "[[ \$(migwarden stamp v1 | wc -l) == 2 ]]"
second eval "knob $FREE p2p 0 && knob $FREE2 p2p 0"
refused two_without_p2p p2p-required migrate v1
check two_without_p2p_has_both_values eval "grep -E 'source +.*p2p' /lab/said-two_without_p2p && grep -E 'destination +[^p]*(pre-copy)?$' /lab/said-two_without_p2p"
check two_without_p2p_is_what_it_says grep -F '2 devices migrate with this VM, so each needs p2p, which the destination lacks' /lab/said-two_without_p2p
second eval "knob $FREE p2p 1"
refused one_of_two_without_p2p p2p-required migrate v1
second knob $FREE2 p2p 1
check with_p2p_both_migrate migrate v1
second virsh destroy v1
check our_own_device_goes eval "mdevs_clear && rmmod mwtest"
check our_own_device_goes_too second eval "mdevs_clear && rmmod mwtest"

# --- two for one ---

check a_first_one_starts eval "mdev_fresh mtty-2 $SOURCE && domain_create v1 $V1 $SOURCE && migwarden stamp v1"
check a_second_one_starts eval "mdev_fresh mtty-2 $SOURCE2 && domain_create v2 $V2 $SOURCE2 && migwarden stamp v2"
clean_second
race() {
	migrate v1 >/lab/race-v1 & local one=$!
	migrate v2 >/lab/race-v2 & local two=$!
	local first=0 other=0
	wait $one || first=$?
	wait $two || other=$?
	cat /lab/race-v1 /lab/race-v2
	(((first == 0) + (other == 0) == 1))
}
check of_two_that_race_one_comes race
check the_other_is_told_why grep -h 'no-capacity' /lab/race-v1 /lab/race-v2
check the_other_runs_on eval "domain_is v1 running || domain_is v2 running"
second virsh destroy v1
second virsh destroy v2
virsh destroy v1
virsh destroy v2

# --- round the hook, and without the daemon ---

check a_domain_starts_again eval "mdev_fresh mtty-2 $SOURCE && domain_create v1 $V1 $SOURCE && migwarden stamp v1"
second rm "$HOOKS/50-migwarden"
clean_second
check_not round_the_hook_the_gate_refuses by_hand
check the_gate_says_no_admission second grep -E 'RESUMING.*no-admission|no-admission.*RESUMING' /lab/daemon.out
check the_domain_survives_it domain_is v1 running
second hook_install
clean_second
check the_daemon_is_killed_there second eval 'kill -9 $(cat /run/daemon.pid)'
refused without_a_daemon 'nobody answers' migrate v1
second policy_write 'hook-without-daemon: allow'
check_not where_the_policy_lets_it_pass_the_gate_still_stands by_hand
check the_domain_survives_that_too domain_is v1 running
second policy_write 'remap: create' "$TRUST"
check the_daemon_comes_back second host_daemon_start

# --- what must not change: here, where everything is denied ---

policy_change 'unsigned: deny'
hook_install
kill -HUP "$(cat /run/libvirtd.pid)"
check it_is_suspended eval "virsh suspend v1 && domain_is v1 paused"
check it_is_resumed eval "virsh resume v1 && domain_is v1 running"
check it_is_reset eval "virsh reset v1 && domain_is v1 running"
check libvirt_is_restarted eval "libvirt_stop && libvirt_start"
check it_runs_on_after_the_restart domain_is v1 running
check it_is_saved_to_be_judged virsh save v1 /run/v1.saved
mdev_fresh mtty-2 $SOURCE
policy_change 'restore: judge'
check_not judged_and_not_trusted_it_is_not_restored virsh restore /run/v1.saved
cp /tmp/check /lab/said-restore
check that_is_key_untrusted grep -F key-untrusted /lab/said-restore
policy_change 'restore: judge' 'trust: [/both/first.pub]'
check judged_and_trusted_it_is_restored eval "virsh restore /run/v1.saved && domain_is v1 running"
policy_change 'unsigned: deny'
check it_is_saved virsh save v1 /run/v1.saved
mdev_fresh mtty-2 $SOURCE
check it_is_restored eval "virsh restore /run/v1.saved && domain_is v1 running"

# --- a device made for it ---

made_for_it() {
	second mdevs_clear
	migwarden stamp v1
	check "a_device_is_made_for_it($1)" migrate v1
	check "it_runs_there_on_the_new_device($1)" second domain_is v1 running
	second virsh destroy v1
	check "the_device_goes_with_it($1)" second wait_until 20 eval '! ls /sys/bus/mdev/devices/* 2>/dev/null | grep .'
	mdev_fresh mtty-2 $SOURCE
	domain_create v1 $V1 $SOURCE
}

# mdevctl tells who wants to know what it does, and asks who may have something against it.
NOTIFIERS=/etc/mdevctl.d/scripts.d/notifiers
CALLOUTS=/etc/mdevctl.d/scripts.d/callouts
MDEVCTL=$(command -v mdevctl)
[[ -z $MDEVCTL ]] || second mv "$MDEVCTL" /run/mdevctl
made_for_it sysfs
if [[ -n $MDEVCTL ]]; then
	second mv /run/mdevctl "$MDEVCTL"
	# shellcheck disable=SC2016
	second eval "mkdir -p $NOTIFIERS $CALLOUTS; printf '%s\n' '#!/bin/sh' 'echo \"\$*\" >>/run/mdevctl.log' >$NOTIFIERS/log; chmod 755 $NOTIFIERS/log"
	made_for_it mdevctl
	second cat /run/mdevctl.log >/lab/mdevctl.log
	check mdevctl_made_it grep -E 'start.*success|success.*start' /lab/mdevctl.log
	check mdevctl_removed_it grep -E 'stop.*success|success.*stop' /lab/mdevctl.log
	second eval "printf '%s\n' '#!/bin/sh' 'echo not on my watch >&2' 'exit 1' >$CALLOUTS/no; chmod 755 $CALLOUTS/no"
	migwarden stamp v1
	refused where_mdevctl_may_not 'cannot make an mdev of type mtty-2 on mtty' migrate v1
	check where_mdevctl_may_not_has_its_reason grep -E 'reason +no-capacity' /lab/said-where_mdevctl_may_not
	check where_mdevctl_may_not_has_its_words grep -F 'not on my watch' /lab/said-where_mdevctl_may_not
	check where_mdevctl_may_not_has_a_hint grep -F 'nor was one made' /lab/said-where_mdevctl_may_not
	second rm "$CALLOUTS/no" "$NOTIFIERS/log"
else
	skip mdevctl 'command -v mdevctl finds none'
fi
virsh destroy v1
check the_daemons_end_well daemon_stop
check the_daemons_end_well_there second daemon_stop

# --- the daemon keeps stamps fresh ---

stamping_on 'refresh: 3s'
check the_daemon_stamps host_daemon_start
check a_domain_that_starts eval "mdev_fresh mtty-2 $SOURCE && domain_create v1 $V1 $SOURCE"
check it_is_stamped_by_the_daemon wait_until 60 stamps v1 1
TIME=$(stamp_time v1)
check it_is_stamped_anew wait_until 60 eval "[[ \$(stamp_time v1) > '$TIME' ]]"
check the_libvirt_it_follows_is_restarted eval "libvirt_stop && libvirt_start"
check it_says_that_libvirt_went wait_until 30 grep -F 'libvirt has gone' /lab/daemon.err
check a_domain_after_that eval "mdev_fresh mtty-2 $SOURCE2 && domain_create v2 $V2 $SOURCE2"
check it_is_stamped_too wait_until 90 stamps v2 1
virsh destroy v1
virsh destroy v2
check the_stamping_daemon_ends_well daemon_stop
check_not nothing_is_left_of_it pgrep -f 'migwarden stamp'
