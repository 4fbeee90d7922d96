#include "tui.h"

#include "cmd-tui.h"
#include "own.h"
#include "pane-input.h"
#include "pane-status.h"
#include "pane-talk.h"
#include "term.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct user_id nobody;

/* ---- small things -------------------------------------------------------- */

struct person *
tui_open_person(const struct tui *t)
{
	if (user_id_equal(&t->open, &nobody))
		return NULL;
	return roster_find(chat_roster(t->setup.chat), &t->open);
}

struct scene
tui_scene(struct tui *t)
{
	return (struct scene){
		.setup = &t->setup,
		.theme = &t->theme,
		.keys = t->keys,
		.at = &t->at,
		.open = tui_open_person(t),
		.view = t->view,
		.list_focused = t->list_focused && !help_is_open(t->help),
		.now_ms = loop_wall_ms(t->setup.loop)
	};
}

void
tui_note(struct tui *t, enum style style, const char *text)
{
	view_note(t->view, talk_note_place(tui_open_person(t)), style, text);
}

void
tui_note_error(struct tui *t, const struct err *e)
{
	tui_note(t, STYLE_BAD, e->what);
	if (e->next[0])
		tui_note(t, STYLE_DIM, e->next);
}

void
tui_flash(struct tui *t, const char *text)
{
	free(t->flash);
	t->flash = mem_str(text);
	t->stale |= STALE_STATUS;
}

void
tui_refuse(struct tui *t, const struct err *e)
{
	tui_flash(t, e->what);
	term_bell();
}

const struct tui_setup *
tui_setup_of(const struct tui *t)
{
	return &t->setup;
}

/* ---- chats --------------------------------------------------------------- */

void
tui_focus(struct tui *t, bool list)
{
	if (t->list_focused == list)
		return;
	t->list_focused = list;
	if (!list)
		people_filter_clear(t->people);
	t->stale |= STALE_ALL;
}

static void
keep_draft(struct tui *t)
{
	size_t len;
	const char *text = edit_text(t->edit, &len);

	buf_wipe(&t->view->draft);
	buf_put(&t->view->draft, text, len);
	t->view->draft_cursor = edit_cursor(t->edit);
}

static void
go(struct tui *t, const struct user_id *id)
{
	struct view *v = views_get(t->views, id);

	t->stale |= STALE_ALL;
	if (v == t->view)
		return;
	keep_draft(t);
	/* What was written before anybody was chosen was meant for whoever
	 * is chosen now. */
	if (user_id_equal(&t->open, &nobody) && v->draft.len == 0) {
		buf_put(&v->draft, t->view->draft.at, t->view->draft.len);
		v->draft_cursor = t->view->draft_cursor;
		buf_wipe(&t->view->draft);
	}
	t->view = v;
	t->open = *id;
	edit_set(t->edit, (const char *)v->draft.at, v->draft.len,
	    v->draft_cursor, NULL);
	complete_end(t->complete);
}

int
tui_visit(struct tui *t, struct person *p, struct err *e)
{
	if (!chat_open(t->setup.chat, p, e))
		return -1;
	help_close(t->help);
	go(t, &p->id);
	people_select(t->people, &p->id);
	tui_focus(t, false);
	if (p->doubted && p->who.trust != TRUST_BLOCKED)
		sheet_open_doubt(t, p, NULL);
	return 0;
}

void
tui_visit_id(struct tui *t, const struct user_id *id)
{
	struct person *p = id ? roster_find(chat_roster(t->setup.chat), id) :
	    NULL;
	struct err e = { 0 };

	if (!p) {
		term_bell();
		return;
	}
	if (tui_visit(t, p, &e) != 0)
		tui_note_error(t, &e);
}

void
tui_clear(struct tui *t)
{
	struct person *p = tui_open_person(t);

	if (p)
		chat_clear(t->setup.chat, p);
	view_clear(t->view);
}

void
tui_show_help(struct tui *t)
{
	const struct scene s = tui_scene(t);

	sheet_close(t);
	help_open(t->help, &s, "");
	t->stale |= STALE_ALL;
}

