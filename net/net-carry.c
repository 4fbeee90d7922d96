#include "net-own.h"

#include <string.h>

/* While closing, chat has turns of its own: the rooms below are gone then. */

static int
is_closing(const struct net *n, struct err *e)
{
	return n->closing ? err_set(e, STATUS_TRY_AGAIN, "p2ptui is closing") :
	    0;
}

static int
carry_send(void *net, const struct user_id *to, const void *frame, size_t len)
{
	struct net *n = net;

	return n->closing ? -1 : reach_send(n->reach, to, frame, len);
}

static size_t
carry_room(void *net, const struct user_id *to)
{
	struct net *n = net;

	return n->closing ? 0 : reach_room(n->reach, to);
}

static void
carry_want(void *net, const struct pubkeys *to, const char *where, bool want,
    bool urgent)
{
	struct net *n = net;

	if (!n->closing)
		reach_want(n->reach, to, where, want, urgent);
}

static void
carry_drop(void *net, const struct user_id *who)
{
	struct net *n = net;

	if (n->closing)
		return;
	reach_drop(n->reach, who, CLOSE_UNWANTED);
	/* What was heard is lost here: letters too. */
	if (!who)
		relays_again(n->relays);
}

static void
carry_announce(void *net)
{
	struct net *n = net;
	struct buf card;

	if (n->closing)
		return;
	buf_init(&card);
	n->setup.events->card(n->setup.events->chat, &card);
	reach_say_card(n->reach, card.at, card.len);
	buf_clear(&card);
	lan_announce(n->lan, listener_port(n->listener));
}

static int
carry_connect(void *net, const char *host_port, struct err *e)
{
	struct net *n = net;

	return is_closing(n, e) ? -1 : reach_connect(n->reach, host_port, e);
}

static void
carry_my_routes(void *net, const struct user_id *who, struct routes *out)
{
	struct net *n = net;

	memset(out, 0, sizeof(*out));
	if (!n->closing)
		relays_my_routes(n->relays, who, out);
}

static void
carry_their_routes(void *net, const struct pubkeys *who,
    const struct routes *routes)
{
	struct net *n = net;

	if (n->closing)
		return;
	relays_places(n->relays, who, routes);
	reach_places(n->reach, who, routes->n > 0);
}

static int
carry_leave(void *net, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], const void *letter, size_t len)
{
	struct net *n = net;

	return n->closing ? -1 : relays_leave(n->relays, to, upload, letter,
	    len);
}

static void
carry_took(void *net, uint64_t letter)
{
	struct net *n = net;

	if (!n->closing)
		relays_took(n->relays, letter);
}

static int
carry_wait_at(void *net, const char *plate, struct err *e)
{
	struct net *n = net;

	return is_closing(n, e) ? -1 : plates_wait(n->plates, plate, e);
}

static int
carry_visit(void *net, const char *plate, uint32_t code, const char *where,
    struct err *e)
{
	struct net *n = net;

	if (is_closing(n, e) != 0)
		return -1;
	if (plate)
		return plates_visit(n->plates, plate, code,
		    where ? where : "", e);
	plates_leave(n->plates);
	return 0;
}

static void
carry_visit_failed(void *net, uint32_t visit, uint32_t code)
{
	struct net *n = net;

	if (!n->closing)
		plates_failed(n->plates, visit, code);
}

static int
carry_visit_send(void *net, uint32_t visit, const void *msg, size_t len)
{
	struct net *n = net;

	return n->closing ? -1 : plates_send(n->plates, visit, msg, len);
}

static void
carry_visit_close(void *net, uint32_t visit)
{
	struct net *n = net;

	if (!n->closing)
		plates_close(n->plates, visit);
}

void
net_set_carrier(struct net *n)
{
	n->carrier = (struct carrier){
		.net = n, .send = carry_send, .room = carry_room,
		.want = carry_want, .drop = carry_drop,
		.announce = carry_announce, .connect = carry_connect,
		.my_routes = carry_my_routes,
		.their_routes = carry_their_routes, .leave = carry_leave,
		.wait_at = carry_wait_at, .visit = carry_visit,
		.visit_failed = carry_visit_failed,
		.visit_send = carry_visit_send,
		.visit_close = carry_visit_close,
		.took = carry_took, .about = net_about
	};
}

const struct carrier *
net_carrier(struct net *n)
{
	return &n->carrier;
}
