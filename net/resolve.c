#include "resolve.h"

/* c-ares 1.28 and later warn about what 1.18 needs. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "list.h"
#include "log.h"
#include "sock.h"

enum {
	TRY_MS = 2000,
	TRIES = 2,
	SOCKETS_MAX = 16,
	TYPE_A = 1,			/* RFC 1035 */
	TYPE_AAAA = 28,			/* RFC 3596 */
	CLASS_IN = 1
};

/* One family of a lookup. */
struct half {
	struct lookup *lookup;
	enum addr_family family;
	bool asking;			/* c-ares will call back */
	bool ready;			/* to be told */
	struct addr list[RESOLVE_MAX];
	size_t n;
	const char *why;
};

struct lookup {
	struct resolver *resolver;
	struct list in_lookups;
	resolve_answer *answer;		/* NULL: cancelled */
	void *arg;
	struct half half[2];
	bool deferred;
	int n_told;
	bool is_local;			/* ourselves, and meant */
};

struct asked_socket {
	struct resolver *resolver;
	ares_socket_t fd;
	struct watch *watch;		/* NULL: a free row */
};

struct resolver {
	struct loop *loop;
	char *servers;
	bool has_channel, is_stale, is_closing;
	ares_channel channel;
	struct timer timer;
	struct asked_socket sockets[SOCKETS_MAX];
	size_t n_asking;
	struct list lookups;
};

/* ---- c-ares on the loop ------------------------------------------------ */

static void
set_timer(struct resolver *r)
{
	struct timeval tv;

	if (!r->has_channel || !ares_timeout(r->channel, NULL, &tv)) {
		timer_stop(&r->timer);
		return;
	}
	/* ares_timeout rounds down: without the 1 the last millisecond is
	 * spent spinning. */
	timer_set(&r->timer, (int64_t)tv.tv_sec * 1000 + tv.tv_usec / 1000 + 1);
}

static void
process(struct resolver *r, ares_socket_t readable, ares_socket_t writable)
{
	ares_process_fd(r->channel, readable, writable);
	set_timer(r);
}

