/*
 * health - the web port, and the only user of libmicrohttpd.
 *
 *	/		a page for people
 *	/health		200 or 503, judged by a letter's round trip (pulse)
 *	/metrics	for Prometheus
 *
 * It runs on the relay's loop: no thread, few connections, small requests,
 * short timeouts, GET and HEAD only.
 */
#ifndef HEALTH_H
#define HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "loop.h"
#include "queue.h"
#include "relay.h"

struct health;

struct health_setup {
	struct loop *loop;
	struct relay *relay;
	struct queues *queues;
	const char *where;		/* "ADDR:PORT" */
};

/* "ADDR:PORT", numeric; 0 is any port.  -1 for anything else. */
int health_where(struct addr *a, const char *text);
/* Is there one in this build? */
bool health_is_built(void);
/* STATUS_UNAVAILABLE when the port is taken. */
struct health *health_open(const struct health_setup *setup, struct err *e);
void health_free(struct health *h);		/* between turns */
uint16_t health_port(const struct health *h);
/* What the last reload came to; NULL: it is fine.  Copied. */
void health_config(struct health *h, const char *trouble);
void health_draining(struct health *h);

#endif
