// SPDX-License-Identifier: GPL-2.0-only
/*
 * One call after the other through one way into the kernel: what the gate answers must not depend
 * on it. Says what each gave, a line each, and keeps the last data fd.
 */
#include "attack.h"

#define LOG_PAGE_BYTES 4096

static const char usage_text[] =
	"usage: attack-enter -d UUID ENTRY STEP...\n"
	"\n"
	"ENTRY  normal, compat (int $0x80), absent (argument in a page nobody touched), "
	"compat-absent\n"
	"STEP   set:STATE  probe:STATE  get  reset  read  log-start  log-stop\n"
	"\n"
	"Each prints \"STEP: ok\" or the errno's name; a SET that gave a data fd adds \" "
	"data_fd\".\n"
	"Exit status: 0 all were made, 2 wrong usage, 3 the device cannot be opened.\n";

struct session {
	struct target target;
	struct argument argument;
	enum entry entry;
	int data_fd;
};

static int feature(const struct session *session, uint32_t flags, uint32_t state)
{
	*(struct state_call *)session->argument.page = (struct state_call){
		.argsz = sizeof(struct state_call),
		.flags = flags | FEATURE_STATE,
		.state = state,
		.data_fd = -1,
	};
	return enter(session->entry, session->target.fd, VFIO_DEVICE_FEATURE, &session->argument);
}

static int logging(const struct session *session, uint32_t feature_number)
{
	struct {
		struct vfio_device_feature head;
		struct vfio_device_feature_dma_logging_control control;
		struct vfio_device_feature_dma_logging_range range;
	} *call = session->argument.page;
	bool starts = feature_number == FEATURE_LOG_START;

	call->head.argsz = sizeof(call->head) + (starts ? sizeof(call->control) : 0);
	call->head.flags = FLAG_SET | feature_number;
	call->control = (struct vfio_device_feature_dma_logging_control){
		.page_size = LOG_PAGE_BYTES,
		.num_ranges = 1,
		.ranges = (uintptr_t)&call->range,
	};
	call->range = (struct vfio_device_feature_dma_logging_range){.length = LOG_PAGE_BYTES};
	return enter(session->entry, session->target.fd, VFIO_DEVICE_FEATURE, &session->argument);
}

static void report(const char *step, int error, const char *more)
{
	printf("%s: %s%s\n", step, answer_name(error), more);
	fflush(stdout);
}

static void set(struct session *session, const char *step, uint32_t state)
{
	const struct state_call *call = session->argument.page;
	int r = feature(session, FLAG_SET, state);

	if (r || call->data_fd < 0) {
		report(step, r, "");
		return;
	}
	if (session->data_fd >= 0)
		close(session->data_fd);
	session->data_fd = call->data_fd;
	report(step, 0, " data_fd");
}

static void get(const struct session *session, const char *step)
{
	const struct state_call *call = session->argument.page;
	char more[32] = "";
	int r = feature(session, FLAG_GET, 0);

	if (!r)
		snprintf(more, sizeof(more), " %s",
			 call->state < STATE_NAMES ? state_names[call->state] : "UNKNOWN");
	report(step, r, more);
}

static void read_data(const struct session *session, const char *step)
{
	char bytes[ATTACK_PAGE], more[32];
	ssize_t n = read(session->data_fd, bytes, sizeof(bytes));

	snprintf(more, sizeof(more), " %zd", n);
	report(step, n < 0 ? -errno : 0, n < 0 ? "" : more);
}

static bool run(struct session *session, const char *step)
{
	uint32_t state;

	if (strncmp(step, "set:", 4) == 0 && parse_state(step + 4, &state))
		set(session, step, state);
	else if (strncmp(step, "probe:", 6) == 0 && parse_state(step + 6, &state))
		report(step, feature(session, FLAG_SET | FLAG_PROBE, state), "");
	else if (strcmp(step, "get") == 0)
		get(session, step);
	else if (strcmp(step, "read") == 0)
		read_data(session, step);
	else if (strcmp(step, "log-start") == 0)
		report(step, logging(session, FEATURE_LOG_START), "");
	else if (strcmp(step, "log-stop") == 0)
		report(step, logging(session, VFIO_DEVICE_FEATURE_DMA_LOGGING_STOP), "");
	else if (strcmp(step, "reset") == 0)
		report(step,
		       enter(session->entry, session->target.fd, VFIO_DEVICE_RESET,
			     &session->argument),
		       "");
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	struct session session = {.data_fd = -1};
	int r;

	if (argc < 5 || strcmp(argv[1], "-d") != 0 || !parse_entry(argv[3], &session.entry)) {
		fputs(usage_text, stderr);
		return 2;
	}
	r = argument_open(&session.argument);
	if (!r)
		r = target_open(&session.target, argv[2]);
	if (r) {
		fprintf(stderr, "attack-enter: cannot open %s: %s\n", argv[2], strerror(-r));
		return 3;
	}
	for (int i = 4; i < argc; i++) {
		if (!run(&session, argv[i])) {
			fprintf(stderr, "attack-enter: not a step: %s\n", argv[i]);
			return 2;
		}
	}
	return 0;
}
