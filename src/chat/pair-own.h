/*
 * pair-own - what the files of codes share.
 *
 *	pair.c       one exchange, whoever began it; the door; the commit
 *	pair-host.c  a code of mine, and who comes to it
 *	pair-join.c  a code that was told to me
 */
#ifndef PAIR_OWN_H
#define PAIR_OWN_H

#include "own.h"
#include "pair.h"
#include "pairing.h"

enum {
	GONE_MS = 120000,		/* a code that is over says why */
	BYES_MAX = 16,
	TRIED_MAX = 8
};

/* What the code's maker says in place of m0 when it is over. */
enum gone { GONE_NONE, GONE_EXPIRED, GONE_USED, GONE_DEAD };

/* One exchange. */
struct exchange {
	struct pairing *p;		/* NULL: none */
	uint32_t visit;
	bool due;			/* to write, after the commit */
	bool bound;			/* took part in the transaction */
	bool counted;			/* as a wrong try, for now */
	bool heard;			/* they said something */
	bool cut;			/* nobody is there any more */
	bool knows;			/* `who` was kept */
	bool unsure;			/* .. as unconfirmed */
	struct user_id who;
};

/* A code that I typed, and that came to nothing where somebody was. */
struct tried {
	struct code code;
	uint32_t name;			/* the carrier's; 0: none here */
	unsigned n_wrong;
};

/* A visit to be closed, with a last byte (GONE_NONE: without). */
struct bye {
	uint32_t visit;
	enum gone why;
};

struct pairs {
	/* Mine. */
	bool is_out;			/* somebody may come */
	enum gone gone;			/* it is over, and says so */
	bool ends;			/* its time is over, a run goes on */
	bool is_used;			/* by what is to be committed */
	bool told_version, told_refused, told_silent;
	struct code code;
	int64_t until_ms, expires_ms;	/* monotonic; wall clock */
	unsigned failed;
	struct timer life;
	struct exchange host;
	/* Theirs. */
	bool joins;
	struct code join_code;
	char where[CONTACT_WHERE_MAX];	/* as typed, or "" */
	struct exchange join;
	struct tried tried[TRIED_MAX];
	uint32_t n_tried;
	uint32_t failed_visit, failed_code;	/* to be told; 0: none */

	struct bye byes[BYES_MAX];
	size_t n_byes;
	bool stop_visit;
};

/* ---- pair.c ------------------------------------------------------------- */

/* News between two turns: the next one does not wait. */
void pair_wake(struct chat *c);
void pair_begin(struct chat *c, struct exchange *r, bool creator,
    uint32_t visit);
/* Its secrets go; its visit too, unless nobody is there. */
void pair_end(struct chat *c, struct exchange *r);
/* How often mine was tried; in the store while it waits, so that the next
 * start can tell that it is gone. */
int pair_keep_tries(struct chat *c, bool waits, struct err *e);
void pair_note_tries(struct chat *c, bool waits);
/* The person of the card that was proven, in this turn's transaction; -1:
 * not to be kept. */
int pair_keep_person(struct chat *c, struct exchange *r, bool i_came);
int pair_no_net(struct err *e);

/* ---- pair-host.c -------------------------------------------------------- */

void host_init(struct chat *c);
void host_heard(struct chat *c, const void *msg, size_t len);
void host_cut(struct chat *c, enum visit_end why);
/* Its turn could not be kept. */
void host_undo(struct chat *c);
/* The last message has left, or could not. */
void host_done(struct chat *c);

/* ---- pair-join.c -------------------------------------------------------- */

void join_heard(struct chat *c, const void *msg, size_t len);
/* e: what the carrier knows of it, or NULL. */
void join_failed(struct chat *c, enum code_reason why, const struct err *e);
/* The carrier is told where a code failed. */
void join_tell_failed(struct chat *c);

#endif
