// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/daemon.h"

#include <errno.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/clock.h"
#include "config/config.h"
#include "core/decode.h"
#include "core/engine.h"
#include "daemon/notify.h"
#include "daemon/privileges.h"
#include "daemon/state.h"
#include "kern/kernel.h"
#include "kern/kernel_types.h"
#include "sinks/event_json.h"
#include "sinks/event_text.h"
#include "sinks/journal.h"
#include "sinks/journal_socket.h"
#include "sinks/json_set.h"

#define DRAIN_LIMIT_MS 1000
#define LOCK_TRIES 50 /* a tenth of a second each */
/* Of a ring, between two looks at everything else. */
#define BATCH_RECORDS 64
/* Of the gate's: each is explained, and recorded on the disk. */
#define GATE_BATCH_RECORDS 16
/* And of a flood that is only counted: so many times RING_SETTLE_MAX of each ring, and then a
 * pause. */
#define FLOOD_ROUNDS 8
#define FLOOD_RECORDS (FLOOD_ROUNDS * RING_SETTLE_MAX)
#define FLOOD_REST_US 50000
#define STATE_BYTES 512
#define NS_PER_S 1000000000u
#define NS_PER_MS 1000000u

static void say(const char *what, int error)
{
	const char *message = kernel_message();

	fprintf(stderr, "migwarden run: %s: %s%s%s\n", what, strerror(-error), *message ? "; " : "",
		message);
}

static void show_event(struct daemon *daemon, const union mw_event *event)
{
	bool is_told = event->head.kind == MW_EVENT_SHIELD && !daemon->out_is_journal;
	FILE *out = daemon->options->out;

	if (event->head.kind == MW_EVENT_GATE) {
		decision_show(daemon, event);
	} else if (!daemon->options->watch && !is_told) {
		return;
	} else if (daemon->options->json) {
		json_put_line(out, event_to_json(event, daemon->clock_offset_ns));
	} else {
		event_text(out, event, daemon->clock_offset_ns);
	}
}

/* Of both rings: no kind goes through either. */
static void sum_rings(const struct daemon *daemon, struct ring_counts *out)
{
	struct ring_counts gate;

	if (ring_counts(observe_ring(daemon->observe), out))
		*out = (struct ring_counts){0};
	if (!daemon->gate || ring_counts(gate_ring(daemon->gate), &gate))
		return;
	for (uint32_t kind = 0; kind < MW_EVENT_KINDS; kind++) {
		out->kind[kind].produced += gate.kind[kind].produced;
		out->kind[kind].lost += gate.kind[kind].lost;
		out->kind[kind].delivered += gate.kind[kind].delivered;
	}
}

static void tap_batch(const struct daemon *daemon)
{
	const struct daemon_tap *tap = daemon->options->tap;
	struct ring_counts counts;

	if (!tap)
		return;
	sum_rings(daemon, &counts);
	tap->batch(tap->context, &counts, daemon->malformed);
}

static int tap_begin(struct daemon *daemon)
{
	const struct daemon_tap *tap = daemon->options->tap;

	return tap ? tap->begin(tap->context, daemon->loop) : 0;
}

void daemon_budget(struct daemon *daemon)
{
	const struct daemon_tap *tap = daemon->options->tap;
	uint64_t downtime_ns = policy_downtime_ns(daemon->policy);

	chronicle_set_downtime(daemon->chronicle, downtime_ns);
	if (tap)
		tap->downtime(tap->context, downtime_ns, daemon->policy->file);
}

static void on_record(void *context, const void *data, size_t size)
{
	struct daemon *daemon = context;
	const struct daemon_tap *tap = daemon->options->tap;
	union mw_event event;

	if (decode(data, size, &event) != DECODE_OK) {
		daemon->malformed++;
		return;
	}
	if (event.head.kind == MW_EVENT_SHIELD)
		trail_shield(daemon, &event);
	if (event.head.kind == MW_EVENT_MODULE && event.module.op == MW_MODULE_LOAD)
		daemon->module_came = true;
	metrics_event(daemon->metrics, &event);
	recent_event(&daemon->recent, &event, daemon->clock_offset_ns);
	show_event(daemon, &event);
	if (tap)
		tap->record(tap->context, &event, data);
	chronicle_feed(daemon->chronicle, &event);
}

