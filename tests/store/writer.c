/*
 * writer - a program to kill: keeps messages and says which are kept.
 *
 *	writer init HOME		an identity, no database yet
 *	writer add HOME FROM COUNT	"ACK n" after the commit of message n;
 *					what is there already is not added
 *	writer list HOME		"HAS n" for each, in order
 *	writer recover HOME		then lists
 *	writer migrate FILE VERSION	a small schema of its own, up to there
 *	writer version FILE		"VERSION n", and that it is whole
 *
 * Errors: one line on stderr, the exit status of p2ptui(1).  No file is
 * read but those under HOME; nothing is started.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contact.h"
#include "db.h"
#include "mem.h"
#include "message.h"
#include "profile.h"
#include "rand.h"
#include "schema.h"
#include "store.h"

struct writer {
	struct profile profile;
	struct vault *vault;
	struct store *store;
	uint64_t contact;
	bool has[100000];
	size_t n, damaged;
	struct err e;
};

static int
fail(const struct err *e)
{
	fprintf(stderr, "writer: %s; %s\n", e->what, e->next);
	return e->status != STATUS_OK ? (int)e->status : 1;
}

/* At once and whole: the reader counts on it. */
static void
say(const char *word, long n)
{
	char line[64];
	int len = snprintf(line, sizeof(line), "%s %ld\n", word, n);

	if (write(1, line, (size_t)len) != len)
		_exit(1);
}

static int
init(struct writer *w)
{
	struct identity *id = identity_new();
	int rc;

	w->vault = vault_new(id);
	identity_free(id);
	rc = profile_hold(&w->profile, &w->e);
	if (rc == 0)
		rc = profile_keep(&w->profile, w->vault, NULL, &w->e);
	return rc;
}

static int
find_contact(void *arg, const struct contact *c, const uint8_t *numbers,
    size_t len)
{
	struct writer *w = arg;

	(void)numbers;
	(void)len;
	w->contact = c->row;
	return 0;
}

static int
note(void *arg, const struct message *m)
{
	struct writer *w = arg;
	char text[32];
	long n;

	if (m->len >= sizeof(text)) {
		w->damaged++;
		return 0;
	}
	memcpy(text, m->text, m->len);
	text[m->len] = '\0';
	n = atol(text);
	/* Twice is as wrong as never. */
	if (n < 0 || n >= 100000 || w->has[n])
		w->damaged++;
	else
		w->has[n] = true;
	w->n++;
	return 0;
}

static int
open_all(struct writer *w)
{
	size_t damaged;

	if (profile_hold(&w->profile, &w->e) != 0)
		return -1;
	w->vault = profile_unlock(&w->profile, NULL, &w->e);
	if (w->vault == NULL)
		return -1;
	w->store = store_open(w->profile.db, w->vault, &w->e);
	if (w->store == NULL ||
	    contact_each(w->store, find_contact, w, &w->e) != 0)
		return -1;
	if (w->contact == 0)
		return 0;
	if (message_page(w->store, w->contact, 0, 100000, note, w, &damaged,
	    &w->e) != 0)
		return -1;
	w->damaged += damaged;
	return 0;
}

static int
add_one(struct writer *w, long n)
{
	char text[32];
	struct message m = {
		.contact = w->contact, .mine = true, .state = MSG_QUEUED,
		.kind = MSG_TEXT, .epoch = 1, .seq = (uint64_t)n, .text = text
	};

	m.len = (size_t)snprintf(text, sizeof(text), "%ld", n);
	if (message_add(w->store, &m, &w->e) != 0 ||
	    contact_put_numbers(w->store, w->contact, text, m.len,
	    &w->e) != 0 || store_commit(w->store, &w->e) != 0)
		return -1;
	say("ACK", n);
	return 0;
}

static int
add(struct writer *w, long from, long count)
{
	struct contact c = { .trust = TRUST_PAIRED, .name = "bob" };
	long n;

	if (open_all(w) != 0)
		return -1;
	if (w->contact == 0) {
		if (contact_put(w->store, &c, &w->e) != 0 ||
		    store_commit(w->store, &w->e) != 0)
			return -1;
		w->contact = c.row;
	}
	for (n = from; n < from + count; n++)
		if ((n >= 100000 || !w->has[n]) && add_one(w, n) != 0)
			return -1;
	return 0;
}

static int
list(struct writer *w)
{
	long n;

	if (open_all(w) != 0)
		return -1;
	for (n = 0; n < 100000; n++)
		if (w->has[n])
			say("HAS", n);
	if (w->damaged == 0)
		return 0;
	err_set(&w->e, STATUS_DAMAGED, "%zu messages twice or damaged",
	    w->damaged);
	return -1;
}

