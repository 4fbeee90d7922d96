#include "conn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "box.h"
#include "crowd.h"
#include "directory.h"
#include "engine.h"
#include "log.h"
#include "meet.h"
#include "ops.h"
#include "pipe.h"
#include "reach.h"
#include "shake.h"
#include "sock.h"

#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0			/* sock sets SO_NOSIGPIPE there */
#endif

enum {
	LEN = 2,			/* of a record or handshake message */
	CLOSING_S = 5,			/* for the last bytes to leave */
	RECORD_MAX = NOISE_MAX - NOISE_TAG
};

/* There are ten thousand, nearly all idle. */
_Static_assert(sizeof(struct conn) <= 264, "a connection has grown");

struct conn_more *
conn_more(struct conn *c)
{
	if (!c->more)
		c->more = mem_new(sizeof(*c->more));
	return c->more;
}

static bool
has_part(const struct conn *c)
{
	return c->more && c->more->in.room > 0;
}

static void
forget_part(struct conn *c)
{
	struct conn_more *m = c->more;

	if (!m)
		return;
	buf_clear(&m->in);
	/* Calls go on being counted from where they were. */
	if (m->meets || m->pipes || m->next_ring != 0)
		return;
	free(m);
	c->more = NULL;
}

/* ---- the queue out ------------------------------------------------------- */

struct conn_out *
conn_out(struct conn *c)
{
	struct relay *r = c->relay;

	if (c->out)
		return c->out;
	if (r->n_spare_outs > 0)
		c->out = r->spare_outs[--r->n_spare_outs];
	else
		c->out = mem_new(sizeof(*c->out));
	return c->out;
}

static void
release_out(struct conn *c)
{
	struct conn_out *out = c->out;
	struct relay *r = c->relay;

	if (!out)
		return;
	c->out = NULL;
	r->blocked_bytes -= out->counted;
	if (r->n_spare_outs == SPARE_OUTS || out->buf.room > SPARE_ROOM) {
		buf_clear(&out->buf);
		free(out);
		return;
	}
	buf_empty(&out->buf);
	out->open = out->counted = 0;
	out->stalled_s = 0;
	r->spare_outs[r->n_spare_outs++] = out;
}

/* Before each record: its number is the nonce it will have. */
static void
rekey_if_due(struct cipher *k)
{
	if (k->n > 0 && k->n % RELAY_REKEY == 0)
		cipher_rekey(k);
}

/* What was collected becomes a record, where it stands. */
static void
seal_open(struct conn *c)
{
	struct conn_out *out = c->out;
	const size_t len = out->open;
	uint8_t *p;

	if (len == 0)
		return;
	out->open = 0;
	buf_space(&out->buf, NOISE_TAG);
	buf_added(&out->buf, NOISE_TAG);
	p = out->buf.at + out->buf.len - NOISE_TAG - len;
	put_u16(p, (uint16_t)(len - LEN + NOISE_TAG));
	rekey_if_due(&c->tx);
	if (cipher_seal(&c->tx, NULL, 0, p + LEN, len - LEN, p + LEN) != 0)
		c->is_doomed = true;	/* has said all it may: 2^64 - 1 */
	c->relay->stats.records_out++;
}

void
conn_say(struct conn *c, const struct relay_msg *m)
{
	const size_t len = relay_msg_len(m);
	struct conn_out *out;

	if ((c->state != CONN_UP && c->state != CONN_CLOSING) ||
	    c->is_finished || c->is_doomed)
		return;
	out = conn_out(c);
	engine_dirty(c->relay, c);
	/* What others do to somebody who does not read has a bound, too.
	 * Not now: whoever says this may be walking through its things. */
	if (out->buf.len > 2 * (size_t)c->relay->limits.out_bytes +
	    READ_MAX) {
		c->is_doomed = true;
		return;
	}
	if (out->open > 0 && out->open - LEN + len > RECORD_MAX)
		seal_open(c);
	if (out->open == 0) {
		buf_u16(&out->buf, 0);
		out->open = LEN;
	}
	relay_msg_write(&out->buf, m);
	out->open += len;
}

void
conn_done(struct conn *c, uint32_t tag, enum relay_status status)
{
	conn_say(c, &(struct relay_msg){ .op = OP_DONE, .tag = tag,
	    .value = status });
}

bool
conn_is_up(const struct conn *c)
{
	return c->state == CONN_UP;
}

bool
conn_is_full(const struct conn *c)
{
	return c->out && c->out->buf.len >= c->relay->limits.out_bytes;
}

