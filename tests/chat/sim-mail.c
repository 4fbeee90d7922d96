#include "sim-own.h"

#include "enc.h"
#include "own.h"
#include "queuekey.h"

enum { BUSY = 64 };

/* What became of a letter, under way to who left it. */
struct answer {
	struct answer *next;
	int64_t due_ms;
	struct node *to;
	struct user_id of;
	uint8_t upload[UPLOAD_LEN];
	enum left what;
};

/* ---- the relay ---------------------------------------------------------- */

static void
put_letter(struct sim *s, struct parcel *l)
{
	struct parcel **at = &s->letters;

	l->number = ++s->n_letters;
	l->due_ms = s->now_ms + 1;
	while (*at && !((int)sim_random(s, 100) < s->mail_swapped))
		at = &(*at)->next;
	l->next = *at;
	*at = l;
}

static struct parcel *
copy_of(const void *p, size_t len)
{
	struct parcel *l = mem_new(sizeof(*l) + len);

	l->len = len;
	memcpy(l->bytes, p, len);
	return l;
}

static struct parcel **
nth(struct node *n, size_t i)
{
	struct sim *s = n->sim;
	size_t me = sim_index(s, n);

	for (struct parcel **at = &s->letters; *at; at = &(*at)->next)
		if ((*at)->owner == me && i-- == 0)
			return at;
	fail_msg("%s has no such letter", n->name);
	return NULL;
}

size_t
sim_letters(const struct node *n)
{
	size_t me = sim_index(n->sim, n), count = 0;

	for (const struct parcel *l = n->sim->letters; l; l = l->next)
		count += l->owner == me;
	return count;
}

void
sim_repeat_letter(struct node *n, size_t i)
{
	struct parcel *l = *nth(n, i), *copy = copy_of(l->bytes, l->len);

	copy->owner = l->owner;
	copy->queue = l->queue;
	put_letter(n->sim, copy);
}

void
sim_copy_letter(struct node *n, size_t i, struct buf *out)
{
	const struct parcel *l = *nth(n, i);

	buf_put(out, l->bytes, l->len);
}

void
sim_spoil_letter(struct node *n, size_t i)
{
	struct parcel *l = *nth(n, i);

	l->bytes[l->len - 1] ^= 1;
}

void
sim_lose_letter(struct node *n, size_t i)
{
	struct parcel **at = nth(n, i), *l = *at;

	*at = l->next;
	free(l);
}

void
sim_post(struct node *n, const struct node *of, const void *p, size_t len)
{
	struct parcel *l = copy_of(p, len);

	l->owner = sim_index(n->sim, n);
	l->queue = of ? sim_index(n->sim, of) : SIZE_MAX;
	put_letter(n->sim, l);
}

void
sim_mail_weather(struct sim *s, int lost, int twice, int swapped)
{
	s->mail_lost = lost;
	s->mail_twice = twice;
	s->mail_swapped = swapped;
}

void
sim_relay(struct node *n, bool on)
{
	n->has_relay = on;
	n->net->on_relays(n->net->chat);
}

void
sim_cut_off(struct node *n, bool on)
{
	n->cut_off = on;
	n->net->on_relays(n->net->chat);
}

void
sim_mail_again(struct sim *s, struct node *n)
{
	size_t me = sim_index(s, n);

	for (struct parcel *l = s->letters; l; l = l->next)
		if (l->owner == me && l->given) {
			l->given = false;
			l->due_ms = s->now_ms + 100;
		}
}

void
sim_mail_clear(struct sim *s)
{
	while (s->letters) {
		struct parcel *l = s->letters;

		s->letters = l->next;
		free(l);
	}
	while (s->answers) {
		struct answer *a = s->answers;

		s->answers = a->next;
		free(a);
	}
	for (size_t i = 0; i < s->n; i++)
		free(s->nodes[i]->routes);
}

/* ---- the carrier's half ------------------------------------------------- */

