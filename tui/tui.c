#include "tui.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd-tui.h"
#include "complete.h"
#include "edit.h"
#include "frame.h"
#include "keyin.h"
#include "pane-help.h"
#include "pane-input.h"
#include "pane-people.h"
#include "pane-status.h"
#include "pane-talk.h"
#include "term.h"
#include "text.h"
#include "view.h"

/* What is to be drawn again. */
enum {
	STALE_PEOPLE = 1,
	STALE_TALK = 2,
	STALE_INPUT = 4,
	STALE_STATUS = 8,		/* the first and the last row */
	STALE_ALL = 16			/* a new layout */
};

/* A question in the status row; the next key answers. */
enum question {
	ASK_NOTHING,
	ASK_QUIT
};

struct tui {
	struct tui_setup setup;
	struct theme theme;
	struct keymap *keys;
	struct layout at;
	struct edit *edit;
	struct complete *complete;
	struct people *people;
	struct help *help;
	struct views *views;
	struct view *view;		/* of the open chat */
	struct user_id open;		/* zero: nobody's */
	bool list_focused;
	enum question question;
	char *flash;			/* until the next key */
	unsigned stale;
	/* What was drawn last. */
	uint64_t roster_version, talk_version, edit_version, view_version,
	    opts_version, reach_version, person_version;
	size_t owed;
	bool had_banner, was_away;
	int input_rows;
	struct user_id looked;		/* told to chat_look */
};

static const struct user_id nobody;

/* ---- small things -------------------------------------------------------- */

static struct person *
open_person(const struct tui *t)
{
	if (user_id_equal(&t->open, &nobody))
		return NULL;
	return roster_find(chat_roster(t->setup.chat), &t->open);
}

static struct scene
scene_of(struct tui *t)
{
	return (struct scene){
		.setup = &t->setup,
		.theme = &t->theme,
		.keys = t->keys,
		.at = &t->at,
		.open = open_person(t),
		.view = t->view,
		.list_focused = t->list_focused && !help_is_open(t->help),
		.now_ms = loop_wall_ms(t->setup.loop)
	};
}

static void
note(struct tui *t, enum style style, const char *text)
{
	view_note(t->view, talk_note_place(open_person(t)), style, text);
}

/* An answer line of a command. */
static void
on_say(void *arg, const char *line)
{
	note(arg, STYLE_DIM, line);
}

static void
note_error(struct tui *t, const struct err *e)
{
	note(t, STYLE_BAD, e->what);
	if (e->next[0])
		note(t, STYLE_DIM, e->next);
}

static void
flash(struct tui *t, const char *text)
{
	free(t->flash);
	t->flash = mem_str(text);
	t->stale |= STALE_STATUS;
}

static void
refuse(struct tui *t, const struct err *e)
{
	flash(t, e->what);
	term_bell();
}

const struct tui_setup *
tui_setup_of(const struct tui *t)
{
	return &t->setup;
}

/* ---- chats --------------------------------------------------------------- */

static void
focus(struct tui *t, bool list)
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
	focus(t, false);
	return 0;
}

static void
visit_id(struct tui *t, const struct user_id *id)
{
	struct person *p = id ? roster_find(chat_roster(t->setup.chat), id) :
	    NULL;
	struct err e = { 0 };

	if (!p) {
		term_bell();
		return;
	}
	if (tui_visit(t, p, &e) != 0)
		note_error(t, &e);
}

void
tui_clear(struct tui *t)
{
	struct person *p = open_person(t);

	if (p)
		chat_clear(t->setup.chat, p);
	view_clear(t->view);
}

/* The next chat in the list's order, going round. */
static void
visit_neighbour(struct tui *t, bool back)
{
	size_t n = people_count(t->people), i;

	if (n == 0)
		return;
	i = people_find(t->people, &t->open);
	if (i == n)
		i = back ? n - 1 : 0;
	else
		i = (i + (back ? n - 1 : 1)) % n;
	visit_id(t, people_at(t->people, i));
}

static void
visit_unread(struct tui *t)
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
			visit_id(t, id);
			return;
		}
	}
	flash(t, "nothing unread");
}

/* ---- leaving ------------------------------------------------------------- */

static void
leave(struct tui *t)
{
	loop_stop(t->setup.loop, STATUS_OK);
}