uint32_t
conn_silence_s(const struct conn *c)
{
	return (engine_s(c->relay) - c->heard_s) & UINT16_MAX;
}

static void
note_heard(struct conn *c)
{
	c->heard_s = engine_s(c->relay) & UINT16_MAX;
}

/* ---- the end ------------------------------------------------------------- */

void
conn_cut(struct conn *c)
{
	struct relay *r = c->relay;

	if (c->state == CONN_DEAD)
		return;
	if (c->state == CONN_FRESH) {
		r->stats.failed++;
		r->stats.pending--;
		c->source->n_pending--;
	} else {
		r->stats.clients--;
	}
	c->state = CONN_DEAD;
	watched_stop(&c->watched, r->loop);
	close(c->watched.fd);
	release_out(c);
	meet_leave_all(c);
	box_close_all(c);
	pipe_gone(c);
	if (c->more)
		buf_clear(&c->more->in);
	free(c->more);
	c->more = NULL;
	if (c->has_card)
		directory_gone(r->directory, c);
	if (c->has_reach)
		reach_gone(r->reacher, c);
	cipher_wipe(&c->rx);
	cipher_wipe(&c->tx);
	c->source->n_conns--;
	c->source->area->n_conns--;
	r->n_conns--;
	list_remove(&c->link);
	list_append(&r->dead, &c->link);
}

static void
violate(struct conn *c, const char *what)
{
	log_debug("a client is cut: %s", what);
	c->relay->stats.violations++;
	conn_cut(c);
}

/* It takes too little of what others send it. */
static void
cut_stalled(struct conn *c, const char *what)
{
	log_debug("a client is cut: %s", what);
	c->relay->stats.stalled++;
	conn_cut(c);
}

void
conn_close(struct conn *c)
{
	if (c->state == CONN_FRESH) {
		conn_cut(c);
		return;
	}
	if (c->state != CONN_UP)
		return;
	c->state = CONN_CLOSING;
	note_heard(c);
	meet_leave_all(c);
	box_close_all(c);
	pipe_gone(c);
	engine_look(c->relay, c, CLOSING_S);
	engine_dirty(c->relay, c);
}

static uint32_t
left_of(uint32_t limit_s, uint32_t since_s)
{
	return limit_s > since_s ? limit_s - since_s : 0;
}

/* Until it is to be cut if nothing happens. */
static uint32_t
left_s(const struct conn *c)
{
	const struct relay_limits *l = &c->relay->limits;
	const uint32_t now = engine_s(c->relay);
	uint32_t left = left_of(c->state == CONN_CLOSING ? CLOSING_S :
	    l->silent_s, conn_silence_s(c)), stalled;

	if (!c->out || c->out->stalled_s == 0)
		return left;
	stalled = left_of(l->stalled_s, now - c->out->stalled_s);
	return stalled < left ? stalled : left;
}

void
conn_look(struct conn *c)
{
	const uint32_t left = left_s(c);

	if (left > 0) {
		engine_look(c->relay, c, left);
		return;
	}
	if (c->state == CONN_UP && c->out && c->out->stalled_s != 0) {
		cut_stalled(c, "it does not read");
		return;
	}
	if (c->state == CONN_UP) {
		log_debug("a client is cut: it says nothing any more");
		c->relay->stats.silent++;
	}
	conn_cut(c);
}

/* ---- bytes out ----------------------------------------------------------- */

static void
set_watch(struct conn *c)
{
	watched_want(&c->watched, c->relay->loop,
	    (c->is_paused ? 0u : LOOP_READ) |
	    (c->is_blocked ? LOOP_WRITE : 0u));
}

static size_t eat(struct conn *c, uint8_t *p, size_t len);

/* Whatever of its bytes is still here. */
static void
eat_rest(struct conn *c)
{
	size_t used;

	if (!has_part(c))
		return;
	used = eat(c, c->more->in.at, c->more->in.len);
	if (c->state == CONN_DEAD)
		return;
	buf_drop(&c->more->in, used);
	if (c->more->in.len == 0 || c->state != CONN_UP)
		forget_part(c);
}

static void
on_resume(void *arg)
{
	struct conn *c = arg;

	c->n_held--;
	if (c->state != CONN_UP || !c->is_paused)
		return;
	c->is_paused = false;
	eat_rest(c);
	if (c->state != CONN_DEAD)
		set_watch(c);
}

