// SPDX-License-Identifier: GPL-2.0-only
/* Any bytes as the head of an audit: what is taken for one is written again as the same bytes. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sinks/audit_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_head head, again;
	char text[AUDIT_HEAD_BYTES];
	size_t length;

	if (!audit_head_parse((const char *)data, size, &head))
		return 0;
	length = audit_head_format(&head, text);
	if (length >= sizeof(text) || !audit_head_parse(text, length, &again) ||
	    again.seq != head.seq || memcmp(again.hash, head.hash, sizeof(head.hash)) ||
	    memcmp(again.signature, head.signature, sizeof(head.signature)))
		abort();
	return 0;
}