static void
ask_quit(struct tui *t)
{
	size_t owed = chat_owed(t->setup.chat);
	char text[160];

	t->question = ASK_QUIT;
	if (owed == 0) {
		flash(t, "quit? Ctrl-C again or y");
		return;
	}
	snprintf(text, sizeof(text), t->setup.ephemeral ?
	    "%zu not delivered, lost when you leave. Quit? Ctrl-C again or y"
	    : "%zu not delivered yet, kept for next time. Quit? Ctrl-C again "
	    "or y", owed);
	flash(t, text);
}

/* /quit would lose words: once more, please. */
static bool
is_lossy_quit(const struct tui *t, const struct cmd *c)
{
	return c && strcmp(c->name, "quit") == 0 && t->setup.ephemeral &&
	    chat_owed(t->setup.chat) > 0;
}

/* True: the key was the answer. */
static bool
answer(struct tui *t, struct key k)
{
	const struct action *a = keymap_find(t->keys, KEYMAP_INPUT, k);
	enum question q = t->question;

	t->question = ASK_NOTHING;
	if (t->flash[0])
		flash(t, "");
	if (q == ASK_NOTHING)
		return false;
	if ((a && a->id == ACT_CANCEL) || k.code == 'y' || k.code == 'Y')
		leave(t);
	/* Any other key means no, and is not typed by accident. */
	return true;
}

/* ---- saying -------------------------------------------------------------- */

static void
run_command(struct tui *t, const char *line)
{
	const size_t n = strcspn(line + 1, " ");
	char *name = mem_strn(line + 1, n);
	const struct cmd *c = cmds_find(t->setup.cmds, name);
	struct err e = { 0 };
	char *echo;

	free(name);
	if (is_lossy_quit(t, c)) {
		ask_quit(t);
		return;
	}
	/* The pane is more than the lines that this command would print. */
	if (c && strcmp(c->name, "help") == 0 &&
	    line[1 + n + strspn(line + 1 + n, " ")] == '\0') {
		struct scene s = scene_of(t);

		help_open(t->help, &s, "");
		t->stale |= STALE_ALL;
		return;
	}
	echo = mem_printf("> %s", line);
	note(t, STYLE_DIM, echo);
	free(echo);
	if (cmds_run(t->setup.cmds, line, open_person(t), on_say, t, &e) != 0)
		note_error(t, &e);
	t->stale |= STALE_PEOPLE | STALE_TALK | STALE_STATUS;
}

/* -1: the text stays where it is. */
static int
say(struct tui *t, const char *text, size_t len)
{
	struct person *p = open_person(t);
	struct err e = { 0 };
	char key[KEYNAME_LEN];
	const struct scene s = scene_of(t);

	if (!p) {
		err_set(&e, STATUS_USAGE, "nobody's chat is open: choose "
		    "somebody with %s, or type a /command",
		    scene_key(&s, "focus", key));
		refuse(t, &e);
		return -1;
	}
	if (chat_say(t->setup.chat, p, MSG_TEXT, text, len, &e) != 0 ||
	    chat_commit(t->setup.chat, &e) != 0) {
		note_error(t, &e);
		refuse(t, &e);
		return -1;
	}
	chat_typing(t->setup.chat, p, false);
	return 0;
}

static void
send_line(struct tui *t)
{
	size_t len;
	const char *text = edit_text(t->edit, &len);
	bool command = text[0] == '/' && text[1] != '/';
	struct buf line;

	if (len == 0)
		return;
	buf_init(&line);
	if (!command) {
		const size_t skip = text[0] == '/';

		/* First said, then taken out of the line: when it cannot be
		 * kept, the words are still there. */
		text_filter(&line, text + skip, len - skip, TEXT_BODY);
		if (say(t, buf_str(&line), line.len) == 0) {
			buf_empty(&line);
			edit_submit(t->edit, &line);
			view_follow(t->view);
		}
	} else {
		edit_submit(t->edit, &line);
		view_follow(t->view);
		run_command(t, buf_str(&line));
	}
	buf_clear(&line);
}

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
		ask_quit(t);
		return;
	}
	edit_clear(t->edit);
	if (open_person(t))
		chat_typing(t->setup.chat, open_person(t), false);
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
	flash(t, buf_str(&b));
	buf_clear(&b);
}

