#include "sheet.h"

#include "own.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

enum {
	/* One that nobody asked for comes at most this often: else strangers
	 * could keep the screen. */
	DOUBT_MS = 60000
};

bool
sheet_is_open(const struct tui *t)
{
	return t->sheet.kind != SHEET_NONE;
}

bool
sheet_blocks(const struct tui *t)
{
	return t->sheet.kind == SHEET_DOUBT;
}

static void
clear(struct tui *t)
{
	struct sheet *sh = &t->sheet;

	switch (sh->kind) {
	case SHEET_LINK:
		link_pane_clear(&sh->link);
		break;
	case SHEET_VERIFY:
		verify_pane_clear(&sh->verify);
		break;
	case SHEET_NONE:
	case SHEET_CODE:
	case SHEET_DOUBT:
		break;
	}
	sh->kind = SHEET_NONE;
	t->stale |= STALE_ALL;
}

void
sheet_close(struct tui *t)
{
	if (sheet_is_open(t))
		clear(t);
}

/* ---- opening ------------------------------------------------------------- */

static void
show(struct tui *t, enum sheet_kind kind)
{
	help_close(t->help);
	t->sheet.kind = kind;
	t->stale |= STALE_ALL;
}

void
sheet_open_code(struct tui *t)
{
	clear(t);
	memset(&t->sheet.code, 0, sizeof(t->sheet.code));
	show(t, SHEET_CODE);
}

void
sheet_open_link(struct tui *t)
{
	const struct scene s = tui_scene(t);

	clear(t);
	link_pane_open(&t->sheet.link, &s);
	show(t, SHEET_LINK);
}

void
sheet_open_verify(struct tui *t, struct person *p)
{
	const struct scene s = tui_scene(t);

	clear(t);
	verify_pane_open(&t->sheet.verify, &s, p);
	show(t, SHEET_VERIFY);
}

void
sheet_open_doubt(struct tui *t, struct person *p, const char *what)
{
	const struct scene s = tui_scene(t);

	clear(t);
	doubt_pane_open(&t->sheet.doubt, &s, p, what);
	show(t, SHEET_DOUBT);
}

/* ---- news ---------------------------------------------------------------- */

static void
note_news(struct tui *t, const struct news *n)
{
	tui_note(t, STYLE_BAD, n->text);
	if (n->next && n->next[0])
		tui_note(t, STYLE_DIM, n->next);
	term_bell();
}

static void
code_failed(struct tui *t, const struct news *n)
{
	struct code_pane *c = &t->sheet.code;
	struct hosting h;

	note_news(t, n);
	if (t->sheet.kind != SHEET_CODE || !n->on) {
		tui_flash(t, n->text);
		return;
	}
	snprintf(c->what, sizeof(c->what), "%s", n->text);
	snprintf(c->next, sizeof(c->next), "%s", n->next ? n->next : "");
	if (!chat_hosting(t->setup.chat, &h))
		c->stage = CODE_PANE_OVER;
	t->stale |= STALE_SHEET;
}

/* Who typed a code wanted to talk to its maker; who made one may be writing
 * to somebody else meanwhile. */
static void
paired(struct tui *t, const struct news *n)
{
	const struct person *p = roster_find(chat_roster(t->setup.chat),
	    &n->who);
	char text[sizeof(p->title) + 96];

	if (!p)
		return;
	if (t->sheet.kind == SHEET_CODE &&
	    t->sheet.code.stage == CODE_PANE_WAITS) {
		t->sheet.code.stage = CODE_PANE_PAIRED;
		t->sheet.code.who = n->who;
		t->stale |= STALE_ALL;
	} else if (t->was_joining && !sheet_blocks(t)) {
		tui_visit_id(t, &n->who);
	}
	snprintf(text, sizeof(text), "%s is here: you are contacts now, by "
	    "a code", p->title);
	tui_note(t, STYLE_GOOD, text);
	snprintf(text, sizeof(text), "/verify %s compares numbers, to be sure "
	    "of who it is", p->title);
	tui_note(t, STYLE_DIM, text);
	term_bell();
}

static void
doubted(struct tui *t, const struct news *n)
{
	const int64_t now = loop_now_ms(t->setup.loop);
	struct person *p = roster_find(chat_roster(t->setup.chat), &n->who);

	note_news(t, n);
	if (!p || !p->doubted || sheet_blocks(t))
		return;
	/* Where it was said, the page says what it means. */
	if (t->sheet.kind == SHEET_VERIFY &&
	    user_id_equal(&t->sheet.verify.who, &n->who))
		return;
	if (t->sheet.doubted_ms != 0 && now - t->sheet.doubted_ms < DOUBT_MS &&
	    !user_id_equal(&t->open, &n->who))
		return;
	t->sheet.doubted_ms = now;
	sheet_open_doubt(t, p, n->text);
}

void
sheet_take_news(struct tui *t, const struct news *n)
{
	if (n->kind == NEWS_CODE)
		sheet_open_code(t);
	else if (n->kind == NEWS_CODE_FAILED)
		code_failed(t, n);
	else if (n->kind == NEWS_PAIRED)
		paired(t, n);
	else if (n->kind == NEWS_KEY)
		doubted(t, n);
}

/* ---- keys ---------------------------------------------------------------- */

static struct person *
find(struct tui *t, const struct user_id *id)
{
	struct person *p = roster_find(chat_roster(t->setup.chat), id);

	if (!p)
		sheet_close(t);
	return p;
}

static bool
is_next(struct key k)
{
	return k.code == K_ENTER && k.mods == 0;
}

static bool
is_letter(struct key k, char c)
{
	return k.mods == 0 && (k.code == c || k.code == c - 'a' + 'A');
}

static bool
is_turn(struct key k)
{
	return (k.code == K_TAB && k.mods == 0) || is_letter(k, 'q');
}

