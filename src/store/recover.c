/*
 * recover - what can be read of a damaged database, into a fresh one.
 *
 * Every row is sealed to its place, so whatever the damage makes of the
 * file, a row that opens is a row we wrote: it is copied as it is.
 *
 * The damage may be somebody's work, so no more is believed: tables that
 * compute are left alone (db_is_plain), pages that lead back to each other
 * end where the numbers of rows stop growing, and what does not open costs
 * no more than a file of this size can hold.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "contact.h"
#include "dbfile.h"
#include "file.h"
#include "inside.h"
#include "message.h"
#include "schema.h"
#include "secret.h"

enum {
	/* Ranges of rows tried around the damage in one talk: a leaf page
	 * holds some dozens of rows, an inner one some ten thousand. */
	TRIES_MAX = 20000,
	/* In a row without a find: among a million rows no island wider
	 * than 250 is missed. */
	FRUITLESS_MAX = 4096,
	/* Rows that share the pages of one long value cost its length each;
	 * of a file's rows few reach over one page. */
	MISSED_TIMES = 8,
	MISSED_LEAST = 64 << 20,
	/* And no longer around the damage; both ends of what is whole are
	 * read however long it takes. */
	HUNT_MINUTES = 10
};

struct recovery {
	const struct store_keys *keys;
	struct db *from, *to;
	struct buf plain;
	size_t n_saved;		/* contacts and messages */
	size_t n_seen;		/* rows that were there but did not open */
	uint64_t missed, missed_max;	/* bytes of those */
	int64_t hunt_ends_us;
	uint64_t *contacts;	/* saved ones */
	size_t n_contacts;
	struct err *e;		/* of writing; reading is expected to fail */
};

/* Takes the current row of a walk over; -1: cannot write. */
typedef int take_fn(struct recovery *r, struct db_stmt *row);

static void
miss(struct recovery *r, size_t len)
{
	r->n_seen++;
	r->missed += len;
}

static bool
is_spent(const struct recovery *r)
{
	return r->missed > r->missed_max;
}

static bool
is_late(const struct recovery *r)
{
	struct clock now;

	clock_read(&now);
	return now.mono_us > r->hunt_ends_us;
}

static int
has_row(struct recovery *r, enum sql which, int64_t id)
{
	struct db_stmt *st = db_use(r->to, which, r->e);
	int rc;

	if (st == NULL)
		return -1;
	db_bind_int(st, 1, id);
	rc = db_step(st, r->e);
	if (rc == 1)
		db_end(st);
	return rc;
}

static int
take_contact(struct recovery *r, struct db_stmt *row)
{
	struct db_stmt *st;
	struct contact c;
	const void *who, *numbers;
	size_t who_len, numbers_len;
	bool bad_numbers;
	int rc;

	who = db_blob(row, 1, &who_len);
	numbers = db_blob(row, 2, &numbers_len);
	if (contact_from_row(&c, &r->plain, &bad_numbers, r->keys,
	    row) != 0) {
		miss(r, who_len + numbers_len);
		return 0;
	}
	rc = has_row(r, SQL_HAS_CONTACT, (int64_t)c.row);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	st = db_use(r->to, SQL_CONTACT_ADD, r->e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 1, (int64_t)c.row);
	db_bind_blob(st, 2, who, who_len);
	/* Without its numbers a contact counts anew, as after a backup. */
	db_bind_blob(st, 3, numbers, bad_numbers ? 0 : numbers_len);
	if (db_run(st, r->e) != 0)
		return -1;
	r->contacts = mem_resize(r->contacts, r->n_contacts + 1,
	    sizeof(*r->contacts));
	r->contacts[r->n_contacts++] = c.row;
	r->n_saved++;
	return 0;
}

