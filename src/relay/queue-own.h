/*
 * queue-own - what the files of queue share: queue.c (what is asked of it),
 * queue-turn.c (a turn's transaction), queue-index.c (what is in memory),
 * queue-file.c (opening and making the file).
 */
#ifndef QUEUE_OWN_H
#define QUEUE_OWN_H

#include "db.h"
#include "hash.h"
#include "queue.h"

enum {
	TOKEN_HASH = 32,
	HOURS_MAX = (1 << 30) - 1,	/* of the relay's own clock */
	SLOTS_MAX = 1 << 24,		/* queues, and as a row of the file */
	LETTERS_MAX = 1 << 28
};

/* Letter numbers: ten thousand a second for three million years. */
#define NUMBER_MAX ((uint64_t)1 << 60)

enum place { PLACE_FREE, PLACE_LIVE, PLACE_GONE /* with the commit */ };

/* A queue.  Slot 0 is nobody's.  There may be a million: 48 bytes. */
struct slot {
	uint8_t id[QUEUE_ID];
	uint64_t token;			/* its hash, hashed with our key: who
					 * guesses has one chance in 2^64 */
	uint64_t bytes;
	uint32_t n_letters;
	uint32_t first, last;		/* letters; 0: none.  Of a free slot,
					 * first is the next free one */
	uint32_t opened_h : 30;		/* hour of the relay's own clock */
	uint32_t place : 2;		/* enum place */
};

/* A letter's place.  Letter 0 is none. */
struct letter {
	uint64_t number;
	uint32_t slot;
	uint32_t next, prev;		/* of the same queue, by number */
	uint32_t upload;		/* hash of queue and upload id */
	uint16_t len;
	uint8_t place;			/* enum place */
};

/* Open addressing: places in one of the arrays, 0 is free. */
struct index {
	uint32_t *at;
	size_t n, room;			/* room: 0 or a power of two */
};

/* What a turn did to the memory, to be taken back if the disk does not
 * follow. */
enum deed_kind { DEED_MAKE, DEED_OPEN, DEED_PUT, DEED_DELETE, DEED_DROP };

struct deed {
	enum deed_kind kind;
	uint32_t at;			/* slot, or letter */
	uint32_t opened_h;		/* DEED_OPEN: what it was */
	uint64_t token;
	uint64_t *count;		/* in stats, once committed; or NULL */
};

struct queues {
	struct db *db;
	struct queue_limits limits;
	struct queue_stats stats;
	struct hash_key key;

	struct slot *slots;
	uint32_t n_slots, room_slots;	/* n: used or free, with slot 0 */
	uint32_t free_slot;
	struct letter *letters;
	uint32_t n_letters, room_letters;
	uint32_t free_letter;		/* by next */
	struct index by_id;		/* slots */
	struct index by_upload;		/* letters */
	struct index by_number;		/* letters */

	uint64_t next_number;
	uint64_t reserved, reserved_kept;	/* numbers set aside */

	int64_t now;			/* of the last call; 0: none yet */
	int64_t age_s;			/* the relay's own clock */
	int64_t age_kept;		/* as on the disk */
	uint32_t swept;			/* queues_expire: next slot to see */
	int64_t swept_s;		/* age of the last whole round */

	struct deed *deeds;
	size_t n_deeds, room_deeds;
	bool failed;			/* the turn's transaction is lost */
	struct err trouble;		/* why */
};

/* ---- queue-index.c: no disk --------------------------------------------- */

void queue_index_init(struct queues *q);
void queue_index_clear(struct queues *q);
uint64_t token_hash_of(const struct queues *q,
    const uint8_t token[TOKEN_HASH]);
/* 0: none. */
uint32_t slot_find(const struct queues *q, const uint8_t id[QUEUE_ID]);
uint32_t slot_unused(struct queues *q);		/* 0: SLOTS_MAX */
/* At that place, which is unused. */
void slot_add(struct queues *q, uint32_t at, const uint8_t id[QUEUE_ID],
    const uint8_t token[TOKEN_HASH], uint32_t opened_h);