/* The ring forgets the records when we return: by then they are recorded and told, whatever ends
 * us. */
static void on_settle(void *context)
{
	struct daemon *daemon = context;

	trail_settle(daemon);
	fflush(daemon->options->out);
}

static void enable_rings(struct daemon *daemon, int enabled)
{
	if (daemon->gate_io)
		sd_event_source_set_enabled(daemon->gate_io, enabled);
	sd_event_source_set_enabled(daemon->observe_io, enabled);
}

static int on_rested(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source;
	(void)usec;
	enable_rings(userdata, SD_EVENT_ON);
	return 0;
}

/* Both: what was decided comes before what came of it. */
static void rest(struct daemon *daemon)
{
	int r = daemon->rest
			? sd_event_source_set_time_relative(daemon->rest, FLOOD_REST_US)
			: sd_event_add_time_relative(daemon->loop, &daemon->rest, CLOCK_MONOTONIC,
						     FLOOD_REST_US, 0, on_rested, daemon);

	if (r >= 0 && sd_event_source_set_enabled(daemon->rest, SD_EVENT_ONESHOT) >= 0)
		enable_rings(daemon, SD_EVENT_OFF);
}

/*
 * A flood of what is only counted is cheap to read and dear to write: it is read in large pieces,
 * with a pause in between, so that the disk has few transactions of it. Told where a person looks
 * on, it is not cheap. Gives whether a pause is due.
 */
static bool consume_gate(struct daemon *daemon)
{
	uint64_t counted = trail_tallied(daemon);
	unsigned int limit, taken, rounds = 0;

	do {
		uint64_t before = trail_tallied(daemon);

		limit = daemon->floods ? RING_SETTLE_MAX : GATE_BATCH_RECORDS;
		taken = (unsigned int)ring_consume_batch(gate_ring(daemon->gate), limit);
		daemon->floods = daemon->out_is_journal &&
				 trail_tallied(daemon) - before + GATE_BATCH_RECORDS > taken &&
				 trail_tallied(daemon) > before;
	} while (daemon->floods && taken == limit && ++rounds < FLOOD_ROUNDS);
	/* A ring that may have been full. */
	if (taken == limit)
		trail_ring_lost(daemon, false);
	return daemon->out_is_journal && trail_tallied(daemon) > counted;
}

static void on_module_came(struct daemon *daemon);

/*
 * In a flood as much of it as of the gate's, before the pause: the gate's ring is heard first when
 * that is over, and whoever is refused without end would keep us from all that others do. What is
 * still full then is read on without one.
 */
static void consume_observers(struct daemon *daemon, bool floods)
{
	unsigned int limit = floods ? FLOOD_RECORDS : BATCH_RECORDS;
	unsigned int taken = (unsigned int)ring_consume_batch(observe_ring(daemon->observe), limit);

	if (daemon->module_came)
		on_module_came(daemon);
	chronicle_batch(daemon->chronicle);
	tap_batch(daemon);
	fflush(daemon->options->out);
	if (floods && taken < limit)
		rest(daemon);
}

static int on_gate_ring(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	(void)fd;
	(void)events;
	if (consume_gate(daemon)) {
		consume_observers(daemon, true);
		return 0;
	}
	chronicle_arm(daemon->chronicle);
	tap_batch(daemon);
	fflush(daemon->options->out);
	return 0;
}

/* Without a shield the gate stands all the same; other root processes can reach it, and we say so.
 */
