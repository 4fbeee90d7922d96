#include "health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"

int
health_where(struct addr *a, const char *text)
{
	const char *colon = strrchr(text, ':');
	char host[ADDR_TEXT];
	size_t len;

	if (colon == NULL || addr_parse_port(colon + 1, true, &a->port) != 0)
		return -1;
	len = (size_t)(colon - text);
	if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
		text++;
		len -= 2;
	} else if (memchr(text, ':', len) != NULL) {
		return -1;
	}
	if (len >= sizeof(host))
		return -1;
	memcpy(host, text, len);
	host[len] = '\0';
	return addr_parse_ip(a, host);
}

#ifdef HAVE_MICROHTTPD

#include <microhttpd.h>
#include <sys/socket.h>

#include "log.h"
#include "pages.h"
#include "sock.h"

enum {
	CONNECTIONS = 32,
	CONNECTION_BYTES = 8192,	/* a request's, with its headers */
	CONNECTION_S = 10,
	/* Where the library has no descriptor for all of it. */
	LOOK_MS = 100,
	MINUTE_MS = 60000,
	MINUTES = 60
};

struct health {
	struct loop *loop;
	struct relay *relay;
	struct queues *queues;
	struct pulse *pulse;
	struct MHD_Daemon *daemon;
	struct watch *watch;		/* NULL: it is looked at by timer */
	struct timer timer;		/* the library's */
	struct timer minute;
	struct relay_stats hour[MINUTES];	/* a ring */
	unsigned int n_minutes;
	int64_t began_ms;
	char *config;
	bool is_draining;
	struct MHD_Connection *waiting[CONNECTIONS];	/* for the pulse */
	size_t n_waiting;
};

/* ---- answers ------------------------------------------------------------ */

static const struct {
	const char *name, *value;
} headers[] = {
	{ "Cache-Control", "no-store" },
	{ "Content-Security-Policy",
	    "default-src 'none'; style-src 'unsafe-inline'" },
	{ "X-Content-Type-Options", "nosniff" },
};

/* b's bytes go with the answer. */
static enum MHD_Result
answer(struct MHD_Connection *c, unsigned int status, const char *type,
    struct buf *b)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(b->len,
	    b->len != 0 ? b->at : NULL, MHD_RESPMEM_MUST_COPY);
	enum MHD_Result rc;

	if (r == NULL)
		return MHD_NO;
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
		MHD_add_response_header(r, headers[i].name,
		    headers[i].value);
	MHD_add_response_header(r, "Content-Type", type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(r, "Allow", "GET, HEAD");
	rc = MHD_queue_response(c, status, r);
	MHD_destroy_response(r);
	return rc;
}

static enum MHD_Result
refuse(struct MHD_Connection *c, unsigned int status, const char *words)
{
	struct buf b;
	enum MHD_Result rc;

	buf_init(&b);
	buf_printf(&b, "%s\n", words);
	rc = answer(c, status, "text/plain; charset=utf-8", &b);
	buf_clear(&b);
	return rc;
}

static void
gather(const struct health *h, struct facts *f,
    const struct pulse_result *pulse)
{
	static const struct relay_stats none;
	unsigned int n = h->n_minutes;

	*f = (struct facts){
		.relay = relay_stats(h->relay),
		.hour_ago = n < MINUTES ? &none : &h->hour[n % MINUTES],
		.queues = queues_stats(h->queues),
		.pulse = pulse,
		.config = h->config,
		.up_s = (loop_now_ms(h->loop) - h->began_ms) / 1000,
		.is_draining = h->is_draining
	};
}

/* Until the pulse is there the connection sleeps, and is asked for again
 * then.  Never when too many do. */
static bool
wait_for_pulse(struct health *h, struct MHD_Connection *c)
{
	if (h->n_waiting == CONNECTIONS)
		return false;
	MHD_suspend_connection(c);
	h->waiting[h->n_waiting++] = c;
	return true;
}

static enum MHD_Result
show(struct health *h, struct MHD_Connection *c, const char *url)
{
	const char *type = "text/plain; version=0.0.4; charset=utf-8";
	const struct pulse_result *pulse = NULL;
	unsigned int status = MHD_HTTP_OK;
	struct facts f;
	struct buf b;
	enum MHD_Result rc;

	if (strcmp(url, "/metrics") != 0) {
		pulse = pulse_ask(h->pulse);
		if (pulse == NULL)
			return wait_for_pulse(h, c) ? MHD_YES : MHD_NO;
	}
	gather(h, &f, pulse);
	buf_init(&b);
	if (strcmp(url, "/health") == 0) {
		status = page_health(&b, &f);
		type = "application/json";
	} else if (strcmp(url, "/") == 0) {
		page_people(&b, &f);
		type = "text/html; charset=utf-8";
	} else {
		page_metrics(&b, &f);
	}
	rc = answer(c, status, type, &b);
	buf_clear(&b);
	return rc;
}

static enum MHD_Result
on_request(void *arg, struct MHD_Connection *c, const char *url,
    const char *method, const char *version, const char *upload,
    size_t *upload_len, void **seen)
{
	static const char *const urls[] = { "/", "/health", "/metrics" };

	(void)version;
	(void)upload;
	*upload_len = 0;		/* whatever came is not looked at */
	(void)seen;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
		return refuse(c, MHD_HTTP_METHOD_NOT_ALLOWED,
		    "Only GET and HEAD.");
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (strcmp(url, urls[i]) == 0)
			return show(arg, c, url);
	return refuse(c, MHD_HTTP_NOT_FOUND,
	    "There are /, /health and /metrics.");
}

