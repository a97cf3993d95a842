// SPDX-License-Identifier: GPL-2.0-only
#include "cli/libvirt_stamper.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/escape.h"
#include "cli/control_client.h"
#include "config/config.h"
#include "config/json_text.h"
#include "host/describe.h"
#include "kern/migration.h"
#include "libvirt/connection.h"
#include "libvirt/stamping.h"

#define TEXT_BYTES 1024

struct stamper {
	struct stamper_options options;
	struct host *host;
	struct sources *sources;
	struct migration *migration; /* where no daemon can be asked */
	struct key *key;
	char name[256]; /* of this host */
	struct host_text boot_id;
	json_t *notes;
	json_t *untold; /* those of them that the daemon has not been told of */
};

static int say(const char *what, int error)
{
	fprintf(stderr, "migwarden stamp: %s: %s\n", what, strerror(-error));
	return error;
}

static int open_key(struct stamper *stamper)
{
	const char *path = stamper->options.key ? stamper->options.key : KEY_FILE_DEFAULT;
	struct parse_error error = {0};
	char text[TEXT_BYTES];
	int r = key_open_or_create(path, stamper->name, &stamper->key, &error);

	if (r) {
		parse_error_format(&error, text, sizeof(text));
		fprintf(stderr, "migwarden stamp: %s\n", text);
	}
	return r;
}

static int open_sources(struct stamper *stamper)
{
	struct parse_error error = {0};
	char text[TEXT_BYTES];
	int r = sources_new(&stamper->sources);

	if (r || access(SOURCES_SITE_FILE, F_OK))
		return r;
	r = sources_read_file(stamper->sources, SOURCES_SITE_FILE, &error);
	if (r) {
		parse_error_format(&error, text, sizeof(text));
		fprintf(stderr, "migwarden stamp: %s\n", text);
	}
	return r;
}

int stamper_open(const struct stamper_options *options, struct stamper **out)
{
	struct stamper *stamper = calloc(1, sizeof(*stamper));
	int r;

	if (!stamper)
		return -ENOMEM;
	stamper->options = *options;
	stamper->notes = json_array();
	stamper->untold = json_array();
	gethostname(stamper->name, sizeof(stamper->name) - 1);
	r = host_open(NULL, &stamper->host);
	if (!r)
		r = host_read_line(stamper->host, &stamper->boot_id, HOST_BOOT_ID_PATH);
	if (r)
		say("cannot read this host", r);
	else
		r = open_key(stamper);
	if (!r)
		r = open_sources(stamper);
	if (r) {
		stamper_close(stamper);
		return r;
	}
	*out = stamper;
	return 0;
}

void stamper_close(struct stamper *stamper)
{
	if (!stamper)
		return;
	migration_close(stamper->migration);
	sources_free(stamper->sources);
	key_close(stamper->key);
	host_close(stamper->host);
	json_decref(stamper->notes);
	json_decref(stamper->untold);
	free(stamper);
}

json_t *stamper_notes(const struct stamper *stamper)
{
	return stamper->notes;
}

/* The daemon has what it takes to ask the kernel, whoever runs the verb. */
static int ask_daemon(const struct stamper *stamper, const char *device, struct descriptor **out)
{
	const char *arguments[] = {"device", device, NULL};
	const struct control_request request = {
		.verb = "stamp",
		.socket = stamper->options.socket,
		.method = "GET",
		.path = "/v1/describe",
		.arguments = arguments,
	};
	AUTO_JSON json_t *answer = NULL;
	AUTO_FREE char *text = NULL;
	struct parse_error error = {0};
	int r = control_call(&request, &answer);

	if (r)
		return r;
	text = json_dumps(answer, JSON_COMPACT);
	return text ? descriptor_read_text(device, text, strlen(text), out, &error) : -ENOMEM;
}

static int ask_kernel(void *context, const char *vfio, uint32_t *capabilities)
{
	struct stamper *stamper = context;
	int r = stamper->migration ? 0 : migration_open(&stamper->migration);

	return r ? r : migration_query(stamper->migration, vfio, capabilities);
}