static void start_shield(struct daemon *daemon)
{
	enum shield_support support = shield_support(daemon->gate);
	int r;

	if (support != SHIELD_SUPPORTED) {
		fprintf(stderr, "migwarden run: %s\n", shield_support_text(support));
		return;
	}
	kernel_quiet();
	r = shield_raise(daemon->gate, &daemon->shield);
	if (r == -EACCES)
		fprintf(stderr, "migwarden run: no shield: the executable must be root's and "
				"writable by nobody else\n");
	else if (r)
		say("no shield: cannot raise it", r);
	else
		fprintf(stderr, "migwarden run: the shield stands\n");
}

/* A gate that was raised and does not judge as it must is no gate; one that stood before stays. */
static int prove_gate(struct daemon *daemon)
{
	char error[GATE_ERROR_BYTES];
	int r = gate_self_test(daemon->gate, error);

	if (!r) {
		daemon->gate_proven_s = clock_ns(CLOCK_REALTIME) / NS_PER_S;
		return 0;
	}
	fprintf(stderr, "migwarden run: cannot prove the gate: %s\n",
		*error ? error : strerror(-r));
	if (gate_was_adopted(daemon->gate))
		return r;
	if (!daemon->options->transient)
		gate_release();
	gate_close(daemon->gate);
	daemon->gate = NULL;
	return r;
}

/* The gate is up: proves it, listens to it, and says so. */
static int start_gate(struct daemon *daemon)
{
	int r = prove_gate(daemon);

	if (r)
		return r;
	r = gate_rules(daemon->gate, &daemon->rules);

	if (!r)
		r = sd_event_add_io(daemon->loop, &daemon->gate_io,
				    ring_fd(gate_ring(daemon->gate)), EPOLLIN, on_gate_ring,
				    daemon);
	if (r < 0) {
		say("cannot listen to the gate", r);
		return r;
	}
	daemon->admissions.last_id = gate_last_admission(daemon->gate);
	fprintf(stderr, "migwarden run: the gate stands%s: %s, %s, generation %u\n",
		gate_was_adopted(daemon->gate) ? " (it did before)" : "", daemon->policy->file,
		policy_mode_word(daemon->policy), daemon->rules.generation);
	start_shield(daemon);
	/* An adopted gate has told already what it decided while nobody listened. */
	fflush(daemon->options->out);
	return 0;
}

static int raise_gate(struct daemon *daemon)
{
	struct gate_options options = {
		.pinned = !daemon->options->transient,
		.ring_bytes = daemon->options->gate_ring_bytes,
		.defaults = &daemon->defaults,
		.handler = on_record,
		.settle = on_settle,
		.position = &daemon->gate_position,
		.context = daemon,
	};
	struct audit_row row = {.kind = AUDIT_RAISE};
	char error[GATE_ERROR_BYTES];
	uint64_t intent;
	int r;

	engine_rules(daemon->policy, &options.rules);
	kernel_quiet();
	trail_intend_anyway(daemon, &row, NULL, &intent);
	r = gate_open(&options, &daemon->gate, error);
	if (r == -EBADF)
		fprintf(stderr, "migwarden run: cannot adopt the gate: %s\n", error);
	else if (r == -ENOTDIR)
		fprintf(stderr,
			"migwarden run: no bpffs on " GATE_PIN_ROOT
			": mount one, or let the gate fall with the daemon (--transient)\n");
	else if (r == -EEXIST)
		fprintf(stderr, "migwarden run: a pinned gate stands already: `migwarden release` "
				"takes it down\n");
	else if (r)
		say("cannot raise the gate", r);
	if (!r)
		r = start_gate(daemon);
	trail_answer(daemon, intent, r);
	if (!r)
		trail_ring_lost(daemon, true);
	return r;
}

/* How things stand, in a line for the service manager. */
static void describe_state(const struct daemon *daemon, char out[static STATE_BYTES])
{
	if (daemon->gate)
		snprintf(out, STATE_BYTES, "the gate stands, proven: %s, %s, generation %u",
			 daemon->policy->file, policy_mode_word(daemon->policy),
			 daemon->rules.generation);
	else
		snprintf(out, STATE_BYTES, "no gate yet: %s", gate_support_text(gate_support()));
}

