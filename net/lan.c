#include "lan.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "beckon.h"
#include "map.h"
#include "nearby.h"
#include "rand.h"
#include "secret.h"
#include "shout.h"

enum {
	INTERVAL_MS = 30000,
	CROWD = 100,			/* peers; more speak less often */
	INTERVAL_MAX_MS = 300000,
	PROMPT_PEERS = 20,		/* answered at once up to here */
	ANSWER_STEP_MS = 5,		/* for each peer heard, above */
	ANSWER_MAX_MS = 200,
	ANSWER_GAP_MS = 1000,		/* between answers to one peer */
	REPEAT_MS = 1000,		/* one more broadcast for a newcomer */
	REPEAT_GAP_MS = 10000,
	SIGN_MS = 600000,		/* the same bytes at most so long */
	/* Rates in a second; verifying costs about 55 us. */
	VERIFY_NEW = 300,
	VERIFY_KNOWN = 300,
	SOURCE_RATE = 20,
	SOURCES = 1024,			/* buckets, shared by collision */
	HINT_RATE = 20000
};

static const int64_t burst_ms[] = { 500, 1000 };

/* Tokens, refilled to `rate` a second, at most two seconds' worth. */
struct bucket {
	int64_t tokens_us, at_us;
	bool used;
};

struct lan {
	struct lan_setup setup;
	struct shout *shout;		/* NULL: off, or trouble */
	struct nearby *nearby;
	struct beckon beckon;
	uint8_t nonce[BEACON_NONCE];
	uint64_t when;
	/* Signed datagrams by flags, while they hold. */
	uint8_t ready[8][BEACON_LEN];
	bool is_ready[8];
	int64_t signed_ms;
	size_t burst;			/* how many of the first were sent */
	struct timer timer, repeat;
	int64_t repeated_ms;
	struct bucket new_keys, known_keys, hints;
	struct bucket sources[SOURCES];
	uint8_t source_salt[16];
	struct map *pair_keys;		/* user id -> 32 bytes, locked */
	char trouble[160];
	struct lan_counts counts;
};

/* ---- limits ------------------------------------------------------------ */

static bool
may(struct lan *l, struct bucket *b, int64_t rate, int64_t n)
{
	int64_t now = loop_clock(l->setup.loop)->mono_us;
	int64_t cost = n * 1000000 / rate, most = 2 * 1000000;

	if (!b->used) {
		b->used = true;
		b->tokens_us = most;
	} else {
		b->tokens_us += now - b->at_us;
		if (b->tokens_us > most)
			b->tokens_us = most;
	}
	b->at_us = now;
	if (b->tokens_us < cost)
		return false;
	b->tokens_us -= cost;
	return true;
}

static bool
source_may(struct lan *l, const struct addr *from)
{
	struct addr s = addr_source(from);
	/* Salted, so that nobody can aim at another's bucket. */
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < sizeof(s.ip); i++)
		hash = (hash ^ s.ip[i] ^ l->source_salt[i]) * 16777619u;
	return may(l, &l->sources[(hash ^ hash >> 16) % SOURCES],
	    SOURCE_RATE, 1);
}

/* ---- what is said ------------------------------------------------------ */

static int64_t
interval_ms(const struct lan *l)
{
	size_t n = nearby_count(l->nearby);
	int64_t ms = n <= CROWD ? INTERVAL_MS :
	    (int64_t)n * INTERVAL_MS / CROWD;

	return ms > INTERVAL_MAX_MS ? INTERVAL_MAX_MS : ms;
}

static void
fill(struct lan *l, struct beacon *b, uint8_t flags)
{
	memset(b, 0, sizeof(*b));
	b->port = l->setup.tcp_port;
	b->udp_port = shout_port(l->shout);
	memcpy(b->nonce, l->nonce, BEACON_NONCE);
	b->flags = flags;
}

static void
sign_anew(struct lan *l)
{
	memset(l->is_ready, 0, sizeof(l->is_ready));
}

/* The datagram for everybody; signed once and kept, so that who hears it
 * again knows it by its bytes. */
