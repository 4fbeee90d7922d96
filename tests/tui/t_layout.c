#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "layout.h"

enum { N_RECTS = 7 };

static void
rects_of(const struct layout *l, const struct rect *r[N_RECTS])
{
	r[0] = &l->title;
	r[1] = &l->banner;
	r[2] = &l->people;
	r[3] = &l->head;
	r[4] = &l->talk;
	r[5] = &l->input;
	r[6] = &l->status;
}

static struct rect
line_of(const struct layout *l, int row)
{
	return (struct rect){ .row = row, .rows = row >= 0, .cols = l->cols };
}

/* What holds for every size and wish. */
static void
check(const struct layout_wish *w)
{
	const struct rect *r[N_RECTS];
	struct rect rules[2];
	struct layout l;

	layout_make(&l, w);
	rects_of(&l, r);
	rules[0] = line_of(&l, l.middle);
	rules[1] = line_of(&l, l.bottom);
	for (int i = 0; i < N_RECTS; i++) {
		if (rect_is_empty(r[i]))
			continue;
		assert_true(r[i]->row >= 0 && r[i]->col >= 0);
		assert_true(r[i]->row + r[i]->rows <= l.rows);
		assert_true(r[i]->col + r[i]->cols <= l.cols);
		for (int j = 0; j < i; j++)
			assert_false(rect_meets(r[i], r[j]));
		for (int j = 0; j < 2; j++)
			assert_false(rect_meets(r[i], &rules[j]));
	}
	assert_false(rect_is_empty(&l.input));
	assert_true(l.top < l.rows && l.middle < l.rows && l.bottom < l.rows);
	if (!l.framed)
		assert_true(rect_is_empty(&l.people) ||
		    rect_is_empty(&l.talk));
}

static void
row_77_no_size_breaks_the_layout(void **state)
{
	(void)state;
	for (int rows = 1; rows <= 70; rows++) {
		for (int cols = 1; cols <= 140; cols++) {
			for (int i = 0; i < 32; i++)
				check(&(struct layout_wish){
				    .rows = rows, .cols = cols,
				    .people_width = 10 + 30 * (i & 1),
				    .input_rows = (i & 2) ? 5 : 1 + (i >> 4),
				    .banner = i & 4,
				    .list_in_front = i & 8 });
		}
	}
	check(&(struct layout_wish){ .rows = 200, .cols = 500,
	    .people_width = 20, .input_rows = 1 });
	check(&(struct layout_wish){ .rows = 0, .cols = -3,
	    .people_width = 20, .input_rows = 1 });
}

static void
t_design_size_shows_three_parts(void **state)
{
	struct layout l;

	(void)state;
	layout_make(&l, &(struct layout_wish){ .rows = 24, .cols = 80,
	    .people_width = 20, .input_rows = 1 });
	assert_true(l.framed);
	assert_int_equal(l.people.cols, 20);
	assert_int_equal(l.people.rows, 18);
	assert_int_equal(l.talk.rows, 18);
	assert_int_equal(l.talk.cols, 55);
	assert_int_equal(l.input.rows, 1);
	assert_int_equal(l.status.row, 23);
	assert_true(rect_is_empty(&l.banner));
}

static void
t_banner_takes_a_row_of_the_talk(void **state)
{
	struct layout_wish w = { .rows = 24, .cols = 80, .people_width = 20,
		.input_rows = 1 };
	struct layout without, with;

	(void)state;
	layout_make(&without, &w);
	w.banner = true;
	layout_make(&with, &w);
	assert_int_equal(with.banner.row, 1);
	assert_int_equal(with.talk.rows, without.talk.rows - 1);
	assert_int_equal(with.input.row, without.input.row);
}

static void
t_long_input_grows_and_leaves_half_to_the_talk(void **state)
{
	struct layout l;

	(void)state;
	layout_make(&l, &(struct layout_wish){ .rows = 24, .cols = 80,
	    .people_width = 20, .input_rows = 5 });
	assert_int_equal(l.input.rows, 5);
	layout_make(&l, &(struct layout_wish){ .rows = 12, .cols = 80,
	    .people_width = 20, .input_rows = 5 });
	assert_true(l.input.rows < 5);
	assert_true(l.talk.rows >= l.input.rows);
}

static void
t_small_screen_takes_turns(void **state)
{
	struct layout_wish w = { .rows = 15, .cols = 40, .people_width = 20,
		.input_rows = 1 };
	struct layout l;

	(void)state;
	layout_make(&l, &w);
	assert_false(l.framed);
	assert_true(rect_is_empty(&l.people));
	assert_int_equal(l.talk.cols, 40);
	assert_true(l.talk.rows >= 10);
	w.list_in_front = true;
	layout_make(&l, &w);
	assert_true(rect_is_empty(&l.talk));
	assert_int_equal(l.people.cols, 40);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_77_no_size_breaks_the_layout),
		cmocka_unit_test(t_design_size_shows_three_parts),
		cmocka_unit_test(t_banner_takes_a_row_of_the_talk),
		cmocka_unit_test(
		    t_long_input_grows_and_leaves_half_to_the_talk),
		cmocka_unit_test(t_small_screen_takes_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
