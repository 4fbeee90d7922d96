#include "replay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "rand.h"
#include "vectors.h"

/* Every section of the window we use. */
static void
t_known_answers(void **state)
{
	struct vectors *v = vectors_open("replay_window.txt");
	const struct section *s = NULL;
	int n = 0;

	(void)state;
	while ((s = vectors_next(v, s, "w2048-"))) {
		const char *at = section_text(s, "counters");
		const char *accept = section_text(s, "accept");
		struct replay r;

		assert_int_equal(section_u64(s, "window"), REPLAY_WINDOW);
		replay_init(&r);
		for (size_t i = 0; accept[i]; i++) {
			char *end;
			uint64_t counter = strtoull(at, &end, 10);

			assert_ptr_not_equal(at, end);
			if (replay_accept(&r, counter) != (accept[i] == '1'))
				fail_msg("%s: counter %zu is not taken right",
				    s->name, i);
			at = end;
		}
		assert_int_equal(*at, 0);
		n++;
	}
	assert_int_equal(n, 5);
	vectors_free(v);
}

/* Against a model that remembers everything it saw. */
static void
t_agrees_with_a_plain_set(void **state)
{
	enum { SPACE = 30000, RUNS = 60000 };
	bool *seen = calloc(SPACE, sizeof(*seen));
	uint64_t top = 0;
	struct replay r;

	(void)state;
	assert_non_null(seen);
	replay_init(&r);
	for (uint64_t i = 0; i < RUNS; i++) {
		uint64_t c = i / 3 + rand_below(2600);
		bool fresh = !seen[c] && c + REPLAY_WINDOW >= top;

		assert_int_equal(replay_accept(&r, c), fresh);
		seen[c] = seen[c] || fresh;
		if (c + 1 > top)
			top = c + 1;
	}
	free(seen);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_known_answers),
		cmocka_unit_test(t_agrees_with_a_plain_set),
	};

	if (crypto_start(NULL) != 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
