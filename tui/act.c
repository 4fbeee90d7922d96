#include "own.h"

#include "keyin.h"
#include "pane-talk.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

/* ---- actions ------------------------------------------------------------- */

static void
cancel(struct tui *t)
{
	size_t len;

	if (help_is_open(t->help)) {
		help_close(t->help);
		t->stale |= STALE_ALL;
		return;
	}
	edit_text(t->edit, &len);
	if (len == 0) {
		tui_ask_quit(t);
		return;
	}
	edit_clear(t->edit);
	if (tui_open_person(t))
		chat_typing(t->setup.chat, tui_open_person(t), false);
}

static const char *
person_title(void *arg, size_t i)
{
	const struct tui *t = arg;
	const struct roster *r = chat_roster(t->setup.chat);

	return i < roster_count(r) ? roster_at(r, i)->title : NULL;
}

static void
complete(struct tui *t, bool back)
{
	const struct complete_sources src = {
		.cmds = t->setup.cmds,
		.opts = t->setup.opts,
		.arg = t,
		.person = person_title
	};
	struct buf b;
	size_t n;

	if (!complete_step(t->complete, &src, t->edit, back)) {
		term_bell();
		return;
	}
	n = complete_count(t->complete);
	if (n < 2)
		return;
	buf_init(&b);
	for (size_t i = 0; i < n; i++)
		buf_printf(&b, i == complete_current(t->complete) ?
		    "[%.*s] " : "%.*s ", (int)strcspn(complete_at(t->complete,
		    i), " "), complete_at(t->complete, i));
	tui_flash(t, buf_str(&b));
	buf_clear(&b);
}

static void
scroll(struct tui *t, int pages)
{
	const struct scene s = tui_scene(t);
	const struct rect *r = &t->at.talk;
	int rows = r->rows > 3 ? r->rows - 2 : 1;

	if (help_is_open(t->help)) {
		help_scroll(t->help, -pages * rows);
		t->stale |= STALE_TALK;
		return;
	}
	if (!talk_scroll(&s, r, pages * rows))
		term_bell();
}

static void
toggle_help(struct tui *t)
{
	const struct scene s = tui_scene(t);

	if (help_is_open(t->help))
		help_close(t->help);
	else
		help_open(t->help, &s, "");
	t->stale |= STALE_ALL;
}

/* What the help does with a key; true when it was for the help. */
static bool
help_key(struct tui *t, const struct action *a, struct key k)
{
	if (!help_is_open(t->help))
		return false;
	t->stale |= STALE_TALK;
	if (a && a->id == ACT_FOCUS) {
		toggle_help(t);
	} else if (key_is_text(k)) {
		help_filter_add(t->help, k.code);
	} else if (k.code == K_BACKSPACE) {
		help_filter_erase(t->help);
	} else if (k.code == K_UP || k.code == K_DOWN) {
		help_scroll(t->help, k.code == K_UP ? -1 : 1);
	} else if (k.code == K_HOME || k.code == K_END) {
		help_scroll(t->help, k.code == K_HOME ? -100000 : 100000);
	} else {
		return false;
	}
	return true;
}

/* The code that waits, once more. */
static void
show_code(struct tui *t)
{
	struct hosting h;

	if (chat_hosting(t->setup.chat, &h))
		sheet_open_code(t);
	else
		tui_flash(t, "no code waits; /host makes one");
}

static void
list_open(struct tui *t)
{
	tui_visit_id(t, people_selected(t->people));
}

static void
do_edit(struct tui *t, enum edit_op op)
{
	if (!edit_do(t->edit, op))
		term_bell();
}

static void
act(struct tui *t, const struct action *a)
{
	const struct scene s = tui_scene(t);

	switch (a->id) {
	case ACT_HELP:
		toggle_help(t);
		break;
	case ACT_FOCUS:
		tui_focus(t, !t->list_focused);
		break;
	case ACT_NEXT_CHAT:
		tui_visit_next(t, false);
		break;
	case ACT_PREV_CHAT:
		tui_visit_next(t, true);
		break;
	case ACT_NEXT_UNREAD:
		tui_visit_unread(t);
		break;
	case ACT_CHAT:
		tui_visit_id(t, people_at(t->people, (size_t)a->arg));
		break;
	case ACT_PAGE_UP:
		scroll(t, 1);
		break;
	case ACT_PAGE_DOWN:
		scroll(t, -1);
		break;
	case ACT_OLDEST:
		talk_scroll_to_oldest(&s, &t->at.talk);
		break;
	case ACT_NEWEST:
		view_follow(t->view);
		break;
	case ACT_REDRAW:
		term_redraw();
		t->stale |= STALE_ALL;
		break;
	case ACT_SUSPEND:
		term_suspend();
		break;
	case ACT_CODE:
		show_code(t);
		break;
	case ACT_CANCEL:
		cancel(t);
		break;
	case ACT_LIST_UP:
	case ACT_LIST_DOWN:
		people_move(t->people, a->id == ACT_LIST_UP ? -1 : 1);
		t->stale |= STALE_PEOPLE;
		break;
	case ACT_LIST_FIRST:
	case ACT_LIST_LAST:
		people_move(t->people, a->id == ACT_LIST_FIRST ? -100000 :
		    100000);
		t->stale |= STALE_PEOPLE;
		break;
	case ACT_LIST_OPEN:
		list_open(t);
		break;
	case ACT_LIST_ERASE:
		people_filter_erase(t->people);
		t->stale |= STALE_PEOPLE;
		break;
	case ACT_SEND:
		tui_send_line(t);
		break;
	case ACT_COMPLETE:
		complete(t, false);
		break;
	case ACT_COMPLETE_BACK:
		complete(t, true);
		break;
	case ACT_EDIT:
		do_edit(t, (enum edit_op)a->arg);
		break;
	}
}

