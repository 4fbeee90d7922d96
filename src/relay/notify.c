#include "notify.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sock.h"

static void
tell(const char *text)
{
	const char *path = getenv("NOTIFY_SOCKET");

	if (path != NULL && (path[0] == '/' || path[0] == '@'))
		sock_tell_local(path, text, strlen(text));
}

void
notify_ready(void)
{
	tell("READY=1");
}

/* The time is what Type=notify-reload wants to see. */
void
notify_reloading(int64_t mono_us)
{
	char text[64];

	snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64,
	    mono_us);
	tell(text);
}

void
notify_stopping(void)
{
	tell("STOPPING=1");
}

void
notify_alive(void)
{
	tell("WATCHDOG=1");
}

int64_t
notify_watchdog_us(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	int64_t n = us != NULL ? strtoll(us, NULL, 10) : 0;

	if (n <= 0 || (pid != NULL && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return n;
}
