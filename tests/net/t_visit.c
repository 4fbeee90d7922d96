/* The bytes of visits. */
#include "visit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "rand.h"
#include "vectors.h"

static const uint8_t hello[] = {
	'p', '2', 'p', 'c', 1, 0, 0, 0, '1', '1', '8', '2', '0', '4'
};

static void
t_hello_is_as_written_down(void **state)
{
	uint8_t out[VISIT_HELLO];
	char plate[CODE_PLATE + 1];

	(void)state;
	assert_int_equal(sizeof(hello), VISIT_HELLO);
	visit_hello_write(out, "118204");
	assert_memory_equal(out, hello, sizeof(hello));
	assert_int_equal(visit_hello_read(plate, out, sizeof(out)),
	    VISIT_PART_WHOLE);
	assert_string_equal(plate, "118204");
}

static void
t_hello_comes_in_pieces(void **state)
{
	char plate[CODE_PLATE + 1];

	(void)state;
	for (size_t n = 0; n < sizeof(hello); n++) {
		assert_int_equal(visit_hello_read(plate, hello, n),
		    VISIT_PART_MORE);
		assert_int_equal(visit_begins(hello, n), n < 4 ?
		    VISIT_PART_MORE : VISIT_PART_WHOLE);
	}
}

/* At the first byte that is wrong, and not later. */
static void
t_another_byte_anywhere_is_no_hello(void **state)
{
	uint8_t bad[VISIT_HELLO];
	char plate[CODE_PLATE + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(hello); i++) {
		for (unsigned c = 0; c < 256; c++) {
			if (c == hello[i] || (i >= VISIT_PREFACE &&
			    c >= '0' && c <= '9'))
				continue;
			memcpy(bad, hello, sizeof(bad));
			bad[i] = (uint8_t)c;
			assert_int_equal(visit_hello_read(plate, bad, i + 1),
			    VISIT_PART_ALIEN);
			assert_int_equal(visit_begins(bad, i + 1), i < 4 ?
			    VISIT_PART_ALIEN : VISIT_PART_WHOLE);
		}
	}
}

static void
t_links_are_told_from_visits(void **state)
{
	(void)state;
	assert_int_equal(visit_begins("p2pt\1\1\1", 8), VISIT_PART_ALIEN);
	assert_int_equal(visit_begins("p2p", 3), VISIT_PART_MORE);
	assert_int_equal(visit_begins("GET ", 1), VISIT_PART_ALIEN);
	/* Of a later version, but a visit. */
	assert_int_equal(visit_begins("p2pc\2", 5), VISIT_PART_WHOLE);
}

static void
t_messages_have_their_bounds(void **state)
{
	uint8_t bytes[VISIT_HEAD + VISIT_MSG_MAX + 1] = { 0 };
	const uint8_t *msg;
	struct buf out;
	size_t len;

	(void)state;
	buf_init(&out);
	assert_int_equal(visit_msg_write(&out, bytes, 0), -1);
	assert_int_equal(visit_msg_write(&out, bytes, VISIT_MSG_MAX + 1), -1);
	assert_int_equal(out.len, 0);
	assert_int_equal(visit_msg_write(&out, "abc", 3), 0);
	assert_int_equal(visit_msg_write(&out, bytes, VISIT_MSG_MAX), 0);
	assert_memory_equal(out.at, "\3\0abc", 5);
	for (size_t n = 0; n < 5; n++)
		assert_int_equal(visit_msg_read(&msg, &len, out.at, n),
		    VISIT_PART_MORE);
	assert_int_equal(visit_msg_read(&msg, &len, out.at, out.len),
	    VISIT_PART_WHOLE);
	assert_int_equal(len, 3);
	assert_memory_equal(msg, "abc", 3);
	buf_drop(&out, VISIT_HEAD + len);
	assert_int_equal(visit_msg_read(&msg, &len, out.at, out.len - 1),
	    VISIT_PART_MORE);
	assert_int_equal(visit_msg_read(&msg, &len, out.at, out.len),
	    VISIT_PART_WHOLE);
	assert_int_equal(len, VISIT_MSG_MAX);
	buf_clear(&out);
	/* Nothing, and more than there may be: known by the length alone. */
	assert_int_equal(visit_msg_read(&msg, &len, bytes, 2),
	    VISIT_PART_ALIEN);
	put_u16(bytes, VISIT_MSG_MAX + 1);
	assert_int_equal(visit_msg_read(&msg, &len, bytes, 2),
	    VISIT_PART_ALIEN);
}

static void
t_nameplates_are_six_digits(void **state)
{
	(void)state;
	assert_true(visit_is_plate("000000"));
	assert_true(visit_is_plate("987654"));
	assert_false(visit_is_plate(""));
	assert_false(visit_is_plate("12345"));
	assert_false(visit_is_plate("1234567"));
	assert_false(visit_is_plate("12345x"));
	assert_false(visit_is_plate("-12345"));
}

/* By a second implementation: tests/vectors/beacon.py. */
static void
t_meeting_id_known_answer(void **state)
{
	struct vectors *v = vectors_open("p2ptui_beacon.txt");
	const struct section *s = vectors_get(v, "visit");
	uint8_t id[MEET_ID];

	(void)state;
	visit_meet_id(id, section_text(s, "plate"));
	assert_memory_equal(id, section_exact(s, "meet", MEET_ID), MEET_ID);
	vectors_free(v);
}

static int
start(void **state)
{
	(void)state;
	return crypto_start(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_hello_is_as_written_down),
		cmocka_unit_test(t_hello_comes_in_pieces),
		cmocka_unit_test(t_another_byte_anywhere_is_no_hello),
		cmocka_unit_test(t_links_are_told_from_visits),
		cmocka_unit_test(t_messages_have_their_bounds),
		cmocka_unit_test(t_nameplates_are_six_digits),
		cmocka_unit_test(t_meeting_id_known_answer),
	};

	return cmocka_run_group_tests_name("visit", tests, start, NULL);
}