static int
take_message(struct recovery *r, struct db_stmt *row)
{
	struct db_stmt *st;
	struct message m;
	const void *sealed;
	size_t len;
	int rc;

	sealed = db_blob(row, 3, &len);
	if (message_from_row(&m, &r->plain, r->keys, row) != 0) {
		miss(r, len);
		return 0;
	}
	rc = has_row(r, SQL_HAS_MESSAGE, (int64_t)m.row);
	if (rc != 0)
		return rc < 0 ? -1 : 0;
	st = db_use(r->to, SQL_MESSAGE_ADD, r->e);
	if (st == NULL)
		return -1;
	db_bind_int(st, 1, (int64_t)m.row);
	db_bind_int(st, 2, m.mine);
	db_bind_int(st, 3, m.state);
	db_bind_blob(st, 4, sealed, len);
	if (db_run(st, r->e) != 0)
		return -1;
	r->n_saved++;
	return 0;
}

static int
take_value(struct recovery *r, struct db_stmt *row)
{
	struct db_stmt *st;
	const void *name, *sealed;
	size_t name_len, len;
	char *text;
	int rc = 0;

	name = db_blob(row, 0, &name_len);
	text = mem_strn(name_len != 0 ? name : "", name_len);
	sealed = db_blob(row, 1, &len);
	buf_empty(&r->plain);
	if (value_open(&r->plain, r->keys, text, sealed, len) != 0) {
		miss(r, name_len + len);
	} else {
		st = db_use(r->to, SQL_VALUE_SET, r->e);
		rc = -1;
		if (st != NULL) {
			db_bind_text(st, 1, text);
			db_bind_blob(st, 2, sealed, len);
			rc = db_run(st, r->e);
		}
	}
	free(text);
	return rc;
}

/* Rows lo..hi from one end until damage or the other end.  *at is the last
 * row seen; 1: all of them, 0: damage in the way, -1: cannot write. */
static int
sweep(struct recovery *r, enum sql which, take_fn *take, int64_t lo,
    int64_t hi, bool up, int64_t *at)
{
	struct db_stmt *st = db_use(r->from, which, NULL);
	int64_t row;
	int rc;

	if (st == NULL)
		return 0;
	db_bind_int(st, 1, lo);
	db_bind_int(st, 2, hi);
	while ((rc = db_step(st, NULL)) == 1) {
		row = db_int(st, 0);
		/* SQLite believes the order of what it finds. */
		if ((up ? row <= *at : row >= *at) || row < lo || row > hi ||
		    is_spent(r)) {
			db_end(st);
			return 0;
		}
		*at = row;
		if (take(r, st) != 0) {
			db_end(st);
			return -1;
		}
	}
	return rc == 0;
}

struct range {
	int64_t lo, hi;
};

/* A table of rows: how to walk it both ways, and what to do with one. */
struct walk {
	enum sql up, down;
	take_fn *take;
};

/* Narrows the range to what neither end reaches; 1: nothing is left. */
static int
try_range(struct recovery *r, const struct walk *w, struct range *in)
{
	int64_t first = in->lo - 1, last = in->hi + 1;
	int rc = sweep(r, w->up, w->take, in->lo, in->hi, true, &first);

	if (rc != 0)
		return rc;
	rc = sweep(r, w->down, w->take, first + 1, in->hi, false, &last);
	in->lo = first + 1;
	in->hi = last - 1;
	return rc != 0 ? rc : in->lo >= in->hi;
}

/*
 * From both ends to the damage, then the same in both halves of what lies
 * between, the wide ones first: around one bad page that is a few tries,
 * and between several nothing wider than the last halves is missed.
 */
static int
salvage(struct recovery *r, const struct walk *w, int64_t lo, int64_t hi)
{
	struct range *queue = mem_array(2 * TRIES_MAX + 1, sizeof(*queue));
	struct range in;
	size_t at, saved, n = 0, fruitless = 0;
	int64_t middle;
	int rc = 0;

	queue[n++] = (struct range){ lo, hi };
	for (at = 0; at < n && at < TRIES_MAX && !is_spent(r) &&
	    (at == 0 || !is_late(r)); at++) {
		in = queue[at];
		saved = r->n_saved;
		rc = try_range(r, w, &in);
		fruitless = r->n_saved == saved ? fruitless + 1 : 0;
		if (fruitless > FRUITLESS_MAX)
			break;
		if (rc < 0)
			break;
		if (rc == 1)
			continue;
		middle = in.lo + (in.hi - in.lo) / 2;
		queue[n++] = (struct range){ in.lo, middle };
		queue[n++] = (struct range){ middle + 1, in.hi };
	}
	free(queue);
	return rc < 0 ? -1 : 0;
}