static int
recover(struct writer *w)
{
	char *kept;
	size_t n;
	int rc;

	if (profile_hold(&w->profile, &w->e) != 0)
		return -1;
	w->vault = profile_unlock(&w->profile, NULL, &w->e);
	if (w->vault == NULL)
		return -1;
	rc = store_recover(w->profile.db, w->vault, &n, &kept, &w->e);
	vault_free(w->vault);
	w->vault = NULL;
	free(kept);
	/* list takes it again. */
	if (w->profile.lock_fd >= 0)
		close(w->profile.lock_fd);
	w->profile.lock_fd = -1;
	return rc != 0 ? rc : list(w);
}

/* ---- migrations: each step undoes what the one before has made ---------- */

static const char *const steps[] = {
	"CREATE TABLE t1(x);"
	"INSERT INTO t1 WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL"
	" SELECT x + 1 FROM c WHERE x < 500) SELECT x FROM c;",
	"CREATE TABLE t2(x); INSERT INTO t2 SELECT x * 2 FROM t1;"
	"DROP TABLE t1;",
	"CREATE TABLE t3(x); INSERT INTO t3 SELECT x * 2 FROM t2;"
	"DROP TABLE t2;"
};

static struct schema
schema_of(size_t version)
{
	return (struct schema){ .noun = "test database",
	    .application_id = 0x74657374, .steps = steps,
	    .n_steps = version };
}

static int
migrate(const char *path, size_t version, struct err *e)
{
	struct schema s = schema_of(version);
	struct db *db;
	FILE *f;
	int rc;

	f = fopen(path, "ab");
	if (f == NULL || fclose(f) != 0)
		return err_set(e, STATUS_CANNOT_CREATE, "cannot create %s",
		    path);
	db = db_open(path, DB_NORMAL, NULL, 0, e);
	if (db == NULL)
		return -1;
	rc = schema_migrate(&s, db, e);
	db_close(db);
	return rc;
}

static int
version(const char *path, struct err *e)
{
	struct db *db = db_open(path, DB_NORMAL, NULL, 0, e);
	int64_t n, tables = 0, sum = 0;
	char sql[64];
	int rc = -1;

	if (db == NULL)
		return -1;
	if (db_number(db, "PRAGMA user_version", &n, e) != 0 ||
	    db_number(db, "SELECT count(*) FROM sqlite_schema", &tables,
	    e) != 0)
		goto out;
	snprintf(sql, sizeof(sql), "SELECT sum(x) FROM t%lld",
	    (long long)n);
	if (n > 0 && db_number(db, sql, &sum, e) != 0)
		goto out;
	say("VERSION", (long)n);
	rc = 0;
	if (tables != (n > 0) || (n > 0 && sum != 125250 << (n - 1)))
		rc = err_set(e, STATUS_DAMAGED, "version %lld with %lld "
		    "tables, sum %lld", (long long)n, (long long)tables,
		    (long long)sum);
out:
	db_close(db);
	return rc;
}

/* ------------------------------------------------------------------------- */

static int
run(struct writer *w, int argc, char **argv)
{
	const char *what = argv[1];

	if (strcmp(what, "migrate") == 0 && argc == 4 && atoi(argv[3]) <= 3)
		return migrate(argv[2], (size_t)atoi(argv[3]), &w->e);
	if (strcmp(what, "version") == 0)
		return version(argv[2], &w->e);
	if (profile_init(&w->profile, argv[2], NULL, &w->e) != 0)
		return -1;
	if (strcmp(what, "init") == 0)
		return init(w);
	if (strcmp(what, "add") == 0 && argc == 5)
		return add(w, atol(argv[3]), atol(argv[4]));
	if (strcmp(what, "list") == 0)
		return list(w);
	if (strcmp(what, "recover") == 0)
		return recover(w);
	return err_set(&w->e, STATUS_USAGE, "no such thing: %s", what);
}

int
main(int argc, char **argv)
{
	struct writer *w;
	int rc = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: writer WHAT HOME ..\n");
		return STATUS_USAGE;
	}
	signal(SIGXFSZ, SIG_IGN);
	w = mem_new(sizeof(*w));
	w->profile.lock_fd = -1;
	if (crypto_start(&w->e) != 0 || run(w, argc, argv) != 0)
		rc = fail(&w->e);
	store_close(w->store);
	vault_free(w->vault);
	profile_clear(&w->profile);
	free(w);
	return rc;
}
