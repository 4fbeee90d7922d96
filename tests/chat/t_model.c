/*
 * A randomized model of frames and rolling receive keys: two parties with
 * the real frames, windows, outboxes and rings, and a stand-in for the
 * sealed envelope (it is readable by whoever holds the secret of the key it
 * names, and by nobody else).
 *
 * Loss, repetition, reordering, live exchange, restarts, and restored
 * backups: every message is shown exactly once and every outbox drains.
 * Two faults that the rules exist against are built in as switches; a model
 * that did not catch them would prove nothing.
 *
 * MODEL_RUNS sets the number of runs of each kind (500).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "frame.h"
#include "mem.h"
#include "numbers.h"
#include "outbox.h"
#include "rand.h"

enum {
	IDS = 512,			/* messages of a run, at most */
	SNAPS = 96,
	STALE = 16,
	RESEAL_TICKS = 3,
	FAIR_ROUNDS = 40
};

enum outcome { RUN_OK, RUN_LOST, RUN_TWICE, RUN_STUCK };

struct faults {
	bool same_epoch;	/* a start goes on with the numbers it finds */
	bool silent;		/* what cannot be read is dropped */
};

struct kind {
	bool rollback;
	unsigned loss;		/* percent */
	struct faults faults;
};

/* What a party keeps, and what a backup of it holds. */
struct party {
	uint64_t epoch, seq;
	struct numbers n;
	struct outbox out;
	uint64_t stale[STALE];
	size_t n_stale;
	int last_reseal;
	uint8_t hist[IDS];		/* messages shown by this copy */
};

struct letter {
	bool reseal;
	uint64_t gen;			/* sealed to; 0: the prekey */
	uint8_t pub[KEY_LEN];
	size_t len;
	uint8_t bytes[FRAME_HEAD + 4];
};

struct box {
	struct letter *at;
	size_t n, room;
};

struct world {
	struct kind kind;
	uint64_t random;
	int64_t clock;
	int tick;
	struct party party[2];
	struct party *snaps[2][SNAPS];
	size_t n_snaps[2];
	struct box box[2];		/* letters for .. */
	uint8_t shown[2][IDS];		/* to the person, by any copy */
	uint8_t sent[2][IDS];		/* and to be shown to the other */
	uint32_t next_id;
	bool twice;
};

static unsigned
chance(struct world *w, unsigned below)
{
	w->random ^= w->random >> 12;
	w->random ^= w->random << 25;
	w->random ^= w->random >> 27;
	return (unsigned)((w->random * UINT64_C(2685821657736338717)) >> 33) %
	    below;
}

static int64_t
now(struct world *w)
{
	return ++w->clock;
}

/* ---- a party ------------------------------------------------------------ */

static void
party_copy(struct party *dst, const struct party *src)
{
	*dst = *src;
	numbers_copy(&dst->n, &src->n);
	dst->out.at = src->out.room == 0 ? NULL :
	    mem_copy(src->out.at, src->out.room * sizeof(*src->out.at));
}

static void
party_clear(struct party *p)
{
	numbers_clear(&p->n);
	outbox_clear(&p->out);
}

/* What is owed an acknowledgement is not kept: the peer asks again. */
static void
party_start(struct world *w, struct party *p)
{
	uint64_t at = (uint64_t)now(w);

	if (!w->kind.faults.same_epoch || p->epoch == 0) {
		p->epoch = at > p->epoch ? at : p->epoch + 1;
		p->seq = 0;
	}
	for (size_t i = 0; i < p->n.seen.n; i++)
		p->n.seen.at[i].due = false;
	p->n_stale = 0;
	ring_renew(&p->n.ring, now(w), true);
}

static void
drop(struct box *b, size_t i)
{
	b->n--;
	memmove(b->at + i, b->at + i + 1, (b->n - i) * sizeof(*b->at));
}

static void
put(struct box *b, const struct letter *l)
{
	if (b->n == b->room) {
		b->room = b->room ? 2 * b->room : 32;
		b->at = mem_resize(b->at, b->room, sizeof(*b->at));
	}
	b->at[b->n++] = *l;
}

/* Leaves it at the relay for the other. */
static void
leave(struct world *w, int from, const struct letter *l)
{
	if (chance(w, 100) < w->kind.loss)
		return;
	put(&w->box[!from], l);
	if (chance(w, 10) == 0)
		put(&w->box[!from], l);
}

/* ---- frames out --------------------------------------------------------- */

