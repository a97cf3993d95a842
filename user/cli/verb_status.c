// SPDX-License-Identifier: GPL-2.0-only
/* migwarden status: what the daemon enforces, holds and has seen. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/escape.h"
#include "base/text.h"
#include "cli/control_client.h"
#include "cli/verb.h"

#define TEXT_BYTES 2048

static const char *text_at(const json_t *object, const char *key, char out[static TEXT_BYTES])
{
	const char *text = json_string_value(json_object_get(object, key));

	return escape_text(out, TEXT_BYTES, text ? text : "?");
}

static void print_counts(const char *ring, json_t *kinds)
{
	const char *kind;
	json_t *count;

	json_object_foreach(kinds, kind, count)
		printf("%-10s %-10s %12lld %12lld %12lld\n", ring, kind,
		       json_integer_value(json_object_get(count, "produced")),
		       json_integer_value(json_object_get(count, "delivered")),
		       json_integer_value(json_object_get(count, "lost")));
}

static void print_admissions(const json_t *list)
{
	char device[TEXT_BYTES], direction[TEXT_BYTES], why[TEXT_BYTES], until[TEXT_BYTES];
	const json_t *admission;
	size_t i;

	if (!json_array_size(list))
		return;
	printf("\nADMISSIONS\n");
	json_array_foreach(list, i, admission) printf(
		"%-36s  %s  %s, %lld left, until %s  %s\n", text_at(admission, "device", device),
		text_at(admission, "direction", direction),
		json_is_true(json_object_get(admission, "admitted")) ? "admitted" : "refused",
		json_integer_value(json_object_get(admission, "uses_left")),
		text_at(admission, "expires", until), text_at(admission, "explanation", why));
}

/* Domains of libvirt that carry stamps here, and those that were admitted and have not come yet. */
static void print_domains(const json_t *list)
{
	char name[TEXT_BYTES], device[TEXT_BYTES], role[TEXT_BYTES], from[TEXT_BYTES];
	const json_t *domain, *age;
	size_t i;

	if (!json_array_size(list))
		return;
	printf("\nDOMAINS\n");
	json_array_foreach(list, i, domain)
	{
		age = json_object_get(domain, "stamp_age_s");
		printf("%-20s  %-36s  %s", text_at(domain, "domain", name),
		       text_at(domain, "device", device), text_at(domain, "role", role));
		if (json_is_string(json_object_get(domain, "source_host")))
			printf(" from %s", text_at(domain, "source_host", from));
		if (json_is_integer(age))
			printf(", stamped %lld s ago\n", json_integer_value(age));
		else
			printf(", without a stamp\n");
	}
}

static void print_programs(const json_t *programs)
{
	char name[TEXT_BYTES], covers[TEXT_BYTES], open[TEXT_BYTES];
	const json_t *program;
	size_t i;

	json_array_foreach(programs, i, program)
	{
		bool stands = json_is_true(json_object_get(program, "stands"));
		long long missed = json_integer_value(json_object_get(program, "missed"));

		printf("            %-17s %s%s\n", text_at(program, "name", name),
		       stands ? "" : "missing: ", text_at(program, "covers", covers));
		if (!stands)
			printf("            %-17s open: %s\n", "", text_at(program, "open", open));
		if (missed)
			printf("            %-17s passed over by the kernel %lld times\n", "",
			       missed);
	}
}

static void print_gate(const json_t *gate)
{
	char text[TEXT_BYTES];

	if (!json_is_true(json_object_get(gate, "stands"))) {
		printf("gate        does not stand: %s\n", text_at(gate, "state", text));
		return;
	}
	printf("gate        stands%s%s%s\n",
	       json_is_true(json_object_get(gate, "pinned")) ? ", pinned"
							     : ", falls with the daemon",
	       json_is_true(json_object_get(gate, "adopted")) ? ", adopted" : "",
	       json_is_true(json_object_get(gate, "shielded")) ? ", shielded" : "");
	print_programs(json_object_get(gate, "programs"));
}

/* Where a policy came from: its files, where it came in several, and what their bytes are known by.
 */
static void print_origin(const json_t *policy)
{
	const json_t *files = json_object_get(policy, "files"), *file;
	char text[TEXT_BYTES];
	size_t i;

	if (json_array_size(files) > 1)
		json_array_foreach(files, i, file)
			printf("            %s\n",
			       escape_text(text, sizeof(text), json_string_value(file) ?: "?"));
	printf("            blake2b %s\n", text_at(policy, "blake2b", text));
}

static void print_shadow(const json_t *shadow)
{
	char text[TEXT_BYTES], mode[TEXT_BYTES];

	if (!json_is_object(shadow))
		return;
	printf("shadow      %s: %s, %lld decisions differ\n", text_at(shadow, "file", text),
	       text_at(shadow, "mode", mode),
	       json_integer_value(json_object_get(shadow, "differences")));
	print_origin(shadow);
}