/*
 * Before any chat is open the arrows and Enter belong to the list, though
 * the cursor waits in the input: picking somebody comes first, and whoever
 * types a command instead is not in its way.
 */
static bool
leads_to_list(const struct tui *t, const struct action *a)
{
	size_t len;

	if (t->list_focused || tui_open_person(t) ||
	    people_count(t->people) == 0 || help_is_open(t->help))
		return false;
	edit_text(t->edit, &len);
	return len == 0 && (a->id == ACT_SEND || (a->id == ACT_EDIT &&
	    (a->arg == EDIT_UP || a->arg == EDIT_DOWN)));
}

static void
lead_to_list(struct tui *t, const struct action *a)
{
	if (a->id == ACT_SEND)
		list_open(t);
	else
		tui_focus(t, true);
}

/* ---- what the terminal reports ------------------------------------------- */

/* True: the key was the answer. */
static bool
answer(struct tui *t, struct key k)
{
	const struct action *a = keymap_find(t->keys, KEYMAP_INPUT, k);
	enum question q = t->question;

	t->question = ASK_NOTHING;
	if (t->flash[0])
		tui_flash(t, "");
	if (q == ASK_NOTHING)
		return false;
	if ((a && a->id == ACT_CANCEL) || k.code == 'y' || k.code == 'Y')
		tui_leave(t);
	/* Any other key means no, and is not typed by accident.  But a command
	 * begun is one: "/quit" without its slash would be said to somebody. */
	return k.code != '/';
}

static void
type(struct tui *t, struct key k)
{
	struct err e = { 0 };

	/* A slash begins a command, wherever it is typed. */
	if (t->list_focused && k.code == '/' && !people_filter(t->people)[0])
		tui_focus(t, false);
	if (t->list_focused) {
		people_filter_add(t->people, k.code);
		t->stale |= STALE_PEOPLE;
	} else if (edit_type(t->edit, k.code, &e) != 0) {
		tui_refuse(t, &e);
	}
}

/* Tells them that I write, when the line changed and holds words. */
static void
tell_typing(struct tui *t, uint64_t before)
{
	struct person *p = tui_open_person(t);
	size_t len;
	const char *text = edit_text(t->edit, &len);

	if (p && edit_version(t->edit) != before)
		chat_typing(t->setup.chat, p, len > 0 && text[0] != '/');
}

void
act_on_key(void *arg, struct key k)
{
	struct tui *t = arg;
	const enum keymap_place place = t->list_focused ? KEYMAP_LIST :
	    KEYMAP_INPUT;
	const struct action *a = keymap_find(t->keys, place, k);
	const uint64_t before = edit_version(t->edit);

	if (guard_key(t->guard, k) || answer(t, k) || sheet_key(t, a, k) ||
	    help_key(t, a, k))
		return;
	if (a && a->id == ACT_EDIT && a->arg == EDIT_UP && !t->list_focused &&
	    tui_take_suggestion(t))
		return;
	if (a && leads_to_list(t, a))
		lead_to_list(t, a);
	else if (a)
		act(t, a);
	else if (key_is_text(k))
		type(t, k);
	if (!a || a->id == ACT_EDIT)
		tell_typing(t, before);
}

void
act_on_paste(void *arg, const void *text, size_t len)
{
	struct tui *t = arg;
	const uint64_t before = edit_version(t->edit);
	struct err e = { 0 };
	char say_limit[128];

	if (guard_paste(t->guard, text, len))
		return;
	answer(t, (struct key){ 0, 0 });
	if (!text) {
		snprintf(say_limit, sizeof(say_limit), "%zu bytes are too "
		    "many to paste: the limit is %d KiB", len,
		    KEYIN_PASTE_MAX / 1024);
		tui_flash(t, say_limit);
		term_bell();
		return;
	}
	if (sheet_blocks(t)) {
		term_bell();
		return;
	}
	sheet_close(t);
	tui_focus(t, false);
	if (help_is_open(t->help))
		toggle_help(t);
	if (edit_paste(t->edit, text, len, &e) != 0)
		tui_refuse(t, &e);
	tell_typing(t, before);
}
