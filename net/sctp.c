#include "sctp.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <usrsctp.h>

#include "buf.h"
#include "list.h"
#include "log.h"
#include "map.h"

enum {
	PORT = 5000,			/* of both ends: ids tell them apart */
	BUFFER = 4 * 1024 * 1024,
	RTO_MIN_MS = 200, RTO_INITIAL_MS = 1000, RTO_MAX_MS = 2000,
	SACK_MS = 20,
	CWND_INITIAL = 10,		/* packets: RFC 6928 */
	BURST = 10, BURST_AGAIN = 4,	/* packets a SACK lets go */
	/* Whether the other end lives is judged by our heartbeats. */
	RETRIES = 20000,
	/* A program that was stopped must not run every timer at once. */
	ELAPSED_MAX_MS = 2 * SCTP_SLOW_TICK_MS
};

struct sctp {
	uint32_t id;
	struct loop *loop;
	struct socket *so;
	const struct sctp_events *events;
	void *owner;
	bool is_up, is_lost, dead;
	struct buf part;		/* of a record that came in parts */
	int64_t last_in_ms;
	int64_t last_out_ms;		/* that we were given to send */
	struct list in_busy;
};

/*
 * What the library forces on us: it calls back with the address that was
 * bound and no context, and has one clock for all associations.  The address
 * goes over the wire in a cookie, so it is a number and no pointer
 * (CVE-2020-6514).
 */
static struct {
	struct map *by_id;		/* NULL: the library is asleep */
	uint32_t last_id;
	struct loop *loop;
	struct timer tick;
	int64_t ticked_ms;
	struct list busy;
	uint8_t whole[SCTP_RECORD_MAX + 1];
} lib;

/* ---- the library ------------------------------------------------------- */

static int
on_output(void *addr, void *p, size_t len, uint8_t tos, uint8_t set_df)
{
	uint32_t id = (uint32_t)(uintptr_t)addr;
	struct sctp *s = lib.by_id ? map_get(lib.by_id, &id) : NULL;

	(void)tos;
	(void)set_df;
	if (!s)
		return ENOTCONN;
	if (len > SCTP_PACKET)
		return EMSGSIZE;
	s->events->output(s->owner, p, len);
	return 0;
}

static void
configure(void)
{
	usrsctp_enable_crc32c_offload();	/* packets are authentic */
	usrsctp_sysctl_set_sctp_ecn_enable(0);
	usrsctp_sysctl_set_sctp_asconf_enable(0);
	usrsctp_sysctl_set_sctp_auto_asconf(0);
	usrsctp_sysctl_set_sctp_auth_enable(0);
	usrsctp_sysctl_set_sctp_pr_enable(0);
	usrsctp_sysctl_set_sctp_reconfig_enable(0);
	usrsctp_sysctl_set_sctp_nrsack_enable(0);
	usrsctp_sysctl_set_sctp_pktdrop_enable(0);
	usrsctp_sysctl_set_sctp_initial_cwnd(CWND_INITIAL);
	usrsctp_sysctl_set_sctp_max_burst_default(BURST);
	/* Without it, what waits in the other side's socket is sent again
	 * with every few SACKs until nothing else passes. */
	usrsctp_sysctl_set_sctp_fr_max_burst_default(BURST_AGAIN);
	usrsctp_sysctl_set_sctp_delayed_sack_time_default(SACK_MS);
	usrsctp_sysctl_set_sctp_rto_min_default(RTO_MIN_MS);
	usrsctp_sysctl_set_sctp_rto_initial_default(RTO_INITIAL_MS);
	usrsctp_sysctl_set_sctp_rto_max_default(RTO_MAX_MS);
	usrsctp_sysctl_set_sctp_init_rto_max_default(RTO_MAX_MS);
	/* Its default aborts a chunk's 30th loss: an outage of a minute. */
	usrsctp_sysctl_set_sctp_max_retran_chunk(0);
	usrsctp_sysctl_set_sctp_default_frag_interleave(0);
}