static void
note_blocked(struct conn *c)
{
	struct relay *r = c->relay;
	struct conn_out *out = c->out;

	c->is_blocked = true;
	r->blocked_bytes += out->buf.len;
	r->blocked_bytes -= out->counted;
	out->counted = out->buf.len;
	if (r->blocked_bytes > r->limits.out_total) {
		cut_stalled(c, "too much waits for all that do not read");
		return;
	}
	if (out->stalled_s == 0) {
		out->stalled_s = engine_s(r);
		engine_look(r, c, r->limits.stalled_s);
	}
}

/* False: cut. */
static bool
write_out(struct conn *c)
{
	struct conn_out *out = c->out;
	ssize_t n = send(c->watched.fd, out->buf.at, out->buf.len,
	    MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK &&
	    errno != EINTR && errno != ENOBUFS) {
		conn_cut(c);
		return false;
	}
	if (n > 0) {
		c->relay->stats.bytes_out += (uint64_t)n;
		buf_drop(&out->buf, (size_t)n);
		out->stalled_s = 0;
	}
	if (out->buf.len == 0)
		release_out(c);
	else
		note_blocked(c);
	return c->state != CONN_DEAD;
}

void
conn_flush(struct conn *c)
{
	c->is_dirty = false;
	if (c->state == CONN_DEAD)
		return;
	if (c->is_doomed) {
		cut_stalled(c, "too much waits for it");
		return;
	}
	if (c->out) {
		seal_open(c);
		if (!c->is_blocked && !write_out(c))
			return;
	}
	if (!c->out && c->state == CONN_CLOSING && !c->is_finished) {
		c->is_finished = true;
		shutdown(c->watched.fd, SHUT_WR);
	}
	/* Its own requests go on when half of what they filled is gone. */
	if (c->is_paused && c->n_held < UINT16_MAX && (!c->out ||
	    c->out->buf.len < c->relay->limits.out_bytes / 2)) {
		c->n_held++;
		loop_defer(c->relay->loop, on_resume, c);
	}
	if (c->wants_letters && !c->is_blocked) {
		c->wants_letters = false;
		box_resume(c);
	}
	set_watch(c);
}

static void
on_writable(struct conn *c)
{
	/* The write itself waits for the turn's end and takes with it what
	 * this turn has to say. */
	c->is_blocked = false;
	engine_dirty(c->relay, c);
}

/* ---- records in ---------------------------------------------------------- */

void
conn_obey(struct conn *c, const uint8_t *p, size_t len)
{
	while (len > 0 && c->state == CONN_UP) {
		struct relay_msg m;
		size_t n = relay_msg_read(&m, p, len);

		if (n == 0 || !ops_run(c, &m)) {
			violate(c, "it does not keep to the protocol");
			return;
		}
		p += n;
		len -= n;
	}
}

static void
take_record(struct conn *c, uint8_t *p, size_t len)
{
	struct relay *r = c->relay;

	rekey_if_due(&c->rx);
	if (cipher_open(&c->rx, NULL, 0, p, len, p) != 0) {
		violate(c, "a record was forged");
		return;
	}
	note_heard(c);
	r->stats.records_in++;
	conn_obey(c, p, len - NOISE_TAG);
}

/* How many of the bytes are dealt with.  They may be gone when c is. */
static size_t
eat(struct conn *c, uint8_t *p, size_t len)
{
	size_t used = 0;

	while (c->state == CONN_UP && !c->is_paused && len - used >= LEN) {
		size_t n = get_u16(p + used);

		if (n <= NOISE_TAG) {
			violate(c, "a record of nothing");
			break;
		}
		if (len - used - LEN < n)
			break;
		take_record(c, p + used + LEN, n);
		used += LEN + n;
		/* Who reads nothing could ask for answers until memory
		 * ends. */
		if (conn_is_full(c)) {
			c->is_paused = true;
			engine_dirty(c->relay, c);
		}
	}
	return used;
}

static void
keep(struct conn *c, const uint8_t *p, size_t len)
{
	if (len > 0)
		buf_put(&conn_more(c)->in, p, len);
}

/* A long record that came in pieces leaves a large place behind. */
static void
shrink_in(struct conn *c)
{
	struct buf old;

	if (!has_part(c))
		return;
	old = c->more->in;
	if (old.room <= 4096 || old.room / 4 < old.len)
		return;
	c->more->in = (struct buf){ 0 };
	keep(c, old.at, old.len);
	buf_clear(&old);
}

