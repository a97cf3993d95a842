// SPDX-License-Identifier: GPL-2.0-only
/* The paths of the control socket. */
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "base/clock.h"
#include "base/units.h"
#include "config/config.h"
#include "core/engine.h"
#include "core/names.h"
#include "daemon/domains.h"
#include "daemon/server.h"
#include "daemon/shadow.h"
#include "daemon/state.h"
#include "host/describe.h"
#include "host/devlink.h"
#include "host/inventory.h"
#include "sinks/decision.h"

#define NS_PER_S 1000000000ull

/* What one admission is asked for. */
struct admit_arguments {
	const char *device;
	const char *name; /* of the file that the descriptor came from, for its errors */
	enum mw_direction direction;
	uint64_t ttl_s;
	uint64_t uses;
	uint64_t devices; /* VFIO devices that migrate with the VM */
	int pid;          /* who asks */
};

/* A number of the query from 1 to @max. False, and the refusal in @answer, for anything else. */
static bool take_number(const struct api_request *request, const char *name, uint64_t max,
			uint64_t *out, struct api_answer *answer)
{
	const char *text = api_argument(request, name);
	unsigned long long number;
	char *end;

	if (!text)
		return true;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text || *end || *text == '-' || !number || number > max) {
		api_refuse(answer, MHD_HTTP_BAD_REQUEST,
			   "%s: expected a number from 1 to %llu, got '%.64s'", name,
			   (unsigned long long)max, text);
		return false;
	}
	*out = number;
	return true;
}

static bool take_direction(const struct api_request *request, enum mw_direction *out,
			   struct api_answer *answer)
{
	const char *text = api_argument(request, "direction");

	*out = MW_INCOMING;
	if (!text || strcmp(text, "incoming") == 0)
		return true;
	*out = MW_OUTGOING;
	if (strcmp(text, "outgoing") == 0)
		return true;
	api_refuse(answer, MHD_HTTP_BAD_REQUEST,
		   "direction: expected incoming or outgoing, got '%.64s'", text);
	return false;
}

static bool take_device(const struct api_request *request, const char **out,
			struct api_answer *answer)
{
	*out = api_argument(request, "device");
	if (*out && **out)
		return true;
	api_refuse(answer, MHD_HTTP_BAD_REQUEST, "device: expected the name of a device");
	return false;
}

static bool take_arguments(const struct api_request *request, struct admit_arguments *out,
			   struct api_answer *answer)
{
	out->ttl_s = ADMISSION_TTL_S_DEFAULT;
	out->uses = ADMISSION_USES_DEFAULT;
	out->devices = 1;
	out->pid = request->peer.pid;
	out->name = api_argument(request, "name");
	if (!out->name)
		out->name = "descriptor";
	return take_device(request, &out->device, answer) &&
	       take_direction(request, &out->direction, answer) &&
	       take_number(request, "ttl", ADMISSION_TTL_S_MAX, &out->ttl_s, answer) &&
	       take_number(request, "uses", ADMISSION_USES_MAX, &out->uses, answer) &&
	       take_number(request, "devices", ADMISSION_DEVICES_MAX, &out->devices, answer);
}

static int ask_capabilities(void *context, const char *vfio, uint32_t *capabilities)
{
	struct daemon *daemon = context;
	int r = daemon->migration ? 0 : migration_open(&daemon->migration);

	return r ? r : migration_query(daemon->migration, vfio, capabilities);
}

static void refuse_unknown_device(const struct inventory *inventory, const char *device,
				  struct api_answer *answer)
{
	json_t *names = json_array();

	for (size_t i = 0; i < inventory->count; i++)
		json_array_append_new(names, json_string(inventory->devices[i].name));
	api_refuse(answer, MHD_HTTP_NOT_FOUND, "no VFIO device '%.128s' on this host", device);
	json_object_set_new(answer->body, "devices", names);
}

struct describe_options daemon_describe_options(struct daemon *daemon)
{
	return (struct describe_options){
		.sources = daemon->sources,
		.now_s = time(NULL),
		.migration = ask_capabilities,
		.migration_context = daemon,
		.firmware = devlink_firmware,
	};
}

/* The descriptor of a device of this host as it is now; false with the refusal in @answer. */
static bool describe_local(struct daemon *daemon, const char *device, struct descriptor **out,
			   struct api_answer *answer)
{
	const struct describe_options options = daemon_describe_options(daemon);
	AUTO_INVENTORY struct inventory *inventory = NULL;
	const struct inventory_device *found;
	int r = inventory_read(daemon->host, &inventory);

