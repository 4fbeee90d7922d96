#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "qr.h"

static void
need_library(void **state)
{
	(void)state;
	if (!qr_is_built_in())
		skip();
}

static struct qr *
make(char letter, size_t len)
{
	char text[4000];

	assert_true(len < sizeof(text));
	memset(text, letter, len);
	text[len] = '\0';
	return qr_new(text);
}

static bool
is_dark(const struct qr *q, int row, int col)
{
	const enum qr_cell c = qr_at(q, (row + QR_BORDER) / 2,
	    col + QR_BORDER);

	return c == QR_DARK || c == ((row + QR_BORDER) % 2 ? QR_BOTTOM :
	    QR_TOP);
}

/* 24 rows of a terminal, of which the last one says what the keys do. */
static void
t_a_short_link_fits_into_80x24(void **state)
{
	/* "P2PTUI:", 130 of base32, "/", a name of 50 with its port. */
	struct qr *q;

	need_library(state);
	q = make('A', 7 + 130 + 1 + 56);
	assert_int_equal(qr_modules(q), 41);
	assert_int_equal(qr_rows(q), 23);
	assert_int_equal(qr_cols(q), 45);
	qr_free(q);
}

/* An upper-case text takes 5.5 bits a letter, a lower-case one 8. */
static void
t_upper_case_is_shorter(void **state)
{
	struct qr *upper, *lower;

	need_library(state);
	upper = make('A', 77);
	lower = make('a', 77);
	assert_int_equal(qr_modules(upper), 29);
	assert_true(qr_modules(lower) > qr_modules(upper));
	qr_free(upper);
	qr_free(lower);
}

/* Three corners have the seven modules readers look for; all around is
 * light. */
static void
t_corners_and_border(void **state)
{
	struct qr *q;
	int n;

	need_library(state);
	q = make('A', 60);
	n = qr_modules(q);
	for (int i = 0; i < 7; i++) {
		assert_true(is_dark(q, 0, i) && is_dark(q, i, 0));
		assert_true(is_dark(q, 0, n - 1 - i) && is_dark(q, i, n - 1));
		assert_true(is_dark(q, n - 1, i) && is_dark(q, n - 1 - i, 0));
		assert_false(is_dark(q, 7, i) || is_dark(q, i, 7));
	}
	assert_true(is_dark(q, 3, 3) && !is_dark(q, 1, 1));
	for (int col = 0; col < qr_cols(q); col++) {
		assert_int_equal(qr_at(q, 0, col), QR_LIGHT);
		assert_true(qr_at(q, qr_rows(q) - 1, col) != QR_DARK &&
		    qr_at(q, qr_rows(q) - 1, col) != QR_BOTTOM);
	}
	for (int row = 0; row < qr_rows(q); row++) {
		for (int i = 0; i < QR_BORDER; i++) {
			assert_int_equal(qr_at(q, row, i), QR_LIGHT);
			assert_int_equal(qr_at(q, row, qr_cols(q) - 1 - i),
			    QR_LIGHT);
		}
	}
	qr_free(q);
}

static void
t_too_long_is_none(void **state)
{
	(void)state;
	assert_null(make('a', 3999));
	qr_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_a_short_link_fits_into_80x24),
		cmocka_unit_test(t_upper_case_is_shorter),
		cmocka_unit_test(t_corners_and_border),
		cmocka_unit_test(t_too_long_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
