/*
 * bench-store - the store against bare SQLite and bare sealing, in one run.
 *
 *	bench-store DIR [ROWS]		1,000,000 rows need 600 MB in DIR
 *
 * The limit is a loop that does nothing but what the figure names, with the
 * same row size (100 bytes of text, random nonce, tag) and one index, its
 * rows spread over a hundred peers.  Only the ratios are worth quoting; a
 * disk's moods cancel out of nothing else.
 *
 *	FIGURE NAME ours N UNIT limit N UNIT ratio R goal <= G ok|SHORT
 */
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "contact.h"
#include "mem.h"
#include "message.h"
#include "rand.h"
#include "store.h"

enum {
	TEXT_LEN = 100,
	SEALED_LEN = 24 + TEXT_LEN + 16,
	BATCH = 1000,			/* rows a transaction */
	PEERS = 100,
	PAGE = 50,
	OPENS = 1000,
	COMMITS = 1000,
	ROUNDS = 5
};

static uint8_t key[32];
static sqlite3 *bare;
static bool short_of_goal;

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
need(int rc, const struct err *e)
{
	if (rc == 0)
		return;
	fprintf(stderr, "bench-store: %s\n", e != NULL ? e->what :
	    sqlite3_errmsg(bare));
	exit(2);
}

static int
by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
median_us(double *s, size_t n)
{
	qsort(s, n, sizeof(*s), by_value);
	return s[n / 2] * 1e6;
}

static void
verdict(bool ok)
{
	printf(" %s\n", ok ? "ok" : "SHORT");
	if (!ok)
		short_of_goal = true;
	fflush(stdout);
}

/* Times: the smaller, the better. */
static void
tell_time(const char *name, double ours, double limit, double goal)
{
	printf("%s ours %.1f us limit %.1f us ratio %.2f goal <= %.2f", name,
	    ours, limit, ours / limit, goal);
	verdict(ours / limit <= goal);
}

/* Rates: the larger, the better. */
static void
tell_rate(const char *name, double ours, double limit, double goal)
{
	printf("%s ours %.0f rows/s limit %.0f rows/s ratio %.2f goal >= %.2f",
	    name, ours, limit, ours / limit, goal);
	verdict(ours / limit >= goal);
}

/* ---- the limit ----------------------------------------------------------- */

static void
sql(const char *s)
{
	need(sqlite3_exec(bare, s, NULL, NULL, NULL), NULL);
}

static sqlite3_stmt *
prepare(const char *s)
{
	sqlite3_stmt *st;

	need(sqlite3_prepare_v2(bare, s, -1, &st, NULL), NULL);
	return st;
}

static void
bare_open(const char *path, const char *sync)
{
	char pragma[64];

	need(sqlite3_open(path, &bare), NULL);
	sql("PRAGMA journal_mode=WAL");
	snprintf(pragma, sizeof(pragma), "PRAGMA synchronous=%s", sync);
	sql(pragma);
	sql("CREATE TABLE message(id INTEGER PRIMARY KEY,"
	    " peer INTEGER NOT NULL, at INTEGER NOT NULL,"
	    " body BLOB NOT NULL)");
	sql("CREATE INDEX message_peer_at ON message(peer, at)");
}

static void
bare_add(sqlite3_stmt *st, long i)
{
	uint8_t row[SEALED_LEN], text[TEXT_LEN + 1];

	snprintf((char *)text, sizeof(text), "%-100ld", i);
	randombytes_buf(row, 24);
	crypto_aead_xchacha20poly1305_ietf_encrypt(row + 24, NULL, text,
	    TEXT_LEN, NULL, 0, NULL, row, key);
	sqlite3_bind_int64(st, 1, i % PEERS);
	sqlite3_bind_int64(st, 2, i);
	sqlite3_bind_blob(st, 3, row, SEALED_LEN, SQLITE_STATIC);
	need(sqlite3_step(st) == SQLITE_DONE ? 0 : -1, NULL);
	sqlite3_reset(st);
}

static double
bare_bulk(long n)
{
	sqlite3_stmt *st = prepare("INSERT INTO message(peer, at, body)"
	    " VALUES(?,?,?)");
	double t0 = now();
	long i;

	for (i = 0; i < n; i++) {
		if (i % BATCH == 0)
			sql("BEGIN");
		bare_add(st, i);
		if (i % BATCH == BATCH - 1 || i == n - 1)
			sql("COMMIT");
	}
	sqlite3_finalize(st);
	return (double)n / (now() - t0);
}

