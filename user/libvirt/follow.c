// SPDX-License-Identifier: GPL-2.0-only
#include "libvirt/follow.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/escape.h"
#include "libvirt/calls.h"
#include "libvirt/connection.h"
#include "libvirt/event_loop.h"

#define RETRY_MIN_S 1
#define RETRY_MAX_S 30
/* A libvirt that does not answer for that long is gone. */
#define KEEPALIVE_S 5
#define KEEPALIVE_COUNT 3

struct follow {
	struct follow_options options;
	struct _virConnect *connection;
	sd_event_source *timer; /* to ask again, or to stamp anew */
	unsigned int retry_s;
};

static void set_timer(struct follow *follow, int64_t seconds)
{
	uint64_t now_us = clock_ns(CLOCK_MONOTONIC) / 1000;

	sd_event_source_set_time(follow->timer, now_us + (uint64_t)seconds * 1000000);
	sd_event_source_set_enabled(follow->timer, SD_EVENT_ONESHOT);
}

/*
 * One that comes in by migration is somebody else's until it runs: until then libvirt keeps whoever
 * wants to change it waiting.
 */
static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
			void *context)
{
	const struct follow *follow = context;

	(void)connection;
	if ((event == VIR_DOMAIN_EVENT_STARTED && detail != VIR_DOMAIN_EVENT_STARTED_MIGRATED) ||
	    (event == VIR_DOMAIN_EVENT_RESUMED && detail == VIR_DOMAIN_EVENT_RESUMED_MIGRATED))
		follow->options.handle(follow->options.context, domain);
	return 0;
}

static void on_device(virConnectPtr connection, virDomainPtr domain, const char *alias,
		      void *context)
{
	const struct follow *follow = context;

	(void)connection;
	(void)alias;
	follow->options.handle(follow->options.context, domain);
}

static void drop(struct follow *follow)
{
	if (!follow->connection)
		return;
	libvirt.virConnectUnregisterCloseCallback(follow->connection, NULL);
	connection_close(follow->connection);
	follow->connection = NULL;
}

/* Called by libvirt with the connection in its hands: it is closed by the timer. */
static void on_closed(virConnectPtr connection, int reason, void *context)
{
	struct follow *follow = context;

	(void)connection;
	fprintf(stderr, "migwarden stamp: libvirt has gone (reason %d); asking again\n", reason);
	follow->retry_s = RETRY_MIN_S;
	set_timer(follow, 0);
}

static int subscribe(struct follow *follow)
{
	virConnectPtr connection = follow->connection;

	/* A libvirt inside this process can neither go away nor be asked whether it is there. */
	libvirt.virConnectSetKeepAlive(connection, KEEPALIVE_S, KEEPALIVE_COUNT);
	libvirt.virConnectRegisterCloseCallback(connection, on_closed, follow, NULL);
	if (libvirt.virConnectDomainEventRegisterAny(
		    connection, NULL, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
		    VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle), follow, NULL) < 0 ||
	    libvirt.virConnectDomainEventRegisterAny(
		    connection, NULL, VIR_DOMAIN_EVENT_ID_DEVICE_ADDED,
		    VIR_DOMAIN_EVENT_CALLBACK(on_device), follow, NULL) < 0 ||
	    libvirt.virConnectDomainEventRegisterAny(
		    connection, NULL, VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED,
		    VIR_DOMAIN_EVENT_CALLBACK(on_device), follow, NULL) < 0)
		return -EIO;
	return 0;
}

static int handle_all(struct follow *follow)
{
	struct _virDomain **domains = NULL;
	int count = connection_list(follow->connection, &domains);

	if (count < 0)
		return count;
	for (int i = 0; i < count; i++)
		if (domain_places(domains[i]) & DOMAIN_LIVE)
			follow->options.handle(follow->options.context, domains[i]);
	connection_free_list(domains, count);
	return 0;
}

/* After the events are asked for: what starts in between is seen twice rather than never. */
static int join(struct follow *follow)
{
	int r = connection_open(follow->options.uri, &follow->connection);

	if (!r)
		r = subscribe(follow);
	if (!r)
		r = handle_all(follow);
	return r;
}

static void try_join(struct follow *follow)
{
	char text[512];

	if (join(follow) == 0) {
		fprintf(stderr, "migwarden stamp: following the domains of libvirt\n");
		follow->retry_s = 0;
		set_timer(follow, follow->options.refresh_s);
		return;
	}
	/* Said once, not at every try. */
	if (!follow->retry_s)
		fprintf(stderr, "migwarden stamp: cannot talk to libvirt: %s; asking again\n",
			escape_text(text, sizeof(text), connection_message()));
	drop(follow);
	follow->retry_s = follow->retry_s ? follow->retry_s * 2 : RETRY_MIN_S;
	if (follow->retry_s > RETRY_MAX_S)
		follow->retry_s = RETRY_MAX_S;
	set_timer(follow, follow->retry_s);
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct follow *follow = userdata;

	(void)source;
	(void)usec;
	if (follow->connection && libvirt.virConnectIsAlive(follow->connection) == 1 &&
	    handle_all(follow) == 0) {
		set_timer(follow, follow->options.refresh_s);
		return 0;
	}
	drop(follow);
	try_join(follow);
	return 0;
}

int follow_open(sd_event *loop, const struct follow_options *options, struct follow **out)
{
	struct follow *follow = calloc(1, sizeof(*follow));
	int r;

	if (!follow)
		return -ENOMEM;
	follow->options = *options;
	r = event_loop_register(loop);
	if (!r)
		r = sd_event_add_time(loop, &follow->timer, CLOCK_MONOTONIC, 0, 0, on_timer,
				      follow);
	if (r < 0) {
		free(follow);
		return r;
	}
	*out = follow;
	return 0;
}

void follow_close(struct follow *follow)
{
	if (!follow)
		return;
	drop(follow);
	sd_event_source_unref(follow->timer);
	free(follow);
}
