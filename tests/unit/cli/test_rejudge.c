// SPDX-License-Identifier: GPL-2.0-only
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/rejudge.h"
#include "migwarden/reason.h"

#define DEVICE "83b8f4f2-509f-382f-3c1e-e6bfe0fa1002"
#define DESCRIPTOR(type)                                                                 \
	"{\"schema\": \"migwarden.descriptor/1\", \"device\": \"" DEVICE                 \
	"\", \"device_api\": \"vfio-pci\", \"driver\": \"mtty\", \"mdev_type\": \"" type \
	"\", \"migration\": {\"protocol\": \"v2\", \"capabilities\": [\"stop-copy\", \"p2p\"]}}"

static char folder[] = "/tmp/rejudge-XXXXXX";
static char policy[64], peer[64];
static struct rejudge *rejudge;
static struct event_view view;
static union mw_event event;

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

static void set_up(void)
{
	cr_assert_not_null(mkdtemp(folder));
	snprintf(policy, sizeof(policy), "%s/p.yaml", folder);
	snprintf(peer, sizeof(peer), "%s/a.json", folder);
	write_file(policy, "schema: migwarden.policy/1\n"
			   "defaults: {incoming: deny, outgoing: allow}\n"
			   "rules:\n"
			   "  - name: all\n"
			   "    require: {type: equal}\n"
			   "    limits: {downtime: 300ms}\n");
	view = (struct event_view){.json = true};
	event = (union mw_event){0};
	event.head.kind = MW_EVENT_GATE;
	strcpy(event.head.device, DEVICE);
	event.gate.direction = MW_INCOMING;
	event.gate.answer = MW_GATE_PASSED;
	event.gate.basis = MW_BASIS_DEFAULT;
	cr_redirect_stdout();
	cr_redirect_stderr();
}

static void tear_down(void)
{
	rejudge_close(rejudge);
	event_view_free(&view);
	unlink(policy);
	unlink(peer);
	rmdir(folder);
}

TestSuite(rejudge, .init = set_up, .fini = tear_down);

static void begin(const char *source)
{
	struct rejudge_options options = {.policy = policy};

	if (source) {
		write_file(peer, source);
		options.source = peer;
	}
	cr_assert_eq(rejudge_open(&verb_replay, &options, &rejudge), EXIT_YES);
}

static void learn(const char *descriptor)
{
	rejudge_device(rejudge, descriptor, strlen(descriptor));
}

/* Judges the event; the line and the sums that follow it have these words. */
static void expect(const char *words, const char *sums)
{
	static char out[8192];
	FILE *file = cr_get_redirected_stdout();
	size_t length;

	rejudge_event(rejudge, &view, &event);
	rejudge_sums(rejudge, &view);
	fflush(stdout);
	close(STDOUT_FILENO);
	length = fread(out, 1, sizeof(out) - 1, file);
	out[length] = '\0';
	cr_assert_not_null(strstr(out, words), "\"%s\" is not in \"%s\"", words, out);
	cr_assert_not_null(strstr(out, sums), "\"%s\" is not in \"%s\"", sums, out);
}

Test(rejudge, a_default_is_held_against_the_default_of_the_policy)
{
	begin(NULL);
	expect("\"recorded\":\"passed\",\"judged\":\"refused\",\"explanation\":\"no admission, and "
	       "the default",
	       "\"same\":0,\"other\":1,\"not_judged\":0");
}

Test(rejudge, a_default_that_agrees_is_the_same)
{
	begin(NULL);
	event.gate.direction = MW_OUTGOING;
	expect("\"judged\":\"passed\"", "\"same\":1,\"other\":0,\"not_judged\":0");
}

Test(rejudge, an_admission_needs_the_other_side)
{
	begin(NULL);
	learn(DESCRIPTOR("mtty-2"));
	event.gate.basis = MW_BASIS_ADMISSION;
	expect("\"judged\":null,\"explanation\":\"it was admitted by the descriptor of the other "
	       "side: --source gives it\"",
	       "\"not_judged\":1");
}

Test(rejudge, an_admission_needs_the_device_itself)
{
	begin(DESCRIPTOR("mtty-2"));
	event.gate.basis = MW_BASIS_ADMISSION;
	expect("\"judged\":null,\"explanation\":\"the recording has no descriptor of the device\"",
	       "\"not_judged\":1");
}

Test(rejudge, an_admission_is_judged_from_both_descriptors)
{
	begin(DESCRIPTOR("mtty-1"));
	learn(DESCRIPTOR("mtty-2"));
	event.gate.basis = MW_BASIS_ADMISSION;
	expect("\"judged\":\"refused\",\"explanation\":\"type-mismatch: source mtty-1, destination "
	       "mtty-2",
	       "\"same\":0,\"other\":1");
}

Test(rejudge, the_last_descriptor_of_a_device_counts)
{
	begin(DESCRIPTOR("mtty-1"));
	learn(DESCRIPTOR("mtty-2"));
	learn("{ not JSON");
	learn(DESCRIPTOR("mtty-1"));
	event.gate.basis = MW_BASIS_ADMISSION;
	expect("\"judged\":\"passed\"", "\"same\":1,\"other\":0");
}

Test(rejudge, a_bypass_is_no_matter_of_policy)
{
	begin(NULL);
	event.gate.reason = MW_REASON_STATE_BYPASS;
	expect("\"judged\":null,\"explanation\":\"a bypass is no matter of policy\"",
	       "\"not_judged\":1");
}

Test(rejudge, a_record_without_a_direction_is_not_judged)
{
	begin(NULL);
	event.gate.direction = 77;
	expect("\"judged\":null", "\"not_judged\":1");
}

Test(rejudge, only_the_gate_is_judged)
{
	begin(NULL);
	event.head.kind = MW_EVENT_ARC;
	expect("verdicts", "\"same\":0,\"other\":0,\"not_judged\":0");
}

Test(rejudge, the_budget_is_that_of_the_policy)
{
	begin(NULL);
	cr_assert_eq(rejudge_downtime_ns(rejudge), 300000000);
}

Test(rejudge, a_bad_policy_is_refused)
{
	struct rejudge_options options = {.policy = policy};

	write_file(policy, "schema: nope\n");
	cr_assert_eq(rejudge_open(&verb_replay, &options, &rejudge), EXIT_BAD);
}