static double
bare_open_page(void)
{
	sqlite3_stmt *st = prepare("SELECT body FROM message WHERE peer = ?"
	    " ORDER BY at DESC LIMIT 50");
	double lat[OPENS], t0;
	uint8_t text[TEXT_LEN];
	const uint8_t *p;
	int i;

	for (i = 0; i < OPENS; i++) {
		t0 = now();
		sqlite3_bind_int(st, 1, i % PEERS);
		while (sqlite3_step(st) == SQLITE_ROW) {
			p = sqlite3_column_blob(st, 0);
			need(crypto_aead_xchacha20poly1305_ietf_decrypt(text,
			    NULL, NULL, p + 24, SEALED_LEN - 24, NULL, 0, p,
			    key), NULL);
		}
		sqlite3_reset(st);
		lat[i] = now() - t0;
	}
	sqlite3_finalize(st);
	return median_us(lat, OPENS);
}

static double
bare_commit(void)
{
	sqlite3_stmt *st = prepare("INSERT INTO message(peer, at, body)"
	    " VALUES(?,?,?)");
	double lat[COMMITS], t0;
	int i;

	for (i = 0; i < COMMITS; i++) {
		t0 = now();
		bare_add(st, i);
		lat[i] = now() - t0;
	}
	sqlite3_finalize(st);
	return median_us(lat, COMMITS);
}

static double
bare_remove(long n)
{
	sqlite3_stmt *st = prepare("DELETE FROM message WHERE peer = ?"
	    " AND at BETWEEN ? AND ?");
	double t0;

	sql("BEGIN");
	t0 = now();
	sqlite3_bind_int(st, 1, 1);
	sqlite3_bind_int64(st, 2, 0);
	sqlite3_bind_int64(st, 3, n);
	need(sqlite3_step(st) == SQLITE_DONE ? 0 : -1, NULL);
	t0 = now() - t0;
	sqlite3_finalize(st);
	sql("ROLLBACK");
	return (double)(n / PEERS) / t0;
}

/* ---- ours ---------------------------------------------------------------- */

static uint64_t peers[PEERS];

static void
add_peers(struct store *s)
{
	struct contact c = { .trust = TRUST_PAIRED };
	struct err e;
	int i;

	for (i = 0; i < PEERS; i++) {
		c.row = 0;
		need(contact_put(s, &c, &e), &e);
		peers[i] = c.row;
	}
	need(store_commit(s, &e), &e);
}

static uint64_t
add(struct store *s, long i, int n_peers, enum msg_state state)
{
	char text[TEXT_LEN + 1];
	struct message m = {
		.contact = peers[i % n_peers], .mine = true,
		.state = (uint8_t)state, .kind = MSG_TEXT,
		.epoch = 1, .seq = (uint64_t)i, .sent_ms = 1700000000000 + i,
		.kept_ms = 1700000000000 + i, .text = text, .len = TEXT_LEN
	};
	struct err e;

	snprintf(text, sizeof(text), "%-100ld", i);
	need(message_add(s, &m, &e), &e);
	return m.row;
}

static double
our_bulk(struct store *s, long n, int n_peers, enum msg_state state)
{
	struct err e;
	double t0 = now();
	long i;

	for (i = 0; i < n; i++) {
		add(s, i, n_peers, state);
		if (i % BATCH == BATCH - 1 || i == n - 1)
			need(store_commit(s, &e), &e);
	}
	return (double)n / (now() - t0);
}

static int
count(void *arg, const struct message *m)
{
	*(size_t *)arg += m->len == TEXT_LEN;
	return 0;
}

static double
our_open_page(struct store *s)
{
	double lat[OPENS], t0;
	size_t n = 0;
	struct err e;
	int i;

	for (i = 0; i < OPENS; i++) {
		t0 = now();
		need(message_page(s, peers[i % PEERS], 0, PAGE, count, &n,
		    NULL, &e), &e);
		lat[i] = now() - t0;
	}
	if (n != OPENS * PAGE) {
		fprintf(stderr, "bench-store: %zu rows in the pages\n", n);
		exit(2);
	}
	return median_us(lat, OPENS);
}

static double
our_commit(struct store *s)
{
	double lat[COMMITS], t0;
	struct err e;
	int i;

	for (i = 0; i < COMMITS; i++) {
		t0 = now();
		add(s, i, 1, MSG_QUEUED);
		need(store_commit(s, &e), &e);
		lat[i] = now() - t0;
	}
	return median_us(lat, COMMITS);
}