static void print_audit(const json_t *audit)
{
	const char *state = json_string_value(json_object_get(audit, "state"));
	long long pending = json_integer_value(json_object_get(audit, "pending"));
	long long lost = json_integer_value(json_object_get(audit, "lost"));
	long long counting = json_integer_value(json_object_get(audit, "counting"));
	char text[TEXT_BYTES];

	if (!state || text_equal(state, "off")) {
		printf("audit       off: what is decided is not recorded\n");
		return;
	}
	printf("audit       %s: %s, row %lld", state, text_at(audit, "file", text),
	       json_integer_value(json_object_get(audit, "rows")));
	printf(", signed by %s\n", text_at(audit, "key", text));
	if (pending || lost)
		printf("            %lld rows wait, %lld are lost\n", pending, lost);
	if (counting)
		printf("            %lld like others are being counted: no row tells of them yet\n",
		       counting);
	if (json_is_string(json_object_get(audit, "error")))
		printf("            %s\n", text_at(audit, "error", text));
}

/* A line for each device that the policy has a default for, as the gate knows it. */
static void print_defaults(const json_t *policy)
{
	char device[TEXT_BYTES], incoming[TEXT_BYTES], outgoing[TEXT_BYTES];
	const json_t *own;
	size_t index;

	json_array_foreach(json_object_get(policy, "device_defaults"), index, own)
	{
		const json_t *in = json_object_get(own, "incoming");
		const json_t *out = json_object_get(own, "outgoing");

		printf("            %s: incoming %s, outgoing %s (lines %lld and %lld)\n",
		       text_at(own, "device", device), text_at(in, "default", incoming),
		       text_at(out, "default", outgoing),
		       json_integer_value(json_object_get(in, "line")),
		       json_integer_value(json_object_get(out, "line")));
	}
}

static void print_status(const json_t *status)
{
	const json_t *policy = json_object_get(status, "policy");
	const json_t *gate = json_object_get(status, "gate");
	const json_t *observers = json_object_get(status, "observers");
	const json_t *events = json_object_get(status, "events");
	char text[TEXT_BYTES], mode[TEXT_BYTES], incoming[TEXT_BYTES], outgoing[TEXT_BYTES];
	char bypass[TEXT_BYTES];

	print_gate(gate);
	printf("policy      %s: %s, %lld rules, generation %lld\n", text_at(policy, "file", text),
	       text_at(policy, "mode", mode), json_integer_value(json_object_get(policy, "rules")),
	       json_integer_value(json_object_get(policy, "generation")));
	print_origin(policy);
	printf("defaults    incoming %s, outgoing %s; on a bypass %s\n",
	       text_at(policy, "incoming", incoming), text_at(policy, "outgoing", outgoing),
	       text_at(policy, "on_bypass", bypass));
	print_defaults(policy);
	print_shadow(json_object_get(status, "shadow"));
	print_audit(json_object_get(status, "audit"));
	printf("observers   vfio %s, mdev %s\n",
	       json_is_true(json_object_get(observers, "vfio")) ? "yes" : "no",
	       json_is_true(json_object_get(observers, "mdev")) ? "yes" : "no");
	printf("\n%-10s %-10s %12s %12s %12s\n", "RING", "EVENT", "PRODUCED", "DELIVERED", "LOST");
	print_counts("observed", json_object_get(events, "observed"));
	print_counts("gate", json_object_get(events, "gate"));
	print_admissions(json_object_get(status, "admissions"));
	print_domains(json_object_get(status, "domains"));
}

static int status_run(int argc, char **argv)
{
	static const struct option options[] = {
		{"socket", required_argument, NULL, 's'},
		{"json", no_argument, NULL, 'j'},
		{"help", no_argument, NULL, 'h'},
		{0},
	};
	struct control_request request = {.verb = "status", .method = "GET", .path = "/v1/status"};
	bool json = false;
	json_t *status;
	int option;

	while ((option = getopt_long(argc, argv, "jh", options, NULL)) != -1) {
		switch (option) {
		case 's':
			request.socket = optarg;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			return verb_help(&verb_status);
		default:
			return verb_usage(&verb_status, "unknown option");
		}
	}
	if (optind < argc)
		return verb_usage(&verb_status, "unexpected argument '%s'", argv[optind]);
	if (control_call(&request, &status))
		return EXIT_BAD;
	if (json) {
		json_dumpf(status, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		print_status(status);
	}
	json_decref(status);
	return EXIT_YES;
}

const struct verb verb_status = {
	.name = "status",
	.summary = "what the daemon enforces, holds and has seen",
	.help = "usage: migwarden status [--json] [--socket PATH]\n"
		"\n"
		"Says whether the gate stands, what each of its programs covers and what a missing "
		"one\n"
		"leaves open; the policy in force, its files and their BLAKE2b-256 (`cat FILES | "
		"b2sum\n"
		"-l 256`); which observers are attached, how many events were produced, delivered "
		"and\n"
		"lost, which admissions are left, also those of an earlier daemon, and which "
		"domains of\n"
		"libvirt carry stamps.\n"
		"\n"
		"      --socket PATH   control socket of the daemon\n"
		"  -j, --json          one JSON object\n"
		"  -h, --help          this text\n"
		"\n"
		"For root and the group migwarden. Exit status: 0, or 2 when no daemon answers.\n",
	.run = status_run,
};
