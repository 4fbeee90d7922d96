#include "dgram-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>

#include <cmocka.h>

#include "rand.h"

int64_t wall_jump;

/*
 * usrsctp asks the system how long ago a packet was sent, and does not send
 * it again before its time; on a virtual loop no real time passes.  Symbols
 * of the program come before those of libc.
 */
#ifdef __linux__
static const struct loop *clock_of;

int
gettimeofday(struct timeval *restrict tv, void *restrict tz)
{
	int64_t ms = clock_of ? loop_now_ms(clock_of) : 0;

	(void)tz;
	tv->tv_sec = (time_t)(1000000 + wall_jump + ms / 1000);
	tv->tv_usec = ms % 1000 * 1000;
	return 0;
}

static void
set_clock(const struct loop *l)
{
	clock_of = l;
}
#else
static void
set_clock(const struct loop *l)
{
	(void)l;
}
#endif

/* ---- the wire ---------------------------------------------------------- */

struct packet {
	struct test *test;
	struct timer timer;
	struct seen seen;
};

static struct udp *
socket_of(struct person *p)
{
	return (struct udp *)(void *)p;
}

void
deliver(struct test *t, const struct addr *from, const struct addr *to,
    const void *p, size_t len)
{
	struct person *who = addr_equal(to, &t->alice.at) ? &t->alice :
	    addr_equal(to, &t->bob.at) ? &t->bob : NULL;
	uint8_t *exact;

	if (!who || !who->dgrams)
		return;
	/* Of just that size, so that a sanitizer sees a byte too many. */
	exact = mem_copy(p, len);
	dgrams_heard(who->dgrams, socket_of(who), from, exact, len);
	free(exact);
}

static void
on_arrival(void *arg)
{
	struct packet *p = arg;

	p->test->n_flying--;
	deliver(p->test, &p->seen.from, &p->seen.to, p->seen.p, p->seen.len);
	free(p);
}

static void
fly(struct test *t, const struct seen *s)
{
	struct packet *p = mem_new(sizeof(*p));
	int64_t delay = t->delay_ms;

	if (t->jitter_ms > 0)
		delay += rand_below((uint32_t)t->jitter_ms);
	p->test = t;
	p->seen = *s;
	t->n_flying++;
	timer_init(&p->timer, t->loop, on_arrival, p);
	timer_set(&p->timer, delay);
}

static bool
happens(int percent)
{
	return percent > 0 && rand_below(100) < (uint32_t)percent;
}

static bool
on_send(void *ctx, struct udp *via, const struct addr *to, const void *p,
    size_t len)
{
	struct person *who = ctx;
	struct test *t = who->test;
	struct seen s = { .from = who->at, .to = *to, .len = len };

	assert_ptr_equal(via, socket_of(who));
	assert_in_range(len, 1, UDP_PAYLOAD);
	memcpy(s.p, p, len);
	who->n_sent++;
	who->sent_bytes += len;
	who->last_sent_len = len;
	if (t->logging) {
		if (t->n_log == t->log_room) {
			t->log_room = t->log_room ? 2 * t->log_room : 64;
			t->log = mem_resize(t->log, t->log_room,
			    sizeof(*t->log));
		}
		t->log[t->n_log++] = s;
	}
	if (t->cut || (t->tap && !t->tap(t, &s)) || happens(t->loss))
		return true;
	fly(t, &s);
	if (happens(t->twice))
		fly(t, &s);
	return true;
}

/* ---- what links tell --------------------------------------------------- */

static void
on_proven(void *owner, struct link *l)
{
	struct person *p = owner;

	assert_non_null(l);
	p->n_proven++;
}

static void
on_record(void *owner, struct link *l, enum record kind, const uint8_t *body,
    size_t len)
{
	struct person *p = owner;

	p->n_records++;
	if (p->got.len < 100000) {
		buf_u8(&p->got, (uint8_t)kind);
		buf_lp(&p->got, body, len);
	}
	/* Frames may come several in a record. */
	while (p->counts_in && len >= 8) {
		size_t n = get_u32(body + 4);

		assert_in_range(n, 8, len);
		assert_int_equal(get_u32(body), p->next_in);
		p->next_in++;
		body += n;
		len -= n;
	}
	if (kind == RECORD_PING)
		link_send(l, RECORD_PONG, body, len);
	if (p->free_on_record) {
		for (size_t i = 0; i < OWNED_MAX; i++) {
			if (p->links[i] == l)
				p->links[i] = NULL;
		}
		link_free(l);
	}
}

static void
on_room(void *owner, struct link *l)
{
	struct person *p = owner;

	assert_true(link_room(l) > 0);
	p->n_room++;
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	struct person *p = owner;

	p->n_closed++;
	p->clean = clean;
	snprintf(p->why, sizeof(p->why), "%s", why);
	for (size_t i = 0; i < OWNED_MAX; i++) {
		if (p->links[i] == l)
			p->links[i] = NULL;
	}
	link_free(l);
}