	if (!r) {
		r = inventory_find(daemon->host, inventory, device, &found);
		if (r == -ENODEV || r == -ENOTUNIQ) {
			refuse_unknown_device(inventory, device, answer);
			return false;
		}
	}
	if (!r)
		r = describe(daemon->host, found, &options, out);
	if (r)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "cannot describe %.128s: %s",
			   device, strerror(-r));
	return r == 0;
}

static void fill_answer(const struct daemon *daemon, const struct admission *admission,
			const struct mw_admission *written, struct api_answer *answer)
{
	enum mw_gate_answer word = engine_admission_answer(daemon->policy, written);
	char clock[UNITS_TEXT_BYTES];
	struct shadow_view shadow;
	bool differs = shadow_of_admission(admission, word, &shadow);

	answer->body =
		json_pack("{s:I, s:s, s:s, s:b, s:I, s:s, s:s, s:O, s:o}", "id",
			  (json_int_t)admission->id, "device", admission->device, "direction",
			  direction_label(admission->direction), "admitted", (int)written->allow,
			  "uses", (json_int_t)written->uses, "expires",
			  format_clock(written->expires_ns, daemon->clock_offset_ns, clock),
			  "explanation", admission->explanation, "verdict", admission->verdict,
			  "shadow", shadow_to_json(differs ? &shadow : NULL));
	if (!answer->body)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
}

/* The intent is on the disk before the kernel has it, its answer after that. */
static int write_admission(struct daemon *daemon, const struct trail_admission *admission,
			   struct api_answer *answer)
{
	uint64_t intent;
	int r = trail_admit(daemon, admission, &intent);

	if (r) {
		api_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE,
			   "not admitted: the audit cannot record it: %s", trail_why(daemon));
		return r;
	}
	r = ticket_write(daemon, admission->device, admission->request->direction,
			 &admission->made->admission);
	trail_answer(daemon, intent, r);
	if (r)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "cannot write the admission: %s",
			   strerror(-r));
	return r;
}

static void admit_pair(struct daemon *daemon, const struct admit_arguments *arguments,
		       const struct descriptor *remote, const struct descriptor *local,
		       struct api_answer *answer)
{
	bool incoming = arguments->direction == MW_INCOMING;
	const struct engine_request request = {
		.id = daemon->admissions.last_id + 1,
		.direction = arguments->direction,
		.now_ns = clock_ns(CLOCK_MONOTONIC),
		.ttl_ns = arguments->ttl_s * NS_PER_S,
		.uses = (uint32_t)arguments->uses,
		.context = {.now_s = time(NULL), .device_count = (unsigned int)arguments->devices},
	};
	const struct admission *admission;
	struct engine_admission made;
	struct trail_admission row;

	engine_admit(daemon->policy, incoming ? remote : local, incoming ? local : remote, &request,
		     &made);
	/* Remembered before it has an effect: no event can name an id that we do not know. */
	admission = admissions_add(&daemon->admissions, local->device.text, arguments->direction,
				   made.admission.expires_ns, decision_explain(&made.verdict),
				   verdict_to_json(&made.verdict));
	if (!admission || !admission->explanation || !admission->verdict) {
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
		return;
	}
	shadow_admit(daemon, &request, incoming ? remote : local, incoming ? local : remote);
	row = (struct trail_admission){
		.pid = arguments->pid,
		.request = &request,
		.made = &made,
		.device = admission->device,
		.explanation = admission->explanation,
		.source = incoming ? remote : local,
		.dest = incoming ? local : remote,
	};
	if (!write_admission(daemon, &row, answer))
		fill_answer(daemon, admission, &made.admission, answer);
}

bool daemon_require_gate(const struct daemon *daemon, struct api_answer *answer)
{
	if (!daemon->gate)
		api_refuse(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "the gate does not stand: %s",
			   gate_support_text(gate_support()));
	return daemon->gate != NULL;
}

static void on_admit(void *context, const struct api_request *request, struct api_answer *answer)
{
	AUTO_DESCRIPTOR struct descriptor *remote = NULL;
	AUTO_DESCRIPTOR struct descriptor *local = NULL;
	struct admit_arguments arguments;
	struct parse_error error = {0};
	struct daemon *daemon = context;
	char text[1024];

	if (!take_arguments(request, &arguments, answer))
		return;
	if (descriptor_read_text(arguments.name, request->body, request->body_size, &remote,
				 &error)) {
		parse_error_format(&error, text, sizeof(text));
		api_refuse(answer, MHD_HTTP_BAD_REQUEST, "%s", text);
		return;
	}
	if (daemon_require_gate(daemon, answer) &&
	    describe_local(daemon, arguments.device, &local, answer))
		admit_pair(daemon, &arguments, remote, local, answer);
}

