#include "queue-kit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "rand.h"

/* ---- kills -------------------------------------------------------------- */

/* In a child: opens, works, and is killed by itself. */
static void
in_child(struct kit *k, void (*work)(struct kit *k))
{
	int status;
	pid_t pid;

	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		k->q = queues_open(k->path, &wide, &k->e);
		if (k->q != NULL)
			work(k);
		kill(getpid(), SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
put_without_commit(struct kit *k)
{
	box(k, 1);
	put(k, 1, 1);
	queues_commit(k->q, NULL);
	put(k, 1, 2);
	queues_delete(k->q, id_of(1), k->number - 1);
}

static void
row_04_what_was_not_committed_is_not_there(void **state)
{
	struct kit *k = *state;

	in_child(k, put_without_commit);
	open_with(k, &wide);
	assert_int_equal(look(k, 1), 1);
	assert_int_equal(k->words[0], 1);
	/* the sender tries again: once */
	put(k, 1, 2);
	commit(k);
	assert_int_equal(look(k, 1), 2);
}

static void
read_without_delete(struct kit *k)
{
	box(k, 1);
	put(k, 1, 1);
	put(k, 1, 2);
	queues_commit(k->q, NULL);
	look(k, 1);
	queues_delete(k->q, id_of(1), k->numbers[0]);
	queues_commit(k->q, NULL);
	queues_delete(k->q, id_of(1), k->numbers[1]);
}

static void
row_06_what_was_not_deleted_is_handed_out_again(void **state)
{
	struct kit *k = *state;

	in_child(k, read_without_delete);
	open_with(k, &wide);
	assert_int_equal(look(k, 1), 1);
	assert_int_equal(k->words[0], 2);
}

/* Deposits and deletes for ever; says on fd what is on the disk: the word of
 * a letter that is there, or with the top bit one that is not any more. */
static void
work_until_killed(struct kit *k, int fd, uint32_t word)
{
	enum { TURN = 5 };
	uint32_t said[2 * TURN];

	box(k, 1);
	for (;;) {
		size_t n = 0;

		for (int i = 0; i < TURN; i++, word++)
			if (put(k, 1, word) == RELAY_OK)
				said[n++] = word;
		look(k, 1);
		for (size_t i = 0; k->n > 100 && i < TURN; i++) {
			queues_delete(k->q, id_of(1), k->numbers[i]);
			said[n++] = k->words[i] | 1u << 31;
		}
		if (queues_commit(k->q, NULL) != 0 ||
		    write(fd, said, n * 4) != (ssize_t)(n * 4))
			_exit(1);
	}
}

enum { WORDS = 1 << 16 };

/* By word: 1: said to be there, 2: said to be gone. */
struct life {
	uint8_t said[WORDS];
	uint32_t next;			/* no word from here on was ever put */
};

static void
note_word(struct life *life, uint32_t word)
{
	assert_true((word & ~(1u << 31)) < WORDS);
	life->said[word & ~(1u << 31)] = word >> 31 ? 2 : 1;
}

/* Killed somewhere after it said `n` words. */
static void
live_and_die(struct kit *k, struct life *life, int n)
{
	uint32_t word;
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		close(ends[0]);
		k->q = queues_open(k->path, &wide, &k->e);
		if (k->q != NULL)
			work_until_killed(k, ends[1], life->next);
		_exit(1);
	}
	close(ends[1]);
	for (int i = 0; i < n; i++) {
		assert_int_equal(read(ends[0], &word, 4), 4);
		note_word(life, word);
	}
	for (volatile int spin = n * 7919 % 20011 * 20; spin > 0; spin--)
		;
	kill(pid, SIGKILL);
	while (read(ends[0], &word, 4) == 4)
		note_word(life, word);
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
}

static void
check_life(struct kit *k, struct life *life)
{
	uint32_t oldest = look(k, 1) > 0 ? k->words[0] : WORDS;
	unsigned int unsaid = 0;
	size_t at = 0;

	for (uint32_t w = 0; w < WORDS; w++) {
		bool there = at < k->n && k->words[at] == w;

		at += there;
		/* gone is gone, .. */
		assert_false(there && life->said[w] == 2);
		if (there)
			life->said[w] = 1;
		/* .. and said is there, but for what the turn that was cut
		 * had deleted and not said. */
		if (!there && life->said[w] == 1) {
			assert_true(w < oldest);
			unsaid++;
			life->said[w] = 2;
		}
		if (life->said[w] != 0)
			life->next = w + 10;
	}
	/* none out of order or twice */
	assert_int_equal(at, k->n);
	assert_true(unsaid <= 5);
}

static void
row_05_what_was_acknowledged_survives_every_kill(void **state)
{
	struct kit *k = *state;
	struct life *life = mem_new(sizeof(*life));
	const char *asked = getenv("KILLS");
	int kills = asked != NULL ? atoi(asked) : 60;

	life->next = 1;
	for (int i = 0; i < kills && life->next < WORDS / 2; i++) {
		live_and_die(k, life, 5 + i * 37 % 200);
		open_with(k, &wide);
		check_life(k, life);
		close_it(k);
	}
	assert_true(life->next > (uint32_t)kills * 5);
	free(life);
}

/* ---- a failing disk ----------------------------------------------------- */

static void
limit_files(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void
row_10_a_full_disk_takes_the_turn_back(void **state)
{
	struct kit *k = *state;
	struct queue_stats before;

	signal(SIGXFSZ, SIG_IGN);
	open_with(k, &wide);
	box(k, 1);
	put(k, 1, 1);
	put(k, 1, 2);
	commit(k);
	look(k, 1);
	before = *queues_stats(k->q);

	limit_files(100);
	put(k, 1, 3);
	put(k, 1, 4);
	queues_delete(k->q, id_of(1), k->numbers[0]);
	box(k, 2);
	put(k, 2, 1);
	queues_make(k->q, id_of(1), token_of(7), k->now);
	assert_true(queues_is_dirty(k->q));
	assert_int_equal(queues_commit(k->q, &k->e), -1);
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	says(k, k->path);
	assert_false(queues_is_dirty(k->q));
	assert_memory_equal(queues_stats(k->q), &before, sizeof(before));
	/* row_15: a disk that stays full changes nothing more */
	queues_drop(k->q, id_of(1));
	assert_int_equal(queues_commit(k->q, &k->e), -1);
	assert_int_equal(look(k, 1), 2);
	assert_int_equal(put(k, 2, 1), RELAY_NO_QUEUE);

	limit_files(RLIM_INFINITY);
	assert_int_equal(put(k, 1, 3), RELAY_OK);
	commit(k);
	assert_int_equal(look(k, 1), 3);
	again(k);
	assert_int_equal(look(k, 1), 3);
	for (uint32_t i = 0; i < 3; i++)
		assert_int_equal(k->words[i], i + 1);
	assert_int_equal(queues_stats(k->q)->queues, 1);
}

/* A mailbox of the model: words, oldest first. */
struct model {
	bool there[4];
	uint32_t n[4], words[4][64];
};

static void
model_check(struct kit *k, const struct model *m)
{
	uint64_t letters = 0, queues = 0;

	for (uint8_t b = 0; b < 4; b++) {
		assert_int_equal(look(k, b + 1), m->n[b]);
		for (uint32_t i = 0; i < m->n[b]; i++)
			assert_int_equal(k->words[i], m->words[b][i]);
		letters += m->n[b];
		queues += m->there[b];
	}
	assert_int_equal(queues_stats(k->q)->letters, letters);
	assert_int_equal(queues_stats(k->q)->bytes, letters * 100);
	assert_int_equal(queues_stats(k->q)->queues, queues);
}

static void
model_step(struct kit *k, struct model *m, uint32_t *word)
{
	uint8_t b = (uint8_t)rand_below(4);
	uint32_t at;

	switch (rand_below(12)) {
	case 0:
		queues_drop(k->q, id_of(b + 1));
		m->there[b] = false;
		m->n[b] = 0;
		return;
	case 1:
	case 2:
		assert_int_equal(box(k, b + 1), RELAY_OK);
		m->there[b] = true;
		return;
	case 3:
	case 4:
	case 5:
		if (m->n[b] == 0)
			return;
		at = rand_below(m->n[b]);
		look(k, b + 1);
		queues_delete(k->q, id_of(b + 1), k->numbers[at]);
		m->n[b]--;
		memmove(m->words[b] + at, m->words[b] + at + 1,
		    (m->n[b] - at) * sizeof(m->words[b][0]));
		return;
	default:
		if (m->n[b] == 64)
			return;
		++*word;
		assert_int_equal(put(k, b + 1, *word), m->there[b] ?
		    RELAY_OK : RELAY_NO_QUEUE);
		if (m->there[b])
			m->words[b][m->n[b]++] = *word;
		return;
	}
}

static void
t_memory_and_disk_agree_whatever_happens(void **state)
{
	struct kit *k = *state;
	struct model now = { 0 }, kept;
	uint32_t word = 0;

	signal(SIGXFSZ, SIG_IGN);
	open_with(k, &wide);
	for (int turn = 0; turn < 1500; turn++) {
		bool fails = rand_below(6) == 0;

		kept = now;
		for (uint32_t i = rand_below(12); i > 0; i--)
			model_step(k, &now, &word);
		model_check(k, &now);
		fails = fails && queues_is_dirty(k->q);
		if (fails)
			limit_files(100);
		assert_int_equal(queues_commit(k->q, &k->e), fails ? -1 : 0);
		limit_files(RLIM_INFINITY);
		if (fails)
			now = kept;
		model_check(k, &now);
		if (rand_below(40) == 0)
			again(k);
	}
	again(k);
	model_check(k, &now);
}

/* ---- a file that is not ours, or not whole ------------------------------ */

static char *
read_file(const char *path, size_t *len)
{
	struct stat st;
	FILE *f = fopen(path, "rb");
	char *p;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	p = mem_new((size_t)st.st_size + 1);
	*len = fread(p, 1, (size_t)st.st_size, f);
	fclose(f);
	return p;
}

static void
write_file(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

/* It is refused with this status and word, named, and left as it is. */
static void
refuses(struct kit *k, enum status status, const char *words)
{
	size_t before_len, after_len;
	char *before = read_file(k->path, &before_len), *after;

	k->q = queues_open(k->path, &wide, &k->e);
	assert_null(k->q);
	assert_int_equal(k->e.status, status);
	says(k, k->path);
	says(k, words);
	after = read_file(k->path, &after_len);
	assert_int_equal(after_len, before_len);
	assert_memory_equal(after, before, before_len);
	free(before);
	free(after);
}

/* A closed database with some hundred letters; its bytes. */
static char *
fill(struct kit *k, size_t *len)
{
	open_with(k, &wide);
	box(k, 1);
	for (uint32_t i = 0; i < 300; i++)
		put(k, 1, i);
	commit(k);
	close_it(k);
	return read_file(k->path, len);
}

static void
row_16_a_damaged_file_is_named_and_left_alone(void **state)
{
	struct kit *k = *state;
	size_t len;
	char *good = fill(k, &len), *bad;

	assert_true(len > 8 * 4096);
	write_file(k->path, good, len / 2);
	refuses(k, STATUS_DAMAGED, "damaged");
	for (size_t page = 3; page < len / 4096 - 1; page += 2) {
		bad = mem_copy(good, len);
		memset(bad + page * 4096, 0, 4096);
		write_file(k->path, bad, len);
		refuses(k, STATUS_DAMAGED, "damaged");
		free(bad);
	}
	write_file(k->path, good, len);
	open_with(k, &wide);
	assert_int_equal(look(k, 1), 300);
	free(good);
}

static void
row_16_no_bit_that_flips_crashes_it(void **state)
{
	struct kit *k = *state;
	size_t len;
	char *good = fill(k, &len), *bad;

	for (int i = 0; i < 400; i++) {
		size_t at = rand_below((uint32_t)len);

		bad = mem_copy(good, len);
		bad[at] = (char)(bad[at] ^ 1 << rand_below(8));
		write_file(k->path, bad, len);
		k->q = queues_open(k->path, &wide, &k->e);
		if (k->q != NULL) {
			k->n = 0;
			queues_each(k->q, id_of(1), 0, see, k);
			put(k, 1, 1000);
			queues_commit(k->q, NULL);
			close_it(k);
		}
		free(bad);
	}
	free(good);
}

static void
row_17_what_is_no_database_of_ours_is_refused(void **state)
{
	struct kit *k = *state;
	static const char text[] = "Dear diary, today nothing happened again "
	    "and I wrote it down for a hundred bytes at the very least, so.";

	write_file(k->path, "", 0);
	refuses(k, STATUS_DAMAGED, "is not a p2prelay database");
	write_file(k->path, text, sizeof(text));
	refuses(k, STATUS_DAMAGED, "is not a p2prelay database");
	unlink(k->path);
	assert_int_equal(mkdir(k->path, 0700), 0);
	assert_null(queues_open(k->path, &wide, &k->e));
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	says(k, "is not a p2prelay database");
}

static void
row_18_a_newer_one_is_refused(void **state)
{
	struct kit *k = *state;
	size_t len;
	char *p = fill(k, &len);

	/* user_version: sqlite.org/fileformat2.html, section 1.3 */
	p[60] = 0;
	p[61] = 0;
	p[62] = 0x12;
	p[63] = 0x67;
	write_file(k->path, p, len);
	refuses(k, STATUS_FAILURE, "4711");
	free(p);
}

static void
row_19_a_log_that_is_gone_or_anothers_is_seen(void **state)
{
	struct kit *k = *state;
	char *db, *wal, *other = mem_printf("%s/other.db", k->dir);
	char *other_wal = mem_printf("%s-wal", other);
	struct queues *q;
	size_t db_len, wal_len;

	open_with(k, &wide);
	box(k, 1);
	put(k, 1, 1);
	commit(k);
	db = read_file(k->path, &db_len);
	close_it(k);
	write_file(k->path, db, db_len);
	unlink(k->wal);
	refuses(k, STATUS_DAMAGED, "is gone");

	q = queues_open(other, &wide, &k->e);
	assert_non_null(q);
	wal = read_file(other_wal, &wal_len);
	assert_true(wal_len > 0);
	queues_close(q);
	write_file(k->wal, wal, wal_len);
	refuses(k, STATUS_DAMAGED, "does not belong");

	unlink(k->path);
	k->q = queues_open(k->path, &wide, &k->e);
	assert_null(k->q);
	assert_int_equal(k->e.status, STATUS_DAMAGED);
	unlink(other);
	unlink(k->wal);
	free(db);
	free(wal);
	free(other);
	free(other_wal);
}

static void
row_11_a_folder_that_takes_nothing(void **state)
{
	struct kit *k = *state;
	char *path = mem_printf("%s/no/such/mailboxes.db", k->dir);

	assert_null(queues_open(path, &wide, &k->e));
	assert_int_equal(k->e.status, STATUS_CANNOT_CREATE);
	says(k, path);
	free(path);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(row_04_what_was_not_committed_is_not_there),
		T(row_05_what_was_acknowledged_survives_every_kill),
		T(row_06_what_was_not_deleted_is_handed_out_again),
		T(row_10_a_full_disk_takes_the_turn_back),
		T(t_memory_and_disk_agree_whatever_happens),
		T(row_11_a_folder_that_takes_nothing),
		T(row_16_a_damaged_file_is_named_and_left_alone),
		T(row_16_no_bit_that_flips_crashes_it),
		T(row_17_what_is_no_database_of_ours_is_refused),
		T(row_18_a_newer_one_is_refused),
		T(row_19_a_log_that_is_gone_or_anothers_is_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