/* The name of the current row lies behind the one before it, or before it
 * on the way down, and becomes the one before. */
static bool
is_next_name(struct buf *before, bool first, bool up, struct db_stmt *row)
{
	size_t len, common;
	const void *name = db_blob(row, 0, &len);
	int order;

	common = len < before->len ? len : before->len;
	order = common != 0 ? memcmp(name, before->at, common) : 0;
	if (order == 0)
		order = (len > before->len) - (len < before->len);
	buf_empty(before);
	buf_put(before, name, len);
	return first || (up ? order > 0 : order < 0);
}

static int
sweep_values(struct recovery *r, enum sql which, bool up)
{
	struct db_stmt *st = db_use(r->from, which, NULL);
	struct buf before;
	bool first = true;
	int rc = 0;

	if (st == NULL)
		return 0;
	buf_init(&before);
	while (db_step(st, NULL) == 1) {
		if (!is_next_name(&before, first, up, st) || is_spent(r) ||
		    (rc = take_value(r, st)) != 0) {
			db_end(st);
			break;
		}
		first = false;
	}
	buf_clear(&before);
	return rc;
}

static int
salvage_values(struct recovery *r)
{
	if (!db_is_plain(r->from, "value"))
		return 0;
	if (sweep_values(r, SQL_SALVAGE_VALUE_UP, true) != 0)
		return -1;
	return sweep_values(r, SQL_SALVAGE_VALUE_DOWN, false);
}

/* A counter, or where it cannot be read a guess beyond all use. */
static int64_t
most_of(struct recovery *r, const char *sql, int64_t guess, int64_t max)
{
	int64_t most = 0;

	if (!db_is_plain(r->from, "counter") ||
	    db_number(r->from, sql, &most, NULL) != 0 || most <= 0 ||
	    most > max)
		most = guess;
	return most;
}

static int
keep_counter(struct recovery *r, enum sql which, int64_t most)
{
	struct db_stmt *st = db_use(r->to, which, r->e);

	if (st == NULL)
		return -1;
	db_bind_int(st, 1, most);
	return db_run(st, r->e);
}

static int
copy_rows(struct recovery *r)
{
	static const struct walk contacts = {
		SQL_SALVAGE_CONTACT_UP, SQL_SALVAGE_CONTACT_DOWN, take_contact
	};
	static const struct walk messages = {
		SQL_SALVAGE_MESSAGE_UP, SQL_SALVAGE_MESSAGE_DOWN, take_message
	};
	int64_t n_contacts = most_of(r, "SELECT contacts FROM counter",
	    1 << 16, CONTACTS_MAX);
	int64_t n_rows = most_of(r, "SELECT rows FROM counter",
	    INT64_C(1) << 32, INT64_C(1) << 38);
	const bool has_messages = db_is_plain(r->from, "message");
	int64_t base;
	size_t i;

	if (salvage_values(r) != 0)
		return -1;
	if (db_is_plain(r->from, "contact") &&
	    salvage(r, &contacts, 1, n_contacts) != 0)
		return -1;
	/* Nobody could see or send the messages of the others. */
	for (i = 0; has_messages && i < r->n_contacts; i++) {
		base = (int64_t)(r->contacts[i] << ROW_BITS);
		if (salvage(r, &messages, base, base + n_rows) != 0)
			return -1;
	}
	if (keep_counter(r, SQL_COUNTER_CONTACTS, n_contacts) != 0)
		return -1;
	return keep_counter(r, SQL_COUNTER_ROWS, n_rows);
}

static int
copy(struct recovery *r)
{
	if (db_begin(r->to, r->e) != 0)
		return -1;
	if (copy_rows(r) == 0)
		return db_commit(r->to, r->e);
	db_rollback(r->to);
	return -1;
}

/* ---- the swap ------------------------------------------------------------ */

