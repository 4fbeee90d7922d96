#include "switch-kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rand.h"

static const struct opt options[] = {
	{ .name = "history", .type = OPT_BOOL, .def = "off" },
	{ .name = "name", .type = OPT_TEXT, .max = 64 },
	{ .name = "receipts", .type = OPT_BOOL, .def = "on" },
	{ .name = "requests", .type = OPT_BOOL, .def = "on" },
	{ .name = "typing", .type = OPT_BOOL, .def = "on" },
};

unsigned
any(struct test *t, unsigned below)
{
	/* xorshift64*: Vigna 2014 */
	t->random ^= t->random >> 12;
	t->random ^= t->random << 25;
	t->random ^= t->random >> 27;
	return (unsigned)((t->random * UINT64_C(2685821657736338717)) >> 33) %
	    below;
}

/* ---- wires ------------------------------------------------------------- */

static void
drop_parcels(struct end *e)
{
	while (e->first) {
		struct parcel *p = e->first;

		e->first = p->next;
		free(p);
	}
}

static void
plan(struct end *e)
{
	int64_t left;

	if (e->is_cut || !e->first || e->wire->is_silent)
		return;
	left = e->first->due_ms - loop_now_ms(e->wire->loop);
	timer_set(&e->timer, left > 0 ? left : 0);
}

static void
hand_over(struct end *e)
{
	struct parcel *p = e->first;
	struct link *l = &e->link;

	e->first = p->next;
	if (p->kind == RECORD_CLOSE) {
		e->is_open = false;
		l->events->on_closed(l->owner, l, true, "closed");
	} else {
		l->events->on_record(l->owner, l, p->kind, p->bytes, p->len);
	}
	free(p);
}

static void
on_due(void *arg)
{
	struct end *e = arg;

	if (!e->is_open || e->wire->is_silent)
		return;
	if (e->is_cut) {
		e->is_open = false;
		e->link.events->on_closed(e->link.owner, &e->link, false,
		    "cut");
		return;
	}
	while (e->is_open && e->first && e->link.events &&
	    e->first->due_ms <= loop_now_ms(e->wire->loop))
		hand_over(e);
	if (e->is_open)
		plan(e);
}

static int
send_record(void *impl, enum record kind, const void *body, size_t len)
{
	struct end *e = impl, *to = e->peer;
	struct parcel *p, **at = &to->first;

	if (!e->is_open)
		return -1;
	e->wire->n_sent++;
	e->wire->bytes += len + 19;
	if (!to->is_open || e->is_cut)
		return 0;
	p = mem_new(sizeof(*p) + len);
	p->due_ms = loop_now_ms(e->wire->loop) + DELAY_MS;
	p->kind = kind;
	p->len = len;
	memcpy(p->bytes, body, len);
	while (*at)
		at = &(*at)->next;
	*at = p;
	plan(to);
	return 0;
}

static size_t
room_left(void *impl)
{
	(void)impl;
	return 262144;
}

static void
close_end(void *impl, uint8_t reason)
{
	struct end *e = impl;

	send_record(impl, RECORD_CLOSE, &reason, 1);
	e->is_open = false;
}

static void
free_end(void *impl)
{
	struct end *e = impl;

	e->is_open = false;
	timer_stop(&e->timer);
	drop_parcels(e);
}

static const uint8_t *
remote(void *impl)
{
	(void)impl;
	return NULL;
}

static const struct link_ops wire_ops = {
	.send = send_record, .room = room_left, .close = close_end,
	.free = free_end, .remote = remote
};

static void
adopt(struct side *s, struct link *l)
{
	struct buf bytes;
	struct card card;

	buf_init(&bytes);
	s->other->events->card(s->other->events->chat, &bytes);
	assert_int_equal(card_read(&card, bytes.at, bytes.len), 0);
	session_adopt(s->session, l, &card, "", false);
	buf_clear(&bytes);
}