void
tui_show_link(struct tui *t)
{
	sheet_open_link(t);
}

void
tui_show_verify(struct tui *t, struct person *p)
{
	sheet_open_verify(t, p);
}

/* The next chat in the list's order, going round. */
void
tui_visit_next(struct tui *t, bool back)
{
	size_t n = people_count(t->people), i;

	if (n == 0)
		return;
	i = people_find(t->people, &t->open);
	if (i == n)
		i = back ? n - 1 : 0;
	else
		i = (i + (back ? n - 1 : 1)) % n;
	tui_visit_id(t, people_at(t->people, i));
}

void
tui_visit_unread(struct tui *t)
{
	const struct roster *r = chat_roster(t->setup.chat);
	size_t n = people_count(t->people);
	size_t from = people_find(t->people, &t->open);

	for (size_t i = 1; i <= n; i++) {
		const struct user_id *id = people_at(t->people,
		    (from + i) % n);
		const struct person *p = roster_find(r, id);

		if (p && (p->n_unread > 0 ||
		    p->who.trust == TRUST_REQUESTED) &&
		    !user_id_equal(id, &t->open)) {
			tui_visit_id(t, id);
			return;
		}
	}
	tui_flash(t, "nothing unread");
}

/* ---- the terminal's life ------------------------------------------------- */

static void
on_focus(void *arg)
{
	(void)arg;	/* the turn's end looks at term_is_focused() */
}

static void
on_resize(void *arg)
{
	struct tui *t = arg;

	t->stale |= STALE_ALL;
	loop_again(t->setup.loop);
}

static void
on_gone(void *arg)
{
	struct tui *t = arg;

	loop_stop(t->setup.loop, 128 + SIGHUP);
}

static void
on_stop(void *arg, int signo)
{
	(void)arg;
	(void)signo;
	term_suspend();
}

/* Stopped and continued behind our back: the shell had the terminal. */
static void
on_continue(void *arg, int signo)
{
	(void)signo;
	term_resume();
	on_resize(arg);
}

/* ---- the turn's end ------------------------------------------------------ */

static bool
is_watched(const struct tui *t, const struct user_id *who)
{
	return user_id_equal(&t->looked, who) &&
	    !user_id_equal(who, &nobody);
}

static void
ring(struct tui *t)
{
	if (opts_bool(t->setup.opts, "bell"))
		term_bell();
}

static void
read_news(struct tui *t)
{
	const struct news_list *list = chat_news(t->setup.chat);

	for (size_t i = 0; i < news_count(list); i++) {
		const struct news *n = news_at(list, i);

		switch (n->kind) {
		case NEWS_NOTICE:
			tui_note(t, STYLE_DIM, n->text);
			break;
		case NEWS_ERROR:
			tui_note(t, STYLE_BAD, n->text);
			if (n->next && n->next[0])
				tui_note(t, STYLE_DIM, n->next);
			break;
		case NEWS_MESSAGE:
		case NEWS_REQUEST:
			if (!is_watched(t, &n->who))
				ring(t);
			break;
		case NEWS_CODE:
		case NEWS_CODE_FAILED:
		case NEWS_PAIRED:
		case NEWS_KEY:
			sheet_take_news(t, n);
			break;
		case NEWS_PEER:
		case NEWS_GONE:
		case NEWS_SENT:
		case NEWS_STATE:
		case NEWS_TYPING:
			break;
		}
	}
}

static void
take_options(struct tui *t)
{
	const struct opts *o = t->setup.opts;
	const char *const *binds, *marks;
	size_t n;

	if (t->opts_version == opts_version(o))
		return;
	t->opts_version = opts_version(o);
	guard_take_options(t->guard);
	marks = opts_word(o, "marks");
	/* A terminal without UTF-8 cannot be talked into it. */
	t->theme.ascii = !term_is_utf8() || strcmp(marks, "ascii") == 0;
	keymap_reset(t->keys);
	n = opts_list(o, "bind", &binds);
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };

		if (keymap_bind_line(t->keys, binds[i], &e) != 0)
			tui_note_error(t, &e);
	}
	t->stale |= STALE_ALL;
}