/* ---- on the loop -------------------------------------------------------- */

static void
serve(struct health *h)
{
	MHD_UNSIGNED_LONG_LONG ms;

	MHD_run(h->daemon);
	if (h->watch == NULL)
		timer_set(&h->timer, LOOK_MS);
	else if (MHD_get_timeout(h->daemon, &ms) == MHD_YES)
		timer_set(&h->timer, ms < MINUTE_MS ? (int64_t)ms : MINUTE_MS);
	else
		timer_stop(&h->timer);
}

static void
on_ready(void *arg, unsigned events)
{
	(void)events;
	serve(arg);
}

static void
on_timer(void *arg)
{
	serve(arg);
}

static void
wake(struct health *h)
{
	for (size_t i = 0; i < h->n_waiting; i++)
		MHD_resume_connection(h->waiting[i]);
	h->n_waiting = 0;
}

static void
on_pulse(void *arg)
{
	struct health *h = arg;

	wake(h);
	timer_set(&h->timer, 0);
}

static void
on_minute(void *arg)
{
	struct health *h = arg;

	h->hour[h->n_minutes++ % MINUTES] = *relay_stats(h->relay);
	timer_set(&h->minute, MINUTE_MS);
}

static int
start(struct health *h, const char *where, struct err *e)
{
	unsigned int flags = MHD_ALLOW_SUSPEND_RESUME | MHD_NO_FLAG;
	const union MHD_DaemonInfo *info;
	struct sockaddr_storage ss;
	struct addr a = { 0 };

	if (health_where(&a, where) != 0)
		return err_set(e, STATUS_USAGE, "\"%s\" is no ADDR:PORT",
		    where);
	sock_addr_to(&ss, &a);
	if (a.family == ADDR_V6)
		flags |= MHD_USE_IPv6;
	if (MHD_is_feature_supported(MHD_FEATURE_EPOLL) == MHD_YES)
		flags |= MHD_USE_EPOLL;
	errno = 0;
	h->daemon = MHD_start_daemon(flags, 0, NULL, NULL, on_request, h,
	    MHD_OPTION_SOCK_ADDR, &ss,
	    MHD_OPTION_CONNECTION_LIMIT, (unsigned int)CONNECTIONS,
	    MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)CONNECTION_S,
	    MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_BYTES,
	    MHD_OPTION_END);
	if (h->daemon == NULL) {
		err_set(e, STATUS_UNAVAILABLE, "cannot serve pages at %s: %s",
		    where, errno != 0 ? strerror(errno) : "not possible");
		return err_next(e, "choose another place with --http, or "
		    "\"--http off\"");
	}
	info = MHD_get_daemon_info(h->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (info != NULL && info->epoll_fd >= 0) {
		h->watch = loop_watch(h->loop, info->epoll_fd, on_ready, h,
		    e);
		return h->watch != NULL ? 0 : -1;
	}
	return 0;
}

bool
health_is_built(void)
{
	return true;
}

struct health *
health_open(const struct health_setup *setup, struct err *e)
{
	struct health *h = mem_new(sizeof(*h));

	h->loop = setup->loop;
	h->relay = setup->relay;
	h->queues = setup->queues;
	h->began_ms = loop_now_ms(h->loop);
	timer_init(&h->timer, h->loop, on_timer, h);
	timer_init(&h->minute, h->loop, on_minute, h);
	h->pulse = pulse_new(h->loop, h->queues, relay_key(h->relay),
	    on_pulse, h);
	if (start(h, setup->where, e) != 0) {
		health_free(h);
		return NULL;
	}
	timer_set(&h->minute, MINUTE_MS);
	serve(h);
	return h;
}

void
health_free(struct health *h)
{
	if (h == NULL)
		return;
	timer_stop(&h->timer);
	timer_stop(&h->minute);
	watch_free(h->watch);
	/* Whoever still sleeps would keep it from stopping. */
	if (h->daemon != NULL) {
		wake(h);
		MHD_stop_daemon(h->daemon);
	}
	pulse_free(h->pulse);
	free(h->config);
	free(h);
}

uint16_t
health_port(const struct health *h)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(h->daemon,
	    MHD_DAEMON_INFO_BIND_PORT);

	return info != NULL ? info->port : 0;
}

void
health_config(struct health *h, const char *trouble)
{
	if (h == NULL)
		return;
	free(h->config);
	h->config = trouble != NULL ? mem_str(trouble) : NULL;
}

void
health_draining(struct health *h)
{
	if (h != NULL)
		h->is_draining = true;
}

#else /* !HAVE_MICROHTTPD */

bool
health_is_built(void)
{
	return false;
}

struct health *
health_open(const struct health_setup *setup, struct err *e)
{
	(void)setup;
	err_set(e, STATUS_UNAVAILABLE, "this build has no web pages");
	err_next(e, "build with libmicrohttpd, or say \"--http off\"");
	return NULL;
}

void
health_free(struct health *h)
{
	(void)h;
}

uint16_t
health_port(const struct health *h)
{
	(void)h;
	return 0;
}

void
health_config(struct health *h, const char *trouble)
{
	(void)h;
	(void)trouble;
}

void
health_draining(struct health *h)
{
	(void)h;
}

#endif