static const uint8_t *
public_bytes(struct lan *l, uint8_t flags)
{
	int64_t now = loop_now_ms(l->setup.loop);
	uint64_t wall = (uint64_t)(loop_wall_ms(l->setup.loop) / 1000);
	struct beacon b;

	if (now - l->signed_ms >= SIGN_MS)
		sign_anew(l);
	if (l->is_ready[flags])
		return l->ready[flags];
	/* Never back, whatever the clock does: older ones are ignored. */
	if (wall > l->when)
		l->when = wall;
	fill(l, &b, flags);
	b.when = l->when;
	snprintf(b.name, sizeof(b.name), "%.*s", BEACON_NAME,
	    l->setup.chat->name(l->setup.chat->chat));
	beacon_write(l->ready[flags], &b, l->setup.id);
	l->is_ready[flags] = true;
	l->signed_ms = now;
	return l->ready[flags];
}

static const uint8_t *
pair_key(struct lan *l, const struct pubkeys *keys)
{
	struct user_id id;
	uint8_t *key;

	user_id_of(&id, keys);
	key = map_get(l->pair_keys, id.b);
	if (key)
		return key;
	key = secret_new(32);
	if (identity_pair_key(l->setup.id, keys, key) != 0) {
		secret_free(key);
		return NULL;
	}
	map_put(l->pair_keys, id.b, key);
	return key;
}

static uint64_t
slot_now(const struct lan *l)
{
	return (uint64_t)(loop_wall_ms(l->setup.loop) / 1000) / BEACON_SLOT_S;
}

static void
hint_for(struct lan *l, const uint8_t key[32], const struct beacon *b,
    uint8_t out[BEACON_HINT])
{
	beacon_hint(out, key, identity_id(l->setup.id), b->nonce, b->when,
	    b->port);
}

/* The hidden form: as many datagrams as the contacts need. */
static void
send_hidden(struct lan *l, uint8_t flags)
{
	const struct carrier_events *chat = l->setup.chat;
	uint8_t hints[BEACON_HINTS * BEACON_HINT], out[BEACON_MAX];
	struct pubkeys keys;
	struct beacon b;

	fill(l, &b, flags);
	b.when = slot_now(l);
	if (flags & BEACON_GOODBYE)
		b.port = 0;
	b.hints = hints;
	for (size_t i = 0; chat->contact_at(chat->chat, i, &keys); i++) {
		const uint8_t *key = pair_key(l, &keys);

		if (!key)
			continue;
		hint_for(l, key, &b, hints + b.n_hints * BEACON_HINT);
		if (++b.n_hints < BEACON_HINTS)
			continue;
		shout_all(l->shout, out, beacon_write_hidden(out, &b));
		b.n_hints = 0;
	}
	if (b.n_hints > 0)
		shout_all(l->shout, out, beacon_write_hidden(out, &b));
}

static void
note_trouble(struct lan *l)
{
	int error = shout_error(l->shout);

	l->trouble[0] = '\0';
	if (error == EPERM || error == EACCES)
		snprintf(l->trouble, sizeof(l->trouble), "a firewall on this "
		    "machine blocks UDP port %u", (unsigned)l->setup.udp_port);
}

static void
say(struct lan *l, uint8_t flags)
{
	if (!l->shout)
		return;
	switch (l->setup.mode) {
	case LAN_OFF:
		break;
	case LAN_CONTACTS:
		send_hidden(l, flags);
		break;
	case LAN_EVERYONE:
		shout_all(l->shout, public_bytes(l, flags), BEACON_LEN);
		break;
	}
	note_trouble(l);
}

static void
on_timer(void *arg)
{
	struct lan *l = arg;
	int64_t ms = interval_ms(l);

	nearby_expire(l->nearby, ms * (NEARBY_EXPIRY_MS / INTERVAL_MS));
	say(l, l->burst == 0 ? BEACON_QUERY : 0);
	if (l->burst < sizeof(burst_ms) / sizeof(*burst_ms))
		timer_set(&l->timer, burst_ms[l->burst++]);
	else
		timer_set(&l->timer, ms - ms / 5 +
		    (int64_t)rand_below((uint32_t)(ms * 2 / 5)));
}

/* ---- answers ----------------------------------------------------------- */

