#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "keymap.h"

static int
fresh(void **state)
{
	*state = keymap_new();
	return 0;
}

static int
gone(void **state)
{
	keymap_free(*state);
	return 0;
}

static struct key
key(const char *name)
{
	struct key k;

	assert_int_equal(keyname_parse(name, &k, NULL), 0);
	return k;
}

/* What the key does there: the action's name, or "". */
static const char *
does(const struct keymap *m, enum keymap_place place, const char *name)
{
	const struct action *a = keymap_find(m, place, key(name));

	return a ? a->name : "";
}

static void
t_names_have_one_spelling(void **state)
{
	static const struct { const char *in, *printed, *shown; } rows[] = {
		{ "C-a", "C-a", "Ctrl-A" },
		{ "C-A", "C-a", "Ctrl-A" },
		{ "ctrl-n", "C-n", "Ctrl-N" },
		{ "M-a", "M-a", "Alt-a" },
		{ "Meta-A", "M-A", "Alt-A" },
		{ "Alt-Enter", "M-Enter", "Alt-Enter" },
		{ "C-m", "Enter", "Enter" },
		{ "M-C-m", "M-Enter", "Alt-Enter" },
		{ "C-i", "Tab", "Tab" },
		{ "C-[", "Esc", "Esc" },
		{ "C-@", "C-Space", "Ctrl-Space" },
		{ "C-/", "C-_", "Ctrl-_" },
		{ "C-?", "Backspace", "Backspace" },
		{ "S-Tab", "S-Tab", "Shift-Tab" },
		{ "S-a", "A", "A" },
		{ "pageup", "PgUp", "PgUp" },
		{ "c-left", "C-Left", "Ctrl-Left" },
		{ "f1", "F1", "F1" },
		{ "F20", "F20", "F20" },
		{ "M-1", "M-1", "Alt-1" },
		{ "-", "-", "-" },
		{ "C--", "C--", "Ctrl--" },
		{ "M--", "M--", "Alt--" },
		{ "ä", "ä", "ä" },
		{ "Return", "Enter", "Enter" },
		{ "C-M-S-Up", "C-M-S-Up", "Ctrl-Alt-Shift-Up" },
	};
	char name[KEYNAME_LEN];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct key k = key(rows[i].in);

		keyname_print(k, name);
		assert_string_equal(name, rows[i].printed);
		assert_true(key_is(key(name), k));
		keyname_show(k, name);
		assert_string_equal(name, rows[i].shown);
		assert_true(key_is(key(name), k));
	}
}

static void
t_every_key_prints_what_parses(void **state)
{
	char name[KEYNAME_LEN];
	int32_t code;
	unsigned mods;

	(void)state;
	for (code = 0; code < K_PAST; code++) {
		if (code == 0x500)
			code = K_FIRST;
		for (mods = 0; mods < 8; mods++) {
			struct key k = key_normal(code, mods);

			keyname_print(k, name);
			assert_true(key_is(key(name), k));
			keyname_show(k, name);
			assert_true(key_is(key(name), k));
		}
	}
}

static void
t_bytes_of_terminals(void **state)
{
	(void)state;
	assert_true(key_is(key_of_byte(0), key("C-Space")));
	assert_true(key_is(key_of_byte(1), key("C-a")));
	assert_true(key_is(key_of_byte(8), key("C-h")));
	assert_true(key_is(key_of_byte(9), key("Tab")));
	assert_true(key_is(key_of_byte(10), key("C-j")));
	assert_true(key_is(key_of_byte(13), key("Enter")));
	assert_true(key_is(key_of_byte(27), key("Esc")));
	assert_true(key_is(key_of_byte(31), key("C-_")));
	assert_true(key_is(key_of_byte(127), key("Backspace")));
	assert_true(key_is_text(key_of_byte('x')));
	assert_false(key_is_text(key_of_byte(13)));
	assert_false(key_is_text(key("M-x")));
}

static void
t_bad_key_names_name_the_nearest(void **state)
{
	static const char *const bad[] = { "", "C-", "Entr", "F0", "F21",
		"F99999999999", "F1x", "C-Foo", "ab", "\xFF", "\x01", "M-\x1B",
		"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx" };
	struct key k;
	struct err e;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		memset(&e, 0, sizeof e);
		assert_int_equal(keyname_parse(bad[i], &k, &e), -1);
		assert_int_equal(e.status, STATUS_CONFIG);
		assert_true(*e.what && *e.next);
	}
	assert_int_equal(keyname_parse("M-Entr", &k, &e), -1);
	assert_non_null(strstr(e.next, "M-Enter"));
}

