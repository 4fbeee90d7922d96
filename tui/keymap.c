#include "keymap.h"

#include "cmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EVERYWHERE(name, id, help) { name, id, 0, KEYMAP_EVERYWHERE, help }
#define CHAT(n) { "chat-" #n, ACT_CHAT, (n) - 1, KEYMAP_EVERYWHERE, \
	"open chat " #n }
#define LIST(name, id, help) { name, id, 0, KEYMAP_LIST, help }
#define INPUT(name, id, help) { name, id, 0, KEYMAP_INPUT, help }
#define EDITS(name, op, help) { name, ACT_EDIT, op, KEYMAP_INPUT, help }

static const struct action actions[] = {
	EVERYWHERE("help", ACT_HELP, "keys and commands"),
	EVERYWHERE("focus", ACT_FOCUS, "to the list, and back to the input"),
	EVERYWHERE("next-chat", ACT_NEXT_CHAT, "next chat"),
	EVERYWHERE("prev-chat", ACT_PREV_CHAT, "previous chat"),
	EVERYWHERE("next-unread", ACT_NEXT_UNREAD,
	    "next chat with unread messages"),
	CHAT(1), CHAT(2), CHAT(3), CHAT(4), CHAT(5),
	CHAT(6), CHAT(7), CHAT(8), CHAT(9), CHAT(10),
	EVERYWHERE("page-up", ACT_PAGE_UP, "scroll back"),
	EVERYWHERE("page-down", ACT_PAGE_DOWN, "scroll forward"),
	EVERYWHERE("oldest", ACT_OLDEST, "to the oldest message loaded"),
	EVERYWHERE("newest", ACT_NEWEST, "back to the newest message"),
	EVERYWHERE("redraw", ACT_REDRAW, "draw the screen anew"),
	EVERYWHERE("suspend", ACT_SUSPEND, "suspend; fg comes back"),
	EVERYWHERE("code", ACT_CODE, "the code that waits, once more"),
	EVERYWHERE("cancel", ACT_CANCEL,
	    "clear the line; when it is empty, ask to quit"),
	LIST("list-up", ACT_LIST_UP, "the entry above"),
	LIST("list-down", ACT_LIST_DOWN, "the entry below"),
	LIST("list-first", ACT_LIST_FIRST, "the first entry"),
	LIST("list-last", ACT_LIST_LAST, "the last entry"),
	LIST("list-open", ACT_LIST_OPEN, "open the chat"),
	LIST("list-erase", ACT_LIST_ERASE, "erase a letter of the filter"),
	INPUT("send", ACT_SEND, "say it, or run the command"),
	EDITS("newline", EDIT_NEWLINE, "new line in the message"),
	INPUT("complete", ACT_COMPLETE, "complete commands, names, paths"),
	INPUT("complete-back", ACT_COMPLETE_BACK, "the completion before"),
	EDITS("up", EDIT_UP, "line above, then what I typed before"),
	EDITS("down", EDIT_DOWN, "line below, then what I typed after"),
	EDITS("left", EDIT_LEFT, "a character to the left"),
	EDITS("right", EDIT_RIGHT, "a character to the right"),
	EDITS("word-left", EDIT_WORD_LEFT, "a word to the left"),
	EDITS("word-right", EDIT_WORD_RIGHT, "a word to the right"),
	EDITS("home", EDIT_HOME, "start of the line, then of the text"),
	EDITS("end", EDIT_END, "end of the line, then of the text"),
	EDITS("erase", EDIT_ERASE, "erase the character before the cursor"),
	EDITS("delete", EDIT_DELETE, "delete the character at the cursor"),
	EDITS("kill-word", EDIT_KILL_WORD, "cut to the end of the word"),
	EDITS("kill-word-back", EDIT_KILL_WORD_BACK,
	    "cut to the start of the word"),
	EDITS("kill-blank-back", EDIT_KILL_BLANK_BACK,
	    "cut back to the blank before"),
	EDITS("kill-start", EDIT_KILL_START, "cut to the start of the line"),
	EDITS("kill-end", EDIT_KILL_END, "cut to the end of the line"),
	EDITS("yank", EDIT_YANK, "paste what was cut"),
	EDITS("yank-pop", EDIT_YANK_POP, "paste the cut before that instead"),
	EDITS("transpose", EDIT_TRANSPOSE, "swap two characters"),
	EDITS("undo", EDIT_UNDO, "undo"),
};

