/*
 * inside - what store.c, contact.c, message.c and recover.c share, and
 * nobody else includes.
 *
 * Every change goes through store_change() and store_run(): the first of a
 * turn opens the transaction; one that fails takes the whole turn with it,
 * and until store_commit or store_rollback has said so every other change
 * fails too.  Nobody may believe that half a turn was kept.
 */
#ifndef INSIDE_H
#define INSIDE_H

#include "db.h"
#include "seal.h"
#include "store.h"

/* Where sealed bytes belong: struct place.  Numbers are on disk. */
enum seal_table {
	SEAL_VALUE = 1,
	SEAL_WHO = 2,
	SEAL_NUMBERS = 3,
	SEAL_MESSAGE = 4
};

enum { SEAL_VERSION = 1 };

/*
 * A message's row is its contact's row and a number that only grows: the
 * rows of a talk lie together in the file, in the order they were kept.
 * 2^40 messages, 2^23 contacts in the life of a database.
 */
enum { ROW_BITS = 40, CONTACTS_MAX = (1 << 23) - 1 };
#define ROW_NUMBERS ((UINT64_C(1) << ROW_BITS) - 1)

#define SQL_TABLE(row) \
	row(SQL_COUNTER_OPEN, "UPDATE counter SET open = ?1") \
	row(SQL_COUNTER_ROWS, "UPDATE counter SET rows = ?1") \
	row(SQL_COUNTER_CONTACTS, "UPDATE counter SET contacts = ?1") \
	row(SQL_COUNTER_TICK, \
	    "UPDATE counter SET generation = generation + 1") \
	row(SQL_VALUE, "SELECT sealed FROM value WHERE name = ?1") \
	row(SQL_VALUE_SET, "INSERT OR REPLACE INTO value VALUES(?1, ?2)") \
	row(SQL_CONTACT_ADD, "INSERT INTO contact VALUES(?1, ?2, ?3)") \
	row(SQL_CONTACT_WHO, "UPDATE contact SET who = ?2 WHERE id = ?1") \
	row(SQL_CONTACT_NUMBERS, \
	    "UPDATE contact SET numbers = ?2 WHERE id = ?1") \
	row(SQL_CONTACT_EACH, \
	    "SELECT id, who, numbers FROM contact ORDER BY id") \
	row(SQL_CONTACT_REMOVE, "DELETE FROM contact WHERE id = ?1") \
	row(SQL_MESSAGE_ADD, "INSERT INTO message VALUES(?1, ?2, ?3, ?4)") \
	row(SQL_MESSAGE_STATE, \
	    "UPDATE message SET state = ?2 WHERE id = ?1") \
	row(SQL_MESSAGE_STATE_RUN, \
	    "UPDATE message SET state = ?4" \
	    " WHERE id BETWEEN ?1 AND ?2 AND mine = ?3") \
	row(SQL_MESSAGE_REMOVE, "DELETE FROM message WHERE id = ?1") \
	row(SQL_MESSAGE_REMOVE_RUN, \
	    "DELETE FROM message WHERE id BETWEEN ?1 AND ?2 AND mine = ?3") \
	row(SQL_MESSAGE_REMOVE_ALL, \
	    "DELETE FROM message WHERE id BETWEEN ?1 AND ?2") \
	row(SQL_MESSAGE_PAGE, \
	    "SELECT id, mine, state, sealed FROM message NOT INDEXED" \
	    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC LIMIT ?3") \
	row(SQL_MESSAGE_OPEN, \
	    "SELECT id, mine, state, sealed FROM message" \
	    " INDEXED BY message_open" \
	    " WHERE state IN (1, 2, 6) ORDER BY id") \
	row(SQL_MESSAGE_FORGET, \
	    "DELETE FROM message WHERE id BETWEEN ?1 AND ?2" \
	    " AND state NOT IN (1, 2, 6)") \
	/* recover.c: ranges of row ids, walked from either end. */ \
	row(SQL_SALVAGE_CONTACT_UP, \
	    "SELECT id, who, numbers FROM contact NOT INDEXED" \
	    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id") \
	row(SQL_SALVAGE_CONTACT_DOWN, \
	    "SELECT id, who, numbers FROM contact NOT INDEXED" \
	    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC") \
	row(SQL_SALVAGE_MESSAGE_UP, \
	    "SELECT id, mine, state, sealed FROM message NOT INDEXED" \
	    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id") \
	row(SQL_SALVAGE_MESSAGE_DOWN, \
	    "SELECT id, mine, state, sealed FROM message NOT INDEXED" \
	    " WHERE id BETWEEN ?1 AND ?2 ORDER BY id DESC") \
	row(SQL_SALVAGE_VALUE_UP, \
	    "SELECT name, sealed FROM value NOT INDEXED ORDER BY name") \
	row(SQL_SALVAGE_VALUE_DOWN, \
	    "SELECT name, sealed FROM value NOT INDEXED" \
	    " ORDER BY name DESC") \
	row(SQL_HAS_CONTACT, "SELECT 1 FROM contact WHERE id = ?1") \
	row(SQL_HAS_MESSAGE, "SELECT 1 FROM message WHERE id = ?1")