/*
 * What is needed to attach to a module goes once nothing waits for one. The probe for a device's
 * capabilities is attached by then: later it could not be.
 */
static int settle(struct daemon *daemon)
{
	bool complete = daemon->gate && observe_has(daemon->observe, OBSERVE_VFIO) &&
			observe_has(daemon->observe, OBSERVE_MDEV) &&
			!daemon->options->late_drivers;
	int r = 0;

	if (daemon->gate && !daemon->migration)
		r = migration_open(&daemon->migration);
	if (r)
		say("cannot ask devices for their capabilities", r);
	r = privileges_keep(privileges_for(complete ? NEED_RELOAD : NEED_LOAD));
	if (r)
		fprintf(stderr, "migwarden run: cannot give up capabilities: %s\n", strerror(-r));
	return r;
}

/* A host that was promised a gate and cannot have one must not go on as if it had. */
static void on_module_came(struct daemon *daemon)
{
	/* Once for all that is loaded here. */
	AUTO_TYPES struct kernel_types *types = kernel_types_open();
	char state[STATE_BYTES];
	int r;

	daemon->module_came = false;
	if (!daemon->gate && gate_is_possible(gate_support())) {
		r = raise_gate(daemon);
		if (r) {
			daemon->failure = r;
			sd_event_exit(daemon->loop, 0);
			return;
		}
	}
	chronicle_attach(daemon->chronicle);
	r = observe_attach(daemon->observe);
	if (r)
		say("cannot observe a module that was loaded", r);
	if (settle(daemon) == 0) {
		describe_state(daemon, state);
		notify_status("%s", state);
	}
}

static int on_observe_ring(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct daemon *daemon = userdata;

	(void)source;
	(void)fd;
	(void)events;
	/* What was decided comes before what came of it. */
	consume_observers(daemon, daemon->gate && consume_gate(daemon));
	return 0;
}

/* What it says of devices comes from us: after the control socket is there. */
static void start_stamper(struct daemon *daemon)
{
	const struct daemon_options *options = daemon->options;
	int r = options->stamps ? stamper_start(daemon->loop, options->stamps_uri, options->socket,
						options->stamps_refresh_s, &daemon->stamper)
				: 0;

	if (r)
		fprintf(stderr, "migwarden run: cannot stamp the domains of libvirt: %s\n",
			strerror(-r));
}

static void daemon_close(struct daemon *daemon)
{
	stamper_stop(daemon->stamper);
	web_close(daemon->web);
	api_close(daemon->api);
	trail_close(daemon);
	sd_event_source_unref(daemon->gate_io);
	sd_event_source_unref(daemon->observe_io);
	sd_event_source_unref(daemon->rest);
	shield_close(daemon->shield);
	gate_close(daemon->gate);
	cleanup_fd(&daemon->lock);
	chronicle_close(daemon->chronicle);
	device_defaults_close(daemon);
	observe_close(daemon->observe);
	migration_close(daemon->migration);
	admissions_free(&daemon->admissions);
	key_list_free(&daemon->trust);
	json_decref(daemon->stamps);
	metrics_free(daemon->metrics);
	recent_free(&daemon->recent);
	sources_free(daemon->sources);
	host_close(daemon->host);
	policy_free(daemon->policy);
	policy_free(daemon->shadow);
	sd_event_unref(daemon->loop);
	free(daemon);
}

static void daemon_close_ptr(struct daemon **daemon)
{
	if (*daemon)
		daemon_close(*daemon);
}

static void say_error(const char *what, const struct parse_error *error)
{
	char text[1024];

	parse_error_format(error, text, sizeof(text));
	fprintf(stderr, "%s%s\n", what, text);
}