/* "sim0-2#/QUEUE/TOKEN": of node 2 at its place 0; a queue's first byte is
 * 0 for requests, else one more than the node it is for. */
static void
put_place(const struct node *n, size_t me, size_t queue,
    char text[ROUTE_TEXT])
{
	uint8_t id[QUEUE_ID_LEN] = { (uint8_t)queue, 1 };
	uint8_t token[QUEUE_TOKEN_LEN];
	char id_text[BASE32_LEN(QUEUE_ID_LEN)];
	char token_text[BASE32_LEN(QUEUE_TOKEN_LEN)];

	request_token_of(token, identity_keys(n->id));
	enc_base32(id_text, id, sizeof(id));
	enc_base32(token_text, token, sizeof(token));
	snprintf(text, ROUTE_TEXT, "sim%u-%zu#/%s/%s", n->place, me, id_text,
	    token_text);
}

static void
net_my_routes(void *net, const struct user_id *who, struct routes *out)
{
	const struct node *n = net;
	size_t me = sim_index(n->sim, n);

	memset(out, 0, sizeof(*out));
	if (!n->has_relay)
		return;
	out->n = 1;
	put_place(n, me, who ? sim_index_by_id(n->sim, who) + 1 : 0,
	    out->at[0]);
}

static void
net_their_routes(void *net, const struct pubkeys *who,
    const struct routes *routes)
{
	struct node *n = net;
	struct user_id id;
	size_t i;

	user_id_of(&id, who);
	i = sim_index_by_id(n->sim, &id);
	if (i == SIZE_MAX)
		return;
	if (!n->routes)
		n->routes = mem_array(SIM_NODES, sizeof(*n->routes));
	n->routes[i] = *routes;
}

/* Whose queue it is; false: there is none. */
static bool
find_queue(const struct sim *s, const struct routes *r, size_t *owner,
    size_t *queue)
{
	char id_text[BASE32_LEN(QUEUE_ID_LEN)] = "", *token;
	uint8_t id[QUEUE_ID_LEN], expected[QUEUE_TOKEN_LEN], shown[64];
	const char *slash;
	unsigned place;

	if (r->n == 0 || sscanf(r->at[0], "sim%u-%zu", &place, owner) != 2 ||
	    *owner >= s->n || place != s->nodes[*owner]->place ||
	    !(slash = strchr(r->at[0], '/')))
		return false;
	memcpy(id_text, slash + 1, sizeof(id_text) - 1);
	token = strchr(slash + 1, '/');
	request_token_of(expected, identity_keys(s->nodes[*owner]->id));
	if (dec_base32(id, sizeof(id), id_text) != (ssize_t)sizeof(id) ||
	    dec_base32(shown, sizeof(shown), token + 1) !=
	    (ssize_t)sizeof(expected) ||
	    memcmp(shown, expected, sizeof(expected)) != 0)
		return false;
	*queue = SIZE_MAX;
	if (id[0] == 0)
		return true;
	*queue = (size_t)(id[0] - 1);
	return *queue < s->n && s->nodes[*owner]->wanted[*queue];
}

static bool
has_upload(const struct sim *s, size_t owner, const uint8_t *upload)
{
	for (const struct parcel *l = s->letters; l; l = l->next)
		if (l->owner == owner &&
		    memcmp(l->upload, upload, UPLOAD_LEN) == 0)
			return true;
	return false;
}

static enum left
store(struct node *n, size_t to, const uint8_t *upload, const void *p,
    size_t len)
{
	struct sim *s = n->sim;
	struct parcel *l;
	size_t owner, queue;

	if (!n->routes || !find_queue(s, &n->routes[to], &owner, &queue))
		return LEFT_NO_PLACE;
	if (n->cut_off)
		return LEFT_UNSENT;
	if (s->nodes[owner]->box_full)
		return LEFT_FULL;
	if (s->nodes[owner]->refusal != LEFT_STORED)
		return s->nodes[owner]->refusal;
	n->n_left++;
	if (has_upload(s, owner, upload) ||
	    (int)sim_random(s, 100) < s->mail_lost)
		return LEFT_STORED;
	for (int i = 0; i < 2; i++) {
		if (i == 1 && (int)sim_random(s, 100) >= s->mail_twice)
			break;
		l = copy_of(p, len);
		l->owner = owner;
		l->queue = queue;
		memcpy(l->upload, upload, UPLOAD_LEN);
		put_letter(s, l);
	}
	return LEFT_STORED;
}

