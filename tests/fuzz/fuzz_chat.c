/*
 * The heart with peers who say, in any order, whatever they like, by link and
 * by letter, while its owner clicks at random.
 *
 * Watched throughout: what is counted is there, nothing unbounded grows, and
 * whoever is not let in is sent nothing but a refusal.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chat.h"
#include "cur.h"
#include "own.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { PEERS = 3, STEPS = 400, UPLOADS = 16 };

static const struct opt table[] = {
	{ .name = "history", .type = OPT_BOOL, .def = "off", .help = "" },
	{ .name = "receipts", .type = OPT_BOOL, .def = "on", .help = "" },
	{ .name = "requests", .type = OPT_BOOL, .def = "on", .help = "" },
	{ .name = "typing", .type = OPT_BOOL, .def = "on", .help = "" },
};

struct world {
	struct loop *loop;
	struct store *store;
	struct opts *opts;
	struct chat *chat;
	const struct carrier_events *net;
	bool up[PEERS];
	size_t room;
	bool dropped;
	bool waits, goes;		/* at a plate, to one */
	uint32_t last_visit;
	/* My newest receive key, as said to each. */
	uint8_t key[PEERS][KEY_LEN];
	/* Letters of mine without an answer. */
	struct user_id to[UPLOADS];
	uint8_t upload[UPLOADS][UPLOAD_LEN];
	size_t n_uploads;
	uint64_t n_letters, n_took;
};

static struct identity *me, *peers[PEERS];

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static struct person *
person(const struct world *w, size_t i)
{
	return roster_find(chat_roster(w->chat), identity_id(peers[i]));
}

/* ---- its carrier -------------------------------------------------------- */

static int
take(void *net, const struct user_id *to, const void *bytes, size_t len)
{
	struct world *w = net;
	const struct person *p = roster_find(chat_roster(w->chat), to);
	struct frame f;

	check(p && p->linked && p->who.trust != TRUST_BLOCKED);
	check(frame_read(&f, bytes, len) == FRAME_GOOD);
	check(person_is_contact(p) || f.type == FRAME_DECLINE);
	check(person_is_contact(p) || f.ack_epoch == 0);
	for (size_t i = 0; i < PEERS; i++)
		if (f.rk_gen && user_id_equal(to, identity_id(peers[i])))
			memcpy(w->key[i], f.rk_pub, KEY_LEN);
	if (w->room < len)
		return -1;
	w->room -= len;
	return 0;
}

static size_t
room(void *net, const struct user_id *to)
{
	(void)to;
	return ((struct world *)net)->room;
}

static void
want(void *net, const struct pubkeys *to, const char *where, bool is_wanted,
    bool urgent)
{
	(void)net;
	(void)to;
	(void)where;
	(void)is_wanted;
	(void)urgent;
}

static void
drop(void *net, const struct user_id *who)
{
	(void)who;
	((struct world *)net)->dropped = true;
}

static void
announce(void *net)
{
	(void)net;
}

static int
wait_at(void *net, const char *plate, struct err *e)
{
	(void)e;
	check(!plate || strlen(plate) == CODE_PLATE);
	((struct world *)net)->waits = plate != NULL;
	return 0;
}

static int
visit(void *net, const char *plate, uint32_t code, const char *where,
    struct err *e)
{
	(void)code;
	(void)where;
	(void)e;
	((struct world *)net)->goes = plate != NULL;
	return 0;
}

static void
visit_failed(void *net, uint32_t id, uint32_t code)
{
	const struct world *w = net;

	check(id != 0 && id <= w->last_visit && code != 0);
}

static int
visit_send(void *net, uint32_t id, const void *msg, size_t len)
{
	const struct world *w = net;

	check(id != 0 && id <= w->last_visit && msg && len > 0);
	return 0;
}

static void
visit_close(void *net, uint32_t id)
{
	const struct world *w = net;

	check(id != 0 && id <= w->last_visit);
}