/* Even without threads of its own it starts one, the iterator, which would
 * take our signals. */
static void
wake_library(void)
{
	sigset_t all, old;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	usrsctp_init_nothreads(0, on_output, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	configure();
	lib.by_id = map_new(sizeof(uint32_t));
	list_init(&lib.busy);
}

static void on_tick(void *arg);

/* The first association chooses the loop. */
static void
join_library(struct loop *l)
{
	if (!lib.by_id)
		wake_library();
	if (map_count(lib.by_id) == 0) {
		lib.loop = l;
		timer_init(&lib.tick, l, on_tick, NULL);
	}
	assert(lib.loop == l);
}

/* ---- time -------------------------------------------------------------- */

static int
set(struct socket *so, int option, const void *p, size_t len)
{
	return usrsctp_setsockopt(so, IPPROTO_SCTP, option, p,
	    (socklen_t)len);
}

static bool
get_status(const struct sctp *s, struct sctp_status *st)
{
	socklen_t len = sizeof(*st);

	memset(st, 0, sizeof(*st));
	return usrsctp_getsockopt(s->so, IPPROTO_SCTP, SCTP_STATUS, st,
	    &len) == 0;
}

bool
sctp_is_done(const struct sctp *s)
{
	struct sctp_status st;

	return s->is_lost || (s->is_up && get_status(s, &st) &&
	    st.sstat_unackdata == 0 && st.sstat_penddata == 0);
}

static bool
is_quiet(const struct sctp *s)
{
	return loop_now_ms(lib.loop) - s->last_in_ms >= SCTP_QUIET_MS &&
	    sctp_is_done(s);
}

/*
 * How long its timers may wait.  The delayed SACK is short and follows
 * packets; retransmissions take RTO_MIN_MS at least, those of a handshake
 * RTO_INITIAL_MS.
 */
static int64_t
pace(const struct sctp *s)
{
	int64_t now = loop_now_ms(lib.loop);

	if (now - s->last_in_ms < SCTP_QUIET_MS)
		return SCTP_TICK_MS;
	if (s->is_up && (now - s->last_in_ms < SCTP_SLOW_MS ||
	    now - s->last_out_ms < SCTP_SLOW_MS))
		return SCTP_OUT_TICK_MS;
	return SCTP_SLOW_TICK_MS;
}

static void
pass_time(void)
{
	int64_t now = loop_now_ms(lib.loop);
	int64_t elapsed = now - lib.ticked_ms;

	lib.ticked_ms = now;
	if (elapsed > ELAPSED_MAX_MS)
		elapsed = ELAPSED_MAX_MS;
	usrsctp_handle_timers((uint32_t)elapsed);
}

/* The library's clock stands still while nothing is under way. */
static void
be_busy(struct sctp *s)
{
	int64_t wait = pace(s);

	if (list_is_empty(&s->in_busy))
		list_append(&lib.busy, &s->in_busy);
	if (!timer_is_set(&lib.tick))
		lib.ticked_ms = loop_now_ms(lib.loop);
	else if (lib.tick.due_ms <= loop_now_ms(lib.loop) + wait)
		return;
	timer_set(&lib.tick, wait);
}

/* Before it starts timers of its own: they count from its clock. */
static void
be_on_time(void)
{
	if (timer_is_set(&lib.tick) &&
	    loop_now_ms(lib.loop) - lib.ticked_ms >= SCTP_TICK_MS)
		pass_time();
}

static void
on_tick(void *arg)
{
	int64_t wait = SCTP_SLOW_TICK_MS;

	(void)arg;
	pass_time();
	LIST_EACH(s, &lib.busy, struct sctp, in_busy) {
		if (is_quiet(s))
			list_remove(&s->in_busy);
		else if (pace(s) < wait)
			wait = pace(s);
	}
	if (!list_is_empty(&lib.busy))
		timer_set(&lib.tick, wait);
}

/* ---- in ---------------------------------------------------------------- */

static void
lose(struct sctp *s)
{
	if (s->is_lost || s->dead)
		return;
	s->is_lost = true;
	list_remove(&s->in_busy);
	s->events->lost(s->owner);
}

static void
notified(struct sctp *s, const uint8_t *p, size_t len)
{
	struct sctp_assoc_change change;

	if (len < sizeof(change))
		return;
	memcpy(&change, p, sizeof(change));
	if (change.sac_type != SCTP_ASSOC_CHANGE)
		return;
	if (change.sac_state == SCTP_COMM_UP && !s->is_up)
		s->is_up = true;
	else		/* a restart too has forgotten what was under way */
		lose(s);
}

static void
took(struct sctp *s, size_t len, bool whole)
{
	if (whole && s->part.len == 0) {
		s->events->record(s->owner, lib.whole, len);
		return;
	}
	if (s->part.len + len > SCTP_RECORD_MAX) {
		lose(s);
		return;
	}
	buf_put(&s->part, lib.whole, len);
	if (!whole)
		return;
	s->events->record(s->owner, s->part.at, s->part.len);
	buf_clear(&s->part);
}

/* All that arrived, so that the window it advertises stays open. */
static void
drain(struct sctp *s)
{
	while (!s->is_lost && !s->dead) {
		struct sctp_rcvinfo info;
		struct sockaddr_conn from;
		socklen_t from_len = sizeof(from), info_len = sizeof(info);
		unsigned type = 0;
		int flags = 0;
		ssize_t n = usrsctp_recvv(s->so, lib.whole, sizeof(lib.whole),
		    (struct sockaddr *)&from, &from_len, &info, &info_len,
		    &type, &flags);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n <= 0)
			lose(s);
		else if (flags & MSG_NOTIFICATION)
			notified(s, lib.whole, (size_t)n);
		else if ((size_t)n > SCTP_RECORD_MAX)
			lose(s);
		else
			took(s, (size_t)n, (flags & MSG_EOR) != 0);
	}
}

