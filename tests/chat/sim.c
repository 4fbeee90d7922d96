#include "sim-own.h"

#include "rand.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct opt sim_options[] = {
	{ .name = "history", .type = OPT_BOOL, .def = "off" },
	{ .name = "name", .type = OPT_TEXT, .max = 64 },
	{ .name = "receipts", .type = OPT_BOOL, .def = "on" },
	{ .name = "requests", .type = OPT_BOOL, .def = "on" },
	{ .name = "typing", .type = OPT_BOOL, .def = "on" },
};

unsigned
sim_random(struct sim *s, unsigned below)
{
	/* xorshift64*: Vigna 2014 */
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (unsigned)((s->random * UINT64_C(2685821657736338717)) >> 33) %
	    below;
}

size_t
sim_index(const struct sim *s, const struct node *n)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->nodes[i] == n)
			return i;
	fail_msg("no such node");
	return 0;
}

size_t
sim_index_by_id(const struct sim *s, const struct user_id *id)
{
	for (size_t i = 0; i < s->n; i++)
		if (user_id_equal(identity_id(s->nodes[i]->id), id))
			return i;
	return SIZE_MAX;
}

/* ---- the carrier -------------------------------------------------------- */

static void
put_parcel(struct sim *s, struct wire *w, const void *frame, size_t len)
{
	struct parcel *p = mem_new(sizeof(*p) + len), **at = &w->first;

	p->due_ms = s->now_ms + 1;
	p->len = len;
	memcpy(p->bytes, frame, len);
	while (*at && !((int)sim_random(s, 100) < s->swapped))
		at = &(*at)->next;
	p->next = *at;
	*at = p;
}

static int
net_send(void *net, const struct user_id *to, const void *frame, size_t len)
{
	struct node *n = net;
	struct sim *s = n->sim;
	size_t from = sim_index(s, n), other = sim_index_by_id(s, to);
	struct wire *w;

	if (other == SIZE_MAX || !s->up[from][other])
		return -1;
	w = &s->wires[from][other];
	if (w->left == 0 || (int)sim_random(s, 100) < s->lost)
		return 0;
	if (w->left > 0)
		w->left--;
	put_parcel(s, w, frame, len);
	if ((int)sim_random(s, 100) < s->twice)
		put_parcel(s, w, frame, len);
	return 0;
}

static size_t
net_room(void *net, const struct user_id *to)
{
	(void)to;
	return ((struct node *)net)->room;
}

static void
net_want(void *net, const struct pubkeys *to, const char *where, bool want,
    bool urgent)
{
	struct node *n = net;
	struct user_id id;
	size_t i;

	(void)where;
	user_id_of(&id, to);
	i = sim_index_by_id(n->sim, &id);
	n->n_wants++;
	if (i == SIZE_MAX)
		return;
	n->wanted[i] = want;
	n->urgent[i] = urgent;
}

static void
net_drop(void *net, const struct user_id *who)
{
	struct node *n = net;
	struct sim *s = n->sim;
	size_t me = sim_index(s, n);

	n->n_drops++;
	for (size_t i = 0; i < s->n; i++)
		if (!who || user_id_equal(identity_id(s->nodes[i]->id), who))
			s->drop[me][i] = true;
	if (!who)
		sim_mail_again(s, n);
}

static void
net_announce(void *net)
{
	((struct node *)net)->n_announced++;
}

static int
net_connect(void *net, const char *host_port, struct err *e)
{
	(void)net;
	(void)host_port;
	return err_set(e, STATUS_UNAVAILABLE, "no network here");
}

/* ---- news --------------------------------------------------------------- */

static void
on_show(void *arg)
{
	struct node *n = arg;
	const struct news_list *list = chat_news(n->chat);

	for (size_t i = 0; i < news_count(list); i++) {
		const struct news *news = news_at(list, i);
		struct told *t = &n->log[n->n_told % SIM_LOG];
		const char *text = news->line ? news->line->text :
		    news->text ? news->text : "";

		memset(t, 0, sizeof(*t));
		t->kind = news->kind;
		t->who = news->who;
		t->on = news->on;
		t->reason = news->reason;
		t->left = news->left;
		t->state = news->line ? news->line->state : 0;
		t->at_ms = n->sim->now_ms;
		snprintf(t->text, sizeof(t->text), "%s", text);
		n->n_told++;
	}
}