static void
my_routes(void *net, const struct user_id *who, struct routes *out)
{
	(void)net;
	out->n = 1;
	snprintf(out->at[0], ROUTE_TEXT, "%s", who ? "mine:1" : "all:1");
}

static void
their_routes(void *net, const struct pubkeys *who,
    const struct routes *routes)
{
	(void)net;
	(void)who;
	check(routes->n <= ROUTES_MAX);
}

static int
leave(void *net, const struct user_id *to, const uint8_t upload[UPLOAD_LEN],
    const void *letter, size_t len)
{
	struct world *w = net;
	const struct person *p = roster_find(chat_roster(w->chat), to);
	uint8_t id[ENVELOPE_ID];

	check(p && person_is_contact(p));
	check(envelope_look(letter, len, id) != ENVELOPE_NONE);
	if (w->n_uploads == UPLOADS)
		return -1;
	w->to[w->n_uploads] = *to;
	memcpy(w->upload[w->n_uploads++], upload, UPLOAD_LEN);
	return 0;
}

static void
took(void *net, uint64_t letter)
{
	struct world *w = net;

	check(letter > 0 && letter <= w->n_letters);
	w->n_took++;
}

/* ---- what they do ------------------------------------------------------- */

/* The corners of the numbers, and what lies between. */
static uint64_t
number(struct cur *c)
{
	static const uint64_t corners[] = { 0, 1, 2, 64, 65, 66, 4096, 4097,
		4098, SEQ_MAX - 1, SEQ_MAX, SEQ_MAX + 1, UINT64_MAX - 1,
		UINT64_MAX, UINT64_C(1) << 48, UINT64_C(1700000000000) };
	uint8_t b = cur_u8(c);

	return b < 64 ? b : b < 128 ? corners[b % 16] : corners[b % 16] +
	    cur_u8(c);
}

static void
say_card(struct card *card, size_t i)
{
	static const uint8_t secret[KEY_LEN] = { 5 };

	memset(card, 0, sizeof(*card));
	card->vmin = card->vmax = 1;
	memcpy(card->name, "peer", 5);
	card->keys = *identity_keys(peers[i]);
	x_public(card->spk, secret);
	card->spk_expiry = 1800000000;
	card->n_relays = 1;
	memcpy(card->relays[0], "card:1", 7);
}

/* The frame as one kind of letter or another, or what is no letter. */
static void
post(struct world *w, struct cur *c, size_t i, const struct buf *frame)
{
	const struct prekey *mine = prekeys_newest(&w->chat->prekeys);
	struct envelope_way way = { .from = peers[i], .key = w->key[i],
		.to = identity_id(me) };
	struct reseal r = { 0 };
	struct buf out, card;
	struct card said;
	uint8_t kind = cur_u8(c);

	buf_init(&out);
	buf_init(&card);
	switch (kind % 4) {
	case 0:
		envelope_letter(&out, &way, frame->at, frame->len);
		break;
	case 1:
		say_card(&said, i);
		card_write(&card, &said, peers[i]);
		way.key = mine->public;
		envelope_request(&out, &way, card.at, card.len, frame->at,
		    frame->len);
		break;
	case 2:
		r.gen = number(c);
		x_public(r.pub, identity_seed(peers[i]));
		way.key = identity_keys(me)->x;
		envelope_reseal(&out, &way, &r);
		break;
	default:
		buf_put(&out, frame->at, frame->len);
		out.at[0] = 0x10;
		break;
	}
	if (out.len > 0)
		w->net->on_letter(w->net->chat, ++w->n_letters, kind & 0x80 ?
		    NULL : identity_id(peers[i]), out.at, out.len);
	buf_clear(&out);
	buf_clear(&card);
}