static void
fill(const struct party *p, struct frame *f)
{
	const struct receive_key *k = ring_newest(&p->n.ring);

	memset(f, 0, sizeof(*f));
	f->version = FRAME_VERSION;
	f->base = outbox_base(&p->out, p->epoch);
	f->rk_gen = k->gen;
	memcpy(f->rk_pub, k->public, KEY_LEN);
	f->floor_gen = outbox_floor(&p->out, p->n.peer_gen);
}

static void
fill_ack(const struct party *p, struct frame *f, uint64_t epoch)
{
	f->ack_epoch = epoch;
	windows_ack(&p->n.seen, epoch, &f->ack_cum, &f->ack_bits);
}

static bool
is_first(const struct outbox *o, const struct owed *row)
{
	for (const struct owed *r = o->at + o->head; r < row; r++)
		if (!r->gone && r->epoch == row->epoch)
			return false;
	return true;
}

static void
fill_row(const struct party *p, struct frame *f, const struct owed *row,
    uint8_t body[4])
{
	put_u32(body, (uint32_t)row->row);
	f->type = FRAME_TEXT;
	f->epoch = row->epoch;
	f->seq = row->seq;
	f->flags = is_first(&p->out, row) ? FRAME_FIRST : 0;
	f->body = body;
	f->len = 4;
}

static void
leave_frame(struct world *w, int me, const struct frame *f)
{
	const struct numbers *n = &w->party[me].n;
	struct letter l = { .gen = n->peer_gen };
	struct buf b;

	memcpy(l.pub, n->peer_pub, KEY_LEN);
	buf_init(&b);
	frame_write(&b, f);
	assert_true(b.len <= sizeof(l.bytes));
	memcpy(l.bytes, b.at, b.len);
	l.len = b.len;
	buf_clear(&b);
	leave(w, me, &l);
}

/* An epoch that is owed an acknowledgement; 0: none. */
static uint64_t
some_due(struct party *p)
{
	if (p->n_stale > 0)
		return p->stale[p->n_stale - 1];
	for (size_t i = 0; i < p->n.seen.n; i++)
		if (p->n.seen.at[i].due)
			return p->n.seen.at[i].epoch;
	return 0;
}

static void
upload(struct world *w, int me, struct owed *row)
{
	struct party *p = &w->party[me];
	struct frame f;
	uint8_t body[4];
	uint64_t due = some_due(p);

	outbox_sealed(&p->out, row, p->n.peer_gen);
	fill(p, &f);
	fill_row(p, &f, row, body);
	if (due != 0)
		fill_ack(p, &f, due);
	leave_frame(w, me, &f);
}

static void
acks(struct world *w, int me)
{
	struct party *p = &w->party[me];
	struct window *win;
	struct frame f;
	uint64_t due;

	while ((due = some_due(p)) != 0) {
		fill(p, &f);
		fill_ack(p, &f, due);
		leave_frame(w, me, &f);
		win = windows_find(&p->n.seen, due);
		if (p->n_stale > 0)
			p->n_stale--;
		else
			win->due = false;
	}
}

static void
say(struct world *w, int me)
{
	struct party *p = &w->party[me];
	struct owed row = { .kind = FRAME_TEXT };

	if (w->next_id == IDS)
		return;
	row.epoch = p->epoch;
	row.seq = ++p->seq;
	row.row = w->next_id++;
	w->sent[me][row.row] = 1;
	outbox_push(&p->out, &row);
	upload(w, me, outbox_last(&p->out));
}

/* Rows sealed to older keys than the peer's newest go once more. */
static void
reseal_rows(struct world *w, int me)
{
	struct outbox *o = &w->party[me].out;

	for (size_t i = o->head; i < o->n; i++)
		if (!o->at[i].gone &&
		    o->at[i].gen < w->party[me].n.peer_gen)
			upload(w, me, &o->at[i]);
}

static void
ask_reseal(struct world *w, int me)
{
	struct party *p = &w->party[me];
	const struct receive_key *k = ring_newest(&p->n.ring);
	struct letter l = { .reseal = true, .gen = k->gen };

	if (w->kind.faults.silent ||
	    w->tick - p->last_reseal < RESEAL_TICKS)
		return;
	p->last_reseal = w->tick;
	memcpy(l.pub, k->public, KEY_LEN);
	leave(w, me, &l);
}

/* ---- frames in ---------------------------------------------------------- */

static void
forget_row(void *arg, struct owed *row, bool joins)
{
	(void)arg;
	(void)row;
	(void)joins;
}

static void
note_due(struct party *p, uint64_t epoch)
{
	struct window *win = windows_find(&p->n.seen, epoch);

	if (win)
		win->due = true;
	else if (p->n_stale < STALE)
		p->stale[p->n_stale++] = epoch;
}