static int describe_device(void *context, const char *device, struct descriptor **out)
{
	struct stamper *stamper = context;
	const struct describe_options options = {
		.sources = stamper->sources,
		.now_s = time(NULL),
		.migration = ask_kernel,
		.migration_context = stamper,
		.firmware = devlink_firmware,
	};
	AUTO_INVENTORY struct inventory *inventory = NULL;
	const struct inventory_device *found;
	int r;

	if (control_answers(stamper->options.socket))
		return ask_daemon(stamper, device, out);
	r = inventory_read(stamper->host, &inventory);
	if (!r)
		r = inventory_find(stamper->host, inventory, device, &found);
	return r ? r : describe(stamper->host, found, &options, out);
}

static void tell_daemon(struct stamper *stamper)
{
	AUTO_FREE char *body = json_dumps(stamper->untold, JSON_COMPACT);
	const struct control_request request = {
		.verb = "stamp",
		.socket = stamper->options.socket,
		.method = "POST",
		.path = "/v1/domain/stamped",
		.body = body,
		.body_size = body ? strlen(body) : 0,
	};
	json_t *answer = NULL;

	if (body && json_array_size(stamper->untold) && control_answers(stamper->options.socket) &&
	    !control_call(&request, &answer))
		json_decref(answer);
	json_array_clear(stamper->untold);
}

static const char *places_text(unsigned int places)
{
	if (places == (DOMAIN_LIVE | DOMAIN_CONFIG))
		return "live and config";
	return places == DOMAIN_LIVE ? "live" : "config";
}

static void note(struct stamper *stamper, const struct domain_xml *xml, const char *device,
		 int64_t now_s)
{
	json_t *entry =
		json_pack("{s:s, s:s, s:s, s:I}", "domain", domain_xml_name(xml), "uuid",
			  domain_xml_uuid(xml), "device", device, "time", (json_int_t)now_s);

	json_array_append(stamper->notes, entry);
	json_array_append_new(stamper->untold, entry);
}

static const char *why_not(int result)
{
	if (result == -ENODEV || result == -ENOENT)
		return "no such device is given to VFIO here (a managed one is while its domain "
		       "runs)";
	if (result == -EFBIG)
		return "its descriptor is longer than a stamp may be";
	return strerror(-result);
}

static void report(struct stamper *stamper, const struct domain_xml *xml,
		   const struct stamped *stamped, unsigned int places, int64_t now_s)
{
	const struct hostdev *hostdevs;
	char name[TEXT_BYTES];
	size_t count;

	escape_text(name, sizeof(name), domain_xml_name(xml));
	hostdevs = domain_xml_hostdevs(xml, &count);
	for (size_t i = 0; i < count; i++) {
		if (stamped->results[i]) {
			fprintf(stderr, "migwarden stamp: %s: %s has no stamp: %s\n", name,
				hostdevs[i].device, why_not(stamped->results[i]));
			continue;
		}
		if (!stamper->options.quiet)
			printf("stamped  %s  %s  %s  key %s\n", name, hostdevs[i].device,
			       places_text(places), key_public_half(stamper->key)->id);
		note(stamper, xml, hostdevs[i].device, now_s);
	}
}

static bool has_device(const struct domain_xml *xml, const char *device)
{
	const struct hostdev *hostdevs;
	size_t count;

	hostdevs = domain_xml_hostdevs(xml, &count);
	for (size_t i = 0; i < count; i++)
		if (strcmp(hostdevs[i].device, device) == 0)
			return true;
	return false;
}

/*
 * libvirt carries the definition of a domain past the hook (`virsh migrate --persistent`): it
 * names mdevs of the host that was left, and does not start here again.
 */