static char *
kept_name(const char *path)
{
	char stamp[32];
	time_t now = time(NULL);
	struct tm tm;
	char *name;
	int i;

	if (localtime_r(&now, &tm) == NULL ||
	    strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm) == 0)
		snprintf(stamp, sizeof(stamp), "%lld", (long long)now);
	name = mem_printf("%s.damaged-%s", path, stamp);
	for (i = 1; file_exists(name); i++) {
		free(name);
		name = mem_printf("%s.damaged-%s.%d", path, stamp, i);
	}
	return name;
}

static int
set_cannot_keep(const char *path, const char *kept, struct err *e)
{
	return err_set(e, STATUS_CANNOT_CREATE, "cannot keep %s as %s: %s",
	    path, kept, strerror(errno));
}

/* The damaged file gets a second name, its log a new one; the fresh file
 * is then renamed over the first name. */
static int
put_aside(const char *path, const char *kept, struct err *e)
{
	char *wal = mem_printf("%s-wal", path);
	char *kept_wal = mem_printf("%s-wal", kept);
	int rc = 0;

	/* File systems without hard links: for a moment there is none. */
	if (link(path, kept) != 0 && (errno == EEXIST ||
	    rename(path, kept) != 0))
		rc = set_cannot_keep(path, kept, e);
	else if (rename(wal, kept_wal) != 0 && errno != ENOENT)
		rc = set_cannot_keep(wal, kept_wal, e);
	free(wal);
	free(kept_wal);
	return rc;
}

static uint64_t
size_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_size > 0 ?
	    (uint64_t)st.st_size : 0;
}

/* What is spent on what does not open. */
static void
set_bounds(struct recovery *r, const char *path)
{
	char *wal = mem_printf("%s-wal", path);
	struct clock now;

	r->missed_max = MISSED_LEAST +
	    MISSED_TIMES * (size_of(path) + size_of(wal));
	clock_read(&now);
	r->hunt_ends_us = now.mono_us + HUNT_MINUTES * INT64_C(60000000);
	free(wal);
}

static struct db *
open_damaged(const char *path, struct err *e)
{
	int64_t peeked = dbfile_peek(path);
	struct db *db;

	db = db_open(path, DB_SALVAGE, store_sql, N_SQL, e);
	if (db == NULL || dbfile_wal_is_foreign(db, peeked)) {
		/* Somebody else's log: the file alone. */
		db_close(db);
		db = db_open(path, DB_PEEK, store_sql, N_SQL, e);
	}
	return db;
}

static int
recover_into(struct recovery *r, const char *path, const char *fresh,
    char **kept)
{
	int rc = copy(r);

	db_close(r->from);
	r->from = NULL;
	if (rc == 0 && r->n_saved == 0 && r->n_seen != 0) {
		rc = err_set(r->e, STATUS_DAMAGED, "nothing in %s opens with "
		    "this identity", path);
		err_next(r->e, "put back the identity file that goes with "
		    "it, or move the database away to begin anew");
	}
	if (rc != 0) {
		db_close(r->to);
		unlink(fresh);
		return -1;
	}
	if (dbfile_finish(r->to, fresh, r->e) != 0)
		return -1;
	*kept = kept_name(path);
	if (put_aside(path, *kept, r->e) == 0)
		return dbfile_install(fresh, path, r->e);
	unlink(fresh);
	return -1;
}

int
store_recover(const char *path, const struct vault *v, size_t *n,
    char **kept, struct err *e)
{
	struct store_keys *keys;
	struct recovery r = { .e = e };
	char *fresh;
	int rc = -1;

	*n = 0;
	*kept = NULL;
	if (schema_check_file(&schema_store, path, e) != 0)
		return -1;
	keys = store_keys_new(v);
	fresh = mem_printf("%s.new", path);
	r.keys = keys;
	buf_init(&r.plain);
	set_bounds(&r, path);
	r.from = open_damaged(path, e);
	if (r.from != NULL)
		r.to = store_build(fresh, keys, e);
	if (r.to != NULL)
		rc = recover_into(&r, path, fresh, kept);
	else
		db_close(r.from);
	*n = r.n_saved;
	if (rc != 0) {
		free(*kept);
		*kept = NULL;
	}
	buf_wipe(&r.plain);
	buf_clear(&r.plain);
	free(r.contacts);
	free(fresh);
	secret_free(keys);
	return rc;
}
