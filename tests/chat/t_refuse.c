/*
 * What is not taken as it came: too long, too new, too far, not text.
 */
#include "sim.h"

#include "own.h"

static struct sim *s;
static struct node *alice, *bob;

static int
begin(void **state)
{
	(void)state;
	s = sim_new(1);
	alice = sim_node(s, "alice");
	bob = sim_node(s, "bob");
	return 0;
}

static int
end(void **state)
{
	(void)state;
	sim_free(s);
	return 0;
}

static void
say(struct node *from, struct node *to, const char *text)
{
	ok(sim_say(from, to, text) == 0, text);
}

static void
row_54_message_over_the_limit(void **state)
{
	char *big = mem_new(MESSAGE_MAX + 2);
	struct err e = { 0 };

	(void)state;
	sim_meet(s, alice, bob);
	memset(big, 'x', MESSAGE_MAX + 1);
	ok(chat_say(alice->chat, sim_person(alice, bob), MSG_TEXT, big,
	    MESSAGE_MAX + 1, &e) < 0, "refused");
	ok(e.status == STATUS_USAGE && strstr(e.what, "16384"),
	    "with the limit");
	ok(chat_say(alice->chat, sim_person(alice, bob), MSG_TEXT, big,
	    MESSAGE_MAX, &e) == 0, "just fits");
	sim_run_ms(s, 10);
	ok(sim_line(bob, alice, 0)->len == MESSAGE_MAX, "and arrives");
	ok(chat_say(alice->chat, sim_person(alice, bob), MSG_TEXT, "", 0,
	    &e) < 0 && e.status == STATUS_USAGE, "nothing to say");
	free(big);
}

static void
row_55_unknown_type_is_skipped_and_acked(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = 200,
		.epoch = 5, .base = 5, .seq = 1 };

	(void)state;
	sim_meet(s, alice, bob);
	ok(sim_hear(bob, alice, &f) == FRAME_TAKEN, "not an offence");
	ok(windows_find(&sim_person(bob, alice)->own->n.seen, 5)->due,
	    "an acknowledgement is due");
	sim_run_ms(s, 1);
	ok(sim_lines(bob, alice) == 0, "nothing to show");
	f.type = FRAME_TEXT;
	f.seq = 2;
	f.body = (const uint8_t *)"hi";
	f.len = 2;
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(sim_line(bob, alice, 0)->gap == 0, "its number was taken");
}

static void
row_55_unknown_critical_flag_is_refused(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.flags = 0x0200, .epoch = 5, .base = 5, .seq = 1,
		.body = (const uint8_t *)"hi", .len = 2 };

	(void)state;
	sim_meet(s, alice, bob);
	sim_hear(bob, alice, &f);
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(sim_lines(bob, alice) == 0, "not shown");
	ok(!windows_find(&sim_person(bob, alice)->own->n.seen, 5),
	    "not seen, so never acknowledged");
	ok(sim_told(bob, NEWS_NOTICE, "newer version") == 1, "told once");
	f.flags = 0x0002;
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(sim_lines(bob, alice) == 1, "an unknown low flag is no matter");
}

static void
row_55_other_versions(void **state)
{
	struct frame f = { .version = 255, .type = FRAME_TEXT, .epoch = 5,
		.base = 5, .seq = 1, .body = (const uint8_t *)"hi",
		.len = 2 };

	(void)state;
	sim_meet(s, alice, bob);
	ok(sim_hear(bob, alice, &f) == FRAME_TAKEN, "the link stays");
	sim_run_ms(s, 1);
	ok(sim_told(bob, NEWS_NOTICE, "version 255") == 1, "which one");
	ok(sim_lines(bob, alice) == 0, "not shown");
	f.version = 0;
	ok(sim_hear(bob, alice, &f) == FRAME_MALFORMED, "there is no 0");
}