/* Compares what there is with what was drawn. */
static void
find_stale(struct tui *t)
{
	struct chat *c = t->setup.chat;
	const struct person *p = tui_open_person(t);
	const struct scene s = tui_scene(t);
	const uint64_t roster = roster_version(chat_roster(c));
	const uint64_t talk = p && p->talk ? talk_version(p->talk) : 0;
	const uint64_t person = p ? p->version : 0;
	const uint64_t reach = t->setup.reach.version ?
	    t->setup.reach.version(t->setup.reach.arg) : 0;

	people_update(t->people, chat_roster(c));
	if (roster != t->roster_version)
		t->stale |= STALE_PEOPLE | STALE_STATUS | STALE_SHEET |
		    (p ? 0 : STALE_TALK);
	if (talk != t->talk_version || t->view->version != t->view_version)
		t->stale |= STALE_TALK;
	if (person != t->person_version)
		t->stale |= STALE_HEAD | STALE_PEOPLE | STALE_TALK |
		    STALE_STATUS;
	if (edit_version(t->edit) != t->edit_version)
		t->stale |= STALE_INPUT;
	if (chat_owed(c) != t->owed || chat_is_away(c) != t->was_away)
		t->stale |= STALE_STATUS;
	if (reach != t->reach_version)
		t->stale |= STALE_STATUS | STALE_SHEET | (p ? 0 : STALE_TALK);
	if ((t->stale & STALE_INPUT) &&
	    input_rows(t->edit, t->at.framed ? t->at.cols - 4 : t->at.cols) !=
	    t->input_rows)
		t->stale |= STALE_ALL;
	if ((banner_text(&s) != NULL) != t->had_banner)
		t->stale |= STALE_ALL;
	t->roster_version = roster;
	t->talk_version = talk;
	t->view_version = t->view->version;
	t->person_version = person;
	t->edit_version = edit_version(t->edit);
	t->reach_version = reach;
	t->owed = chat_owed(c);
	t->was_away = chat_is_away(c);
}

/* A talk is read when it can be seen: on the screen, at its newest line, in
 * a terminal that has the focus.  Told when it changes. */
static void
look(struct tui *t)
{
	const struct person *p = tui_open_person(t);
	bool sees = p && !help_is_open(t->help) && !sheet_is_open(t) &&
	    term_is_focused() &&
	    !guard_covers(t->guard) &&
	    !t->view->scrolled && !rect_is_empty(&t->at.talk);
	struct user_id now = sees ? p->id : nobody;

	if (user_id_equal(&now, &t->looked))
		return;
	t->looked = now;
	chat_look(t->setup.chat, sees ? tui_open_person(t) : NULL);
	/* What is read now is to be committed, and told. */
	loop_again(t->setup.loop);
}

/* All that is stale stays so, but for the screen itself. */
static void
show_guard(struct tui *t)
{
	if (!term_is_ready() || (!guard_is_stale(t->guard) &&
	    !(t->stale & STALE_ALL)))
		return;
	guard_draw(t->guard);
	t->stale &= ~(unsigned)STALE_ALL;
}

/* The countdown of a code moves with each full second of it; no code, no
 * wake-ups. */
static void
on_tick(void *arg)
{
	struct tui *t = arg;

	t->stale |= STALE_SHEET | STALE_STATUS;
}

static void
set_tick(struct tui *t)
{
	struct hosting h;

	if (!chat_hosting(t->setup.chat, &h)) {
		if (timer_is_set(&t->tick))
			t->stale |= STALE_SHEET | STALE_STATUS;
		timer_stop(&t->tick);
	} else if (!timer_is_set(&t->tick)) {
		timer_set(&t->tick, (h.life_ms + 999) % 1000 + 1);
	}
}

