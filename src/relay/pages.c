#include "pages.h"

#include <inttypes.h>
#include <stddef.h>
#include <string.h>

/* ---- for Prometheus ----------------------------------------------------- */

struct metric {
	const char *name;
	const char *type;
	size_t at;			/* of an uint64_t */
	const char *help;
};

#define GAUGE(field, name, help) { name, "gauge", \
	offsetof(struct relay_stats, field), help }
#define COUNTER(field, name, help) { name "_total", "counter", \
	offsetof(struct relay_stats, field), help }

static const struct metric relay_metrics[] = {
	GAUGE(clients, "clients", "clients connected"),
	GAUGE(pending, "pending", "handshakes under way"),
	GAUGE(pipes, "pipes", "pipes between two clients"),
	GAUGE(meets, "meetings", "meeting ids waited at"),
	GAUGE(queues_open, "mailboxes_open", "mailboxes whose owner is here"),
	GAUGE(cards, "cards", "entries in the list of people"),
	COUNTER(accepted, "accepted", "connections accepted"),
	COUNTER(refused, "refused", "connections over a limit"),
	COUNTER(crowded, "crowded", "connections cut so that others get in"),
	COUNTER(handshakes, "handshakes", "handshakes that succeeded"),
	COUNTER(failed, "handshakes_failed",
	    "connections that were no clients of ours"),
	COUNTER(denied, "denied", "clients without the access token"),
	COUNTER(violations, "violations", "links ended for their bytes"),
	COUNTER(silent, "silent", "dead connections cut"),
	COUNTER(stalled, "stalled", "connections that did not read, cut"),
	COUNTER(calls, "calls", "calls at a meeting id"),
	COUNTER(calls_nobody, "calls_nobody", "calls where nobody waited"),
	COUNTER(data, "pieces", "pieces forwarded through pipes"),
	COUNTER(data_bytes, "pieces_bytes", "bytes forwarded through pipes"),
	COUNTER(letters_in, "letters_in", "letters taken in"),
	COUNTER(letters_out, "letters_out", "letters handed out"),
	COUNTER(letters_deleted, "letters_deleted", "letters deleted"),
	COUNTER(letters_refused, "letters_refused", "letters not taken in"),
	COUNTER(commits, "commits", "turns that reached the disk"),
	COUNTER(commits_failed, "commits_failed", "turns that did not"),
	COUNTER(records_in, "records_in", "records received"),
	COUNTER(records_out, "records_out", "records sent"),
	COUNTER(bytes_in, "bytes_in", "bytes received"),
	COUNTER(bytes_out, "bytes_out", "bytes sent"),
	COUNTER(stun, "stun", "STUN questions answered"),
	COUNTER(reached, "reached", "ports of clients tried from outside"),
};

#undef GAUGE
#undef COUNTER
#define GAUGE(field, name, help) { name, "gauge", \
	offsetof(struct queue_stats, field), help }
#define COUNTER(field, name, help) { name "_total", "counter", \
	offsetof(struct queue_stats, field), help }

static const struct metric queue_metrics[] = {
	GAUGE(queues, "mailboxes", "mailboxes"),
	GAUGE(letters, "letters", "letters waiting"),
	GAUGE(bytes, "letters_bytes", "bytes of them"),
	COUNTER(put, "mailbox_put", "letters written to the disk"),
	COUNTER(repeated, "mailbox_repeated", "uploads that came again"),
	COUNTER(taken, "mailbox_taken", "letters deleted by their owner"),
	COUNTER(expired, "mailbox_expired", "letters nobody fetched in time"),
	COUNTER(refused, "mailbox_refused", "over a quota, or no mailbox"),
};

static void
put_metric(struct buf *out, const char *name, const char *type,
    const char *help, uint64_t value)
{
	buf_printf(out, "# HELP p2prelay_%s %s\n# TYPE p2prelay_%s %s\n"
	    "p2prelay_%s %" PRIu64 "\n", name, help, name, type, name, value);
}

static void
put_metrics(struct buf *out, const struct metric *rows, size_t n,
    const void *stats)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value;

		memcpy(&value, (const char *)stats + rows[i].at,
		    sizeof(value));
		put_metric(out, rows[i].name, rows[i].type, rows[i].help,
		    value);
	}
}

void
page_metrics(struct buf *out, const struct facts *f)
{
	put_metrics(out, relay_metrics, sizeof(relay_metrics) /
	    sizeof(relay_metrics[0]), f->relay);
	put_metrics(out, queue_metrics, sizeof(queue_metrics) /
	    sizeof(queue_metrics[0]), f->queues);
	put_metric(out, "uptime_seconds", "gauge", "since the start",
	    (uint64_t)f->up_s);
	put_metric(out, "config_ok", "gauge",
	    "0: the last reload failed and the limits before it hold",
	    f->config == NULL);
}