/* As it is now, for who stamps a domain: the daemon can ask the kernel for what it can do. */
static void on_describe(void *context, const struct api_request *request, struct api_answer *answer)
{
	AUTO_DESCRIPTOR struct descriptor *local = NULL;
	const char *device;

	if (!take_device(request, &device, answer) ||
	    !describe_local(context, device, &local, answer))
		return;
	answer->body = descriptor_to_json(local);
	if (!answer->body)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
}

static void on_revoke(void *context, const struct api_request *request, struct api_answer *answer)
{
	struct audit_row row = {.kind = AUDIT_REVOKE, .pid = request->peer.pid};
	struct daemon *daemon = context;
	enum mw_direction direction;
	const char *device;
	uint64_t intent;
	int r;

	if (!take_device(request, &device, answer) ||
	    !take_direction(request, &direction, answer) || !daemon_require_gate(daemon, answer))
		return;
	row.device = device;
	row.direction = direction_label(direction);
	trail_intend_anyway(daemon, &row, NULL, &intent);
	r = ticket_revoke(daemon, device, direction);
	trail_answer(daemon, intent, r);
	if (r == -ENOENT || r == -EINVAL)
		api_refuse(answer, MHD_HTTP_NOT_FOUND, "no admission %s for '%.128s'",
			   direction_label(direction), device);
	else if (r)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "cannot revoke: %s",
			   strerror(-r));
	else
		answer->body = json_pack("{s:s, s:s}", "revoked", device, "direction",
					 direction_label(direction));
}

static void on_reload(void *context, const struct api_request *request, struct api_answer *answer)
{
	struct parse_error error = {0};
	struct daemon *daemon = context;
	char text[1024];

	if (policy_reload(daemon, request->peer.pid, &error)) {
		parse_error_format(&error, text, sizeof(text));
		api_refuse(answer, MHD_HTTP_BAD_REQUEST,
			   "not reloaded, the old policy stays in force: %s", text);
		return;
	}
	answer->body = json_pack("{s:s, s:i}", "file", daemon->policy->file, "generation",
				 (int)daemon->rules.generation);
}

static void on_release(void *context, const struct api_request *request, struct api_answer *answer)
{
	int r = daemon_release(context, &request->peer);

	if (r)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "cannot release the gate: %s",
			   strerror(-r));
	else
		answer->body = json_pack("{s:b}", "released", true);
}

static void on_status(void *context, const struct api_request *request, struct api_answer *answer)
{
	(void)request;
	answer->body = status_to_json(context);
	if (!answer->body)
		api_refuse(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "out of memory");
}

static void on_sessions(void *context, const struct api_request *request, struct api_answer *answer)
{
	struct daemon *daemon = context;

	(void)request;
	answer->body = chronicle_list(daemon->chronicle);
}

#define SESSION_PATH "/v1/sessions/"

static void on_session(void *context, const struct api_request *request, struct api_answer *answer)
{
	const char *text = request->http->path + strlen(SESSION_PATH);
	struct daemon *daemon = context;
	uint64_t id = 0;

	if (slice_to_u64(slice_of(text), &id))
		answer->body = chronicle_find(daemon->chronicle, id);
	if (!answer->body)
		api_refuse(answer, MHD_HTTP_NOT_FOUND, "no session '%.32s' is kept", text);
}

const struct api_route control_routes[] = {
	{"GET", "/v1/status", false, on_status},
	{"GET", "/v1/sessions", false, on_sessions},
	{"GET", SESSION_PATH, false, on_session},
	{"POST", "/v1/admit", true, on_admit},
	{"POST", "/v1/revoke", true, on_revoke},
	{"POST", "/v1/reload", true, on_reload},
	{"POST", "/v1/release", true, on_release},
	{"GET", "/v1/describe", false, on_describe},
	{"POST", "/v1/domain/admit", true, domains_on_admit},
	{"POST", "/v1/domain/release", true, domains_on_release},
	{"POST", "/v1/domain/stamped", true, domains_on_stamped},
	{0},
};
