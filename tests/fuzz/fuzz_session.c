// SPDX-License-Identifier: GPL-2.0-only
/*
 * Streams of records as no kernel would make them: the engine stays within its bounds, every
 * session that begins ends, and what it says is JSON that reads back.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/session_read.h"
#include "core/decode.h"
#include "core/session.h"
#include "sinks/session_json.h"
#include "sinks/session_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DEVICES_MAX 3
#define FIELD_BYTES 8 /* of the input, for each word of a record */

struct tally {
	struct sessions *sessions;
	uint64_t begun;
	uint64_t ended;
	uint64_t alarms;
};

static void require(int condition)
{
	if (!condition)
		abort();
}

static void read_back(const struct session *session)
{
	json_t *object = session_to_json(session);
	char *text = json_dumps(object, JSON_COMPACT);
	struct session *read = NULL;
	struct parse_error error;
	size_t count = 0;

	require(text != NULL);
	/* A begin of 0 is "not seen", and a reason without a name no word. */
	if (session->begin_ns && !strstr(text, "\"unknown\"") && !strstr(text, "\"begin_ns\":null"))
		require(!session_read_text("-", text, strlen(text), &read, &count, &error) &&
			count == 1);
	free(read);
	free(text);
	json_decref(object);
}

static void on_outcome(void *context, enum session_outcome outcome, const struct session *session,
		       const struct session_alarm *alarm)
{
	struct tally *tally = context;
	char line[SESSION_LINE_BYTES];

	require(!!alarm == (outcome == SESSION_ALARMED));
	require(session->arc_count <= SESSION_ARCS_MAX &&
		session->phase_count <= SESSION_PHASES_MAX &&
		session->alarm_count <= SESSION_ALARMS_MAX);
	require(session->data_size.count <= SESSION_SAMPLES_MAX &&
		session->precopy.count <= SESSION_SAMPLES_MAX);
	if (outcome == SESSION_BEGAN)
		tally->begun++;
	if (outcome == SESSION_ENDED)
		tally->ended++;
	if (outcome == SESSION_ENDED)
		require(session->end != SESSION_OPEN);
	if (alarm)
		tally->alarms++;
	require(session_line(session, line, sizeof(line))[0]);
	read_back(session);
}

static uint32_t small_state(uint32_t value)
{
	return value % 10 == 9 ? MW_STATE_NONE : value % 9;
}

/* Words that make sense often, so that sessions get somewhere. */
static void tame(union mw_event *event, const uint8_t *bytes)
{
	static const uint32_t features[] = {
		MW_FEATURE_MIG_DATA_SIZE | MW_FEATURE_GET,
		MW_FEATURE_DMA_LOGGING_START | MW_FEATURE_SET,
		MW_FEATURE_DMA_LOGGING_REPORT | MW_FEATURE_GET,
		MW_FEATURE_DMA_LOGGING_STOP | MW_FEATURE_SET,
	};

	switch (event->head.kind) {
	case MW_EVENT_ARC:
		event->arc.from = small_state(bytes[3]);
		event->arc.to = small_state(bytes[4]);
		event->arc.target = small_state(bytes[5]);
		event->arc.result = bytes[6] < 200 ? 0 : -(int32_t)bytes[7];
		break;
	case MW_EVENT_FLOW:
		event->flow.flow.state = small_state(bytes[3]);
		event->flow.flow.direction = bytes[4] % 3;
		event->flow.end = bytes[5] % 6;
		break;
	case MW_EVENT_IOCTL:
		event->ioctl.cmd = bytes[3] < 50 ? MW_VFIO_DEVICE_RESET : MW_VFIO_DEVICE_FEATURE;
		event->ioctl.flags = features[bytes[4] % 4];
		event->ioctl.result = bytes[5] < 200 ? 0 : -25;
		break;
	case MW_EVENT_GATE:
		event->gate.answer = bytes[3] % 4;
		event->gate.direction = bytes[4] % 3;
		event->gate.reason = bytes[5] % 8;
		break;
	}
}

static void feed(struct tally *tally, const uint8_t *bytes, uint64_t *now_ns)
{
	union mw_event event = {0};

	for (size_t i = sizeof(event.head); i < sizeof(event); i++)
		((uint8_t *)&event)[i] = bytes[i % FIELD_BYTES];
	*now_ns += (uint64_t)bytes[2] * bytes[2] * 10000;
	event.head.kind = (uint16_t)(1 + bytes[0] % (MW_EVENT_KINDS - 1));
	event.head.time_ns = bytes[1] & 0x80 ? *now_ns : *now_ns - bytes[7];
	event.head.pid = bytes[1] & 0x40 ? 1 : 2;
	snprintf(event.head.device, sizeof(event.head.device), "d%d", bytes[1] % (DEVICES_MAX + 2));
	memset(event.head.comm, bytes[6], sizeof(event.head.comm) - 1);
	if (event.head.kind == MW_EVENT_DATA_FILE)
		for (int i = 0; i < MW_FILE_FUNCTIONS; i++)
			event.data_file.function[i][MW_FUNCTION_BYTES - 1] = '\0';
	event.data_file.name[MW_FILE_NAME_BYTES - 1] = '\0';
	if (bytes[1] & 0x20)
		tame(&event, bytes);
	require(!sessions_feed(tally->sessions, &event));
	if (bytes[0] == 0xff)
		sessions_lost(tally->sessions, bytes[3], bytes[4]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct session_limits limits = session_limits_default;
	struct tally tally = {0};
	struct session_counts counts;
	uint64_t now_ns = 1000000, ended = 0;

	limits.devices_max = DEVICES_MAX;
	limits.downtime_ns = 1000000;
	require(!sessions_new(&limits, &(struct session_origin){.host = "h"}, on_outcome, &tally,
			      &tally.sessions));
	for (; size >= FIELD_BYTES; data += FIELD_BYTES, size -= FIELD_BYTES)
		feed(&tally, data, &now_ns);
	sessions_finish(tally.sessions, now_ns);
	counts = sessions_counts(tally.sessions);
	for (uint32_t end = 0; end < SESSION_END_COUNT_; end++)
		ended += counts.ended[end];
	require(counts.begun == tally.begun && ended == tally.ended && tally.begun == tally.ended);
	require(!counts.open && !counts.ended[SESSION_OPEN]);
	sessions_free(tally.sessions);
	return 0;
}