static void
hear(struct world *w, int me, const uint8_t *bytes, size_t len)
{
	struct party *p = &w->party[me];
	struct frame f;
	uint32_t id;

	assert_int_equal(frame_read(&f, bytes, len), FRAME_GOOD);
	numbers_adopt(&p->n, f.rk_gen, f.rk_pub);
	ring_drop_below(&p->n.ring, f.floor_gen);
	if (f.ack_epoch != 0)
		outbox_ack(&p->out, f.ack_epoch, f.ack_cum, f.ack_bits,
		    forget_row, NULL);
	windows_set_base(&p->n.seen, f.base);
	if (!frame_is_counted(&f))
		return;
	switch (windows_see(&p->n.seen, f.epoch, f.seq,
	    (f.flags & FRAME_FIRST) != 0)) {
	case SEEN_NEW:
		id = get_u32(f.body);
		w->twice = w->twice || p->hist[id];
		p->hist[id] = w->shown[me][id] = 1;
		note_due(p, f.epoch);
		break;
	case SEEN_BEFORE:
	case SEEN_PAST:
		note_due(p, f.epoch);
		break;
	case SEEN_REFUSED:
		break;
	}
}

static void
open_letter(struct world *w, int me, const struct letter *l)
{
	struct party *p = &w->party[me];
	const struct receive_key *k;

	if (l->reseal) {
		if (numbers_adopt(&p->n, l->gen, l->pub) ||
		    l->gen == p->n.peer_gen)
			reseal_rows(w, me);
		return;
	}
	if (l->gen != 0) {
		k = ring_by_gen(&p->n.ring, l->gen);
		if (!k || memcmp(k->public, l->pub, KEY_LEN) != 0) {
			ask_reseal(w, me);
			return;
		}
		if (k == ring_newest(&p->n.ring))
			ring_renew(&p->n.ring, now(w), false);
	}
	hear(w, me, l->bytes, l->len);
}

/* ---- what may happen ---------------------------------------------------- */

static void
take_letter(struct world *w, int me, size_t i)
{
	struct letter l = w->box[me].at[i];

	drop(&w->box[me], i);
	open_letter(w, me, &l);
}

/* A link stands for a moment: rows, then acknowledgements, both ways. */
static void
meet(struct world *w)
{
	struct buf b;
	struct frame f;
	uint8_t body[4];

	buf_init(&b);
	for (int me = 0; me < 2; me++) {
		struct outbox *o = &w->party[me].out;

		for (size_t i = o->head; i < o->n; i++) {
			if (o->at[i].gone)
				continue;
			fill(&w->party[me], &f);
			fill_row(&w->party[me], &f, &o->at[i], body);
			buf_empty(&b);
			frame_write(&b, &f);
			hear(w, !me, b.at, b.len);
		}
	}
	for (int me = 0; me < 2; me++) {
		struct party *p = &w->party[me];
		uint64_t due;

		while ((due = some_due(p)) != 0) {
			fill(p, &f);
			fill_ack(p, &f, due);
			buf_empty(&b);
			frame_write(&b, &f);
			hear(w, !me, b.at, b.len);
			if (p->n_stale > 0)
				p->n_stale--;
			else
				windows_find(&p->n.seen, due)->due = false;
		}
	}
	buf_clear(&b);
}

static void
back_up(struct world *w, int me)
{
	struct party *copy;

	if (w->n_snaps[me] == SNAPS)
		return;
	copy = mem_new(sizeof(*copy));
	party_copy(copy, &w->party[me]);
	w->snaps[me][w->n_snaps[me]++] = copy;
}

/* Messages that only the lost copy knew are lost with the device. */
static void
restore(struct world *w, int me)
{
	struct party *p = &w->party[me];
	uint8_t known[IDS] = { 0 };

	if (w->n_snaps[me] == 0)
		return;
	party_clear(p);
	party_copy(p, w->snaps[me][chance(w, (unsigned)w->n_snaps[me])]);
	party_start(w, p);
	for (size_t i = p->out.head; i < p->out.n; i++)
		if (!p->out.at[i].gone)
			known[p->out.at[i].row] = 1;
	for (size_t id = 0; id < IDS; id++)
		w->sent[me][id] = w->sent[me][id] && (known[id] ||
		    w->shown[!me][id]);
}

static void
happen(struct world *w)
{
	int me = (int)chance(w, 2);
	unsigned dice = chance(w, 100);

	w->tick++;
	if (dice < 30) {
		say(w, me);
	} else if (dice < 65) {
		if (w->box[me].n > 0)
			take_letter(w, me, chance(w, 10) < 4 ?
			    chance(w, (unsigned)w->box[me].n) : 0);
	} else if (dice < 80) {
		acks(w, me);
	} else if (dice < 86) {
		meet(w);
	} else if (dice < 90) {
		party_start(w, &w->party[me]);
	} else if (dice < 95) {
		back_up(w, me);
	} else if (w->kind.rollback) {
		restore(w, me);
	}
}

