#include "map.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "buf.h"
#include "tmp.h"

static bool random_is_broken;

/* In place of libc's: row 90 of the catalogue of faults. */
ssize_t getrandom(void *p, size_t len, unsigned flags);
int getentropy(void *p, size_t len);

ssize_t
getrandom(void *p, size_t len, unsigned flags)
{
	static uint8_t next = 1;

	(void)flags;
	if (random_is_broken) {
		errno = ENOSYS;
		return -1;
	}
	memset(p, next++, len);
	return (ssize_t)len;
}

int
getentropy(void *p, size_t len)
{
	return getrandom(p, len, 0) < 0 ? -1 : 0;
}

static struct rlimit files;

/* What looks for leaks at the exit opens files. */
static void
allow_files(void)
{
	setrlimit(RLIMIT_NOFILE, &files);
}

static void
make_map_without_random(void)
{
	struct rlimit none;

	getrlimit(RLIMIT_NOFILE, &files);
	none = files;
	none.rlim_cur = 0;
	random_is_broken = true;
	mem_on_death(allow_files);
	setrlimit(RLIMIT_NOFILE, &none);
	map_free(map_new(4));
}

static void
row_90_no_random_numbers_no_program(void **state)
{
	char said[200];
	int status = tmp_child(make_map_without_random, said, sizeof(said));

	(void)state;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_non_null(strstr(said, "no random numbers"));
}

static void
t_the_device_stands_in_for_the_call(void **state)
{
	struct map *m;
	int here;

	(void)state;
	random_is_broken = true;
	m = map_new(4);
	random_is_broken = false;
	map_put(m, "key1", &here);
	assert_ptr_equal(map_get(m, "key1"), &here);
	map_free(m);
}

static void
t_put_get_replace_remove(void **state)
{
	struct map *m = map_new(5);
	int a, b;

	(void)state;
	assert_null(map_get(m, "alice"));
	map_put(m, "alice", &a);
	map_put(m, "bobby", &b);
	assert_int_equal(map_count(m), 2);
	assert_ptr_equal(map_get(m, "alice"), &a);
	map_put(m, "alice", &b);
	assert_int_equal(map_count(m), 2);
	assert_ptr_equal(map_get(m, "alice"), &b);
	assert_ptr_equal(map_remove(m, "alice"), &b);
	assert_null(map_remove(m, "alice"));
	assert_null(map_get(m, "alice"));
	assert_int_equal(map_count(m), 1);
	map_free(m);
	map_free(NULL);
}

enum { UNIVERSE = 3000 };

/* Every key length in turn, so that every tail of the hash is walked. */
static void
t_behaves_as_an_array_would(void **state)
{
	static int places[UNIVERSE];
	uint32_t seed = 5;

	(void)state;
	for (size_t key_len = 4; key_len <= 33; key_len++) {
		struct map *m = map_new(key_len);
		bool is_in[UNIVERSE] = { false };
		size_t n = 0;

		for (int i = 0; i < 8000; i++) {
			uint8_t key[33] = { 0 };
			uint32_t k;

			seed = seed * 1664525 + 1013904223;
			k = (seed >> 8) % UNIVERSE;
			put_u32(key + key_len - 4, k);
			if (seed >> 30) {
				map_put(m, key, &places[k]);
				n += !is_in[k];
				is_in[k] = true;
			} else {
				void *was = map_remove(m, key);

				assert_ptr_equal(was,
				    is_in[k] ? &places[k] : NULL);
				n -= is_in[k];
				is_in[k] = false;
			}
			assert_int_equal(map_count(m), n);
		}
		for (uint32_t k = 0; k < UNIVERSE; k++) {
			uint8_t key[33] = { 0 };

			put_u32(key + key_len - 4, k);
			assert_ptr_equal(map_get(m, key),
			    is_in[k] ? &places[k] : NULL);
		}
		map_free(m);
	}
}

static void
t_a_walk_meets_each_once_and_may_remove(void **state)
{
	static int places[1000];
	bool met[1000] = { false };
	struct map *m = map_new(4);
	const void *key;
	void *value;
	size_t at = 0, n = 0;

	(void)state;
	for (uint32_t k = 0; k < 1000; k++) {
		uint8_t bytes[4];

		put_u32(bytes, k);
		map_put(m, bytes, &places[k]);
	}
	while (map_next(m, &at, &key, &value)) {
		uint32_t k = get_u32(key);

		assert_ptr_equal(value, &places[k]);
		assert_false(met[k]);
		met[k] = true;
		n++;
		if (k % 2)
			assert_ptr_equal(map_remove(m, key), value);
	}
	assert_int_equal(n, 1000);
	assert_int_equal(map_count(m), 500);
	map_free(m);
}

/* Graves must not fill the table: a search would never end. */
static void
t_coming_and_going_costs_nothing(void **state)
{
	struct map *m = map_new(4);
	int here;

	(void)state;
	for (uint32_t k = 0; k < 200000; k++) {
		uint8_t bytes[4];

		put_u32(bytes, k);
		map_put(m, bytes, &here);
		assert_ptr_equal(map_remove(m, bytes), &here);
	}
	assert_int_equal(map_count(m), 0);
	map_free(m);
}

/* The first key met in two maps with the same content: the order follows
 * the secret, so strangers cannot know where their keys fall. */
static void
t_each_map_has_its_own_order(void **state)
{
	int differ = 0, here;
	struct map *m[20];

	(void)state;
	for (int i = 0; i < 20; i++) {
		m[i] = map_new(4);
		for (uint32_t k = 0; k < 100; k++) {
			uint8_t bytes[4];

			put_u32(bytes, k);
			map_put(m[i], bytes, &here);
		}
	}
	for (int i = 1; i < 20; i++) {
		const void *a, *b;
		size_t at = 0, at2 = 0;

		assert_true(map_next(m[0], &at, &a, NULL));
		assert_true(map_next(m[i], &at2, &b, NULL));
		differ += memcmp(a, b, 4) != 0;
	}
	for (int i = 0; i < 20; i++)
		map_free(m[i]);
	assert_true(differ > 10);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(row_90_no_random_numbers_no_program),
		cmocka_unit_test(t_the_device_stands_in_for_the_call),
		cmocka_unit_test(t_put_get_replace_remove),
		cmocka_unit_test(t_behaves_as_an_array_would),
		cmocka_unit_test(t_a_walk_meets_each_once_and_may_remove),
		cmocka_unit_test(t_coming_and_going_costs_nothing),
		cmocka_unit_test(t_each_map_has_its_own_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