/* ---- for watchers ------------------------------------------------------- */

/* Our own words, but one of them may hold the name of a file. */
static void
put_json_string(struct buf *out, const char *s)
{
	buf_u8(out, '"');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			buf_u8(out, '\\');
		if (c < 0x20 || c == 0x7f)
			buf_printf(out, "\\u%04x", c);
		else
			buf_u8(out, c);
	}
	buf_u8(out, '"');
}

unsigned int
page_health(struct buf *out, const struct facts *f)
{
	bool good = f->pulse != NULL && f->pulse->is_good && !f->is_draining;

	buf_printf(out, "{\"status\":\"%s\",\"mailbox_us\":%" PRId64
	    ",\"clients\":%" PRIu64 ",\"mailboxes\":%" PRIu64
	    ",\"letters\":%" PRIu64 ",\"uptime_s\":%" PRId64 ",\"config\":",
	    good ? "ok" : "failing", f->pulse != NULL ? f->pulse->took_us : 0,
	    f->relay->clients, f->queues->queues, f->queues->letters,
	    f->up_s);
	put_json_string(out, f->config != NULL ? f->config : "ok");
	if (!good) {
		buf_printf(out, ",\"why\":");
		put_json_string(out, f->is_draining ? "going down" :
		    f->pulse != NULL ? f->pulse->why : "not known yet");
	}
	buf_printf(out, "}\n");
	return good ? 200 : 503;
}

/* ---- for people --------------------------------------------------------- */

static void
put_duration(struct buf *out, int64_t s)
{
	if (s >= 2 * 86400)
		buf_printf(out, "%" PRId64 " days", s / 86400);
	else if (s >= 2 * 3600)
		buf_printf(out, "%" PRId64 " hours", s / 3600);
	else if (s >= 2 * 60)
		buf_printf(out, "%" PRId64 " minutes", s / 60);
	else
		buf_printf(out, "%" PRId64 " second%s", s, s == 1 ? "" : "s");
}

static void
put_size(struct buf *out, uint64_t n)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	size_t unit = 0;

	while (n >= 10240 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		n /= 1024;
		unit++;
	}
	buf_printf(out, "%" PRIu64 " %s", n, units[unit]);
}

static void
put_row(struct buf *out, const char *what, uint64_t n)
{
	buf_printf(out, "<tr><th>%s</th><td>%" PRIu64 "</td></tr>\n", what, n);
}

void
page_people(struct buf *out, const struct facts *f)
{
	const struct relay_stats *now = f->relay, *then = f->hour_ago;

	buf_printf(out, "<!DOCTYPE html>\n<html lang=\"en\"><head>"
	    "<meta charset=\"utf-8\"><title>p2prelay</title>\n"
	    "<meta name=\"viewport\" content=\"width=device-width\">\n"
	    "<style>body{font-family:monospace;margin:2em;max-width:40em}"
	    "th{text-align:left;font-weight:normal;padding-right:2em}"
	    "td{text-align:right}</style></head><body>\n"
	    "<h1>p2prelay</h1>\n<p>This relay carries sealed messages of "
	    "p2ptui and cannot read them.  ");
	if (f->is_draining)
		buf_printf(out, "It is going down.");
	else if (f->pulse != NULL && !f->pulse->is_good)
		buf_printf(out, "It is in trouble: %s.", f->pulse->why);
	else
		buf_printf(out, "It has been running for ");
	if (!f->is_draining && (f->pulse == NULL || f->pulse->is_good)) {
		put_duration(out, f->up_s);
		buf_printf(out, ".");
	}
	buf_printf(out, "</p>\n<h2>Now</h2>\n<table>\n");
	put_row(out, "clients", now->clients);
	put_row(out, "pipes", now->pipes);
	put_row(out, "mailboxes", f->queues->queues);
	put_row(out, "letters waiting", f->queues->letters);
	buf_printf(out, "<tr><th>their size</th><td>");
	put_size(out, f->queues->bytes);
	buf_printf(out, "</td></tr>\n</table>\n<h2>In the last hour</h2>\n"
	    "<table>\n");
	put_row(out, "clients that came", now->handshakes - then->handshakes);
	put_row(out, "calls", now->calls - then->calls);
	put_row(out, "letters left", now->letters_in - then->letters_in);
	put_row(out, "letters fetched",
	    now->letters_deleted - then->letters_deleted);
	buf_printf(out, "<tr><th>carried</th><td>");
	put_size(out, now->data_bytes - then->data_bytes);
	buf_printf(out, "</td></tr>\n</table>\n<p><a href=\"/health\">health"
	    "</a> <a href=\"/metrics\">metrics</a></p>\n</body></html>\n");
}