size_t
sim_told(const struct node *n, enum news_kind kind, const char *text)
{
	size_t count = 0;

	for (size_t i = 0; i < n->n_told && i < SIM_LOG; i++)
		count += n->log[i].kind == kind &&
		    (!text || strstr(n->log[i].text, text));
	return count;
}

const struct told *
sim_last(const struct node *n, enum news_kind kind)
{
	for (size_t i = n->n_told < SIM_LOG ? n->n_told : SIM_LOG; i-- > 0; )
		if (n->log[i].kind == kind)
			return &n->log[i];
	return NULL;
}

void
sim_forget_told(struct node *n)
{
	n->n_told = 0;
}

/* ---- nodes -------------------------------------------------------------- */

static void
start(struct node *n)
{
	struct carrier carrier = { .net = n, .send = net_send,
		.room = net_room, .want = net_want, .drop = net_drop,
		.announce = net_announce, .connect = net_connect };
	struct chat_setup setup = { .id = n->id, .opts = n->opts };
	struct err e = { 0 };

	n->loop = loop_new_virtual(n->wall_ms);
	n->store = store_open(*n->path ? n->path : NULL, n->vault, &e);
	if (!n->store)
		fail_msg("store: %s", e.what);
	setup.loop = n->loop;
	setup.store = n->store;
	n->chat = chat_new(&setup, &e);
	if (!n->chat)
		fail_msg("chat: %s", e.what);
	n->net = chat_events(n->chat);
	loop_hook(n->loop, LOOP_SHOW, on_show, n);
	sim_mail_carry(&carrier);
	sim_visit_carry(&carrier);
	sim_mail_again(n->sim, n);
	chat_carry(n->chat, &carrier);
}

static void
stop(struct node *n)
{
	struct sim *s = n->sim;

	for (size_t i = 0; i < s->n; i++)
		sim_part(s, n, s->nodes[i]);
	sim_visit_gone(n);
	n->wall_ms = loop_wall_ms(n->loop);
	chat_free(n->chat);
	loop_unhook(n->loop, LOOP_SHOW, on_show, n);
	store_close(n->store);
	loop_free(n->loop);
	n->chat = NULL;
}

static struct node *
add_node(struct sim *s, const char *name, bool kept)
{
	struct node *n = mem_new(sizeof(*n));
	struct err e = { 0 };

	if (s->n == SIM_NODES)
		fail_msg("too many nodes");
	n->sim = s;
	n->wall_ms = 1700000000000;
	n->room = 1 << 20;
	n->log = mem_array(SIM_LOG, sizeof(*n->log));
	n->id = identity_new();
	n->vault = vault_new(n->id);
	n->opts = opts_new(sim_options,
	    sizeof(sim_options) / sizeof(*sim_options));
	snprintf(n->name, sizeof(n->name), "%s", name);
	if (kept)
		snprintf(n->path, sizeof(n->path), "%s/%zu.db", s->dir, s->n);
	for (size_t i = 0; i < SIM_NODES; i++)
		s->wires[s->n][i].left = s->wires[i][s->n].left = -1;
	s->nodes[s->n++] = n;
	start(n);
	if (chat_rename(n->chat, name, &e) < 0)
		fail_msg("name: %s", e.what);
	return n;
}

struct node *
sim_node(struct sim *s, const char *name)
{
	return add_node(s, name, true);
}

struct node *
sim_ephemeral(struct sim *s, const char *name)
{
	return add_node(s, name, false);
}

struct node *
sim_impostor(struct sim *s, const char *name)
{
	return add_node(s, name, true);
}

struct sim *
sim_new(unsigned seed)
{
	struct sim *s = mem_new(sizeof(*s));
	struct err e = { 0 };

	if (crypto_start(&e) < 0)
		fail_msg("%s", e.what);
	signal(SIGXFSZ, SIG_IGN);
	s->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
	snprintf(s->dir, sizeof(s->dir), "/tmp/p2ptui-sim.XXXXXX");
	if (!mkdtemp(s->dir))
		fail_msg("mkdtemp: %s", strerror(errno));
	return s;
}

static void
remove_files(const char *path)
{
	static const char *const tails[] = { "", "-wal", "-shm", ".copy",
		".copy-wal" };
	char name[200];

	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		snprintf(name, sizeof(name), "%s%s", path, tails[i]);
		unlink(name);
	}
}

void
sim_free(struct sim *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct node *n = s->nodes[i];

		if (n->chat)
			stop(n);
		if (*n->path)
			remove_files(n->path);
		vault_free(n->vault);
		identity_free(n->id);
		opts_free(n->opts);
		free(n->log);
	}
	sim_mail_clear(s);
	for (size_t i = 0; i < s->n; i++)
		free(s->nodes[i]);
	rmdir(s->dir);
	free(s);
}

