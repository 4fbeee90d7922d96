/*
 * plate-own - what the files of plate share, and nobody else sees.
 *
 *	plate.c		waiting, and visits: their streams, turns, deadlines
 *	plate-seek.c	going there: which places are asked, which has won
 *	plate-failed.c	where a code failed, and what is like that place
 */
#ifndef PLATE_OWN_H
#define PLATE_OWN_H

#include "direct.h"
#include "list.h"
#include "plate.h"
#include "visit.h"

enum {
	SEEK_WHERE = ADDR_HOST + 16,
	/* Doors that beacons may have us knock at: in all, of one host. */
	SEEK_DOORS = 64,
	SEEK_DOORS_SAME = 8,
	PLATE_LATELY = 64
};

enum visit_state { VISIT_COMING, VISIT_WAITING, VISIT_HEARD };

enum place_kind { PLACE_LAN, PLACE_RELAY, PLACE_TYPED };

/* As far as it can be told who is there. */
struct place {
	enum place_kind kind;
	struct addr at;			/* of PLACE_LAN, and .. */
	uint8_t instance[BEACON_NONCE];	/* .. what he calls himself */
	char relay[ROUTE_TEXT];		/* its HOST:PORT */
};

/* When a place is asked: plate.h. */
enum round {
	ROUND_NEW, ROUND_LAN, ROUND_WAY, ROUND_HOST, ROUND_FAILED, ROUNDS
};

struct visit {
	struct plates *all;
	struct list in_all;		/* the oldest first */
	enum visit_state state;
	bool is_mine, dead;
	uint32_t number;		/* while HEARD */
	struct stream *stream;		/* NULL: still dialled by .. */
	struct direct *direct;
	struct buf in;
	struct timer deadline;
	int64_t end_ms;			/* while HEARD */
	/* theirs */
	bool is_pipe, spoke;
	struct addr source;
	int64_t heard_ms;
	/* mine */
	struct place place;
	bool was_open;			/* somebody took the connection */
};

/* My search: on from plates_visit until nothing of it is left. */
struct seek {
	bool on, is_typed;
	bool has_won;			/* a place answered and was heard */
	bool asked_lan, asked_relay;	/* .. and was there to be asked */
	char plate[CODE_PLATE + 1];
	char where[SEEK_WHERE];
	uint32_t code;
	enum round round, next;		/* next: ROUNDS, there is none */
	int64_t start_ms;		/* of the round */
	enum visit_end why;		/* of a typed place that failed */
	struct err trouble;		/* .. and in words, if known */
	struct timer timer;
	struct addr doors[SEEK_DOORS];
	size_t n_doors;
};

/* Where a code failed, until then. */
struct failed {
	uint32_t code;
	int64_t until_ms;
	struct place place;
};

/* Whose turn it was. */
struct plate_source {
	bool is_pipe;
	struct addr source;
};

struct plates {
	struct plates_setup setup;
	struct loop *loop;
	struct list visits;
	uint32_t last;			/* number */
	char waits[CODE_PLATE + 1];	/* or "" */
	struct visit *heard;		/* of theirs */
	struct visit *mine;		/* heard, of mine */
	uint32_t came;			/* number of the last one of mine .. */
	struct place came_to;
	struct failed failed[PLATE_FAILED_MAX];
	size_t n_failed;		/* all that were; a ring */
	struct timer turn;		/* somebody's turn has come */
	struct plate_source lately[PLATE_LATELY];
	size_t n_lately;		/* all that were; a ring */
	struct seek seek;
	struct plate_counts counts;
};

/* ---- plate.c ----------------------------------------------------------- */

extern const struct stream_events plate_stream_events;

struct visit *plate_visit_new(struct plates *p, bool is_mine);
/* Nobody is told; `cut`: what was sent need not leave. */
void plate_visit_end(struct visit *v, bool cut);
void plate_say_hello(struct visit *v, const char *plate);

/* ---- plate-seek.c ------------------------------------------------------ */

void plate_seek_init(struct plates *p);
void plate_seek_clear(struct plates *p);
/* A place of mine said something: is it to be heard? */
bool plate_seek_answered(struct visit *v);
/* It is given up, unheard. */
void plate_seek_lost(struct visit *v);

/* ---- plate-failed.c ---------------------------------------------------- */

/* In which round of a search for this code the place is asked. */
enum round plate_round_of(const struct plates *p, uint32_t code,
    const struct place *place);
/* The first round that asks any place of the LAN. */
enum round plate_round_of_lan(const struct plates *p, uint32_t code);

#endif
