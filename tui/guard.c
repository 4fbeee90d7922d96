#include "guard.h"

#include "field.h"
#include "form.h"
#include "term.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PAUSE_MS = 1000,
	PAUSES_MAX = 5,			/* doublings of it: 32 s */
	MINUTE_MS = 60000
};

enum lock {
	LOCK_OPEN,
	LOCK_ASKS,
	LOCK_TRIES,
	LOCK_PAUSES
};

struct guard {
	struct tui *tui;
	const struct tui_setup *setup;
	const struct theme *theme;
	struct field field;
	bool stale, sure;		/* Ctrl-C once more leaves */
	/* The question. */
	bool asking, waiting;
	char *title, *text, *label;
	void (*done)(void *arg, const char *typed);
	void *done_arg;
	/* The lock. */
	enum lock lock;
	unsigned wrong;
	char *trouble;			/* why a try could not be made */
	int64_t pause_ends_ms;
	struct timer pause, idle;
	int64_t touched_ms, touched_wall_ms;
	int64_t told_ms;		/* a limit without a passphrase */
	uint64_t roster;		/* as it was counted last */
};

/* ---- idleness ------------------------------------------------------------ */

static int64_t
limit_ms(const struct guard *g)
{
	return opts_int(g->setup->opts, "lock") * MINUTE_MS;
}

static bool
is_sealed(const struct guard *g)
{
	const struct tui_keeper *k = &g->setup->keeper;

	return k->is_sealed && k->is_sealed(k->arg);
}

/* A machine that slept did not count those hours, but its clock did. */
static int64_t
idle_ms(const struct guard *g)
{
	int64_t by_turns = loop_now_ms(g->setup->loop) - g->touched_ms;
	int64_t by_clock = loop_wall_ms(g->setup->loop) - g->touched_wall_ms;

	return by_clock > by_turns ? by_clock : by_turns;
}

static bool
is_overdue(const struct guard *g)
{
	return limit_ms(g) > 0 && g->lock == LOCK_OPEN && is_sealed(g) &&
	    idle_ms(g) >= limit_ms(g);
}

static void
wind_up(struct guard *g)
{
	int64_t left = limit_ms(g) - idle_ms(g);

	if (limit_ms(g) > 0 && g->lock == LOCK_OPEN)
		timer_set(&g->idle, left > 0 ? left : limit_ms(g));
	else
		timer_stop(&g->idle);
}

static void
on_idle(void *arg)
{
	struct guard *g = arg;

	guard_look(g);
	wind_up(g);
}

void
guard_look(struct guard *g)
{
	if (is_overdue(g))
		guard_lock(g, NULL);
}

static void
touch(struct guard *g)
{
	g->touched_ms = loop_now_ms(g->setup->loop);
	g->touched_wall_ms = loop_wall_ms(g->setup->loop);
}

void
guard_take_options(struct guard *g)
{
	const int64_t limit = limit_ms(g);

	wind_up(g);
	if (limit > 0 && limit != g->told_ms && !is_sealed(g))
		chat_notice(g->setup->chat, "the screen is not locked without "
		    "a passphrase to open it again: /passphrase sets one");
	g->told_ms = limit;
}

/* ---- the question -------------------------------------------------------- */

static void
set_texts(struct guard *g, const char *title, const char *text,
    const char *label)
{
	char *own[] = { mem_str(title), mem_str(text), mem_str(label) };

	free(g->title);
	free(g->text);
	free(g->label);
	g->title = own[0];
	g->text = own[1];
	g->label = own[2];
	field_clear(&g->field);
	g->asking = g->waiting = false;
	g->stale = true;
}

/* Whoever asked may ask the next thing at once. */
static void
answer(struct guard *g, bool given)
{
	g->asking = false;
	g->stale = true;
	g->done(g->done_arg, given ? g->field.at : NULL);
	field_clear(&g->field);
	if (!g->asking && !g->waiting)
		guard_end(g);
}

void
guard_ask(struct guard *g, const struct tui_question *q)
{
	set_texts(g, q->title, q->text, q->label);
	g->done = q->done;
	g->done_arg = q->arg;
	g->asking = true;
}

void
guard_wait(struct guard *g, const char *text)
{
	set_texts(g, g->title, text, "");
	g->waiting = true;
}

void
guard_end(struct guard *g)
{
	set_texts(g, "", "", "");
	tui_uncover(g->tui);
}

/* ---- the lock ------------------------------------------------------------ */