/* As many bytes as the question had, or fewer. */
static void
on_answer(void *arg)
{
	struct peer *p = arg;
	struct lan *l = p->lan;
	uint8_t hint[BEACON_HINT], out[BEACON_MAX];
	struct beacon b;
	const uint8_t *key;

	p->answered_ms = loop_now_ms(l->setup.loop);
	l->counts.answered++;
	if (!p->answer_hidden) {
		shout_to(l->shout, &p->answer_to,
		    public_bytes(l, BEACON_ANSWER), BEACON_LEN);
		return;
	}
	key = pair_key(l, &p->keys);
	if (!key)
		return;
	fill(l, &b, BEACON_ANSWER);
	b.when = slot_now(l);
	hint_for(l, key, &b, hint);
	b.hints = hint;
	b.n_hints = 1;
	shout_to(l->shout, &p->answer_to, out, beacon_write_hidden(out, &b));
}

static void
answer(struct lan *l, struct peer *p, const struct beacon *b,
    const struct addr *from)
{
	size_t n = nearby_count(l->nearby);
	int64_t now = loop_now_ms(l->setup.loop), wait = 0, gap = 0;
	/* Who hides answers only contacts, and only in a whisper. */
	bool hidden = b->kind == BEACON_HIDDEN ||
	    l->setup.mode == LAN_CONTACTS;

	if (hidden && !p->is_contact)
		return;
	/* Whoever started again asks from another port. */
	p->answer_hidden = hidden;
	p->lan = l;
	p->answer_to = *from;
	p->answer.fire = on_answer;
	if (timer_is_set(&p->answer))
		return;
	if (n > PROMPT_PEERS) {
		wait = (int64_t)n * ANSWER_STEP_MS;
		wait = (int64_t)rand_below((uint32_t)(
		    wait < ANSWER_MAX_MS ? wait : ANSWER_MAX_MS));
	}
	/* Too soon is late, not never: a newcomer asks only once. */
	if (p->answered_ms)
		gap = p->answered_ms + ANSWER_GAP_MS - now;
	if (wait < gap)
		wait = gap;
	if (wait > 0)
		timer_set(&p->answer, wait);
	else
		on_answer(p);
}

static void
on_repeat(void *arg)
{
	struct lan *l = arg;

	l->repeated_ms = loop_now_ms(l->setup.loop);
	say(l, 0);
}

/* A firewall may eat the answer, but rarely broadcasts. */
static void
repeat(struct lan *l)
{
	if (timer_is_set(&l->repeat) || nearby_count(l->nearby) > CROWD ||
	    (l->repeated_ms && loop_now_ms(l->setup.loop) - l->repeated_ms <
	    REPEAT_GAP_MS))
		return;
	timer_set(&l->repeat, REPEAT_MS / 2 +
	    (int64_t)rand_below(REPEAT_MS / 2));
}

/* ---- what is heard ----------------------------------------------------- */

static void
tell_seen(struct lan *l, const struct peer *p)
{
	struct sighting s = { .keys = p->keys };

	memcpy(s.name, p->name, sizeof(s.name));
	addr_format(&p->addrs[0], s.where);
	l->setup.chat->on_seen(l->setup.chat->chat, &s);
	l->setup.seen(l->setup.ctx, &p->keys);
}

static void
on_lost(void *ctx, struct peer *p)
{
	struct lan *l = ctx;

	l->setup.chat->on_lost(l->setup.chat->chat, &p->id);
}

/* It is theirs: signed, or hinted. */
static void
believe(struct lan *l, const struct pubkeys *keys, const struct beacon *b,
    const struct addr *from, const uint8_t *bytes)
{
	struct addr at = *from;
	enum nearby_news news;
	struct user_id id;
	struct peer *p;

	l->counts.verified++;
	if (b->flags & BEACON_GOODBYE) {
		user_id_of(&id, keys);
		nearby_goodbye(l->nearby, &id, b);
		return;
	}
	at.port = b->port;
	news = nearby_hear(l->nearby, keys, b, &at, &p);
	if (news == NEARBY_IGNORED) {
		l->counts.stale++;
		return;
	}
	if (bytes && (b->flags == 0 || b->flags == BEACON_ANSWER))
		memcpy(p->seen[b->flags != 0], bytes, BEACON_LEN);
	if (b->flags & BEACON_QUERY ||
	    (news == NEARBY_NEW && !(b->flags & BEACON_ANSWER)))
		answer(l, p, b, from);
	if (news == NEARBY_NEW && !(b->flags & BEACON_ANSWER))
		repeat(l);
	if (news != NEARBY_SAME)
		tell_seen(l, p);
}