void slot_hide(struct queues *q, uint32_t at);	/* not found any more */
void slot_show(struct queues *q, uint32_t at);
void slot_free(struct queues *q, uint32_t at);	/* hidden, without letters */

uint32_t upload_hash(const struct queues *q, uint32_t slot,
    const uint8_t upload[UPLOAD_ID]);
/* Letters of that hash and slot, one after the other: *cursor starts as 0
 * and is not to be looked at.  0: no more. */
uint32_t letter_next_like(const struct queues *q, uint32_t slot,
    uint32_t hash, size_t *cursor);
uint32_t letter_find(const struct queues *q, uint64_t number);
bool letters_are_full(const struct queues *q);
/* The newest of its queue. */
uint32_t letter_add(struct queues *q, uint32_t slot, uint64_t number,
    uint32_t upload, size_t len);
void letter_free(struct queues *q, uint32_t at);

/* ---- queue-file.c ------------------------------------------------------- */

#define QUEUE_SQL(X) \
	X(SQL_QUEUES, "SELECT slot, id, token, opened FROM queue") \
	X(SQL_QUEUE_PUT, "INSERT INTO queue(slot, id, token, opened)" \
	    " VALUES(?1, ?2, ?3, ?4)") \
	X(SQL_QUEUE_SET, "UPDATE queue SET token = ?2, opened = ?3" \
	    " WHERE slot = ?1") \
	X(SQL_QUEUE_TOUCH, "UPDATE queue SET opened = ?2 WHERE slot = ?1") \
	X(SQL_QUEUE_DROP, "DELETE FROM queue WHERE slot = ?1") \
	X(SQL_LETTERS, "SELECT number, slot, upload, length(letter)" \
	    " FROM letter ORDER BY number") \
	X(SQL_LETTER, "SELECT letter FROM letter WHERE number = ?1") \
	X(SQL_LETTER_UPLOAD, "SELECT upload FROM letter WHERE number = ?1") \
	X(SQL_LETTER_PUT, "INSERT INTO letter" \
	    "(number, slot, arrived, upload, letter)" \
	    " VALUES(?1, ?2, ?3, ?4, ?5)") \
	X(SQL_LETTER_DROP, "DELETE FROM letter WHERE number = ?1") \
	X(SQL_LETTERS_OLD, "SELECT number, arrived FROM letter" \
	    " ORDER BY number LIMIT ?1") \
	X(SQL_NUMBERS, "UPDATE counter SET numbers = ?1") \
	X(SQL_AGE, "UPDATE counter SET age = ?1") \
	X(SQL_OPEN, "UPDATE counter SET open = ?1") \
	X(SQL_TICK, "UPDATE counter SET generation = generation + 1")

enum queue_sql {
#define SQL_NAME(name, text) name,
	QUEUE_SQL(SQL_NAME)
#undef SQL_NAME
	N_QUEUE_SQL
};

/* Opens or makes the file and reads it into the memory. */
int queue_file_open(struct queues *q, const char *path, struct err *e);
void queue_file_close(struct queues *q);
/* Begins the turn's transaction, if it has not begun.  sync: as db_sync. */
int queue_begin(struct queues *q, bool sync, struct err *e);

/* ---- queue-turn.c: the disk and the memory move together ---------------- */

/* Ready for binding, inside the turn's transaction.  NULL: it failed, and
 * with it the rest of the turn. */
struct db_stmt *queue_change(struct queues *q, enum queue_sql which);
bool queue_run(struct queues *q, struct db_stmt *st);
/* With one parameter. */
bool queue_run_for(struct queues *q, enum queue_sql which, uint64_t row);
/* What was done in memory; borrowed until the next one. */
struct deed *queue_note(struct queues *q, enum deed_kind kind, uint32_t at);
void letter_count_out(struct queues *q, uint32_t at);

#endif