static void
make_another(struct tui *t)
{
	struct err e = { 0 };

	/* Its news open the sheet anew. */
	if (chat_host(t->setup.chat, &e) != 0) {
		tui_note_error(t, &e);
		tui_refuse(t, &e);
	}
}

static bool
code_key(struct tui *t, struct key k)
{
	const enum code_stage stage = t->sheet.code.stage;
	const struct user_id who = t->sheet.code.who;
	struct person *p;

	if (stage == CODE_PANE_PAIRED && is_letter(k, 'v')) {
		p = find(t, &who);
		if (p)
			sheet_open_verify(t, p);
		return true;
	}
	if (stage == CODE_PANE_OVER && is_letter(k, 'n')) {
		make_another(t);
		return true;
	}
	if (!is_next(k))
		return false;
	sheet_close(t);
	if (stage == CODE_PANE_PAIRED)
		tui_visit_id(t, &who);
	return true;
}

static bool
link_key(struct tui *t, struct key k)
{
	struct link_pane *l = &t->sheet.link;

	if (is_turn(k)) {
		l->shows_text = !l->shows_text;
		t->stale |= STALE_ALL;
		return true;
	}
	if (is_next(k))
		sheet_close(t);
	return is_next(k);
}

static void
refuse_verdict(struct verify_pane *v, const struct err *e)
{
	v->answer = VERIFY_REFUSED;
	snprintf(v->why, sizeof(v->why), "%.140s%s%.90s", e->what,
	    e->next[0] ? ": " : "", e->next);
}

/* All is equal: marked, and whom I had only seen is a contact now. */
static void
mark_verified(struct tui *t)
{
	struct verify_pane *v = &t->sheet.verify;
	struct person *p = find(t, &v->who);
	struct err e = { 0 };
	int done = 0;

	if (!p)
		return;
	v->answer = VERIFY_UNSAID;
	if (p->who.trust == TRUST_VERIFIED && !p->doubted)
		return;
	if (p->who.trust == TRUST_NEARBY || p->who.trust == TRUST_REQUESTED)
		done = chat_accept(t->setup.chat, p, &e);
	if (done == 0)
		done = chat_verify(t->setup.chat, p, true, &e);
	if (done != 0)
		refuse_verdict(v, &e);
}

/* One differs: no mark, and no words, until it is cleared up. */
static void
mark_differing(struct tui *t)
{
	struct verify_pane *v = &t->sheet.verify;
	struct person *p = find(t, &v->who);
	struct err e = { 0 };

	if (!p)
		return;
	v->shows_code = false;
	v->answer = VERIFY_DIFFERS;
	if (chat_verify(t->setup.chat, p, false, &e) != 0)
		refuse_verdict(v, &e);
}

static bool
verify_key(struct tui *t, struct key k)
{
	struct verify_pane *v = &t->sheet.verify;

	if (is_letter(k, 'y')) {
		mark_verified(t);
	} else if (is_letter(k, 'n')) {
		mark_differing(t);
	} else if (is_turn(k)) {
		v->shows_code = !v->shows_code;
	} else if (is_next(k)) {
		sheet_close(t);
	} else {
		return false;
	}
	t->stale |= STALE_SHEET;
	return true;
}

static void
choose(struct tui *t)
{
	const struct doubt_pane d = t->sheet.doubt;
	struct person *p = find(t, &d.who);
	struct err e = { 0 };
	int done = 0;

	if (!p)
		return;
	switch (d.choice) {
	case DOUBT_COMPARE:
		sheet_open_verify(t, p);
		return;
	case DOUBT_ACCEPT:
		done = chat_accept(t->setup.chat, p, &e);
		break;
	case DOUBT_BLOCK:
		done = chat_block(t->setup.chat, p, true, &e);
		break;
	case DOUBT_LATER:
	case DOUBT_CHOICES:
		break;
	}
	sheet_close(t);
	if (done != 0) {
		tui_note_error(t, &e);
		tui_refuse(t, &e);
	}
}

/* Arrows and Enter only: letters that were meant for somebody choose
 * nothing. */
static void
doubt_key(struct tui *t, const struct action *a, struct key k)
{
	struct doubt_pane *d = &t->sheet.doubt;

	if (k.code == K_UP || k.code == K_DOWN)
		doubt_pane_move(d, k.code == K_UP ? -1 : 1);
	else if (is_next(k))
		choose(t);
	else if (a && (a->id == ACT_FOCUS || a->id == ACT_CANCEL))
		sheet_close(t);
	else
		term_bell();
	t->stale |= STALE_SHEET;
}

static bool
page_key(struct tui *t, struct key k)
{
	switch (t->sheet.kind) {
	case SHEET_CODE:
		return code_key(t, k);
	case SHEET_LINK:
		return link_key(t, k);
	case SHEET_VERIFY:
		return verify_key(t, k);
	case SHEET_NONE:
	case SHEET_DOUBT:
		break;
	}
	return false;
}

bool
sheet_key(struct tui *t, const struct action *a, struct key k)
{
	if (!sheet_is_open(t) ||
	    (a && (a->id == ACT_REDRAW || a->id == ACT_SUSPEND)))
		return false;
	if (sheet_blocks(t)) {
		doubt_key(t, a, k);
		return true;
	}
	if (a && (a->id == ACT_FOCUS || a->id == ACT_CANCEL)) {
		sheet_close(t);
		return true;
	}
	if (page_key(t, k))
		return true;
	/* A command is begun, or another part of the screen is wanted. */
	if (k.code == '/' || (a && a->place == KEYMAP_EVERYWHERE)) {
		sheet_close(t);
		if (k.code == '/')
			tui_focus(t, false);
		return false;
	}
	term_bell();
	return true;
}