/* The same bytes from an address they are known to have. */
static bool
is_same_again(const struct peer *p, const struct beacon *b,
    const struct addr *from, const uint8_t *bytes)
{
	struct addr at = *from;

	if (p->is_gone || (b->flags != 0 && b->flags != BEACON_ANSWER) ||
	    memcmp(p->seen[b->flags != 0], bytes, BEACON_LEN) != 0)
		return false;
	at.port = b->port;
	for (size_t i = 0; i < p->n_addrs; i++) {
		if (addr_equal(&p->addrs[i], &at))
			return true;
	}
	return false;
}

static void
take_public(struct lan *l, const struct beacon *b, const struct addr *from,
    const uint8_t *bytes)
{
	struct user_id id;
	struct peer *p;
	bool is_known;

	if (keys_equal(&b->keys, identity_keys(l->setup.id))) {
		l->counts.mine++;
		return;
	}
	user_id_of(&id, &b->keys);
	p = nearby_find(l->nearby, &id);
	if (p && is_same_again(p, b, from, bytes)) {
		nearby_refresh(l->nearby, p);
		return;
	}
	if (p && !nearby_is_fresh(p, b)) {
		l->counts.stale++;
		return;
	}
	/* Of those who are known nobody can take the share. */
	is_known = p || l->setup.chat->welcome(l->setup.chat->chat, b->keys.x,
	    &(struct pubkeys){ .ed = { 0 } }) == WELCOME_CONTACT;
	if (!source_may(l, from) || !(is_known ?
	    may(l, &l->known_keys, VERIFY_KNOWN, 1) :
	    may(l, &l->new_keys, VERIFY_NEW, 1))) {
		l->counts.limited++;
		return;
	}
	if (!beacon_verify(b, bytes, BEACON_LEN)) {
		l->counts.forged++;
		return;
	}
	believe(l, &b->keys, b, from, bytes);
}

static void
take_hidden(struct lan *l, const struct beacon *b, const struct addr *from)
{
	const struct carrier_events *chat = l->setup.chat;
	uint64_t slot = slot_now(l);
	uint8_t hint[BEACON_HINT];
	struct pubkeys keys;

	if (b->when + 1 < slot || b->when > slot + 1) {
		l->counts.stale++;
		return;
	}
	if (!source_may(l, from)) {
		l->counts.limited++;
		return;
	}
	for (size_t i = 0; chat->contact_at(chat->chat, i, &keys); i++) {
		const uint8_t *key = pair_key(l, &keys);
		struct user_id id;

		if (!may(l, &l->hints, HINT_RATE, 1)) {
			l->counts.limited++;
			return;
		}
		if (!key)
			continue;
		user_id_of(&id, &keys);
		beacon_hint(hint, key, &id, b->nonce, b->when, b->port);
		if (!beacon_has_hint(b, hint))
			continue;
		believe(l, &keys, b, from, NULL);
		return;
	}
	l->counts.forged++;
}

static void
on_datagram(void *arg, const uint8_t *bytes, size_t len,
    const struct addr *from)
{
	struct lan *l = arg;
	struct beacon b;

	l->counts.heard++;
	if (beacon_read(&b, bytes, len) != 0) {
		l->counts.alien++;
		return;
	}
	if (memcmp(b.nonce, l->nonce, BEACON_NONCE) == 0) {
		l->counts.mine++;
		return;
	}
	/* Nothing from far away, from no host, or for somebody else's socket:
	 * all is sent from the port that takes the answers. */
	if (!addr_is_near(from) || ifaces_is_broadcast(l->setup.ifaces, from) ||
	    from->port != b.udp_port || from->port == 0 ||
	    from->port == l->setup.udp_port) {
		l->counts.far++;
		return;
	}
	if (b.kind == BEACON_PUBLIC)
		take_public(l, &b, from, bytes);
	else if (b.kind == BEACON_HIDDEN)
		take_hidden(l, &b, from);
	else if (!source_may(l, from))
		l->counts.limited++;
	else
		beckon_heard(&l->beckon, &b, from);
}