static void
on_timer(void *arg)
{
	process(arg, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

static void
on_socket(void *arg, unsigned events)
{
	struct asked_socket *s = arg;
	ares_socket_t fd = s->fd;

	process(s->resolver, events & LOOP_READ ? fd : ARES_SOCKET_BAD,
	    events & LOOP_WRITE ? fd : ARES_SOCKET_BAD);
}

/* ARES_OPT_SOCK_STATE_CB: what c-ares wants to wait for; neither: closed. */
static void
on_sock_state(void *arg, ares_socket_t fd, int readable, int writable)
{
	struct resolver *r = arg;
	struct asked_socket *s = NULL;
	unsigned want = (readable ? (unsigned)LOOP_READ : 0u) |
	    (writable ? (unsigned)LOOP_WRITE : 0u);

	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		struct asked_socket *row = &r->sockets[i];

		if (row->watch && row->fd == fd) {
			s = row;
			break;
		}
		if (!row->watch && !s)
			s = row;
	}
	if (!s)
		return;			/* never more than servers x 2 */
	if (!want) {
		watch_free(s->watch);
		s->watch = NULL;
		return;
	}
	if (!s->watch) {
		s->resolver = r;
		s->fd = fd;
		s->watch = loop_watch(r->loop, fd, on_socket, s, NULL);
		/* Beyond FD_SETSIZE: unheard, so the question times out. */
		if (!s->watch)
			return;
	}
	watch_want(s->watch, want);
}

static void
drop_channel(struct resolver *r)
{
	if (!r->has_channel)
		return;
	timer_stop(&r->timer);
	ares_destroy(r->channel);
	r->has_channel = false;
	for (size_t i = 0; i < SOCKETS_MAX; i++) {
		watch_free(r->sockets[i].watch);
		r->sockets[i].watch = NULL;
	}
}

static bool
need_channel(struct resolver *r)
{
	struct ares_options o;

	/* Never under a running question (CVE-2020-14354). */
	if (r->is_stale && r->n_asking == 0) {
		drop_channel(r);
		r->is_stale = false;
	}
	if (r->has_channel)
		return true;
	memset(&o, 0, sizeof(o));
	o.flags = ARES_FLAG_IGNTC;
	o.timeout = TRY_MS;
	o.tries = TRIES;
	o.sock_state_cb = on_sock_state;
	o.sock_state_cb_data = r;
	if (ares_init_options(&r->channel, &o, ARES_OPT_FLAGS |
	    ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB) !=
	    ARES_SUCCESS)
		return false;
	r->has_channel = true;
	if (*r->servers &&
	    ares_set_servers_ports_csv(r->channel, r->servers) != ARES_SUCCESS)
		log_warn("dns: '%s' is not a list of servers", r->servers);
	return true;
}

/* ---- answers ----------------------------------------------------------- */

static void
free_if_over(struct lookup *k)
{
	if (k->deferred || k->half[0].asking || k->half[1].asking)
		return;
	if (k->answer && k->n_told < 2)
		return;
	list_remove(&k->in_lookups);
	free(k);
}

static void
tell(void *arg)
{
	struct lookup *k = arg;

	k->deferred = false;
	for (int i = 0; i < 2 && k->answer; i++) {
		struct half *h = &k->half[i];

		if (!h->ready)
			continue;
		h->ready = false;
		k->n_told++;
		/* May cancel: k lives until free_if_over. */
		k->deferred = true;
		k->answer(k->arg, h->family, h->list, h->n, h->why);
		k->deferred = false;
	}
	free_if_over(k);
}

/* Told at the end of the turn, never from inside a call. */
static void
be_ready(struct half *h)
{
	struct lookup *k = h->lookup;

	h->ready = true;
	if (k->deferred)
		return;
	k->deferred = true;
	loop_defer(k->resolver->loop, tell, k);
}

static void
take(struct half *h, const struct hostent *host)
{
	size_t len = h->family == ADDR_V4 ? 4 : 16;

	if (!host || (size_t)host->h_length != len)
		return;
	for (char **p = host->h_addr_list; *p && h->n < RESOLVE_MAX; p++) {
		struct addr a = { .family = h->family };
		char text[ADDR_TEXT];

		memcpy(a.ip, *p, len);
		/* Once through the text: mapped IPv4 becomes IPv4. */
		addr_format_ip(&a, text);
		addr_parse_ip(&a, text);
		/* A server that answers with ourselves, or with nobody's
		 * address, aims us at something else. */
		if (!addr_is_host(&a) ||
		    (!h->lookup->is_local && addr_kind(&a) == ADDR_LOOPBACK)) {
			h->why = "the name leads to an address that cannot be "
			    "a peer's";
			continue;
		}
		h->list[h->n++] = a;
	}
}

static const struct {
	int status;
	const char *text;
} whys[] = {
	{ ARES_ENOTFOUND, "no such name" },
	{ ARES_ENODATA, "the name has no address" },
	{ ARES_EBADNAME, "not a name" },
	{ ARES_ETIMEOUT, "the name server does not answer" },
	/* c-ares also means that each one failed or refused. */
	{ ARES_ECONNREFUSED, "no name server could answer" },
	{ ARES_ESERVFAIL, "the name server failed" },
	{ ARES_EREFUSED, "the name server refused" },
	{ ARES_EBADRESP, "the name server answered garbage" },
	{ ARES_EFORMERR, "the name server answered garbage" }
};

static const char *
why_of(int status)
{
	for (size_t i = 0; i < sizeof(whys) / sizeof(*whys); i++) {
		if (whys[i].status == status)
			return whys[i].text;
	}
	return ares_strerror(status);
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *p, int len)
{
	struct half *h = arg;
	struct resolver *r = h->lookup->resolver;
	struct hostent *host = NULL;

	(void)timeouts;
	h->asking = false;
	r->n_asking--;
	if (r->is_closing) {
		h->lookup->answer = NULL;
		return;			/* resolver_free releases all */
	}
	if (status == ARES_SUCCESS) {
		status = h->family == ADDR_V4 ?
		    ares_parse_a_reply(p, len, &host, NULL, NULL) :
		    ares_parse_aaaa_reply(p, len, &host, NULL, NULL);
		h->why = why_of(ARES_ENODATA);
	}
	if (status == ARES_SUCCESS)
		take(h, host);
	else
		h->why = why_of(status);
	if (host)
		ares_free_hostent(host);
	/* Also for a cancelled one: it is freed in its turn. */
	be_ready(h);
}

/* ---- questions --------------------------------------------------------- */

/* A numeric address or localhost (RFC 6761, section 6.3): both halves are
 * known. */
static bool
is_known(struct lookup *k, const char *host)
{
	struct addr a = { .port = 0 };
	size_t len = strlen(host);

	if (addr_parse_ip(&a, host) == 0) {
		struct half *h = &k->half[a.family == ADDR_V6];

		if (addr_is_host(&a))
			h->list[h->n++] = a;
		else
			k->half[0].why = k->half[1].why =
			    "nobody can be at this address";
		return true;
	}
	if (len > 0 && host[len - 1] == '.')
		len--;
	if ((len == 9 && strncasecmp(host, "localhost", 9) == 0) ||
	    (len > 10 && strncasecmp(host + len - 10, ".localhost", 10) == 0)) {
		addr_parse_ip(&k->half[0].list[0], "127.0.0.1");
		addr_parse_ip(&k->half[1].list[0], "::1");
		k->half[0].n = k->half[1].n = 1;
		return true;
	}
	return false;
}

/* The administrator's word counts for both families. */
static bool
is_in_hosts(struct resolver *r, struct lookup *k, const char *host)
{
	size_t n = 0;

	k->is_local = true;
	for (int i = 0; i < 2; i++) {
		struct half *h = &k->half[i];
		struct hostent *found = NULL;

		if (ares_gethostbyname_file(r->channel, host,
		    h->family == ADDR_V4 ? AF_INET : AF_INET6, &found) ==
		    ARES_SUCCESS)
			take(h, found);
		if (found)
			ares_free_hostent(found);
		n += h->n;
	}
	if (n == 0)
		k->is_local = false;
	return n > 0;
}

static void
ask(struct resolver *r, struct half *h, const char *host)
{
	h->asking = true;
	r->n_asking++;
	/* May call back at once. */
	ares_search(r->channel, host, CLASS_IN,
	    h->family == ADDR_V4 ? TYPE_A : TYPE_AAAA, on_answer, h);
}

struct lookup *
resolver_ask(struct resolver *r, const char *host, resolve_answer *answer,
    void *arg)
{
	struct lookup *k = mem_new(sizeof(*k));
	bool asks;

	k->resolver = r;
	k->answer = answer;
	k->arg = arg;
	list_append(&r->lookups, &k->in_lookups);
	for (int i = 0; i < 2; i++) {
		k->half[i].lookup = k;
		k->half[i].family = i == 0 ? ADDR_V4 : ADDR_V6;
		k->half[i].why = "the name has no address";
	}
	asks = !is_known(k, host);
	if (asks && !need_channel(r)) {
		k->half[0].why = k->half[1].why =
		    "the resolver cannot be started";
		asks = false;
	}
	if (asks && is_in_hosts(r, k, host))
		asks = false;
	for (int i = 0; i < 2; i++) {
		if (asks)
			ask(r, &k->half[i], host);
		else
			be_ready(&k->half[i]);
	}
	set_timer(r);
	return k;
}

void
lookup_cancel(struct lookup *k)
{
	if (!k)
		return;
	k->answer = NULL;
	free_if_over(k);
}

/* ---- the resolver ------------------------------------------------------ */

struct resolver *
resolver_new(struct loop *l, const char *servers)
{
	struct resolver *r = mem_new(sizeof(*r));

	r->loop = l;
	r->servers = mem_str(servers);
	list_init(&r->lookups);
	timer_init(&r->timer, l, on_timer, r);
	ares_library_init(ARES_LIB_INIT_ALL);
	return r;
}

/* In the turn's end, behind any tell() that is still to come. */
static void
release(void *arg)
{
	struct resolver *r = arg;

	LIST_EACH(k, &r->lookups, struct lookup, in_lookups) {
		list_remove(&k->in_lookups);
		free(k);
	}
	free(r->servers);
	free(r);
	ares_library_cleanup();
}

void
resolver_free(struct resolver *r)
{
	bool waits = false;

	if (!r)
		return;
	r->is_closing = true;
	if (r->has_channel) {
		ares_cancel(r->channel);
		drop_channel(r);
	}
	LIST_EACH(k, &r->lookups, struct lookup, in_lookups) {
		k->answer = NULL;
		if (k->deferred)
			waits = true;
	}
	if (waits)
		loop_defer(r->loop, release, r);
	else
		release(r);
}

void
resolver_renew(struct resolver *r)
{
	r->is_stale = true;
}