static int read_policies(struct daemon *daemon)
{
	struct parse_error error = {0};
	int r = policies_read(daemon, &error);

	if (r)
		say_error("", &error);
	return r;
}

void state_notify_ready(const struct daemon *daemon, const char *prefix)
{
	char state[STATE_BYTES];

	describe_state(daemon, state);
	notify_ready("%s%s", prefix, state);
}

int daemon_release(struct daemon *daemon, const struct ucred *peer)
{
	struct audit_row row = {.kind = AUDIT_RELEASE, .pid = peer->pid};
	uint64_t intent;
	int r;

	/* The way out must not hang on a disk. */
	trail_intend_anyway(daemon, &row, NULL, &intent);
	r = daemon->options->transient ? 0 : gate_release();
	/* A gate that was not there to be pinned is down already. */
	if (r == -ENOENT)
		r = 0;
	trail_answer(daemon, intent, r);
	if (r)
		return r;
	daemon->released = (struct release){
		.time_ns = clock_ns(CLOCK_MONOTONIC),
		.pid = peer->pid,
		.uid = peer->uid,
	};
	release_to_journal(&daemon->released);
	return sd_event_exit(daemon->loop, 0);
}

static int release_recorded(struct daemon *daemon)
{
	struct audit_row row = {.kind = AUDIT_RELEASE};
	uint64_t intent;
	int r = host_open(NULL, &daemon->host);

	if (!r)
		r = trail_make(daemon);
	if (r)
		return gate_release();
	trail_intend_anyway(daemon, &row, NULL, &intent);
	r = gate_release();
	trail_answer(daemon, intent, r);
	return r;
}

int daemon_release_alone(const struct daemon_options *options)
{
	struct daemon *daemon;
	int r;

	/* None: then nothing is done that had to be recorded. */
	if (!gate_stands_pinned())
		return -ENOENT;
	daemon = calloc(1, sizeof(*daemon));
	if (!daemon)
		return gate_release();
	daemon->options = options;
	r = release_recorded(daemon);
	trail_free(daemon->trail);
	host_close(daemon->host);
	free(daemon);
	return r;
}

static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	struct parse_error error = {0};

	(void)source;
	(void)info;
	if (policy_reload(userdata, 0, &error))
		say_error("migwarden run: not reloaded, the old policy stays in force: ", &error);
	return 0;
}

static int open_sources(struct daemon *daemon)
{
	struct parse_error error = {0};
	char text[1024];
	int r = host_open(NULL, &daemon->host);

	if (!r)
		r = sources_new(&daemon->sources);
	if (r) {
		fprintf(stderr, "migwarden run: cannot read this host: %s\n", strerror(-r));
		return r;
	}
	if (access(SOURCES_SITE_FILE, F_OK))
		return 0;
	r = sources_read_file(daemon->sources, SOURCES_SITE_FILE, &error);
	if (r) {
		parse_error_format(&error, text, sizeof(text));
		fprintf(stderr, "migwarden run: %s\n", text);
	}
	return r;
}

static int open_loop(struct daemon *daemon)
{
	sigset_t signals;
	int r;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	r = sd_event_new(&daemon->loop);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGINT, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGTERM, NULL, NULL);
	if (r >= 0)
		r = sd_event_add_signal(daemon->loop, NULL, SIGHUP, on_reload, daemon);
	return r < 0 ? r : 0;
}

/* What becomes of a migration goes into the metrics, alarms into the journal, its end into the
 * audit. */
static bool on_session(void *context, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct daemon *daemon = context;

	if (outcome == SESSION_ALARMED) {
		metrics_alarm(daemon->metrics, alarm->kind);
		journal_alarm(session, alarm);
	}
	if (outcome != SESSION_ENDED)
		return true;
	metrics_session(daemon->metrics, session);
	return trail_session(daemon, session);
}