static void
scroll(struct tui *t, int pages)
{
	const struct scene s = scene_of(t);
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
	const struct scene s = scene_of(t);

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

static void
list_open(struct tui *t)
{
	visit_id(t, people_selected(t->people));
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
	const struct scene s = scene_of(t);

	switch (a->id) {
	case ACT_HELP:
		toggle_help(t);
		break;
	case ACT_FOCUS:
		focus(t, !t->list_focused);
		break;
	case ACT_NEXT_CHAT:
		visit_neighbour(t, false);
		break;
	case ACT_PREV_CHAT:
		visit_neighbour(t, true);
		break;
	case ACT_NEXT_UNREAD:
		visit_unread(t);
		break;
	case ACT_CHAT:
		visit_id(t, people_at(t->people, (size_t)a->arg));
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
		send_line(t);
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

/* ---- what the terminal reports ------------------------------------------- */

static void
type(struct tui *t, struct key k)
{
	struct err e = { 0 };

	if (t->list_focused) {
		people_filter_add(t->people, k.code);
		t->stale |= STALE_PEOPLE;
	} else if (edit_type(t->edit, k.code, &e) != 0) {
		refuse(t, &e);
	}
}

/* Tells them that I write, when the line changed and holds words. */
static void
tell_typing(struct tui *t, uint64_t before)
{
	struct person *p = open_person(t);
	size_t len;
	const char *text = edit_text(t->edit, &len);

	if (p && edit_version(t->edit) != before)
		chat_typing(t->setup.chat, p, len > 0 && text[0] != '/');
}

static void
on_key(void *arg, struct key k)
{
	struct tui *t = arg;
	const enum keymap_place place = t->list_focused ? KEYMAP_LIST :
	    KEYMAP_INPUT;
	const struct action *a = keymap_find(t->keys, place, k);
	const uint64_t before = edit_version(t->edit);

	if (answer(t, k) || help_key(t, a, k))
		return;
	if (a)
		act(t, a);
	else if (key_is_text(k))
		type(t, k);
	if (!a || a->id == ACT_EDIT)
		tell_typing(t, before);
}

static void
on_paste(void *arg, const void *text, size_t len)
{
	struct tui *t = arg;
	const uint64_t before = edit_version(t->edit);
	struct err e = { 0 };
	char say_limit[128];

	answer(t, (struct key){ 0, 0 });
	if (!text) {
		snprintf(say_limit, sizeof(say_limit), "%zu bytes are too "
		    "many to paste: the limit is %d KiB", len,
		    KEYIN_PASTE_MAX / 1024);
		flash(t, say_limit);
		term_bell();
		return;
	}
	focus(t, false);
	if (help_is_open(t->help))
		toggle_help(t);
	if (edit_paste(t->edit, text, len, &e) != 0)
		refuse(t, &e);
	tell_typing(t, before);
}

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
			note(t, STYLE_DIM, n->text);
			break;
		case NEWS_ERROR:
			note(t, STYLE_BAD, n->text);
			if (n->next && n->next[0])
				note(t, STYLE_DIM, n->next);
			break;
		case NEWS_MESSAGE:
		case NEWS_REQUEST:
			if (!is_watched(t, &n->who))
				ring(t);
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
	marks = opts_word(o, "marks");
	/* A terminal without UTF-8 cannot be talked into it. */
	t->theme.ascii = !term_is_utf8() || strcmp(marks, "ascii") == 0;
	keymap_reset(t->keys);
	n = opts_list(o, "bind", &binds);
	for (size_t i = 0; i < n; i++) {
		struct err e = { 0 };

		if (keymap_bind_line(t->keys, binds[i], &e) != 0)
			note_error(t, &e);
	}
	t->stale |= STALE_ALL;
}

static void
make_layout(struct tui *t)
{
	const struct scene s = scene_of(t);
	struct layout_wish w = {
		.rows = term_rows(),
		.cols = term_cols(),
		.people_width = (int)opts_int(t->setup.opts, "people-width"),
		.banner = banner_text(&s) != NULL,
		.list_in_front = t->list_focused && !help_is_open(t->help)
	};
	int cols = w.cols;

	if (w.cols >= LAYOUT_COLS_MIN && w.rows >= LAYOUT_ROWS_MIN)
		cols -= 4;
	w.input_rows = t->input_rows = input_rows(t->edit, cols);
	t->had_banner = w.banner;
	layout_make(&t->at, &w);
}

/* Compares what there is with what was drawn. */
static void
find_stale(struct tui *t)
{
	struct chat *c = t->setup.chat;
	const struct person *p = open_person(t);
	const struct scene s = scene_of(t);
	const uint64_t roster = roster_version(chat_roster(c));
	const uint64_t talk = p && p->talk ? talk_version(p->talk) : 0;
	const uint64_t person = p ? p->version : 0;
	const uint64_t reach = t->setup.reach.version ?
	    t->setup.reach.version(t->setup.reach.arg) : 0;

	people_update(t->people, chat_roster(c));
	if (roster != t->roster_version)
		t->stale |= STALE_PEOPLE | STALE_STATUS |
		    (p ? 0 : STALE_TALK);
	if (talk != t->talk_version || t->view->version != t->view_version)
		t->stale |= STALE_TALK;
	if (person != t->person_version)
		t->stale |= STALE_ALL;
	if (edit_version(t->edit) != t->edit_version)
		t->stale |= STALE_INPUT;
	if (chat_owed(c) != t->owed || chat_is_away(c) != t->was_away)
		t->stale |= STALE_STATUS;
	if (reach != t->reach_version)
		t->stale |= STALE_STATUS | (p ? 0 : STALE_TALK);
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

static void
draw(struct tui *t)
{
	struct scene s;
	size_t len;
	bool all = t->stale & STALE_ALL;

	if (all) {
		const struct rect screen = { 0, 0, term_rows(), term_cols() };

		make_layout(t);
		term_fill(&screen, STYLE_TEXT);
	}
	s = scene_of(t);
	edit_text(t->edit, &len);
	/* The status row counts the bytes of a long line. */
	if ((t->stale & STALE_INPUT) && len > MESSAGE_MAX / 2)
		t->stale |= STALE_STATUS;
	if (all) {
		frame_draw(&s, help_is_open(t->help) ? "Help" : NULL);
		banner_draw(&s);
	}
	if (all || (t->stale & STALE_STATUS)) {
		title_draw(&s);
		status_draw(&s, t->flash, len);
	}
	if (all || (t->stale & STALE_PEOPLE)) {
		if (s.list_focused)
			term_cursor_hide();
		people_draw(t->people, &s, &t->at.people);
	}
	if (all || (t->stale & STALE_INPUT))
		input_draw(t->edit, &s, &t->at.input);
	if (all || (t->stale & STALE_TALK)) {
		if (help_is_open(t->help))
			help_draw(t->help, &s, &t->at.talk);
		else
			talk_draw(&s, &t->at.talk);
	}
	t->stale = 0;
	term_show();
}

/* A talk is read when it can be seen: on the screen, at its newest line, in
 * a terminal that has the focus.  Told when it changes. */
static void
look(struct tui *t)
{
	const struct person *p = open_person(t);
	bool sees = p && !help_is_open(t->help) && term_is_focused() &&
	    !t->view->scrolled && !rect_is_empty(&t->at.talk);
	struct user_id now = sees ? p->id : nobody;

	if (user_id_equal(&now, &t->looked))
		return;
	t->looked = now;
	chat_look(t->setup.chat, sees ? open_person(t) : NULL);
	/* What is read now is to be committed, and told. */
	loop_again(t->setup.loop);
}

static void
on_show(void *arg)
{
	struct tui *t = arg;

	read_news(t);
	/* The open one left the roster. */
	if (!user_id_equal(&t->open, &nobody) && !open_person(t)) {
		go(t, &nobody);
		t->person_version = 0;
	}
	take_options(t);
	find_stale(t);
	if (t->stale && term_is_ready())
		draw(t);
	look(t);
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
	t->views = views_new();
	t->view = views_get(t->views, &nobody);
	t->flash = mem_str("");
	t->stale = STALE_ALL;
	return t;
}

static void
free_tui(struct tui *t)
{
	keymap_free(t->keys);
	edit_free(t->edit);
	complete_free(t->complete);
	people_free(t->people);
	help_free(t->help);
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
		.on_key = on_key,
		.on_paste = on_paste,
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