static bool
is_quiet(const struct world *w)
{
	return w->box[0].n == 0 && w->box[1].n == 0 &&
	    w->party[0].out.live == 0 && w->party[1].out.live == 0;
}

/* From now on letters are taken, answered, and left again every third
 * round, as a day's repetition would. */
static bool
settle(struct world *w)
{
	for (int round = 0; round < FAIR_ROUNDS; round++) {
		w->tick += 10;
		for (int me = 0; me < 2; me++) {
			struct outbox *o = &w->party[me].out;

			while (w->box[me].n > 0)
				take_letter(w, me, 0);
			acks(w, me);
			for (size_t i = o->head; round % 3 == 2 && i < o->n;
			    i++)
				if (!o->at[i].gone)
					upload(w, me, &o->at[i]);
		}
		if (is_quiet(w))
			return true;
	}
	return false;
}

static enum outcome
judge(struct world *w, bool settled)
{
	if (w->twice)
		return RUN_TWICE;
	if (!settled)
		return RUN_STUCK;
	for (int me = 0; me < 2; me++)
		for (size_t id = 0; id < IDS; id++)
			if (w->sent[me][id] && !w->shown[!me][id])
				return RUN_LOST;
	return RUN_OK;
}

static enum outcome
run(uint64_t seed, const struct kind *kind)
{
	struct world *w = mem_new(sizeof(*w));
	enum outcome outcome;
	unsigned steps;

	w->kind = *kind;
	w->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	w->clock = 1000;
	for (int me = 0; me < 2; me++) {
		numbers_init(&w->party[me].n);
		outbox_init(&w->party[me].out);
		w->party[me].last_reseal = -1000;
		party_start(w, &w->party[me]);
	}
	steps = 20 + chance(w, 60);
	while (steps-- > 0)
		happen(w);
	outcome = judge(w, settle(w));
	for (int me = 0; me < 2; me++) {
		party_clear(&w->party[me]);
		free(w->box[me].at);
		for (size_t i = 0; i < w->n_snaps[me]; i++) {
			party_clear(w->snaps[me][i]);
			free(w->snaps[me][i]);
		}
	}
	free(w);
	return outcome;
}

/* ---- the tests ---------------------------------------------------------- */

static unsigned
n_runs(void)
{
	const char *text = getenv("MODEL_RUNS");
	long n = text ? strtol(text, NULL, 10) : 0;

	return n > 0 ? (unsigned)n : 500;
}

static void
all_arrive(const struct kind *kind)
{
	static const char *const names[] = { "ok", "lost", "shown twice",
		"stuck" };

	for (unsigned seed = 0; seed < n_runs(); seed++) {
		enum outcome o = run(seed, kind);

		if (o != RUN_OK)
			fail_msg("seed %u: %s", seed, names[o]);
	}
}

static unsigned
count(const struct kind *kind, enum outcome which)
{
	unsigned n = 0;

	for (unsigned seed = 0; seed < n_runs(); seed++)
		n += run(seed, kind) == which;
	return n;
}

static void
t_reordering_and_restarts(void **state)
{
	const struct kind kind = { .loss = 0 };

	(void)state;
	all_arrive(&kind);
}

static void
t_loss(void **state)
{
	const struct kind kind = { .loss = 10 };

	(void)state;
	all_arrive(&kind);
}

static void
row_29_restored_backups(void **state)
{
	const struct kind kind = { .loss = 10, .rollback = true };

	(void)state;
	all_arrive(&kind);
}

static void
t_an_epoch_kept_over_a_restore_is_caught(void **state)
{
	const struct kind kind = { .loss = 10, .rollback = true,
		.faults.same_epoch = true };

	(void)state;
	/* A quarter of the runs loses something. */
	assert_true(count(&kind, RUN_LOST) > n_runs() / 20);
}

static void
t_letters_dropped_in_silence_are_caught(void **state)
{
	const struct kind kind = { .loss = 10, .rollback = true,
		.faults.silent = true };

	(void)state;
	assert_true(count(&kind, RUN_STUCK) > n_runs() / 200);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_reordering_and_restarts),
		cmocka_unit_test(t_loss),
		cmocka_unit_test(row_29_restored_backups),
		cmocka_unit_test(t_an_epoch_kept_over_a_restore_is_caught),
		cmocka_unit_test(t_letters_dropped_in_silence_are_caught),
	};

	if (crypto_start(NULL) < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