void
sctp_input(struct sctp *s, const uint8_t *p, size_t len)
{
	if (s->dead || s->is_lost)
		return;
	be_on_time();
	s->last_in_ms = loop_now_ms(lib.loop);
	be_busy(s);
	usrsctp_conninput((void *)(uintptr_t)s->id, p, len, 0);
	drain(s);
}

/* ---- out --------------------------------------------------------------- */

bool
sctp_send(struct sctp *s, unsigned stream, const void *p, size_t len)
{
	struct sctp_sndinfo info = { .snd_sid = (uint16_t)stream };

	if (!s->is_up || s->is_lost || s->dead)
		return false;
	be_on_time();
	if (usrsctp_sendv(s->so, p, len, NULL, 0, &info, sizeof(info),
	    SCTP_SENDV_SNDINFO, 0) < 0)
		return false;
	s->last_out_ms = loop_now_ms(lib.loop);
	be_busy(s);
	return true;
}

/* ---- open and close ---------------------------------------------------- */

static int
tune(struct socket *so)
{
	const int on = 1, size = BUFFER, zero = 0;
	const struct linger at_once = { .l_onoff = 1, .l_linger = 0 };
	const struct sctp_paddrparams path = {
		.spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
		/* With AF_CONN it adds the common header to this. */
		.spp_pathmtu = SCTP_PACKET - sizeof(struct sctp_common_header),
		.spp_pathmaxrxt = RETRIES
	};
	const struct sctp_assocparams assoc = { .sasoc_asocmaxrxt = RETRIES };
	const struct sctp_initmsg init = {
		.sinit_num_ostreams = SCTP_STREAMS,
		.sinit_max_instreams = SCTP_STREAMS,
		.sinit_max_attempts = RETRIES,
		.sinit_max_init_timeo = RTO_MAX_MS
	};
	const struct sctp_event event = {
		.se_assoc_id = SCTP_FUTURE_ASSOC,
		.se_type = SCTP_ASSOC_CHANGE, .se_on = 1
	};
	const struct sctp_assoc_value by_priority = {
		.assoc_id = SCTP_FUTURE_ASSOC,
		.assoc_value = SCTP_SS_PRIORITY
	};

	/* The last one matters less: without it streams take turns. */
	set(so, SCTP_PLUGGABLE_SS, &by_priority, sizeof(by_priority));
	return usrsctp_set_non_blocking(so, 1) |
	    usrsctp_setsockopt(so, SOL_SOCKET, SO_LINGER, &at_once,
	    sizeof(at_once)) |
	    usrsctp_setsockopt(so, SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)) |
	    usrsctp_setsockopt(so, SOL_SOCKET, SO_RCVBUF, &size,
	    sizeof(size)) |
	    set(so, SCTP_NODELAY, &on, sizeof(on)) |
	    set(so, SCTP_FRAGMENT_INTERLEAVE, &zero, sizeof(zero)) |
	    set(so, SCTP_PEER_ADDR_PARAMS, &path, sizeof(path)) |
	    set(so, SCTP_ASSOCINFO, &assoc, sizeof(assoc)) |
	    set(so, SCTP_INITMSG, &init, sizeof(init)) |
	    set(so, SCTP_EVENT, &event, sizeof(event));
}

