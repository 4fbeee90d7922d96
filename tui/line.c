#include "own.h"

#include "code-typed.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- leaving ------------------------------------------------------------- */

void
tui_leave(struct tui *t)
{
	loop_stop(t->setup.loop, STATUS_OK);
}

void
tui_ask_quit(struct tui *t)
{
	size_t owed = chat_owed(t->setup.chat);
	char text[160];

	t->question = ASK_QUIT;
	if (owed == 0) {
		tui_flash(t, "quit? Ctrl-C again or y");
		return;
	}
	snprintf(text, sizeof(text), t->setup.ephemeral ?
	    "%zu not delivered, lost when you leave. Quit? Ctrl-C again or y"
	    : "%zu not delivered yet, kept for next time. Quit? Ctrl-C again "
	    "or y", owed);
	tui_flash(t, text);
}

/* /quit would lose words: once more, please. */
static bool
is_lossy_quit(const struct tui *t, const struct cmd *c)
{
	return c && strcmp(c->name, "quit") == 0 && t->setup.ephemeral &&
	    chat_owed(t->setup.chat) > 0;
}

/* ---- saying -------------------------------------------------------------- */

/* A command that has something to say is shown above its answers; one that
 * just does it needs no words. */
struct answers {
	struct tui *t;
	const char *line;
	bool begun;
};

static void
begin_answers(struct answers *a)
{
	char *echo;

	if (a->begun)
		return;
	a->begun = true;
	echo = mem_printf("> %s", a->line);
	tui_note(a->t, STYLE_DIM, echo);
	free(echo);
}

static void
on_say(void *arg, const char *line)
{
	struct answers *a = arg;

	begin_answers(a);
	tui_note(a->t, STYLE_DIM, line);
}

static void
run_command(struct tui *t, const char *line)
{
	const size_t n = strcspn(line + 1, " ");
	struct answers a = { .t = t, .line = line };
	char *name = mem_strn(line + 1, n);
	const struct cmd *c = cmds_find(t->setup.cmds, name);
	struct err e = { 0 };

	free(name);
	if (is_lossy_quit(t, c)) {
		tui_ask_quit(t);
		return;
	}
	if (cmds_run(t->setup.cmds, line, tui_open_person(t), on_say, &a,
	    &e) != 0) {
		begin_answers(&a);
		tui_note_error(t, &e);
	}
	t->stale |= STALE_PEOPLE | STALE_TALK | STALE_STATUS;
}

/* -1: the text stays where it is. */
static int
say(struct tui *t, const char *text, size_t len)
{
	struct person *p = tui_open_person(t);
	struct err e = { 0 };
	char key[KEYNAME_LEN];
	const struct scene s = tui_scene(t);

	if (!p) {
		err_set(&e, STATUS_USAGE, "nobody's chat is open: choose "
		    "somebody with %s, or type a /command",
		    scene_key(&s, "focus", key));
		tui_refuse(t, &e);
		return -1;
	}
	if (chat_say(t->setup.chat, p, MSG_TEXT, text, len, &e) != 0 ||
	    chat_commit(t->setup.chat, &e) != 0) {
		tui_note_error(t, &e);
		tui_refuse(t, &e);
		return -1;
	}
	chat_typing(t->setup.chat, p, false);
	return 0;
}

static bool
is_my_code(const struct tui *t, const char *text)
{
	struct hosting mine;
	struct code a, b;
	bool same;

	if (!chat_hosting(t->setup.chat, &mine))
		return false;
	code_parse(&a, text);
	code_parse(&b, mine.code);
	same = strcmp(a.digits, b.digits) == 0;
	code_clear(&a);
	code_clear(&b);
	return same;
}

/* A code or a link alone is seldom meant to be read by somebody, and a code
 * is for one person: it gets its command, and another Enter runs that. */
static bool
offer_command(struct tui *t, const char *text)
{
	const bool alone = !tui_open_person(t);
	const char *lacks = code_typed_lacks(text, alone);
	const bool is_link = lacks && lacks[1] == 'a';
	struct buf line;

	/* My own is for telling. */
	if (!lacks || (!alone && !is_link && is_my_code(t, text)))
		return false;
	buf_init(&line);
	buf_printf(&line, "%s", lacks);
	/* A link was one word before a screen made rows of it. */
	for (text += strspn(text, " \n"); *text; text++)
		if (*text != '\n' && (!is_link || *text != ' '))
			buf_put(&line, text, 1);
	edit_clear(t->edit);
	if (edit_replace(t->edit, 0, 0, buf_str(&line), line.len, NULL) == 0 &&
	    (is_link || !alone))
		tui_flash(t, alone ? "Enter again adds whoever made that "
		    "link" : "Enter again runs that; to say it here instead, "
		    "put a word with it");
	buf_clear(&line);
	return true;
}

int
tui_suggest(struct tui *t, const char *cmd, const char *arg, struct err *e)
{
	char *line = mem_printf("%s%s", cmd, arg);
	size_t written;
	int rc;

	edit_text(t->edit, &written);
	if (written > 0) {
		if (t->n_suggested == SUGGESTED_MAX) {
			free(t->suggested[0]);
			memmove(t->suggested, t->suggested + 1,
			    --t->n_suggested * sizeof(*t->suggested));
		}
		t->suggested[t->n_suggested++] = line;
		return 1;
	}
	/* The answer to a question is no answer to this. */
	if (t->question != ASK_NOTHING) {
		t->question = ASK_NOTHING;
		tui_flash(t, "");
	}
	rc = edit_set(t->edit, line, strlen(line), SIZE_MAX, e);
	free(line);
	return rc;
}

bool
tui_take_suggestion(struct tui *t)
{
	size_t written;
	char *line;

	edit_text(t->edit, &written);
	if (t->n_suggested == 0 || written > 0)
		return false;
	line = t->suggested[--t->n_suggested];
	edit_set(t->edit, line, strlen(line), SIZE_MAX, NULL);
	free(line);
	return true;
}

void
tui_send_line(struct tui *t)
{
	size_t len;
	const char *text = edit_text(t->edit, &len);
	bool command = text[0] == '/' && text[1] != '/';
	struct buf line;

	if (len == 0 || (!command && offer_command(t, text)))
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
