#include "paths.h"

#include <stdlib.h>
#include <string.h>

#include "log.h"

enum {
	WAYS_MAX = 4			/* addresses whose kind is known */
};

struct way {
	struct addr at;
	enum path path;
};

struct paths {
	struct paths_setup setup;
	struct list in_all;
	struct punch *punch;
	struct way ways[WAYS_MAX];
	size_t n_ways;			/* ever */
	struct link *dialled;		/* not proven yet */
	/* Sockets of a later round: a link may run over them. */
	struct udp *via;
};

/* ---- what punch asks --------------------------------------------------- */

static enum nat_class
my_class(void *ctx)
{
	struct paths *p = ctx;

	return outside_class(p->setup.room->outside);
}

static bool
is_double(void *ctx)
{
	struct paths *p = ctx;

	return outside_is_double(p->setup.room->outside);
}

static int
my_step(void *ctx)
{
	struct paths *p = ctx;

	return outside_step(p->setup.room->outside);
}

static size_t
my_cands(void *ctx, struct cand list[CANDS_MAX])
{
	struct paths *p = ctx;

	return outside_cands(p->setup.room->outside, list);
}

static bool
is_mine(void *ctx, const struct addr *a)
{
	struct paths *p = ctx;

	return outside_is_mine(p->setup.room->outside, a);
}

static size_t
my_servers(void *ctx, struct addr list[NAT_SERVERS_MAX])
{
	struct paths *p = ctx;

	return outside_servers(p->setup.room->outside, list);
}

static bool
is_near(void *ctx, const struct addr *a)
{
	struct paths *p = ctx;
	const struct paths_room *room = p->setup.room;

	return room->is_near(room->ctx, a);
}

static bool
has_birthday(void *ctx)
{
	struct paths *p = ctx;
	const struct paths_room *room = p->setup.room;

	return room->has_birthday && room->has_birthday(room->ctx);
}

static int
say(void *ctx, const void *body, size_t len)
{
	struct paths *p = ctx;

	return p->setup.say(p->setup.owner, body, len);
}

/* Row 40: what a contact tells of is no reason to knock at our own doors. */
static bool
is_offer(const struct paths *p, const struct cand *c)
{
	enum addr_kind kind = addr_kind(&c->addr);

	return c->proto == CAND_TCP && c->addr.port >= 1024 &&
	    addr_is_host(&c->addr) && kind != ADDR_LOOPBACK &&
	    kind != ADDR_LINK_LOCAL &&
	    !outside_is_mine(p->setup.room->outside, &c->addr);
}

static void
on_tcp(void *ctx, const struct cand *list, size_t n)
{
	struct paths *p = ctx;
	struct dial_offer offers[DIAL_OFFERED];
	size_t n_offers = 0;

	for (size_t i = 0; i < n && n_offers < DIAL_OFFERED; i++) {
		if (!is_offer(p, &list[i]))
			continue;
		offers[n_offers].at = list[i].addr;
		offers[n_offers++].path = list[i].kind == CAND_MAPPED ?
		    PATH_MAPPED : PATH_NONE;
	}
	if (n_offers > 0)
		p->setup.on_offers(p->setup.owner, offers, n_offers);
}

/* ---- the link over UDP ------------------------------------------------- */

static void
forget_dialled(struct paths *p)
{
	link_free(p->dialled);
	p->dialled = NULL;
}

static void
on_proven(void *owner, struct link *l)
{
	struct paths *p = owner;

	p->dialled = NULL;
	p->setup.on_link(p->setup.owner, l);
}

static void
on_closed(void *owner, struct link *l, bool clean, const char *why)
{
	struct paths *p = owner;

	(void)clean;
	/* punch counts a way that is not taken in time as failed. */
	log_debug("paths: no link to %s: %s", l->where, why);
	forget_dialled(p);
}

static const struct link_events link_events = {
	.on_proven = on_proven,
	.on_record = link_ignore_record,
	.on_room = link_ignore,
	.on_closed = on_closed
};