static void
take_bytes(struct conn *c, uint8_t *p, size_t n)
{
	size_t used;

	if (has_part(c)) {
		keep(c, p, n);
		eat_rest(c);
	} else {
		used = eat(c, p, n);
		if (c->state == CONN_UP)
			keep(c, p + used, n - used);
	}
	if (c->state == CONN_UP)
		shrink_in(c);
}

/* ---- the socket ---------------------------------------------------------- */

void
conn_up(struct conn *c)
{
	struct relay *r = c->relay;

	c->state = CONN_UP;
	note_heard(c);
	c->source->n_pending--;
	r->stats.pending--;
	r->stats.clients++;
	engine_look(r, c, r->limits.silent_s);
}

/* Bytes that came; 0: none, and it may have been cut. */
static size_t
receive(struct conn *c, uint8_t *to, size_t room)
{
	ssize_t n = recv(c->watched.fd, to, room, 0);

	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == EINTR))
		return 0;
	if (n <= 0) {
		conn_cut(c);
		return 0;
	}
	c->relay->stats.bytes_in += (uint64_t)n;
	return (size_t)n;
}

static void
read_fresh(struct conn *c)
{
	uint8_t bytes[RELAY_UNAUTH_MAX];
	size_t have = has_part(c) ? c->more->in.len : 0;
	size_t n;

	/* The others first; what it sent stays in the socket. */
	if (c->relay->handshakes_left == 0)
		return;
	if (have > 0)
		memcpy(bytes, c->more->in.at, have);
	n = receive(c, bytes + have, sizeof(bytes) - have);
	if (n == 0)
		return;
	shake_take(c, bytes, have + n);
	if (c->state == CONN_FRESH)
		keep(c, bytes + have, n);
	else if (c->state != CONN_DEAD)
		forget_part(c);
}

static void
on_readable(struct conn *c)
{
	struct relay *r = c->relay;
	size_t n;

	if (c->state == CONN_FRESH) {
		read_fresh(c);
		return;
	}
	n = receive(c, r->scratch, READ_MAX);
	if (n == 0 || c->state != CONN_UP)
		return;
	take_bytes(c, r->scratch, n);
	if (c->state != CONN_DEAD)
		set_watch(c);
}

static void
on_ready(struct watched *w, unsigned events)
{
	struct conn *c = LIST_OF(w, struct conn, watched);

	if (events & LOOP_WRITE)
		on_writable(c);
	if ((events & LOOP_READ) && c->state != CONN_DEAD)
		on_readable(c);
}

void
conn_peer(const struct conn *c, struct addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	getpeername(c->watched.fd, (struct sockaddr *)&ss, &len);
	sock_addr_from(from, (const struct sockaddr *)&ss);
}

/* May it come in? */
static bool
is_welcome(struct relay *r, struct source *s)
{
	const struct relay_limits *l = &r->limits;

	if (!s || r->is_draining || s->n_conns >= l->clients_source ||
	    s->n_pending >= l->pending_source ||
	    !bucket_take(&s->handshakes, l->handshakes_s,
	    l->handshakes_s * QUOTA_BURST_S, engine_ms(r)))
		return false;
	return r->n_conns < l->clients || crowd_give_way(r, s);
}

void
conn_accept(struct relay *r, int fd, const struct addr *from)
{
	struct source *s = quota_source(&r->quota, from);
	struct conn *c;

	r->stats.accepted++;
	if (!is_welcome(r, s)) {
		r->stats.refused++;
		close(fd);
		return;
	}
	c = mem_new(sizeof(*c));
	if (watched_start(&c->watched, r->loop, fd, on_ready, NULL) != 0) {
		r->stats.refused++;
		close(fd);
		free(c);
		return;
	}
	/* The oldest gives way: it had its chance, and a crowd of the silent
	 * must not keep others out for ten seconds. */
	if (r->stats.pending >= r->limits.pending) {
		struct conn *oldest = LIST_FIRST(&r->fresh, struct conn,
		    link);

		r->stats.refused++;
		if (oldest)
			conn_cut(oldest);
	}
	c->relay = r;
	c->source = s;
	c->state = CONN_FRESH;
	note_heard(c);
	list_append(&r->fresh, &c->link);
	s->n_conns++;
	s->area->n_conns++;
	s->n_pending++;
	r->n_conns++;
	r->stats.pending++;
	/* It was ticking slowly; never later than it would anyway. */
	if (r->n_conns == 1 && r->tick.due_ms > loop_now_ms(r->loop) + 1000)
		timer_set(&r->tick, 1000);
}
