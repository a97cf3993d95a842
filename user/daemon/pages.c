// SPDX-License-Identifier: GPL-2.0-only
/* The paths of the loopback port. */
#include <string.h>

#include "daemon/measure.h"
#include "daemon/state.h"

/* The newer format where the reader knows it. */
static void on_metrics(void *context, const struct server_request *request,
		       struct server_answer *answer)
{
	const char *accept = server_field(request, "Accept");
	bool is_new = accept && strstr(accept, "application/openmetrics-text");
	enum metrics_format format = is_new ? METRICS_OPENMETRICS : METRICS_TEXT;

	answer->type = metrics_content_type(format);
	answer->body = measure_text(context, format, &answer->size);
}

const struct web_route web_routes[] = {
	{"/metrics", on_metrics},
	{0},
};