struct wire *
join(struct test *t, enum path path)
{
	struct wire *w = mem_new(sizeof(*w));
	bool a_began = any(t, 2);

	assert_true(t->n < WIRES_MAX);
	t->wires[t->n++] = w;
	w->loop = t->loop;
	for (int i = 0; i < 2; i++) {
		struct end *e = &w->ends[i];

		e->wire = w;
		e->peer = &w->ends[1 - i];
		e->is_open = true;
		e->link.ops = &wire_ops;
		e->link.impl = e;
		e->link.path = path;
		e->link.is_datagram = path == PATH_PUNCHED;
		e->link.initiator = a_began == (i == 0);
		snprintf(e->link.where, sizeof(e->link.where), "wire %zu",
		    t->n);
		timer_init(&e->timer, t->loop, on_due, e);
	}
	adopt(&t->a, &w->ends[0].link);
	adopt(&t->b, &w->ends[1].link);
	return w;
}

void
silence(struct wire *w, bool on)
{
	w->is_silent = on;
	for (int i = 0; i < 2; i++) {
		if (on)
			timer_stop(&w->ends[i].timer);
		else if (w->ends[i].is_open)
			timer_set(&w->ends[i].timer, 0);
	}
}

void
cut(struct test *t, struct wire *w)
{
	for (int i = 0; i < 2; i++) {
		struct end *e = &w->ends[i];

		if (!e->is_open)
			continue;
		w->is_silent = false;
		e->is_cut = true;
		drop_parcels(e);
		timer_set(&e->timer, any(t, 3000));
	}
}

bool
is_standing(const struct wire *w)
{
	return w->ends[0].is_open && w->ends[1].is_open &&
	    !w->ends[0].is_cut;
}

/* ---- two people -------------------------------------------------------- */

static int
carry_send(void *net, const struct user_id *to, const void *frame, size_t len)
{
	struct side *s = net;

	(void)to;
	return session_send(s->session, RECORD_FRAME, frame, len);
}

static size_t
carry_room(void *net, const struct user_id *to)
{
	struct side *s = net;

	(void)to;
	return session_room(s->session);
}

static void
carry_want(void *net, const struct pubkeys *to, const char *where, bool want,
    bool urgent)
{
	(void)net;
	(void)to;
	(void)where;
	(void)want;
	(void)urgent;
}

static void
carry_drop(void *net, const struct user_id *who)
{
	(void)who;
	session_drop(((struct side *)net)->session, CLOSE_UNWANTED);
}

static void
carry_announce(void *net)
{
	(void)net;
}

static void
carry_my_routes(void *net, const struct user_id *who, struct routes *out)
{
	(void)net;
	(void)who;
	memset(out, 0, sizeof(*out));
}

static void
carry_their_routes(void *net, const struct pubkeys *who,
    const struct routes *routes)
{
	(void)net;
	(void)who;
	(void)routes;
}

static int
carry_leave(void *net, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], const void *letter, size_t len)
{
	(void)net;
	(void)to;
	(void)upload;
	(void)letter;
	(void)len;
	return -1;
}

static void
on_wake(void *owner, int64_t ms)
{
	struct side *s = owner;

	if (timer_is_set(&s->timer) &&
	    s->timer.due_ms <= loop_now_ms(s->test->loop) + ms)
		return;
	timer_set(&s->timer, ms);
}

static void
on_timer(void *arg)
{
	struct side *s = arg;
	int64_t next = session_sweep(s->session);

	if (next >= 0)
		on_wake(s, next);
}

static void
on_down(void *owner, bool clean)
{
	(void)clean;
	((struct side *)owner)->n_downs++;
}

static void
on_doubt(void *owner)
{
	((struct side *)owner)->n_doubts++;
}

static void
on_paths(void *owner, const uint8_t *body, size_t len)
{
	(void)body;
	((struct side *)owner)->n_paths += len;
}

static void
on_moved(void *owner)
{
	struct side *s = owner;

	if (strcmp(session_where(s->session), s->where) == 0)
		return;
	s->n_moves++;
	snprintf(s->where, sizeof(s->where), "%s", session_where(s->session));
}

/* What a viewer is told: line after line, none missing, none twice. */
static void
on_show(void *arg)
{
	struct side *s = arg;
	const struct news_list *list = chat_news(s->chat);

	for (size_t i = 0; i < news_count(list); i++) {
		const struct news *n = news_at(list, i);

		if (n->kind != NEWS_MESSAGE)
			continue;
		if ((unsigned)atoi(n->line->text) != s->shown ||
		    n->line->gap != 0)
			s->is_wrong = true;
		s->shown++;
	}
}

