// SPDX-License-Identifier: GPL-2.0-only
#include "daemon/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"

#define STATUS_BYTES 1024

/* A status is one line: what follows a newline would be read as another assignment. */
static const char *one_line(char out[static STATUS_BYTES], const char *format, va_list args)
{
	vsnprintf(out, STATUS_BYTES, format, args);
	for (char *at = out; *at; at++)
		if (*at == '\n')
			*at = ' ';
	return out;
}

void notify_ready(const char *format, ...)
{
	char status[STATUS_BYTES];
	va_list args;

	va_start(args, format);
	sd_notifyf(0, "READY=1\nSTATUS=%s", one_line(status, format, args));
	va_end(args);
}

void notify_status(const char *format, ...)
{
	char status[STATUS_BYTES];
	va_list args;

	va_start(args, format);
	sd_notifyf(0, "STATUS=%s", one_line(status, format, args));
	va_end(args);
}

void notify_reloading(void)
{
	sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%llu",
		   (unsigned long long)(clock_ns(CLOCK_MONOTONIC) / 1000));
}

void notify_stopping(void)
{
	sd_notify(0, "STOPPING=1");
}

int notify_watchdog(sd_event *loop)
{
	int r = sd_event_set_watchdog(loop, 1);

	return r < 0 ? r : 0;
}