int
guard_lock(struct guard *g, struct err *e)
{
	if (!is_sealed(g)) {
		err_set(e, STATUS_USAGE, "there is no passphrase to unlock "
		    "the screen with");
		return err_next(e, "set one with /passphrase");
	}
	if (g->lock != LOCK_OPEN)
		return 0;
	if (g->asking)
		answer(g, false);
	field_clear(&g->field);
	g->lock = LOCK_ASKS;
	g->wrong = 0;
	g->stale = true;
	wind_up(g);
	loop_again(g->setup->loop);
	return 0;
}

static void
unlock(struct guard *g)
{
	g->lock = LOCK_OPEN;
	g->wrong = 0;
	free(g->trouble);
	g->trouble = NULL;
	touch(g);
	wind_up(g);
	g->stale = true;
	tui_uncover(g->tui);
}

static void
on_pause_over(void *arg)
{
	struct guard *g = arg;
	int64_t left = g->pause_ends_ms - loop_now_ms(g->setup->loop);

	g->stale = true;
	if (left > 0)
		timer_set(&g->pause, left < PAUSE_MS ? left : PAUSE_MS);
	else
		g->lock = LOCK_ASKS;
}

void
guard_tried(struct guard *g, const struct err *why)
{
	unsigned n = g->wrong < PAUSES_MAX ? g->wrong : PAUSES_MAX;

	if (g->lock != LOCK_TRIES)
		return;
	free(g->trouble);
	g->trouble = NULL;
	g->stale = true;
	if (!why) {
		unlock(g);
		return;
	}
	if (why->status != STATUS_DENIED) {
		g->trouble = mem_str(why->what);
		g->lock = LOCK_ASKS;
		return;
	}
	g->wrong++;
	g->lock = LOCK_PAUSES;
	g->pause_ends_ms = loop_now_ms(g->setup->loop) +
	    ((int64_t)PAUSE_MS << n);
	timer_set(&g->pause, PAUSE_MS);
}

static void
try(struct guard *g)
{
	const struct tui_keeper *k = &g->setup->keeper;
	struct err e = { 0 };

	if (g->field.len == 0)
		return;
	g->lock = LOCK_TRIES;
	if (k->try(k->arg, g->field.at, &e) != 0)
		guard_tried(g, &e);
	field_clear(&g->field);
}

/* ---- keys ---------------------------------------------------------------- */

bool
guard_covers(const struct guard *g)
{
	return g->lock != LOCK_OPEN || g->asking || g->waiting;
}

/* What works on every page.  True: it was that. */
static bool
common_key(struct key k)
{
	if (k.mods != MOD_CTRL)
		return false;
	if (k.code == 'l')
		term_redraw();
	else if (k.code == 'z')
		term_suspend();
	else
		return false;
	return true;
}

static void
lock_key(struct guard *g, struct key k)
{
	const bool sure = g->sure;

	g->sure = false;
	g->stale = true;
	if (k.mods == MOD_CTRL && k.code == 'c' && g->field.len == 0) {
		if (sure)
			loop_stop(g->setup->loop, STATUS_OK);
		g->sure = true;
		return;
	}
	if (g->lock != LOCK_ASKS)
		return;
	switch (field_key(&g->field, k)) {
	case FIELD_ENTER:
		try(g);
		break;
	case FIELD_LEAVE:
		field_clear(&g->field);
		break;
	case FIELD_FULL:
		term_bell();
		break;
	case FIELD_NOTHING:
	case FIELD_CHANGED:
		break;
	}
}

static void
ask_key(struct guard *g, struct key k)
{
	if (!g->asking)
		return;
	g->stale = true;
	switch (field_key(&g->field, k)) {
	case FIELD_ENTER:
		answer(g, true);
		break;
	case FIELD_LEAVE:
		answer(g, false);
		break;
	case FIELD_FULL:
		term_bell();
		break;
	case FIELD_NOTHING:
	case FIELD_CHANGED:
		break;
	}
}

/* Nobody was here for too long: who is it now? */
static bool
begins_late(struct guard *g)
{
	if (is_overdue(g))
		guard_lock(g, NULL);
	else
		touch(g);
	return guard_covers(g);
}

bool
guard_key(struct guard *g, struct key k)
{
	const bool was_open = g->lock == LOCK_OPEN;

	if (!begins_late(g))
		return false;
	if (was_open && g->lock != LOCK_OPEN)
		return true;
	if (common_key(k))
		g->stale = true;
	else if (g->lock != LOCK_OPEN)
		lock_key(g, k);
	else
		ask_key(g, k);
	return true;
}