/* ---- the finder -------------------------------------------------------- */

static bool
is_contact(void *ctx, const struct pubkeys *keys)
{
	const struct lan *l = ctx;
	const struct carrier_events *chat = l->setup.chat;
	struct pubkeys pinned;

	return chat->welcome(chat->chat, keys->x, &pinned) ==
	    WELCOME_CONTACT && keys_equal(&pinned, keys);
}

struct lan *
lan_open(const struct lan_setup *setup)
{
	struct lan *l = mem_new(sizeof(*l));
	struct nearby_setup nearby = {
		.loop = setup->loop, .ctx = l, .is_contact = is_contact,
		.on_lost = on_lost
	};
	struct err e = { 0 };

	l->setup = *setup;
	rand_bytes(l->nonce, sizeof(l->nonce));
	rand_bytes(l->source_salt, sizeof(l->source_salt));
	l->nearby = nearby_new(&nearby);
	l->pair_keys = map_new(ID_LEN);
	beckon_init(&l->beckon, setup->loop, setup->found, setup->ctx);
	l->beckon.nonce = l->nonce;
	l->beckon.tcp_port = setup->tcp_port;
	timer_init(&l->timer, setup->loop, on_timer, l);
	timer_init(&l->repeat, setup->loop, on_repeat, l);
	if (setup->mode == LAN_OFF)
		return l;
	l->shout = shout_open(setup->loop, setup->ifaces, setup->udp_port,
	    on_datagram, l, &e);
	if (!l->shout) {
		snprintf(l->trouble, sizeof(l->trouble), "%.150s", e.what);
		return l;
	}
	l->beckon.shout = l->shout;
	on_timer(l);
	return l;
}

void
lan_close(struct lan *l)
{
	const void *key;
	void *value;

	if (!l)
		return;
	say(l, BEACON_GOODBYE);
	beckon_clear(&l->beckon);
	timer_stop(&l->timer);
	timer_stop(&l->repeat);
	shout_free(l->shout);
	nearby_free(l->nearby);
	for (size_t at = 0; map_next(l->pair_keys, &at, &key, &value);)
		secret_free(value);
	map_free(l->pair_keys);
	free(l);
}

void
lan_announce(struct lan *l, uint16_t tcp_port)
{
	l->setup.tcp_port = l->beckon.tcp_port = tcp_port;
	sign_anew(l);
	say(l, 0);
}

void
lan_moved(struct lan *l)
{
	if (!l->shout)
		return;
	shout_join(l->shout);
	sign_anew(l);
	l->burst = 0;
	on_timer(l);
	beckon_moved(&l->beckon);
}

void
lan_wait(struct lan *l, const char *plate)
{
	beckon_wait(&l->beckon, plate);
}

void
lan_seek(struct lan *l, const char *plate)
{
	beckon_seek(&l->beckon, plate);
}

bool
lan_is_open(const struct lan *l)
{
	return l->shout != NULL;
}

size_t
lan_addrs(const struct lan *l, const struct user_id *id, struct addr *list,
    size_t room)
{
	const struct peer *p = nearby_find(l->nearby, id);
	size_t n = p ? p->n_addrs : 0;

	if (n > room)
		n = room;
	if (n > 0)
		memcpy(list, p->addrs, n * sizeof(*list));
	return n;
}

bool
lan_has_ip(const struct lan *l, const struct addr *a)
{
	return nearby_has_ip(l->nearby, a);
}

size_t
lan_count(const struct lan *l)
{
	return nearby_count(l->nearby);
}

const char *
lan_trouble(const struct lan *l)
{
	return l->trouble[0] ? l->trouble : NULL;
}

const struct lan_counts *
lan_counts(const struct lan *l)
{
	return &l->counts;
}
