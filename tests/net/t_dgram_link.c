#include "dgram-kit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "rand.h"

static void
t_a_dial_makes_one_link_each(void **state)
{
	struct test *t = *state;
	struct link *a = join(t);

	assert_int_equal(link_send(a, RECORD_CARD, "card", 4), 0);
	assert_int_equal(link_send(link_of(&t->bob), RECORD_PING, "12345678",
	    8), 0);
	run_ms(t, 1000);
	assert_int_equal(t->bob.n_records, 2);
	assert_memory_equal(t->bob.got.at, "\7\4\0\0\0card", 9);
	assert_int_equal(t->alice.n_records, 1);
	assert_int_equal(t->bob.n_answered, 1);
	assert_string_equal(a->where, "192.0.2.2:1000");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(t_a_dial_makes_one_link_each,
		    setup, teardown),
	};

	if (crypto_start(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