/* ---- starting anew ------------------------------------------------------ */

static void
copy_file(const char *from, const char *to)
{
	struct buf b;
	FILE *in = fopen(from, "rb"), *out;
	size_t n;

	if (!in) {
		unlink(to);
		return;
	}
	buf_init(&b);
	while ((n = fread(buf_space(&b, 65536), 1, 65536, in)) > 0)
		buf_added(&b, n);
	fclose(in);
	out = fopen(to, "wb");
	if (!out || fwrite(b.at, 1, b.len, out) != b.len || fclose(out) != 0)
		fail_msg("copying %s", from);
	chmod(to, 0600);
	buf_clear(&b);
}

static void
copy_database(const char *from, const char *to)
{
	char a[200], b[200];

	copy_file(from, to);
	snprintf(a, sizeof(a), "%s-wal", from);
	snprintf(b, sizeof(b), "%s-wal", to);
	copy_file(a, b);
	/* The index of the log is made anew from it. */
	snprintf(b, sizeof(b), "%s-shm", to);
	unlink(b);
}

static void
copy_name(const struct node *n, char name[200])
{
	snprintf(name, 200, "%s.copy", n->path);
}

void
sim_backup(struct node *n)
{
	char copy[200];

	copy_name(n, copy);
	copy_database(n->path, copy);
}

void
sim_restart(struct sim *s, struct node *n)
{
	(void)s;
	stop(n);
	start(n);
}

void
sim_restore(struct sim *s, struct node *n)
{
	char copy[200];

	(void)s;
	copy_name(n, copy);
	stop(n);
	copy_database(copy, n->path);
	start(n);
}

void
sim_kill(struct sim *s, struct node *n)
{
	sim_backup(n);
	sim_restore(s, n);
}

/* ---- links -------------------------------------------------------------- */

static void
empty(struct wire *w)
{
	while (w->first) {
		struct parcel *p = w->first;

		w->first = p->next;
		free(p);
	}
	w->left = -1;
}

void
sim_part(struct sim *s, struct node *a, struct node *b)
{
	size_t i = sim_index(s, a), k = sim_index(s, b);

	if (!s->up[i][k])
		return;
	s->up[i][k] = s->up[k][i] = false;
	empty(&s->wires[i][k]);
	empty(&s->wires[k][i]);
	a->net->on_down(a->net->chat, identity_id(b->id));
	b->net->on_down(b->net->chat, identity_id(a->id));
}

static void
tell_up(struct node *to, struct node *from)
{
	struct buf bytes;
	struct card card;
	char where[40];

	buf_init(&bytes);
	from->net->card(from->net->chat, &bytes);
	if (card_read(&card, bytes.at, bytes.len) < 0)
		fail_msg("%s has a bad card", from->name);
	snprintf(where, sizeof(where), "10.0.0.%zu:54545",
	    sim_index(to->sim, from) + 1);
	to->net->on_up(to->net->chat, &card, PATH_LAN, 400, where, false);
	buf_clear(&bytes);
}

bool
sim_join(struct sim *s, struct node *a, struct node *b)
{
	size_t i = sim_index(s, a), k = sim_index(s, b);
	struct pubkeys keys;

	sim_part(s, a, b);
	if (a->net->welcome(a->net->chat, identity_keys(b->id)->x, &keys) ==
	    WELCOME_NOT || b->net->welcome(b->net->chat,
	    identity_keys(a->id)->x, &keys) == WELCOME_NOT)
		return false;
	s->up[i][k] = s->up[k][i] = true;
	empty(&s->wires[i][k]);
	empty(&s->wires[k][i]);
	tell_up(a, b);
	tell_up(b, a);
	return true;
}

static void
see_one(struct node *who, struct node *whom)
{
	struct sighting seen = { .keys = *identity_keys(whom->id),
		.where = "10.0.0.1:54545" };

	snprintf(seen.name, sizeof(seen.name), "%s", chat_name(whom->chat));
	who->net->on_seen(who->net->chat, &seen);
}

void
sim_see(struct sim *s, struct node *a, struct node *b)
{
	see_one(a, b);
	see_one(b, a);
	sim_run_ms(s, 1);
}