static const struct link_events events = {
	.on_proven = on_proven, .on_record = on_record, .on_room = on_room,
	.on_closed = on_closed
};

static void
own(struct person *p, struct link *l)
{
	for (size_t i = 0; i < OWNED_MAX; i++) {
		if (p->links[i])
			continue;
		p->links[i] = l;
		l->events = &events;
		l->owner = p;
		return;
	}
	fail_msg("too many links");
}

static bool
welcome(void *ctx, const uint8_t x[KEY_LEN])
{
	struct person *p = ctx;

	(void)x;
	return !p->refuse;
}

static void
on_link(void *ctx, struct link *l)
{
	struct person *p = ctx;

	p->n_answered++;
	assert_false(l->initiator);
	own(p, l);
}

/* ---- people ------------------------------------------------------------ */

static void
open_rooms(struct test *t, struct person *p)
{
	p->dgrams = dgrams_new(&(struct dgrams_setup){
		.loop = t->loop, .id = p->id, .ctx = p, .welcome = welcome,
		.on_link = on_link, .send = on_send,
		.rekey_packets = t->rekey_packets
	});
}

static void
close_rooms(struct person *p)
{
	for (size_t i = 0; i < OWNED_MAX; i++) {
		link_free(p->links[i]);
		p->links[i] = NULL;
	}
	dgrams_free(p->dgrams);
	p->dgrams = NULL;
}

void
restart(struct test *t, struct person *p)
{
	close_rooms(p);
	loop_virtual_run(t->loop, 0);
	open_rooms(t, p);
}

static void
be_born(struct test *t, struct person *p, uint8_t seed)
{
	uint8_t bytes[32] = { seed };

	p->test = t;
	p->id = identity_from_seed(bytes);
	p->at = (struct addr){
		.family = ADDR_V4, .ip = { 192, 0, 2, seed }, .port = 1000
	};
	buf_init(&p->got);
	open_rooms(t, p);
}

int
setup(void **state)
{
	struct test *t = mem_new(sizeof(*t));

	t->loop = loop_new_virtual(0);
	wall_jump = 0;
	set_clock(t->loop);
	t->delay_ms = 20;
	be_born(t, &t->alice, 1);
	be_born(t, &t->bob, 2);
	*state = t;
	return 0;
}

int
teardown(void **state)
{
	struct test *t = *state;

	t->cut = true;
	t->tap = NULL;
	close_rooms(&t->alice);
	close_rooms(&t->bob);
	loop_virtual_run(t->loop, 10000);
	assert_int_equal(t->n_flying, 0);
	buf_clear(&t->alice.got);
	buf_clear(&t->bob.got);
	identity_free(t->alice.id);
	identity_free(t->bob.id);
	set_clock(NULL);
	loop_free(t->loop);
	free(t->log);
	free(t);
	return 0;
}

void
run_ms(struct test *t, int64_t ms)
{
	loop_virtual_run(t->loop, ms);
}

const uint8_t *
x_of(const struct identity *id)
{
	return identity_keys(id)->x;
}

struct link *
dial(struct person *who, const struct person *whom)
{
	struct link *l = dgram_dial(who->dgrams, socket_of(who), &whom->at,
	    x_of(whom->id));

	assert_non_null(l);
	assert_true(l->initiator);
	own(who, l);
	return l;
}

struct link *
link_of(struct person *p)
{
	for (size_t i = 0; i < OWNED_MAX; i++) {
		if (p->links[i])
			return p->links[i];
	}
	fail_msg("no link stands");
	return NULL;
}

int
n_links(const struct person *p)
{
	int n = 0;

	for (size_t i = 0; i < OWNED_MAX; i++)
		n += p->links[i] != NULL;
	return n;
}

struct link *
join(struct test *t)
{
	struct link *l = dial(&t->alice, &t->bob);

	for (int i = 0; i < 100 && t->bob.n_answered == 0; i++) {
		/* With much loss a dial may be in vain. */
		if (n_links(&t->alice) == 0 && t->loss > 0)
			l = dial(&t->alice, &t->bob);
		run_ms(t, 1000);
	}
	assert_int_equal(t->alice.n_proven, 1);
	assert_int_equal(t->bob.n_answered, 1);
	t->alice.n_closed = 0;
	assert_memory_equal(link_remote(l), x_of(t->bob.id), KEY_LEN);
	assert_memory_equal(link_remote(link_of(&t->bob)), x_of(t->alice.id),
	    KEY_LEN);
	return l;
}

int
say(struct person *p, enum record kind, size_t len, int n)
{
	uint8_t *body = mem_new(len);
	int said = 0;

	while (said < n) {
		put_u32(body, p->next_out);
		put_u32(body + 4, (uint32_t)len);
		if (link_send(link_of(p), kind, body, len) != 0)
			break;
		p->next_out++;
		said++;
	}
	free(body);
	return said;
}