enum { N_ACTIONS = sizeof actions / sizeof actions[0] };

/* Where a key stands is its action's place. */
static const struct {
	const char *key, *action;
} defaults[] = {
	{ "F1", "help" },
	{ "F2", "focus" }, { "Esc", "focus" },
	{ "C-n", "next-chat" }, { "M-Right", "next-chat" },
	{ "C-p", "prev-chat" }, { "M-Left", "prev-chat" },
	{ "M-a", "next-unread" },
	{ "M-1", "chat-1" }, { "M-2", "chat-2" }, { "M-3", "chat-3" },
	{ "M-4", "chat-4" }, { "M-5", "chat-5" }, { "M-6", "chat-6" },
	{ "M-7", "chat-7" }, { "M-8", "chat-8" }, { "M-9", "chat-9" },
	{ "M-0", "chat-10" },
	{ "PgUp", "page-up" }, { "PgDn", "page-down" },
	{ "M-Home", "oldest" }, { "M-End", "newest" },
	{ "C-l", "redraw" }, { "C-z", "suspend" }, { "M-h", "code" },
	{ "C-c", "cancel" },
	{ "Up", "list-up" }, { "Down", "list-down" },
	{ "Home", "list-first" }, { "End", "list-last" },
	{ "Enter", "list-open" },
	{ "Backspace", "list-erase" }, { "C-h", "list-erase" },
	{ "Enter", "send" },
	{ "M-Enter", "newline" }, { "C-j", "newline" },
	{ "Tab", "complete" }, { "S-Tab", "complete-back" },
	{ "Up", "up" }, { "Down", "down" },
	{ "Left", "left" }, { "C-b", "left" },
	{ "Right", "right" }, { "C-f", "right" },
	{ "M-b", "word-left" }, { "C-Left", "word-left" },
	{ "M-f", "word-right" }, { "C-Right", "word-right" },
	{ "Home", "home" }, { "C-a", "home" },
	{ "End", "end" }, { "C-e", "end" },
	{ "Backspace", "erase" }, { "C-h", "erase" },
	{ "Delete", "delete" }, { "C-d", "delete" },
	{ "M-d", "kill-word" },
	{ "M-Backspace", "kill-word-back" }, { "C-w", "kill-blank-back" },
	{ "C-u", "kill-start" }, { "C-k", "kill-end" },
	{ "C-y", "yank" }, { "M-y", "yank-pop" },
	{ "C-t", "transpose" }, { "C-_", "undo" },
};

struct binding {
	struct key key;
	const struct action *action;
};

struct keymap {
	struct binding *rows;
	size_t n, room;
	uint64_t version;
};

static void
remove_at(struct keymap *m, size_t i)
{
	memmove(m->rows + i, m->rows + i + 1,
	    (m->n - i - 1) * sizeof *m->rows);
	m->n--;
}

/* Takes the key away from one place; KEYMAP_EVERYWHERE: from them all. */
static void
unbind(struct keymap *m, struct key k, enum keymap_place place)
{
	size_t i;

	for (i = m->n; i-- > 0; )
		if (key_is(m->rows[i].key, k) && (place == KEYMAP_EVERYWHERE ||
		    m->rows[i].action->place == place))
			remove_at(m, i);
}

static void
append(struct keymap *m, struct key k, const struct action *a)
{
	if (m->n == m->room) {
		m->room = m->room ? 2 * m->room : 128;
		m->rows = mem_resize(m->rows, m->room, sizeof *m->rows);
	}
	m->rows[m->n++] = (struct binding){ k, a };
}

struct keymap *
keymap_new(void)
{
	struct keymap *m = mem_new(sizeof *m);

	keymap_reset(m);
	return m;
}