static double
our_remove(struct store *s, long n)
{
	struct err e;
	double t0 = now();

	need(message_remove_run(s, peers[1], true, 0, UINT64_MAX, &e), &e);
	t0 = now() - t0;
	store_rollback(s);
	return (double)(n / PEERS) / t0;
}

static void
remove_db(const char *path)
{
	char *wal = mem_printf("%s-wal", path);
	char *shm = mem_printf("%s-shm", path);

	unlink(path);
	unlink(wal);
	unlink(shm);
	free(wal);
	free(shm);
}

/* A small fresh database each, so that the WAL grows for both; in turns,
 * because the disk is not ours alone. */
static void
compare_commits(const char *ours, const char *limit, const struct vault *v)
{
	double o[ROUNDS], l[ROUNDS];
	struct store *s;
	struct err e;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		bare_open(limit, "FULL");
		l[i] = bare_commit();
		sqlite3_close(bare);
		s = store_open(ours, v, &e);
		need(s != NULL ? 0 : -1, &e);
		add_peers(s);
		o[i] = our_commit(s);
		store_close(s);
		remove_db(limit);
		remove_db(ours);
	}
	qsort(o, ROUNDS, sizeof(*o), by_value);
	qsort(l, ROUNDS, sizeof(*l), by_value);
	tell_time("M2 commit_full", o[ROUNDS / 2], l[ROUNDS / 2], 1.3);
}

static double
reopen_us(const char *path, const struct vault *v)
{
	double lat[5], t0;
	struct store *s;
	struct err e;
	size_t n, i;

	for (i = 0; i < 5; i++) {
		t0 = now();
		n = 0;
		s = store_open(path, v, &e);
		need(s != NULL ? 0 : -1, &e);
		need(message_open_items(s, count, &n, NULL, &e), &e);
		lat[i] = now() - t0;
		store_close(s);
	}
	return median_us(lat, 5);
}

int
main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 1000000;
	double l_bulk, l_page, l_remove, o, us;
	struct identity *id;
	struct vault *v;
	struct store *s;
	struct rusage use;
	char *ours, *limit;
	struct err e;

	if (argc < 2 || n < PAGE * PEERS) {
		fprintf(stderr, "usage: bench-store DIR [ROWS]\n");
		return 2;
	}
	/* As the store does it; whoever comes first does it for both. */
	sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	need(crypto_start(&e), &e);
	id = identity_new();
	v = vault_new(id);
	ours = mem_printf("%s/bench-ours.db", argv[1]);
	limit = mem_printf("%s/bench-limit.db", argv[1]);
	remove_db(ours);
	remove_db(limit);

	compare_commits(ours, limit, v);

	bare_open(limit, "NORMAL");
	l_bulk = bare_bulk(n);
	l_page = bare_open_page();
	l_remove = bare_remove(n);
	sqlite3_close(bare);
	remove_db(limit);

	s = store_open(ours, v, &e);
	need(s != NULL ? 0 : -1, &e);
	add_peers(s);
	o = our_bulk(s, n, PEERS, MSG_SEEN);
	tell_rate("M4 bulk_insert, 100 talks", o, l_bulk, 0.4);
	tell_time("S2 open_last50", our_open_page(s), l_page, 1.3);
	tell_rate("M4 remove_run", our_remove(s, n), l_remove, 0.5);
	store_close(s);
	us = reopen_us(ours, v);
	printf("S2 store_open ours %.1f ms goal <= 50 ms", us / 1e3);
	verdict(us <= 50e3);
	remove_db(ours);

	s = store_open(ours, v, &e);
	need(s != NULL ? 0 : -1, &e);
	add_peers(s);
	o = our_bulk(s, n, 1, MSG_UNREAD);
	tell_rate("M4 bulk_insert, one talk, unread", o, l_bulk, 0.75);
	us = now();
	need(message_remove_run(s, peers[0], true, 0, UINT64_MAX, &e), &e);
	need(store_commit(s, &e), &e);
	tell_rate("M4 remove_run, unread", (double)n / (now() - us),
	    l_remove, 0.5);
	store_close(s);
	remove_db(ours);
	getrusage(RUSAGE_SELF, &use);
	printf("# resident at most: %ld KiB\n", use.ru_maxrss);
	vault_free(v);
	identity_free(id);
	free(ours);
	free(limit);
	return short_of_goal;
}