static void
start(struct test *t, struct side *s, const char *name)
{
	struct carrier carrier = {
		.net = s, .send = carry_send, .room = carry_room,
		.want = carry_want, .drop = carry_drop,
		.announce = carry_announce, .my_routes = carry_my_routes,
		.their_routes = carry_their_routes, .leave = carry_leave
	};
	struct chat_setup setup = { .loop = t->loop };
	struct err e = { 0 };

	s->test = t;
	s->name = name;
	s->id = identity_new();
	s->vault = vault_new(s->id);
	s->opts = opts_new(options, sizeof(options) / sizeof(*options));
	s->store = store_open(NULL, s->vault, &e);
	assert_non_null(s->store);
	setup.store = s->store;
	setup.id = s->id;
	setup.opts = s->opts;
	s->chat = chat_new(&setup, &e);
	assert_non_null(s->chat);
	assert_int_equal(chat_rename(s->chat, name, &e), 0);
	s->events = chat_events(s->chat);
	timer_init(&s->timer, t->loop, on_timer, s);
	loop_hook(t->loop, LOOP_SHOW, on_show, s);
	chat_carry(s->chat, &carrier);
}

static void
know(struct side *s, struct side *other)
{
	const struct session_setup setup = {
		.loop = s->test->loop, .chat = s->events,
		.id = *identity_id(other->id),
		.i_am_smaller = user_id_cmp(identity_id(s->id),
		    identity_id(other->id)) < 0,
		.owner = s, .on_down = on_down, .on_doubt = on_doubt,
		.on_paths = on_paths, .on_moved = on_moved, .wake = on_wake
	};
	struct sighting seen = { .keys = *identity_keys(other->id),
		.where = "10.0.0.1:54545" };
	struct err e = { 0 };

	s->other = other;
	s->session = session_new(&setup);
	s->events->on_seen(s->events->chat, &seen);
	loop_virtual_run(s->test->loop, 1);
	assert_int_equal(chat_accept(s->chat, roster_find(
	    chat_roster(s->chat), identity_id(other->id)), &e), 0);
}

int
setup_test(void **state)
{
	struct test *t = mem_new(sizeof(*t));
	struct err e = { 0 };

	assert_int_equal(crypto_start(&e), 0);
	t->random = UINT64_C(0x9e3779b97f4a7c15);
	t->loop = loop_new_virtual(1700000000000);
	start(t, &t->a, "alice");
	start(t, &t->b, "bob");
	know(&t->a, &t->b);
	know(&t->b, &t->a);
	*state = t;
	return 0;
}

static void
stop(struct side *s)
{
	timer_stop(&s->timer);
	session_free(s->session);
	chat_free(s->chat);
	loop_unhook(s->test->loop, LOOP_SHOW, on_show, s);
	store_close(s->store);
	vault_free(s->vault);
	identity_free(s->id);
	opts_free(s->opts);
}

int
teardown_test(void **state)
{
	struct test *t = *state;

	stop(&t->a);
	stop(&t->b);
	for (size_t i = 0; i < t->n; i++) {
		free_end(&t->wires[i]->ends[0]);
		free_end(&t->wires[i]->ends[1]);
		free(t->wires[i]);
	}
	loop_free(t->loop);
	free(t);
	return 0;
}

void
run(struct test *t, int64_t ms)
{
	loop_virtual_run(t->loop, ms);
}

void
say(struct side *s)
{
	struct person *p = roster_find(chat_roster(s->chat),
	    identity_id(s->other->id));
	struct err e = { 0 };
	char text[16];

	snprintf(text, sizeof(text), "%u", s->said);
	assert_int_equal(chat_say(s->chat, p, MSG_TEXT, text, strlen(text),
	    &e), 0);
	s->said++;
	/* The commit comes at the end of a turn. */
	loop_again(s->test->loop);
}

int64_t
heard_after(struct side *s, int64_t limit_ms)
{
	int64_t ms = 0;

	while (s->other->shown < s->said && ms < limit_ms) {
		run(s->test, 10);
		ms += 10;
	}
	return ms;
}

enum path
path_of(const struct side *s)
{
	return session_path(s->session);
}
