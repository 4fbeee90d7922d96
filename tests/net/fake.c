#include "fake.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sock.h"

static const char *const lan_words[] = { "everyone", "contacts", "off", NULL };

static const char *const direct_words[] = { "always", "contacts", "never",
	NULL };

static const struct opt table[] = {
	{ .name = "birthday", .type = OPT_BOOL, .def = "off" },
	{ .name = "direct", .type = OPT_WORD, .def = "contacts",
	    .words = direct_words },
	{ .name = "dns", .type = OPT_TEXT, .def = "", .max = 200 },
	{ .name = "lan", .type = OPT_WORD, .def = "everyone",
	    .words = lan_words },
	{ .name = "lan-port", .type = OPT_INT, .def = "54545", .min = 1,
	    .max = 65535 },
	{ .name = "listen", .type = OPT_TEXT, .def = "54545", .max = 80 },
	{ .name = "port-mapping", .type = OPT_BOOL, .def = "off" },
	{ .name = "relay", .type = OPT_LIST, .max = 400 },
	{ .name = "relay-token", .type = OPT_TEXT, .max = 64 },
	{ .name = "stun", .type = OPT_LIST, .max = 260 },
	{ .name = "upnp", .type = OPT_BOOL, .def = "off" }
};

uint16_t
free_port(void)
{
	struct addr a = { .family = ADDR_V4 }, got;
	int fd = sock_udp(&a, false, NULL);

	assert_true(fd >= 0);
	sock_local(fd, &got);
	close(fd);
	return got.port;
}

void
frame_make(struct buf *out, const void *body, size_t len)
{
	uint8_t *p = buf_space(out, FRAME_HEADER);

	memset(p, 0, FRAME_HEADER);
	p[0] = p[1] = 1;
	put_u32(p + FRAME_HEADER - 4, (uint32_t)len);
	buf_added(out, FRAME_HEADER);
	buf_put(out, body, len);
}

/* ---- what net tells ---------------------------------------------------- */

static void
on_seen(void *chat, const struct sighting *s)
{
	struct node *n = chat;

	n->n_seen++;
	n->seen = *s;
	if (n->look_for && keys_equal(&s->keys, &n->look_for->keys))
		n->n_found++;
}

static void
on_lost(void *chat, const struct user_id *who)
{
	struct node *n = chat;

	(void)who;
	n->n_lost++;
}

static enum welcome
welcome(void *chat, const uint8_t x[KEY_LEN], struct pubkeys *keys)
{
	struct node *n = chat;

	for (size_t i = 0; i < n->n_contacts; i++) {
		if (memcmp(n->contacts[i].x, x, KEY_LEN) == 0) {
			*keys = n->contacts[i];
			return WELCOME_CONTACT;
		}
	}
	return n->stranger;
}

static void
on_up(void *chat, const struct card *card, enum path path, int64_t rtt_us,
    const char *where, bool dialled)
{
	struct node *n = chat;

	n->n_up++;
	n->up = *card;
	n->path = path;
	n->rtt_us = rtt_us;
	n->dialled = dialled;
	snprintf(n->up_where, sizeof(n->up_where), "%s", where);
}

static void
on_card(void *chat, const struct card *card)
{
	struct node *n = chat;

	n->n_cards++;
	n->up = *card;
}

static void
on_moved(void *chat, const struct user_id *who, enum path path,
    int64_t rtt_us)
{
	struct node *n = chat;

	(void)who;
	n->n_moved++;
	n->path = path;
	n->rtt_us = rtt_us;
}

static void
on_again(void *chat, const struct user_id *who)
{
	struct node *n = chat;

	(void)who;
	n->n_again++;
}

static void
on_letter(void *chat, uint64_t letter, const struct user_id *queue,
    const void *p, size_t len)
{
	struct node *n = chat;

	(void)letter;
	(void)queue;
	(void)p;
	(void)len;
	n->n_letters++;
}

static void
on_left(void *chat, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], enum left what)
{
	struct node *n = chat;

	(void)to;
	(void)upload;
	(void)what;
	n->n_left++;
}

static void
on_relays(void *chat)
{
	struct node *n = chat;

	n->n_relays++;
}

static bool
relay_key(void *chat, const char *where, uint8_t key[KEY_LEN])
{
	(void)chat;
	(void)where;
	(void)key;
	return false;
}

static void
pin_relay(void *chat, const char *where, const uint8_t key[KEY_LEN])
{
	(void)chat;
	(void)where;
	(void)key;
}

static void
on_down(void *chat, const struct user_id *who)
{
	struct node *n = chat;

	(void)who;
	n->n_down++;
}

static enum heard
on_heard(void *chat, const struct user_id *who, const uint8_t *frame,
    size_t len)
{
	struct node *n = chat;

	assert_true(len >= FRAME_HEADER);
	n->n_heard++;
	n->heard_from = *who;
	n->heard_bytes += len;
	if (n->heard.len < 1000000)
		buf_lp(&n->heard, frame + FRAME_HEADER, len - FRAME_HEADER);
	if (n->echo)
		n->carrier->send(n->carrier->net, who, frame, len);
	return n->verdict;
}

static void
pump(struct node *n)
{
	struct buf frame;

	buf_init(&frame);
	frame_make(&frame, "0123456789", 10);
	while (n->pumped < n->pump_max && n->carrier->room(n->carrier->net,
	    &n->pump_to) >= frame.len) {
		if (n->carrier->send(n->carrier->net, &n->pump_to, frame.at,
		    frame.len) != 0)
			break;
		n->pumped++;
	}
	buf_clear(&frame);
}