static int open_chronicle(struct daemon *daemon)
{
	struct chronicle_options options = {
		.loop = daemon->loop,
		.host = daemon->host,
		.observe = daemon->observe,
		.clock_offset_ns = daemon->clock_offset_ns,
		.out = daemon->options->out,
		.json = daemon->options->json,
		.handler = on_session,
		.context = daemon,
	};
	int r = chronicle_open(&options, &daemon->chronicle);

	if (r)
		return r;
	daemon_budget(daemon);
	chronicle_attach(daemon->chronicle);
	return 0;
}

/* The observers start last: no data file is known before its calls are. */
static int open_observers(struct daemon *daemon)
{
	size_t bytes = daemon->options->observe_ring_bytes;
	int r = observe_load(bytes ? bytes : DAEMON_OBSERVE_RING_BYTES, on_record, daemon,
			     &daemon->observe);

	if (!r)
		r = tap_begin(daemon);
	if (!r)
		r = open_chronicle(daemon);
	if (!r)
		r = observe_start(daemon->observe);
	if (r)
		return r;
	ring_on_settled(observe_ring(daemon->observe), on_settle);
	r = sd_event_add_io(daemon->loop, &daemon->observe_io,
			    ring_fd(observe_ring(daemon->observe)), EPOLLIN, on_observe_ring,
			    daemon);
	return r < 0 ? r : 0;
}

static int open_gate(struct daemon *daemon)
{
	enum gate_support support = gate_support();

	switch (support) {
	case GATE_SUPPORTED_OTHER_WAY:
		fprintf(stderr, "migwarden run: %s\n", gate_support_text(support));
		return raise_gate(daemon);
	case GATE_SUPPORTED:
		return raise_gate(daemon);
	case GATE_NO_VFIO:
		fprintf(stderr, "migwarden run: %s; the gate rises with it\n",
			gate_support_text(support));
		return 0;
	case GATE_NO_BTF:
		fprintf(stderr,
			"migwarden run: cannot enforce: %s; 'check', 'policy' and 'describe' work "
			"without\n",
			gate_support_text(support));
		return -ENOTSUP;
	}
	return -EINVAL;
}

static int open_api(struct daemon *daemon)
{
	AUTO_FREE char *path = strdup(daemon->options->socket);

	if (!path)
		return -ENOMEM;
	if (mkdir(dirname(path), 0755) && errno != EEXIST)
		return -errno;
	return api_open(daemon->loop, daemon->options->socket, control_routes, daemon,
			&daemon->api);
}

/* A port that was asked for is there, or the daemon says why not. */
static int open_web(struct daemon *daemon)
{
	const struct loopback *address = &daemon->options->metrics;
	int r;

	if (!address->port)
		return 0;
	r = web_open(daemon->loop, address, web_routes, daemon, &daemon->web);
	if (r)
		fprintf(stderr, "migwarden run: cannot serve metrics at %s:%u: %s\n",
			address->is_ipv6 ? "[::1]" : "127.0.0.1", address->port, strerror(-r));
	return r;
}

/*
 * Two daemons would share one ring, and each would put its own rules in force. One that was killed
 * holds the lock until the kernel has closed what it had.
 */
static int take_lock(struct daemon *daemon)
{
	const struct timespec pause = {.tv_nsec = 100000000};

	daemon->lock = gate_lock();
	for (int tries = 0; daemon->lock == -EBUSY && tries < LOCK_TRIES; tries++) {
		nanosleep(&pause, NULL);
		daemon->lock = gate_lock();
	}
	if (daemon->lock >= 0)
		return 0;
	fprintf(stderr, "migwarden run: cannot lock " GATE_LOCK_FILE ": %s\n",
		daemon->lock == -EBUSY ? "another migwarden runs on this host"
				       : strerror(-daemon->lock));
	return daemon->lock;
}

