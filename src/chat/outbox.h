/*
 * outbox - what one person is owed, in the order it was said.
 *
 * The rows themselves are in the store; this is their mirror, so that
 * sending and acknowledging touch no disk.  A row stays until its addressee
 * acknowledged it, whatever a link or a relay says.
 *
 *	at:   [gone ..] head .. live, live, gone, live .. next .. n
 *
 * `next` is the first row that the present link has not carried: a new link
 * starts from the head again.
 */
#ifndef OUTBOX_H
#define OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "carrier.h"

struct line;

struct owed {
	uint64_t epoch, seq;
	uint64_t row;			/* in the store */
	uint64_t gen;			/* receive key its last upload was
					 * sealed to; 0: none */
	struct line *line;		/* borrowed from the talk; NULL: a
					 * control frame */
	uint64_t told;			/* FRAME_ROUTE: hash of the places it
					 * says; 0: unknown */
	uint8_t upload[UPLOAD_LEN];	/* of its last upload */
	uint8_t kind;			/* enum frame_type */
	bool leaving;			/* that upload is under way */
	bool stored;			/* a relay has it */
	bool carried;			/* some link or relay took it, or may
					 * have: it cannot be taken back */
	bool gone;
};

struct outbox {
	struct owed *at;
	size_t head, n, room;
	size_t next;
	size_t live;			/* rows that are not gone */
	size_t sealed;			/* of these, with a gen */
};

void outbox_init(struct outbox *o);
void outbox_clear(struct outbox *o);
/* `row` comes after all the others in (epoch, seq). */
void outbox_push(struct outbox *o, const struct owed *row);
/* The oldest row, or NULL. */
struct owed *outbox_first(const struct outbox *o);
/* The newest row, or NULL. */
struct owed *outbox_last(const struct outbox *o);
/* The next row for the present link, or NULL; `*first`: nothing before it
 * is owed in its epoch.  NULL as well when it is further ahead of the
 * first of its epoch than the other side's window reaches. */
struct owed *outbox_next(struct outbox *o, bool *first);
void outbox_carried(struct outbox *o);	/* that row is on its way */
void outbox_rewind(struct outbox *o);	/* a new link: from the start */
/* The next row that no relay has and that is not on its way to one, or NULL;
 * otherwise as outbox_next. */
struct owed *outbox_unleft(const struct outbox *o, bool *first);
/* The row of an upload under way, or NULL. */
struct owed *outbox_by_upload(const struct outbox *o,
    const uint8_t upload[UPLOAD_LEN]);
/* Rows sealed to keys older than gen are to be left anew. */
void outbox_reseal(struct outbox *o, uint64_t gen);
/* The row is left at a relay, sealed to that receive key. */
void outbox_sealed(struct outbox *o, struct owed *row, uint64_t gen);
/* Lowest epoch that is owed; `now` when none is. */
uint64_t outbox_base(const struct outbox *o, uint64_t now);
/* Lowest receive key generation in use; `newest` when none is. */
uint64_t outbox_floor(const struct outbox *o, uint64_t newest);

/* Removes what an acknowledgement names; `each` hears of every row once,
 * `joins`: the row before it in the box went in the same call. */
size_t outbox_ack(struct outbox *o, uint64_t epoch, uint64_t cum,
    uint64_t bits, void (*each)(void *arg, struct owed *row, bool joins),
    void *arg);
/* Takes one out, or all (row NULL). */
void outbox_remove(struct outbox *o, struct owed *row);

#endif