static void compare_definition(const struct stamper *stamper, struct _virDomain *domain,
			       const struct domain_xml *live)
{
	AUTO_INVENTORY struct inventory *inventory = NULL;
	const struct inventory_device *found;
	AUTO_DOMAIN_XML struct domain_xml *definition = NULL;
	AUTO_FREE char *text = domain_definition_text(domain);
	struct parse_error error = {0};
	const struct hostdev *hostdevs;
	char name[TEXT_BYTES];
	size_t count;

	if (!text || domain_xml_parse("definition", text, strlen(text), &definition, &error) ||
	    inventory_read(stamper->host, &inventory))
		return;
	escape_text(name, sizeof(name), domain_label(domain));
	hostdevs = domain_xml_hostdevs(definition, &count);
	for (size_t i = 0; i < count; i++)
		if (hostdevs[i].kind == HOSTDEV_MDEV && !has_device(live, hostdevs[i].device) &&
		    inventory_find(stamper->host, inventory, hostdevs[i].device, &found))
			fprintf(stderr,
				"migwarden stamp: %s: its definition names %s, which is not on "
				"this host, so it will not start here again; to define it as it "
				"runs: `virsh dumpxml --migratable %s >as-it-runs && virsh define "
				"as-it-runs`\n",
				name, hostdevs[i].device, name);
}

/* What was asked for by name, and is not there. Nobody asked for it where all are stamped. */
static int nowhere(const struct stamper *stamper, struct _virDomain *domain)
{
	char name[TEXT_BYTES];

	if (!stamper->options.is_one)
		return 0;
	fprintf(stderr, "migwarden stamp: %s %s\n",
		escape_text(name, sizeof(name), domain_label(domain)),
		stamper->options.places == DOMAIN_LIVE
			? "is not running: start it, or leave out --live"
			: "has no definition: define it, or leave out --config");
	return -ENOENT;
}

static int put(struct stamper *stamper, struct _virDomain *domain, const struct domain_xml *xml,
	       const struct stamped *stamped, int64_t now_s)
{
	unsigned int places = domain_places(domain);
	char name[TEXT_BYTES], message[TEXT_BYTES];

	if (stamper->options.print) {
		if (stamped->element)
			printf("%s\n", stamped->element);
		return 0;
	}
	if (stamper->options.places)
		places &= stamper->options.places;
	if (!places)
		return nowhere(stamper, domain);
	if ((stamped->element || stamped->had_stamps) &&
	    domain_set_stamps(domain, stamped->element, places)) {
		fprintf(stderr, "migwarden stamp: %s: %s\n",
			escape_text(name, sizeof(name), domain_label(domain)),
			escape_text(message, sizeof(message), connection_message()));
		return -EIO;
	}
	report(stamper, xml, stamped, places, now_s);
	tell_daemon(stamper);
	if (domain_places(domain) == (DOMAIN_LIVE | DOMAIN_CONFIG))
		compare_definition(stamper, domain, xml);
	return 0;
}

int stamper_stamp(struct stamper *stamper, struct _virDomain *domain)
{
	const struct stamping stamping = {
		.key = stamper->key,
		.host = stamper->name,
		.boot_id = stamper->boot_id.text,
		.now_s = time(NULL),
		.describe = describe_device,
		.context = stamper,
	};
	AUTO_DOMAIN_XML struct domain_xml *xml = NULL;
	AUTO_FREE char *text = domain_text(domain);
	struct parse_error error = {0};
	struct stamped stamped = {0};
	char message[TEXT_BYTES];
	int r;

	/* It ended between the list and here. */
	if (!text)
		return 0;
	r = domain_xml_parse("domain XML", text, strlen(text), &xml, &error);
	if (r) {
		parse_error_format(&error, message, sizeof(message));
		fprintf(stderr, "migwarden stamp: %s\n", message);
		return r;
	}
	r = stamping_make(&stamping, xml, &stamped);
	if (!r && !stamped.count && stamper->options.is_one)
		fprintf(stderr, "migwarden stamp: %s has no VFIO device: nothing to stamp\n",
			escape_text(message, sizeof(message), domain_label(domain)));
	if (!r)
		r = put(stamper, domain, xml, &stamped, stamping.now_s);
	free(stamped.element);
	return r ? r : stamped.stamped != stamped.count;
}