static void
t_default_keys_of_the_contract(void **state)
{
	static const struct {
		enum keymap_place place;
		const char *key, *action;
	} rows[] = {
		{ KEYMAP_INPUT, "F1", "help" },
		{ KEYMAP_LIST, "F1", "help" },
		{ KEYMAP_INPUT, "F2", "focus" },
		{ KEYMAP_INPUT, "Esc", "focus" },
		{ KEYMAP_LIST, "Up", "list-up" },
		{ KEYMAP_LIST, "Down", "list-down" },
		{ KEYMAP_LIST, "Enter", "list-open" },
		{ KEYMAP_INPUT, "C-n", "next-chat" },
		{ KEYMAP_INPUT, "C-p", "prev-chat" },
		{ KEYMAP_LIST, "M-Right", "next-chat" },
		{ KEYMAP_INPUT, "M-Left", "prev-chat" },
		{ KEYMAP_INPUT, "M-1", "chat-1" },
		{ KEYMAP_INPUT, "M-0", "chat-10" },
		{ KEYMAP_INPUT, "M-a", "next-unread" },
		{ KEYMAP_INPUT, "PgUp", "page-up" },
		{ KEYMAP_INPUT, "PgDn", "page-down" },
		{ KEYMAP_INPUT, "M-End", "newest" },
		{ KEYMAP_INPUT, "M-Home", "oldest" },
		{ KEYMAP_INPUT, "Up", "up" },
		{ KEYMAP_INPUT, "Down", "down" },
		{ KEYMAP_INPUT, "C-a", "home" },
		{ KEYMAP_INPUT, "C-e", "end" },
		{ KEYMAP_INPUT, "C-b", "left" },
		{ KEYMAP_INPUT, "C-f", "right" },
		{ KEYMAP_INPUT, "M-b", "word-left" },
		{ KEYMAP_INPUT, "M-f", "word-right" },
		{ KEYMAP_INPUT, "C-Left", "word-left" },
		{ KEYMAP_INPUT, "C-Right", "word-right" },
		{ KEYMAP_INPUT, "C-w", "kill-blank-back" },
		{ KEYMAP_INPUT, "C-u", "kill-start" },
		{ KEYMAP_INPUT, "C-k", "kill-end" },
		{ KEYMAP_INPUT, "C-y", "yank" },
		{ KEYMAP_INPUT, "M-d", "kill-word" },
		{ KEYMAP_INPUT, "M-Backspace", "kill-word-back" },
		{ KEYMAP_INPUT, "Home", "home" },
		{ KEYMAP_INPUT, "End", "end" },
		{ KEYMAP_INPUT, "M-Enter", "newline" },
		{ KEYMAP_INPUT, "Enter", "send" },
		{ KEYMAP_INPUT, "Tab", "complete" },
		{ KEYMAP_INPUT, "S-Tab", "complete-back" },
		{ KEYMAP_INPUT, "C-l", "redraw" },
		{ KEYMAP_LIST, "C-z", "suspend" },
		{ KEYMAP_INPUT, "C-c", "cancel" },
		{ KEYMAP_LIST, "C-k", "" },
		{ KEYMAP_LIST, "a", "" },
		{ KEYMAP_INPUT, "F9", "" },
	};
	size_t i;

	for (i = 0; i < sizeof rows / sizeof rows[0]; i++)
		assert_string_equal(does(*state, rows[i].place, rows[i].key),
		    rows[i].action);
}

static void
t_every_action_has_a_name_a_help_and_a_key(void **state)
{
	const struct action *a;
	struct key keys[1];
	size_t n, i, j;

	a = keymap_actions(&n);
	assert_true(n > 40);
	for (i = 0; i < n; i++) {
		assert_ptr_equal(keymap_action(a[i].name), &a[i]);
		assert_true(strlen(a[i].help) > 0);
		assert_in_range(keymap_keys(*state, &a[i], keys, 1), 1, 4);
		assert_ptr_equal(keymap_find(*state, a[i].place, keys[0]),
		    &a[i]);
		for (j = 0; j < i; j++)
			assert_string_not_equal(a[i].name, a[j].name);
	}
	/* and every editing operation an action */
	for (j = 0; j < EDIT_OPS; j++) {
		for (i = 0; i < n; i++)
			if (a[i].id == ACT_EDIT && a[i].arg == (int)j)
				break;
		assert_true(i < n);
	}
}