static bool
connect_both_ways(struct sctp *s)
{
	struct sockaddr_conn at;

	memset(&at, 0, sizeof(at));
#if defined(__APPLE__) || defined(__DragonFly__) || defined(__FreeBSD__) || \
    defined(__OpenBSD__) || defined(__NetBSD__)
	at.sconn_len = sizeof(at);
#endif
	at.sconn_family = AF_CONN;
	at.sconn_port = htons(PORT);
	at.sconn_addr = (void *)(uintptr_t)s->id;
	return usrsctp_bind(s->so, (struct sockaddr *)&at,
	    sizeof(at)) == 0 &&
	    (usrsctp_connect(s->so, (struct sockaddr *)&at,
	    sizeof(at)) == 0 || errno == EINPROGRESS);
}

struct sctp *
sctp_open(struct loop *l, const struct sctp_events *events, void *owner)
{
	struct sctp *s = mem_new(sizeof(*s));

	join_library(l);
	do {
		s->id = ++lib.last_id;
	} while (s->id == 0 || map_get(lib.by_id, &s->id));
	s->loop = l;
	s->events = events;
	s->owner = owner;
	buf_init(&s->part);
	list_init(&s->in_busy);
	/* Nothing yet. */
	s->last_in_ms = s->last_out_ms = loop_now_ms(l) - SCTP_SLOW_MS;
	map_put(lib.by_id, &s->id, s);
	usrsctp_register_address((void *)(uintptr_t)s->id);
	s->so = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL,
	    0, NULL);
	be_on_time();
	if (s->so && tune(s->so) == 0 && connect_both_ways(s)) {
		be_busy(s);
		return s;
	}
	log_debug("sctp: no association: %s", strerror(errno));
	sctp_free(s);
	return NULL;
}

static void
release(void *arg)
{
	struct sctp *s = arg;

	buf_clear(&s->part);
	free(s);
}

void
sctp_free(struct sctp *s)
{
	struct loop *l;

	if (!s || s->dead)
		return;
	l = s->loop;
	s->dead = true;
	list_remove(&s->in_busy);
	if (s->so)
		usrsctp_close(s->so);
	usrsctp_deregister_address((void *)(uintptr_t)s->id);
	map_remove(lib.by_id, &s->id);
	if (map_count(lib.by_id) == 0)
		timer_stop(&lib.tick);
	/* It may be asked for from inside record or lost. */
	loop_defer(l, release, s);
}
