/*
 * pages - what the web port says: for people, for watchers, for Prometheus.
 *
 * Counts only.  Nobody's address, mailbox or id is in any of it.
 */
#ifndef PAGES_H
#define PAGES_H

#include "buf.h"
#include "pulse.h"
#include "relay.h"

struct facts {
	const struct relay_stats *relay;
	const struct relay_stats *hour_ago;	/* or at the start */
	const struct queue_stats *queues;
	const struct pulse_result *pulse;	/* NULL: not asked */
	const char *config;		/* what is wrong with it, or NULL */
	int64_t up_s;
	bool is_draining;
};

/* "/": HTML without scripts, which a text browser shows as well. */
void page_people(struct buf *out, const struct facts *f);
/* "/health": JSON.  Returns the HTTP status, 200 or 503. */
unsigned int page_health(struct buf *out, const struct facts *f);
/* "/metrics": Prometheus text format 0.0.4. */
void page_metrics(struct buf *out, const struct facts *f);

#endif