static void
on_show(void *arg)
{
	struct tui *t = arg;

	read_news(t);
	t->was_joining = chat_is_joining(t->setup.chat);
	set_tick(t);
	/* The open one left the roster. */
	if (!user_id_equal(&t->open, &nobody) && !tui_open_person(t)) {
		go(t, &nobody);
		t->person_version = 0;
	}
	take_options(t);
	guard_look(t->guard);
	if (guard_covers(t->guard)) {
		show_guard(t);
	} else {
		find_stale(t);
		if (t->stale && term_is_ready())
			tui_draw(t);
	}
	look(t);
}

/* ---- the guard ----------------------------------------------------------- */

void
tui_uncover(struct tui *t)
{
	t->stale |= STALE_ALL;
	loop_again(t->setup.loop);
}

void
tui_ask(struct tui *t, const struct tui_question *q)
{
	guard_ask(t->guard, q);
}

void
tui_ask_wait(struct tui *t, const char *text)
{
	guard_wait(t->guard, text);
}

void
tui_ask_end(struct tui *t)
{
	guard_end(t->guard);
}

int
tui_lock(struct tui *t, struct err *e)
{
	return guard_lock(t->guard, e);
}

void
tui_tried(struct tui *t, const struct err *why)
{
	guard_tried(t->guard, why);
}

/* ---- open and close ------------------------------------------------------ */

int
tui_check(struct err *e)
{
	return term_check(e);
}

static struct tui *
new_tui(const struct tui_setup *setup)
{
	struct tui *t = mem_new(sizeof(*t));

	t->setup = *setup;
	t->keys = keymap_new();
	t->edit = edit_new();
	t->complete = complete_new();
	t->people = people_new();
	t->help = help_new();
	timer_init(&t->tick, setup->loop, on_tick, t);
	t->guard = guard_new(t, &t->theme);
	t->views = views_new();
	t->view = views_get(t->views, &nobody);
	t->flash = mem_str("");
	t->opts_version = opts_version(setup->opts) - 1;	/* not taken */
	t->stale = STALE_ALL;
	return t;
}

static void
free_tui(struct tui *t)
{
	timer_stop(&t->tick);
	sheet_close(t);
	keymap_free(t->keys);
	edit_free(t->edit);
	while (t->n_suggested > 0)
		free(t->suggested[--t->n_suggested]);
	complete_free(t->complete);
	people_free(t->people);
	help_free(t->help);
	guard_free(t->guard);
	views_free(t->views);
	free(t->flash);
	free(t);
}

struct tui *
tui_open(const struct tui_setup *setup, struct err *e)
{
	struct tui *t = new_tui(setup);
	const struct term_events events = {
		.arg = t,
		.on_key = act_on_key,
		.on_paste = act_on_paste,
		.on_focus = on_focus,
		.on_resize = on_resize,
		.on_gone = on_gone
	};

	if (term_open(setup->loop, &events, e) != 0) {
		free_tui(t);
		return NULL;
	}
	if (loop_signal(setup->loop, SIGTSTP, on_stop, t, e) != 0 ||
	    loop_signal(setup->loop, SIGCONT, on_continue, t, e) != 0) {
		term_close();
		free_tui(t);
		return NULL;
	}
	cmd_tui_add(setup->cmds, t);
	loop_hook(setup->loop, LOOP_SHOW, on_show, t);
	return t;
}

void
tui_close(struct tui *t)
{
	size_t owed;

	if (!t)
		return;
	owed = chat_owed(t->setup.chat);
	loop_unhook(t->setup.loop, LOOP_SHOW, on_show, t);
	chat_look(t->setup.chat, NULL);
	loop_signal(t->setup.loop, SIGTSTP, NULL, NULL, NULL);
	loop_signal(t->setup.loop, SIGCONT, NULL, NULL, NULL);
	term_close();
	if (owed > 0 && !t->setup.ephemeral)
		printf("p2ptui: %zu message%s not delivered yet; kept, and "
		    "sent when you are back\n", owed, owed == 1 ? "" : "s");
	free_tui(t);
}