/* Without it devices that come have the strictest of the policy's defaults, until a reload. */
static int watch_devices(struct daemon *daemon)
{
	int r = device_defaults_watch(daemon);

	if (r)
		fprintf(stderr, "migwarden run: cannot listen for new devices: %s\n", strerror(-r));
	return r == -ENOMEM ? r : 0;
}

static int daemon_open(struct daemon *daemon)
{
	AUTO_TYPES struct kernel_types *types = NULL;
	int r = open_loop(daemon);

	if (r) {
		say("cannot make an event loop", r);
		return r;
	}
	r = open_sources(daemon);
	/* Before the devices are read: what comes later is told. */
	if (!r)
		r = watch_devices(daemon);
	if (!r)
		r = read_policies(daemon);
	if (r)
		return r;
	/* Once for all that is loaded here. Where there are none, who needs them says so. */
	types = kernel_types_open();
	r = open_observers(daemon);
	/* To root it is the kernel's verifier that says so. */
	if ((r == -EPERM || r == -EACCES) && geteuid() != 0) {
		fprintf(stderr, "migwarden run: not permitted: enforcing needs root\n");
		return r;
	}
	if (r == -ENOTSUP)
		return open_gate(daemon);
	if (r == -ECANCELED)
		return r;
	if (r) {
		say("cannot load the observers", r);
		return r;
	}
	/* Before the gate: what is admitted from its first moment on can be asked for. */
	r = open_api(daemon);
	if (r) {
		fprintf(stderr, "migwarden run: cannot listen on %s: %s\n", daemon->options->socket,
			r == -EADDRINUSE ? "another migwarden answers there" : strerror(-r));
		return r;
	}
	r = take_lock(daemon);
	/* Only who holds the lock writes the audit. */
	if (!r)
		r = trail_open(daemon);
	/* After the lock: a daemon that dies has given its port up by then. */
	if (!r)
		r = open_web(daemon);
	if (!r)
		r = open_gate(daemon);
	return r ? r : settle(daemon);
}

/* What was decided before the end is told before the end, and what goes on after it too. */
static void say_farewell(struct daemon *daemon)
{
	if (daemon->gate)
		ring_drain(gate_ring(daemon->gate), DRAIN_LIMIT_MS);
	chronicle_finish(daemon->chronicle);
	tap_batch(daemon);
	if (daemon->released.pid && daemon->options->json)
		json_put_line(daemon->options->out,
			      release_to_json(&daemon->released, daemon->clock_offset_ns));
	fflush(daemon->options->out);
	if (daemon->released.pid)
		fprintf(stderr,
			"migwarden run: the gate was released by PID %d, UID %u: nothing is "
			"enforced any more\n",
			(int)daemon->released.pid, (unsigned int)daemon->released.uid);
	else if (daemon->gate && !daemon->options->transient)
		fprintf(stderr, "migwarden run: the gate goes on standing: `migwarden release` "
				"takes it down\n");
}

int daemon_run(const struct daemon_options *options)
{
	__attribute__((cleanup(daemon_close_ptr))) struct daemon *daemon = NULL;
	int r;

	daemon = calloc(1, sizeof(*daemon));
	if (!daemon)
		return -ENOMEM;
	daemon->options = options;
	daemon->lock = -1;
	daemon->clock_offset_ns =
		options->tap ? options->tap->clock_offset_ns : clock_wall_offset_ns();
	daemon->out_is_journal = journal_is_behind(fileno(daemon->options->out));
	daemon->start_ms = clock_ns(CLOCK_REALTIME) / NS_PER_MS;
	kernel_quiet();
	r = metrics_new(&daemon->metrics);
	if (!r)
		r = daemon_open(daemon);
	if (!r)
		r = notify_watchdog(daemon->loop);
	if (r)
		return r;
	start_stamper(daemon);
	state_notify_ready(daemon, "");
	r = sd_event_loop(daemon->loop);
	notify_stopping();
	if (r < 0) {
		say("the event loop failed", r);
		return r;
	}
	say_farewell(daemon);
	return daemon->failure;
}