static void
on_room(void *chat, const struct user_id *who)
{
	struct node *n = chat;

	(void)who;
	n->n_room++;
	if (n->pump)
		pump(n);
}

static void
notice(void *chat, const char *text)
{
	struct node *n = chat;

	n->n_notice++;
	snprintf(n->notice, sizeof(n->notice), "%s", text);
}

static void
failed(void *chat, const struct err *e)
{
	struct node *n = chat;

	n->n_failed++;
	n->failed = *e;
}

static void
card(void *chat, struct buf *out)
{
	const struct node *n = chat;
	struct card c = { .vmin = 1, .vmax = 1, .serial = 1, .keys = n->keys };

	snprintf(c.name, sizeof(c.name), "%s", n->name);
	card_write(out, &c, n->id);
}

static const char *
name(void *chat)
{
	const struct node *n = chat;

	return n->name;
}

static bool
contact_at(void *chat, size_t i, struct pubkeys *keys)
{
	const struct node *n = chat;

	if (i >= n->n_contacts)
		return false;
	*keys = n->contacts[i];
	return true;
}

/* ---- a node ------------------------------------------------------------ */

struct node *
node_new(struct loop *l, const char *name_of, uint16_t lan_port,
    const char *lan)
{
	struct node *n = mem_new(sizeof(*n));
	char port[8];

	n->loop = l;
	n->name = name_of;
	n->id = identity_new();
	n->user = identity_id(n->id);
	n->keys = *identity_keys(n->id);
	n->stranger = WELCOME_STRANGER;
	n->verdict = FRAME_TAKEN;
	n->rtt_us = -1;
	buf_init(&n->heard);
	n->events = (struct carrier_events){
		.chat = n, .on_seen = on_seen, .on_lost = on_lost,
		.welcome = welcome, .on_up = on_up, .on_card = on_card,
		.on_moved = on_moved, .on_again = on_again, .on_down = on_down,
		.on_letter = on_letter, .on_left = on_left,
		.on_relays = on_relays, .relay_key = relay_key,
		.pin_relay = pin_relay,
		.on_heard = on_heard, .on_room = on_room,
		.notice = notice, .failed = failed, .card = card,
		.name = name, .contact_at = contact_at
	};
	n->opts = opts_new(table, sizeof(table) / sizeof(*table));
	snprintf(port, sizeof(port), "%u", (unsigned)lan_port);
	opts_set(n->opts, "lan-port", port, NULL);
	opts_set(n->opts, "lan", lan, NULL);
	opts_set(n->opts, "listen", "0", NULL);
	return n;
}

void
node_open(struct node *n)
{
	struct net_setup setup = {
		.loop = n->loop, .id = n->id, .opts = n->opts,
		.events = &n->events
	};
	struct err e = { 0 };

	n->net = net_open(&setup, &e);
	if (!n->net)
		fail_msg("net_open: %s", e.what);
	n->carrier = net_carrier(n->net);
}

void
node_close(struct node *n)
{
	net_close(n->net);
	n->net = NULL;
}

void
node_free(struct node *n)
{
	if (n->net)
		node_close(n);
	opts_free(n->opts);
	identity_free(n->id);
	buf_clear(&n->heard);
	free(n);
}

void
node_befriend(struct node *a, struct node *b)
{
	a->contacts[a->n_contacts++] = b->keys;
	b->contacts[b->n_contacts++] = a->keys;
	if (a->net)
		node_want(a, b, "");
	if (b->net)
		node_want(b, a, "");
}

void
node_want(struct node *n, const struct node *whom, const char *where)
{
	n->carrier->want(n->carrier->net, &whom->keys, where, true, false);
}

const char *
node_where(const struct node *n)
{
	static char text[32];

	snprintf(text, sizeof(text), "127.0.0.1:%u",
	    (unsigned)net_port(n->net));
	return text;
}

/* ---- waiting ----------------------------------------------------------- */

bool
until(struct loop *l, const int *n, int want, int ms)
{
	struct clock now;
	int64_t end;

	clock_read(&now);
	end = now.mono_us / 1000 + ms;
	while (*n < want) {
		clock_read(&now);
		if (now.mono_us / 1000 >= end)
			return false;
		loop_turn(l, end - now.mono_us / 1000);
	}
	return true;
}

void
pass(struct loop *l, int ms)
{
	int never = 0;

	until(l, &never, 1, ms);
}

int
say(struct node *from, const struct node *to, const char *text)
{
	struct buf frame;
	int r;

	buf_init(&frame);
	frame_make(&frame, text, strlen(text));
	r = from->carrier->send(from->carrier->net, to->user, frame.at,
	    frame.len);
	buf_clear(&frame);
	/* Said between two turns: the next one must not wait. */
	loop_again(from->loop);
	return r;
}

bool
has_heard(const struct node *n, const char *text)
{
	const uint8_t *p = n->heard.at;
	size_t left = n->heard.len, want = strlen(text);

	while (left >= 4) {
		size_t len = get_u32(p);

		if (len == want && memcmp(p + 4, text, len) == 0)
			return true;
		p += 4 + len;
		left -= 4 + len;
	}
	return false;
}