void
sim_meet(struct sim *s, struct node *a, struct node *b)
{
	struct err e = { 0 };

	sim_see(s, a, b);
	if (chat_accept(a->chat, sim_person(a, b), &e) < 0 ||
	    chat_accept(b->chat, sim_person(b, a), &e) < 0)
		fail_msg("accept: %s", e.what);
	ok(sim_join(s, a, b), "contacts are welcome");
	sim_run_ms(s, 50);
}

void
sim_cut_after(struct sim *s, struct node *from, struct node *to, int n)
{
	s->wires[sim_index(s, from)][sim_index(s, to)].left = n;
}

void
sim_weather(struct sim *s, int lost, int twice, int swapped)
{
	s->lost = lost;
	s->twice = twice;
	s->swapped = swapped;
}

enum heard
sim_hear_bytes(struct node *to, struct node *from, const void *p, size_t len)
{
	return to->net->on_heard(to->net->chat, identity_id(from->id), p,
	    len);
}

enum heard
sim_hear(struct node *to, struct node *from, const struct frame *f)
{
	struct buf b;
	enum heard heard;

	buf_init(&b);
	frame_write(&b, f);
	heard = sim_hear_bytes(to, from, b.at, b.len);
	buf_clear(&b);
	return heard;
}

/* ---- time --------------------------------------------------------------- */

static void
deliver(struct sim *s, size_t from, size_t to, int64_t until_ms)
{
	struct wire *w = &s->wires[from][to];
	struct node *a = s->nodes[from], *b = s->nodes[to];

	while (w->first && w->first->due_ms <= until_ms) {
		struct parcel *p = w->first;
		enum heard heard;

		w->first = p->next;
		heard = sim_hear_bytes(b, a, p->bytes, p->len);
		free(p);
		if (heard != FRAME_TAKEN) {
			b->n_refused++;
			sim_part(s, a, b);
		}
	}
}

/* RLIMIT_FSIZE is the process's, so it is low only while this node runs. */
void
sim_squeeze(const struct node *n, bool on)
{
	struct rlimit limit;

	if (!n->full)
		return;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = on ? 0 : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void
turn(struct node *n)
{
	sim_squeeze(n, true);
	loop_virtual_run(n->loop, 1);
	sim_squeeze(n, false);
}

void
sim_run_ms(struct sim *s, int64_t ms)
{
	for (; ms > 0; ms--) {
		s->now_ms++;
		for (size_t i = 0; i < s->n; i++)
			for (size_t k = 0; k < s->n; k++)
				deliver(s, i, k, s->now_ms);
		sim_mail_deliver(s);
		sim_visit_deliver(s);
		for (size_t i = 0; i < s->n; i++)
			turn(s->nodes[i]);
		for (size_t i = 0; i < s->n; i++)
			for (size_t k = 0; k < s->n; k++) {
				/* What it said before is out already. */
				if (s->drop[i][k]) {
					deliver(s, i, k, INT64_MAX);
					sim_part(s, s->nodes[i], s->nodes[k]);
				}
				s->drop[i][k] = false;
			}
	}
}

/* ---- what they see ------------------------------------------------------ */

struct person *
sim_person(struct node *who, struct node *of)
{
	return roster_find(chat_roster(who->chat), identity_id(of->id));
}

int
sim_say(struct node *from, struct node *to, const char *text)
{
	struct person *p = sim_person(from, to);
	struct err e = { 0 };

	if (!p)
		fail_msg("%s does not know %s", from->name, to->name);
	return chat_say(from->chat, p, MSG_TEXT, text, strlen(text), &e);
}

size_t
sim_lines(struct node *who, struct node *of)
{
	struct person *p = sim_person(who, of);

	return p && p->talk ? talk_count(p->talk) : 0;
}

const struct line *
sim_line(struct node *who, struct node *of, size_t i)
{
	if (i >= sim_lines(who, of))
		fail_msg("%s has no line %zu with %s", who->name, i,
		    of->name);
	return talk_line(sim_person(who, of)->talk, i);
}

const char *
sim_heard(struct node *who, struct node *of)
{
	char *text = who->sim->text;
	size_t len = 0;

	*text = '\0';
	for (size_t i = 0; i < sim_lines(who, of); i++) {
		const struct line *l = sim_line(who, of, i);

		if (l->mine)
			continue;
		len += (size_t)snprintf(text + len, TEXT_LEN - len, "%s%s",
		    len > 0 ? "|" : "", l->text);
		if (len >= TEXT_LEN)
			fail_msg("too many words");
	}
	return text;
}