static void
hear(struct world *w, struct cur *c, size_t i)
{
	struct frame f = { .version = FRAME_VERSION };
	uint8_t shape = cur_u8(c);
	struct buf b;

	f.type = shape % 10;
	f.flags = shape & 0x80 ? FRAME_FIRST : 0;
	if (shape & 0x40)
		f.epoch = f.seq = 0;
	else {
		f.epoch = number(c);
		f.seq = number(c);
	}
	f.base = shape & 0x20 ? number(c) : 0;
	if (shape & 0x10) {
		f.ack_epoch = cur_u8(c) & 1 ? w->chat->epoch : number(c);
		f.ack_cum = number(c);
		f.ack_bits = number(c);
		f.rk_gen = number(c);
		f.floor_gen = number(c);
		f.time_ms = number(c);
	}
	f.len = cur_u8(c) % 40;
	f.body = cur_take(c, f.len);
	if (!f.body)
		f.len = 0;
	buf_init(&b);
	frame_write(&b, &f);
	if (w->up[i])
		w->net->on_heard(w->net->chat, identity_id(peers[i]), b.at,
		    b.len);
	else
		post(w, c, i, &b);
	buf_clear(&b);
}

static void
answer(struct world *w, struct cur *c)
{
	while (w->n_uploads > 0) {
		size_t i = --w->n_uploads;

		w->net->on_left(w->net->chat, &w->to[i], w->upload[i],
		    (enum left)(cur_u8(c) % 4));
	}
}

static void
link_up(struct world *w, size_t i)
{
	struct pubkeys keys;
	struct card card;

	say_card(&card, i);
	if (w->net->welcome(w->net->chat, card.keys.x, &keys) == WELCOME_NOT)
		return;
	w->net->on_up(w->net->chat, &card, PATH_LAN, 1, "10.0.0.1", false);
	w->up[i] = true;
}

static void
link_down(struct world *w, size_t i)
{
	if (!w->up[i])
		return;
	w->up[i] = false;
	w->net->on_down(w->net->chat, identity_id(peers[i]));
}

static void
click(struct world *w, struct cur *c, struct person *p)
{
	struct err e = { 0 };

	switch (cur_u8(c) % 12) {
	case 0: chat_accept(w->chat, p, &e); break;
	case 1: chat_decline(w->chat, p, &e); break;
	case 2: chat_block(w->chat, p, true, &e); break;
	case 3: chat_block(w->chat, p, false, &e); break;
	case 4: chat_remove(w->chat, p, &e); break;
	case 5: chat_look(w->chat, p); break;
	case 6: chat_look(w->chat, NULL); break;
	case 7: chat_unsend(w->chat, p, &e); break;
	case 8: chat_clear(w->chat, p); break;
	case 9: chat_open(w->chat, p, &e); break;
	case 10: chat_history(w->chat, cur_u8(c) & 1, &e); break;
	default: chat_say(w->chat, p, MSG_TEXT, "hello", 5, &e); break;
	}
}

/* Codes: visitors who say anything, and whoever I visit. */
static void
pair(struct world *w, struct cur *c)
{
	static const char *const codes[] = { "1182044729150364",
		"0000000000000000", "1234", "no code" };
	uint8_t what = cur_u8(c), id = cur_u8(c);
	struct err e = { 0 };
	size_t len = cur_u8(c);
	const uint8_t *msg;

	switch (what % 8) {
	case 0:
		chat_host(w->chat, &e);
		break;
	case 1:
		chat_host_off(w->chat, &e);
		break;
	case 2:
		chat_join(w->chat, codes[id % 4], "", &e);
		break;
	case 3:
		if (w->waits || w->goes)
			w->net->on_visit(w->net->chat, ++w->last_visit,
			    w->goes && (id & 1));
		break;
	case 4:
		w->net->on_visit_end(w->net->chat, id % (w->last_visit + 1),
		    (enum visit_end)(len % (VISIT_LATE + 1)), NULL);
		break;
	default:
		msg = cur_take(c, len);
		if (msg && len > 0 && w->last_visit > 0)
			w->net->on_visit_msg(w->net->chat,
			    w->last_visit - id % 2, msg, len);
		break;
	}
}