enum sql {
#define SQL_NAME(name, text) name,
	SQL_TABLE(SQL_NAME)
#undef SQL_NAME
	N_SQL
};

extern const char *const store_sql[N_SQL];

/* One subkey of the vault a table; in locked memory. */
struct store_keys {
	uint8_t value[32];
	uint8_t contact[32];
	uint8_t message[32];
};

struct store {
	struct db *db;			/* NULL: keeps nothing */
	struct store_keys *keys;
	uint64_t next_row, next_contact;	/* never given away before */
	uint64_t reserved;		/* counter.rows in this transaction */
	uint64_t reserved_kept;		/* and in the last one committed */
	bool failed;			/* a change of this turn failed */
	struct err trouble;		/* how */
	struct buf plain, sealed;	/* scratch of one change */
};

struct message;
struct contact;

struct store_keys *store_keys_new(const struct vault *v);

/* A fresh database at path, which is made; schema and probe are in it. */
struct db *store_build(const char *path, const struct store_keys *keys,
    struct err *e);
/* 0: opens with these keys; -1 STATUS_DAMAGED: somebody else's. */
int store_check_probe(struct db *db, const struct store_keys *keys,
    struct err *e);

/* Numbers that were never used in this database. */
int store_take_row(struct store *s, uint64_t contact, uint64_t *row,
    struct err *e);
int store_take_contact(struct store *s, uint64_t *row, struct err *e);
/* The statement, inside the turn's transaction. */
struct db_stmt *store_change(struct store *s, enum sql which, struct err *e);
int store_run(struct store *s, struct db_stmt *st, struct err *e);
/* Rolls the turn back and remembers why; returns -1. */
int store_fail(struct store *s, struct err *e);

/* Name and value under one seal, so that values cannot be swapped. */
void value_seal(struct buf *out, const struct store_keys *keys,
    const char *name, const void *p, size_t len);
int value_open(struct buf *out, const struct store_keys *keys,
    const char *name, const void *p, size_t len);

/* A row that is not behind the one before it, where SQLite sorts: pages that
 * lead back to each other, which would never end.  Returns -1. */
int store_set_endless(const struct store *s, struct err *e);

/* The current row of a SELECT id, mine, state, sealed; the text lies in
 * plain.  -1: does not open, or says something else than its
 * columns. */
int message_from_row(struct message *m, struct buf *plain,
    const struct store_keys *keys, struct db_stmt *st);
/* All of a contact, owed or not. */
int message_remove_all(struct store *s, uint64_t contact, struct err *e);
/* The current row of a SELECT id, who, numbers.  numbers receives the plain
 * bytes; *bad_numbers is set when only they do not open. */
int contact_from_row(struct contact *c, struct buf *numbers,
    bool *bad_numbers, const struct store_keys *keys, struct db_stmt *st);

#endif