bool
guard_paste(struct guard *g, const void *text, size_t len)
{
	if (!begins_late(g))
		return false;
	g->stale = true;
	g->sure = false;
	if ((g->lock == LOCK_ASKS || (g->lock == LOCK_OPEN && g->asking)) &&
	    (!text || !field_paste(&g->field, text, len)))
		term_bell();
	return true;
}

/* ---- drawing ------------------------------------------------------------- */

static uint64_t
roster_now(const struct guard *g)
{
	return roster_version(chat_roster(g->setup->chat));
}

bool
guard_is_stale(struct guard *g)
{
	return g->stale || (g->lock != LOCK_OPEN && g->roster !=
	    roster_now(g));
}

/* How much waits; not what, and not from whom. */
static void
say_waiting(const struct guard *g, struct form *s)
{
	const struct roster *r = chat_roster(g->setup->chat);
	size_t unread = 0, asking = 0;
	char text[96];

	for (size_t i = 0; i < roster_count(r); i++) {
		const struct person *p = roster_at(r, i);

		if (p->who.trust == TRUST_REQUESTED)
			asking++;
		else if (p->who.trust != TRUST_BLOCKED)
			unread += p->n_unread;
	}
	snprintf(text, sizeof(text), "%zu unread", unread);
	form_say(s, unread > 0 ? STYLE_KEY : STYLE_DIM, 0, text);
	snprintf(text, sizeof(text), asking == 1 ? "1 request" :
	    "%zu requests", asking);
	if (asking > 0)
		form_say(s, STYLE_WARN, 0, text);
}

static void
draw_lock(struct guard *g)
{
	static const char *const hints[] = { "Enter", "unlock", "Ctrl-C",
		"twice leaves", NULL };
	const int64_t left = g->pause_ends_ms - loop_now_ms(g->setup->loop);
	char text[96];
	struct form s;

	form_begin(&s, g->theme, "p2ptui", "locked");
	form_say(&s, STYLE_TITLE, 0, "Locked.");
	form_gap(&s);
	say_waiting(g, &s);
	form_gap(&s);
	if (g->lock == LOCK_TRIES) {
		form_say(&s, STYLE_DIM, 0, "One moment.");
	} else if (g->lock == LOCK_PAUSES) {
		snprintf(text, sizeof(text), "Wrong passphrase. The next try "
		    "in %d s.", (int)((left + PAUSE_MS - 1) / PAUSE_MS));
		form_say(&s, STYLE_BAD, 0, text);
	} else {
		form_field(&s, "Passphrase:", &g->field);
		form_gap(&s);
		if (g->trouble)
			form_say(&s, STYLE_BAD, 0, g->trouble);
		else if (g->wrong > 0)
			form_say(&s, STYLE_BAD, 0, "That was wrong.");
	}
	if (g->sure)
		form_say(&s, STYLE_WARN, 0, "Ctrl-C again leaves p2ptui.");
	form_hints(&s, hints);
	g->roster = roster_now(g);
}

static void
draw_question(struct guard *g)
{
	static const char *const hints[] = { "Enter", "goes on", "Esc",
		"gives up", NULL };
	static const char *const none[] = { NULL };
	struct form s;

	form_begin(&s, g->theme, g->title, "");
	form_say(&s, STYLE_TEXT, 0, g->text);
	form_gap(&s);
	if (g->asking)
		form_field(&s, g->label, &g->field);
	form_hints(&s, g->asking ? hints : none);
}

void
guard_draw(struct guard *g)
{
	if (g->lock != LOCK_OPEN)
		draw_lock(g);
	else
		draw_question(g);
	g->stale = false;
	term_show();
}

/* ---- life ---------------------------------------------------------------- */

struct guard *
guard_new(struct tui *t, const struct theme *theme)
{
	struct guard *g = mem_new(sizeof(*g));

	g->tui = t;
	g->setup = tui_setup_of(t);
	g->theme = theme;
	timer_init(&g->pause, g->setup->loop, on_pause_over, g);
	timer_init(&g->idle, g->setup->loop, on_idle, g);
	field_init(&g->field, g->setup->keeper.line,
	    g->setup->keeper.line_size, true);
	set_texts(g, "", "", "");
	touch(g);
	return g;
}

void
guard_free(struct guard *g)
{
	if (!g)
		return;
	timer_stop(&g->pause);
	timer_stop(&g->idle);
	free(g->title);
	free(g->text);
	free(g->label);
	free(g->trouble);
	free(g);
}