static void
watch_code(const struct world *w)
{
	struct hosting h;

	if (chat_hosting(w->chat, &h))
		check(w->waits && h.left <= CODE_TRIES);
	check(!chat_is_joining(w->chat) || w->goes);
}

static void
watch(const struct world *w)
{
	for (size_t i = 0; i < PEERS; i++) {
		const struct person *p = person(w, i);
		size_t unread = 0, owed = 0, n;

		if (!p)
			continue;
		n = p->talk ? talk_count(p->talk) : 0;
		for (size_t k = 0; k < n; k++) {
			const struct line *l = talk_line(p->talk, k);

			unread += l->state == MSG_UNREAD;
			owed += l->mine && (l->state == MSG_QUEUED ||
			    l->state == MSG_STORED);
		}
		check(p->n_unread == unread);
		check(p->n_owed == owed);
		check(!p->talk || talk_unread(p->talk) == unread);
		check(p->own->n.seen.n <= WINDOWS_MAX);
		check(p->own->n_request <= REQUEST_LINES_MAX);
		check(p->who.trust != TRUST_NEARBY || n == 0);
		check(p->who.trust != TRUST_PAIRED);
	}
	watch_code(w);
}

static void
step(struct world *w, struct cur *c)
{
	struct sighting seen = { .name = "peer", .where = "10.0.0.1:1" };
	uint8_t what = cur_u8(c);
	size_t i = what % PEERS;
	struct person *p = person(w, i);

	switch (what / PEERS % 12) {
	case 10:
	case 11:
		pair(w, c);
		break;
	case 0:
		link_up(w, i);
		break;
	case 1:
		link_down(w, i);
		break;
	case 2:
		seen.keys = *identity_keys(peers[i]);
		w->net->on_seen(w->net->chat, &seen);
		break;
	case 3:
		w->net->on_lost(w->net->chat, identity_id(peers[i]));
		break;
	case 4:
	case 5:
		if (p)
			click(w, c, p);
		break;
	case 6:
		w->room = cur_u8(c) * (size_t)256;
		loop_virtual_run(w->loop, cur_u8(c) * 4);
		answer(w, c);
		watch(w);
		break;
	default:
		hear(w, c, i);
		break;
	}
	for (i = 0; w->dropped && i < PEERS; i++)
		link_down(w, i);
	w->dropped = false;
}

static void
start(struct world *w)
{
	struct carrier carrier = { .net = w, .send = take, .room = room,
		.want = want, .drop = drop, .announce = announce,
		.my_routes = my_routes, .their_routes = their_routes,
		.leave = leave, .took = took, .wait_at = wait_at,
		.visit = visit, .visit_failed = visit_failed,
		.visit_send = visit_send, .visit_close = visit_close };
	struct chat_setup setup = { .id = me };
	struct err e = { 0 };

	setup.loop = w->loop = loop_new_virtual(1700000000000);
	setup.opts = w->opts = opts_new(table, sizeof(table) / sizeof(*table));
	setup.store = w->store = store_open(NULL, NULL, &e);
	check(w->store != NULL);
	w->chat = chat_new(&setup, &e);
	check(w->chat != NULL);
	w->net = chat_events(w->chat);
	chat_carry(w->chat, &carrier);
	w->room = 65536;
}

static void
make_people(void)
{
	uint8_t seed[32] = { 1 };
	struct err e = { 0 };

	if (me)
		return;
	check(crypto_start(&e) == 0);
	me = identity_from_seed(seed);
	for (size_t i = 0; i < PEERS; i++) {
		seed[0]++;
		peers[i] = identity_from_seed(seed);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct world w = { 0 };
	struct cur c;

	make_people();
	start(&w);
	cur_init(&c, data, len);
	for (int i = 0; i < STEPS && c.left > 0 && cur_ok(&c); i++)
		step(&w, &c);
	loop_virtual_run(w.loop, 1000);
	watch(&w);
	check(w.n_took == w.n_letters);
	chat_free(w.chat);
	store_close(w.store);
	opts_free(w.opts);
	loop_free(w.loop);
	return 0;
}
