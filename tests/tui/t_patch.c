#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "buf.h"
#include "patch.h"
#include "text.h"

static struct buf painted;

static void
paint(void *arg, int row, int col, int cells, unsigned style, const char *s,
    size_t len)
{
	(void)arg;
	(void)style;
	buf_printf(&painted, "%d,%d+%d:%.*s ", row, col, cells, (int)len, s);
}

static void
expect(struct patches *p, const char *want)
{
	buf_init(&painted);
	patches_paint(p, paint, NULL);
	assert_string_equal(buf_str(&painted), want);
	buf_clear(&painted);
}

static void
t_painted_once_until_touched(void **state)
{
	struct patches *p = patches_new(4);

	(void)state;
	patches_add(p, 1, 5, 2, 0, "XX", 2);
	assert_true(patches_moved(p, 1));
	expect(p, "1,5+2:XX ");
	assert_false(patches_moved(p, 1));
	expect(p, "");
	/* Curses may have written over it. */
	patches_touch(p, 1);
	expect(p, "1,5+2:XX ");
	patches_free(p);
}

static void
t_redrawn_the_same_is_not_moved(void **state)
{
	struct patches *p = patches_new(4);

	(void)state;
	patches_add(p, 0, 3, 2, 1, "A", 1);
	expect(p, "0,3+2:A ");
	patches_erase(p, 0, 0, 80);
	patches_add(p, 0, 3, 2, 1, "A", 1);
	assert_false(patches_moved(p, 0));
	patches_erase(p, 0, 0, 80);
	patches_add(p, 0, 3, 2, 2, "A", 1);
	assert_true(patches_moved(p, 0));
	patches_free(p);
}

static void
t_erased_where_cells_are_shared(void **state)
{
	struct patches *p = patches_new(2);

	(void)state;
	patches_add(p, 0, 2, 2, 0, "a", 1);
	patches_add(p, 0, 4, 2, 0, "b", 1);
	patches_add(p, 0, 6, 2, 0, "c", 1);
	patches_erase(p, 0, 5, 1);
	expect(p, "0,2+2:a 0,6+2:c ");
	patches_erase(p, 0, 0, 3);
	/* A row that lost one is repainted: nobody knows what is there. */
	assert_true(patches_moved(p, 0));
	expect(p, "0,6+2:c ");
	patches_free(p);
}

static void
row_77_rows_outside_are_ignored(void **state)
{
	struct patches *p = patches_new(1);

	(void)state;
	patches_add(p, 1, 0, 2, 0, "a", 1);
	patches_add(p, -1, 0, 2, 0, "a", 1);
	patches_erase(p, 7, 0, 9);
	patches_touch(p, 7);
	assert_false(patches_moved(p, 7));
	expect(p, "");
	patches_free(p);
}

static void
plain(const char *s, int room, size_t want, int want_cells)
{
	int cells;

	assert_int_equal(patch_plain_run(s, strlen(s), room, &cells), want);
	assert_int_equal(cells, want_cells);
}

static void
row_66_what_widths_disagree_on_is_a_patch(void **state)
{
	(void)state;
	plain("hello", 80, 5, 5);
	plain("hello", 3, 3, 3);
	plain("gr\xc3\xbc\xc3\x9f" "e", 80, 7, 5);
	plain("ab\xe4\xb8\xad", 80, 2, 2);		/* wide */
	plain("abe\xcc\x81", 80, 2, 2);			/* a mark */
	plain("x\xf0\x9f\x98\x80", 80, 1, 1);		/* emoji */
	plain("1\xef\xb8\x8f\xe2\x83\xa3", 80, 0, 0);	/* keycap */
	plain("\xe2\x94\x82\xe2\x97\x8f", 80, 6, 2);	/* our own marks */
	plain("", 80, 0, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_painted_once_until_touched),
		cmocka_unit_test(t_redrawn_the_same_is_not_moved),
		cmocka_unit_test(t_erased_where_cells_are_shared),
		cmocka_unit_test(row_77_rows_outside_are_ignored),
		cmocka_unit_test(row_66_what_widths_disagree_on_is_a_patch),
	};

	setlocale(LC_CTYPE, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