static void
row_61_invalid_utf8(void **state)
{
	static const uint8_t bad[] = "a\xff\xc0\x80\xed\xa0\x80z\0b";
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 5, .base = 5, .seq = 1, .body = bad,
		.len = sizeof(bad) - 1 };
	const struct line *l;

	(void)state;
	sim_meet(s, alice, bob);
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	l = sim_line(bob, alice, 0);
	ok(strlen(l->text) == l->len, "no NUL inside");
	ok(strstr(l->text, "\xef\xbf\xbd") != NULL, "replaced");
	ok(l->text[0] == 'a' && l->text[l->len - 1] == 'b', "the rest stays");
}

static void
row_62_and_63_nothing_reaches_the_terminal(void **state)
{
	static const char bad[] = "\x1b]52;c;AAAA\x07\x1b[2J\xc2\x9b"
	    "31m\xe2\x80\xaetxt.exe";
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 5, .base = 5, .seq = 1,
		.body = (const uint8_t *)bad, .len = sizeof(bad) - 1 };
	const struct line *l;

	(void)state;
	sim_meet(s, alice, bob);
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	l = sim_line(bob, alice, 0);
	ok(!strchr(l->text, 0x1b) && !strchr(l->text, 7), "no escape");
	ok(!strstr(l->text, "\xc2\x9b"), "no C1");
	ok(!strstr(l->text, "\xe2\x80\xae"), "no override");
}

static void
row_68_shown_as_typed(void **state)
{
	(void)state;
	sim_meet(s, alice, bob);
	say(alice, bob, "%n%s $(reboot) `id` \"'");
	sim_run_ms(s, 10);
	assert_string_equal(sim_heard(bob, alice), "%n%s $(reboot) `id` \"'");
}

static void
row_89_skipped_numbers_are_bounded(void **state)
{
	struct frame f = { .version = FRAME_VERSION, .type = FRAME_TEXT,
		.epoch = 5, .base = 5, .seq = 1 + WINDOW_AHEAD,
		.body = (const uint8_t *)"far", .len = 3 };
	struct windows *w;

	(void)state;
	sim_meet(s, alice, bob);
	w = &sim_person(bob, alice)->own->n.seen;
	ok(sim_hear(bob, alice, &f) == FRAME_TAKEN, "no offence");
	sim_run_ms(s, 1);
	ok(sim_lines(bob, alice) == 0, "refused");
	f.seq--;
	sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(sim_lines(bob, alice) == 1, "the last one that is kept apart");
	/* One epoch, 5, is tracked already. */
	for (f.epoch = 100, f.seq = 1; f.epoch < 300; f.epoch++)
		sim_hear(bob, alice, &f);
	sim_run_ms(s, 1);
	ok(w->n == WINDOWS_MAX, "bounded");
	ok(sim_lines(bob, alice) == WINDOWS_MAX, "then refused");
}

static void
t_malformed_frames_end_the_link(void **state)
{
	uint8_t junk[300];

	(void)state;
	sim_meet(s, alice, bob);
	memset(junk, 1, sizeof(junk));
	junk[2] = junk[3] = 0;		/* no flags */
	ok(sim_hear_bytes(bob, alice, junk, sizeof(junk)) ==
	    FRAME_MALFORMED, "junk");
	ok(sim_hear_bytes(bob, alice, junk, 1) == FRAME_MALFORMED, "short");
	ok(sim_hear_bytes(bob, alice, junk, 0) == FRAME_MALFORMED, "empty");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(row_54_message_over_the_limit),
		TEST(row_55_unknown_type_is_skipped_and_acked),
		TEST(row_55_unknown_critical_flag_is_refused),
		TEST(row_55_other_versions),
		TEST(row_61_invalid_utf8),
		TEST(row_62_and_63_nothing_reaches_the_terminal),
		TEST(row_68_shown_as_typed),
		TEST(row_89_skipped_numbers_are_bounded),
		TEST(t_malformed_frames_end_the_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