static int
net_leave(void *net, const struct user_id *to,
    const uint8_t upload[UPLOAD_LEN], const void *letter, size_t len)
{
	struct node *n = net;
	struct answer *a, **at = &n->sim->answers;

	if (len > LETTER_MAX)
		fail_msg("a letter of %zu bytes", len);
	if (n->n_busy == BUSY)
		return -1;
	n->n_busy++;
	a = mem_new(sizeof(*a));
	a->due_ms = n->sim->now_ms + 1;
	a->to = n;
	a->of = *to;
	memcpy(a->upload, upload, UPLOAD_LEN);
	a->what = store(n, sim_index_by_id(n->sim, to), upload, letter, len);
	while (*at)
		at = &(*at)->next;
	*at = a;
	return 0;
}

static void
net_took(void *net, uint64_t letter)
{
	struct node *n = net;
	size_t me = sim_index(n->sim, n);

	n->n_took++;
	for (struct parcel **at = &n->sim->letters; *at; at = &(*at)->next) {
		struct parcel *l = *at;

		if (l->number != letter)
			continue;
		if (l->owner != me)
			fail_msg("%s took a letter of another", n->name);
		*at = l->next;
		free(l);
		return;
	}
}

void
sim_mail_carry(struct carrier *carrier)
{
	carrier->my_routes = net_my_routes;
	carrier->their_routes = net_their_routes;
	carrier->leave = net_leave;
	carrier->took = net_took;
}

/* ---- time --------------------------------------------------------------- */

static void
give(struct sim *s, struct parcel *l)
{
	struct node *n = s->nodes[l->owner];
	struct parcel *copy = copy_of(l->bytes, l->len);

	l->given = true;
	n->net->on_letter(n->net->chat, l->number, l->queue == SIZE_MAX ?
	    NULL : identity_id(s->nodes[l->queue]->id), copy->bytes,
	    copy->len);
	free(copy);
}

void
sim_mail_deliver(struct sim *s)
{
	while (s->answers && s->answers->due_ms <= s->now_ms) {
		struct answer *a = s->answers;

		s->answers = a->next;
		a->to->n_busy--;
		a->to->net->on_left(a->to->net->chat, &a->of, a->upload,
		    a->what);
		free(a);
	}
	/* Nothing is taken before the end of a turn: the list stays. */
	for (struct parcel *l = s->letters; l; l = l->next) {
		const struct node *n = s->nodes[l->owner];

		if (!l->given && l->due_ms <= s->now_ms && n->has_relay &&
		    !n->cut_off)
			give(s, l);
	}
}

void
sim_mail_meet(struct sim *s, struct node *alice, struct node *bob)
{
	sim_meet(s, alice, bob);
	sim_say(alice, bob, "hello");
	sim_run_ms(s, 20);
	sim_say(bob, alice, "hello");
	sim_run_ms(s, 500);
	ok(chat_owed(alice->chat) + chat_owed(bob->chat) == 0, "all said");
	ok(sim_person(alice, bob)->own->out.live == 0, "places too");
	ok(sim_person(bob, alice)->own->out.live == 0, "places too");
	chat_look(alice->chat, sim_person(alice, bob));
	chat_look(bob->chat, sim_person(bob, alice));
	sim_run_ms(s, 50);
	chat_look(alice->chat, NULL);
	chat_look(bob->chat, NULL);
	chat_clear(alice->chat, sim_person(alice, bob));
	chat_clear(bob->chat, sim_person(bob, alice));
	sim_run_ms(s, 50);
}
