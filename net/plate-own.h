/*
 * plate-own - what the files of plate share, and nobody else sees.
 *
 *	plate.c		waiting, and visits: their streams, turns, deadlines
 *	plate-seek.c	going there: which places are asked, which has won
 */
#ifndef PLATE_OWN_H
#define PLATE_OWN_H

#include "direct.h"
#include "list.h"
#include "plate.h"
#include "visit.h"

enum {
	SEEK_MET = 8,
	SEEK_WHERE = ADDR_HOST + 16,
	/* Doors that beacons may have us knock at: in all, of one host. */
	SEEK_DOORS = 64,
	SEEK_DOORS_SAME = 8,
	PLATE_LATELY = 64
};

enum visit_state { VISIT_COMING, VISIT_WAITING, VISIT_HEARD };

enum visit_place { PLACE_LAN, PLACE_RELAY, PLACE_TYPED };

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
	enum visit_place place;
	bool was_open;			/* somebody took the connection */
	uint8_t instance[BEACON_NONCE];	/* of PLACE_LAN */
};

/* My search: on from plates_visit until nothing of it is left. */
struct seek {
	bool on, is_typed;
	bool has_won;			/* a place answered and was heard */
	bool asked_lan, asked_relay;	/* .. and was there to be asked */
	char plate[CODE_PLATE + 1];
	char where[SEEK_WHERE];
	int64_t start_ms;
	enum visit_end why;		/* of a typed place that failed */
	struct err trouble;		/* .. and in words, if known */
	struct timer timer;
	/* Instances on the LAN that were heard: not again. */
	uint8_t met[SEEK_MET][BEACON_NONCE];
	size_t n_met;
	struct addr doors[SEEK_DOORS];
	size_t n_doors;
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
/* The one that was heard is over. */
void plate_seek_over(struct plates *p);

#endif