/* The sockets of a way carry its link as long as there is one. */
static void
keep_via(struct paths *p, struct udp *via)
{
	struct paths_room *room = p->setup.room;

	if (via == room->udp || via == p->via)
		return;
	if (p->via) {
		dgrams_move(room->dgrams, p->via, via);
		udp_free(p->via);
	}
	p->via = via;
	udp_handle(via, UDP_LINK_CLASS, dgrams_heard, room->dgrams);
	udp_handle(via, UDP_PROBE_CLASS, paths_room_heard, room);
}

static void
on_way(void *ctx, struct udp *via, const struct addr *to, enum path path)
{
	struct paths *p = ctx;
	struct paths_room *room = p->setup.room;
	struct way *w = &p->ways[p->n_ways++ % WAYS_MAX];

	w->at = *to;
	w->path = room->is_near(room->ctx, to) ? PATH_LAN : path;
	keep_via(p, via);
	if (!p->setup.i_am_smaller)
		return;
	forget_dialled(p);
	p->dialled = dgram_dial(room->dgrams, via, to, p->setup.x);
	if (!p->dialled)
		return;
	p->dialled->path = w->path;
	p->dialled->is_datagram = true;
	p->dialled->events = &link_events;
	p->dialled->owner = p;
}

static void
on_failed(void *ctx, int64_t again_ms)
{
	(void)ctx;
	log_debug("paths: no way was found, the next try in %d s",
	    (int)(again_ms / 1000));
}

/* ---- one person -------------------------------------------------------- */

static void
start_punch(struct paths *p)
{
	const struct punch_setup setup = {
		.loop = p->setup.room->loop, .udp = p->setup.room->udp,
		.is_controller = p->setup.i_am_smaller, .ctx = p,
		.my_class = my_class, .is_double = is_double,
		.my_step = my_step, .my_cands = my_cands,
		.my_servers = my_servers, .is_mine = is_mine,
		.is_near = is_near, .has_birthday = has_birthday, .say = say,
		.on_tcp = on_tcp, .on_way = on_way,
		.on_failed = on_failed
	};

	p->punch = punch_new(&setup);
}

struct paths *
paths_new(const struct paths_setup *setup)
{
	struct paths *p = mem_new(sizeof(*p));

	p->setup = *setup;
	list_append(&setup->room->all, &p->in_all);
	start_punch(p);
	return p;
}

void
paths_free(struct paths *p)
{
	if (!p)
		return;
	list_remove(&p->in_all);
	punch_free(p->punch);
	forget_dialled(p);
	/* A link that says goodbye, or is being greeted, is not mine. */
	if (p->via) {
		dgrams_move(p->setup.room->dgrams, p->via,
		    p->setup.room->udp);
		udp_free(p->via);
	}
	free(p);
}

void
paths_look(struct paths *p, int64_t rtt_us)
{
	punch_start(p->punch, rtt_us);
}

void
paths_rest(struct paths *p)
{
	forget_dialled(p);
	punch_stop(p->punch);
}

void
paths_again(struct paths *p)
{
	punch_again(p->punch);
}

void
paths_heard(struct paths *p, const uint8_t *body, size_t len)
{
	punch_paths(p->punch, body, len);
}

void
paths_more(struct paths *p)
{
	punch_more(p->punch);
}

enum path
paths_kind(const struct paths *p, const struct addr *from)
{
	const struct paths_room *room = p->setup.room;

	for (size_t i = 0; i < p->n_ways && i < WAYS_MAX; i++) {
		if (addr_equal(&p->ways[i].at, from))
			return p->ways[i].path;
	}
	return room->is_near(room->ctx, from) ? PATH_LAN : PATH_PUNCHED;
}

void
paths_text(const struct paths *p, char text[120])
{
	punch_text(p->punch, text);
}

/* ---- all of them ------------------------------------------------------- */

void
paths_room_init(struct paths_room *room)
{
	list_init(&room->all);
}

void
paths_room_heard(void *arg, struct udp *via, const struct addr *from,
    uint8_t *bytes, size_t len)
{
	struct paths_room *room = arg;

	LIST_EACH(p, &room->all, struct paths, in_all) {
		if (punch_probe(p->punch, via, from, bytes, len))
			return;
	}
}

void
paths_room_move(struct paths_room *room, struct udp *to)
{
	room->udp = to;
	LIST_EACH(p, &room->all, struct paths, in_all) {
		forget_dialled(p);
		punch_free(p->punch);
		start_punch(p);
	}
}
