// SPDX-License-Identifier: GPL-2.0-only
/* Bytes of a ring: what decodes has a text and a JSON object, and neither reads beyond the record.
 */
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/decode.h"
#include "sinks/event_json.h"
#include "sinks/event_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int condition)
{
	if (!condition)
		abort();
}

static void show(const union mw_event *event, int64_t offset_ns)
{
	json_t *object = event_to_json(event, offset_ns);
	char *line = NULL, *text = NULL;
	size_t length = 0;
	FILE *out = open_memstream(&text, &length);

	require(object && out);
	line = json_dumps(object, JSON_COMPACT);
	require(line && !strchr(line, '\n'));
	event_text(out, event, offset_ns);
	require(!fclose(out));
	/* One line, whatever the record says. */
	require(length && strchr(text, '\n') == text + length - 1);
	free(text);
	free(line);
	json_decref(object);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	union mw_event event, untouched;
	struct mw_event_head head;
	uint8_t *exact;

	memset(&event, 0xa5, sizeof(event));
	untouched = event;
	/* Of exactly that size, so that a byte too far is seen. */
	exact = malloc(size ? size : 1);
	require(exact != NULL);
	if (size)
		memcpy(exact, data, size);
	if (decode(exact, size, &event) != DECODE_OK) {
		require(!memcmp(&event, &untouched, sizeof(event)));
	} else {
		memcpy(&head, exact, sizeof(head));
		require(head.size == size && event.head.kind == head.kind);
		show(&event, 0);
		show(&event, INT64_MIN);
		show(&event, INT64_MAX);
	}
	free(exact);
	return 0;
}