static void
t_binding_moves_a_key(void **state)
{
	struct keymap *m = *state;
	uint64_t version = keymap_version(m);
	struct key keys[4];

	assert_int_equal(keymap_bind(m, "C-k", "next-unread", NULL), 0);
	assert_true(keymap_version(m) != version);
	/* an action of everywhere hides no less specific row */
	assert_string_equal(does(m, KEYMAP_INPUT, "C-k"), "next-unread");
	assert_string_equal(does(m, KEYMAP_LIST, "C-k"), "next-unread");
	assert_int_equal(keymap_keys(m, keymap_action("kill-end"), keys, 4),
	    0);
	assert_int_equal(keymap_keys(m, keymap_action("next-unread"), keys, 4),
	    2);
	assert_true(key_is(keys[0], key("M-a")));

	/* an action of the input leaves the list alone */
	assert_int_equal(keymap_bind(m, "C-n", "kill-end", NULL), 0);
	assert_string_equal(does(m, KEYMAP_INPUT, "C-n"), "kill-end");
	assert_string_equal(does(m, KEYMAP_LIST, "C-n"), "next-chat");

	assert_int_equal(keymap_bind(m, "Enter", "none", NULL), 0);
	assert_string_equal(does(m, KEYMAP_INPUT, "Enter"), "");
	assert_string_equal(does(m, KEYMAP_LIST, "Enter"), "");

	assert_int_equal(keymap_bind(m, "j", "list-down", NULL), 0);
	assert_string_equal(does(m, KEYMAP_LIST, "j"), "list-down");
	assert_string_equal(does(m, KEYMAP_INPUT, "j"), "");

	keymap_reset(m);
	assert_string_equal(does(m, KEYMAP_INPUT, "C-k"), "kill-end");
	assert_string_equal(does(m, KEYMAP_INPUT, "Enter"), "send");
	assert_string_equal(does(m, KEYMAP_LIST, "j"), "");
}

static void
t_bad_bindings_change_nothing(void **state)
{
	struct keymap *m = *state;
	uint64_t version = keymap_version(m);
	struct err e;

	assert_int_equal(keymap_bind(m, "C-n", "next-chta", &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	assert_non_null(strstr(e.next, "next-chat"));
	assert_int_equal(keymap_bind(m, "Entr", "send", &e), -1);
	assert_non_null(strstr(e.next, "Enter"));
	/* a letter that could not be typed any more */
	assert_int_equal(keymap_bind(m, "a", "help", &e), -1);
	assert_int_equal(keymap_bind(m, "a", "send", &e), -1);
	assert_int_equal(keymap_bind(m, "C-n", "zzzzzzzzzzz", &e), -1);
	assert_int_equal(keymap_version(m), version);
}

static void
t_bind_lines(void **state)
{
	struct keymap *m = *state;
	struct err e;
	char *s;

	assert_int_equal(keymap_bind_line(m, "  F5 \t redraw ", &e), 0);
	assert_string_equal(does(m, KEYMAP_INPUT, "F5"), "redraw");
	assert_int_equal(keymap_check("F5 redraw", &e), 0);
	assert_int_equal(keymap_check("F5 none", &e), 0);
	assert_int_equal(keymap_check("F5", &e), -1);
	assert_int_equal(keymap_check("", &e), -1);
	assert_int_equal(keymap_check("F5 redraw now", &e), -1);
	assert_int_equal(keymap_check("F5 redrw", &e), -1);
	s = malloc(100001);
	assert_non_null(s);
	memset(s, 'x', 100000);
	s[100000] = '\0';
	assert_int_equal(keymap_check(s, &e), -1);
	assert_int_equal(e.status, STATUS_CONFIG);
	free(s);
}

#define test(f) cmocka_unit_test_setup_teardown(f, fresh, gone)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		test(t_names_have_one_spelling),
		test(t_every_key_prints_what_parses),
		test(t_bytes_of_terminals),
		test(t_bad_key_names_name_the_nearest),
		test(t_default_keys_of_the_contract),
		test(t_every_action_has_a_name_a_help_and_a_key),
		test(t_binding_moves_a_key),
		test(t_bad_bindings_change_nothing),
		test(t_bind_lines),
	};

	return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