void
keymap_free(struct keymap *m)
{
	if (!m)
		return;
	free(m->rows);
	free(m);
}

void
keymap_reset(struct keymap *m)
{
	size_t i;

	m->n = 0;
	for (i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
		struct err e;

		if (keymap_bind(m, defaults[i].key, defaults[i].action, &e))
			die("default key %s: %s", defaults[i].key, e.what);
	}
}

const struct action *
keymap_find(const struct keymap *m, enum keymap_place place, struct key k)
{
	const struct action *found = NULL;
	size_t i;

	for (i = 0; i < m->n; i++) {
		if (!key_is(m->rows[i].key, k))
			continue;
		if (m->rows[i].action->place == place)
			return m->rows[i].action;
		if (m->rows[i].action->place == KEYMAP_EVERYWHERE)
			found = m->rows[i].action;
	}
	return found;
}

static int
unknown_action(const char *name, struct err *e)
{
	const char *best = NULL;
	int least = 4, i;

	for (i = 0; i < N_ACTIONS; i++) {
		int d = cmd_distance(name, actions[i].name, 4);

		if (d < least) {
			least = d;
			best = actions[i].name;
		}
	}
	err_set(e, STATUS_CONFIG, "\"%.40s\" is not an action", name);
	if (best)
		return err_next(e, "did you mean %s?", best);
	return err_next(e, "p2ptui.conf(5) lists the actions; \"none\" "
	    "unbinds a key");
}

int
keymap_bind(struct keymap *m, const char *key, const char *action,
    struct err *e)
{
	const struct action *a = NULL;
	struct key k;

	if (keyname_parse(key, &k, e))
		return -1;
	if (strcmp(action, "none")) {
		a = keymap_action(action);
		if (!a)
			return unknown_action(action, e);
		/* In the list letters filter; one may be spared for that. */
		if (key_is_text(k) && a->place != KEYMAP_LIST) {
			err_set(e, STATUS_CONFIG,
			    "%s writes itself and cannot be bound", key);
			return err_next(e, "add C- or M- to it");
		}
	}
	if (!m)
		return 0;
	unbind(m, k, a ? a->place : KEYMAP_EVERYWHERE);
	if (a)
		append(m, k, a);
	m->version++;
	return 0;
}

/* The word at *at, copied; false when there is none or it is too long. */
static bool
take_word(const char **at, char *dst, size_t room)
{
	size_t n;

	*at += strspn(*at, " \t");
	n = strcspn(*at, " \t");
	if (!n || n >= room)
		return false;
	memcpy(dst, *at, n);
	dst[n] = '\0';
	*at += n;
	return true;
}

int
keymap_bind_line(struct keymap *m, const char *line, struct err *e)
{
	char key[64], action[64];
	const char *at = line;

	if (!take_word(&at, key, sizeof key) ||
	    !take_word(&at, action, sizeof action) ||
	    at[strspn(at, " \t")] != '\0') {
		err_set(e, STATUS_CONFIG,
		    "\"%.60s\" is not a key and an action", line);
		return err_next(e, "for example: C-n next-chat");
	}
	return keymap_bind(m, key, action, e);
}

int
keymap_check(const char *line, struct err *e)
{
	return keymap_bind_line(NULL, line, e);
}

const struct action *
keymap_actions(size_t *n)
{
	*n = N_ACTIONS;
	return actions;
}

const struct action *
keymap_action(const char *name)
{
	int i;

	for (i = 0; i < N_ACTIONS; i++)
		if (!strcmp(actions[i].name, name))
			return &actions[i];
	return NULL;
}

size_t
keymap_keys(const struct keymap *m, const struct action *a,
    struct key *keys, size_t max)
{
	size_t n = 0, i;

	for (i = 0; i < m->n; i++) {
		if (m->rows[i].action != a)
			continue;
		if (n < max)
			keys[n] = m->rows[i].key;
		n++;
	}
	return n;
}

uint64_t
keymap_version(const struct keymap *m)
{
	return m->version;
}
