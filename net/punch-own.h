/*
 * punch-own - what the files of punch share.
 *
 *	punch.c		the machine
 *	punch-round.c	one round: what is told, heard and tried
 *	punch-birthday.c  round 3 by many sockets and many guesses
 *	punch-text.c	what is worth trying, and why not
 */
#ifndef PUNCH_OWN_H
#define PUNCH_OWN_H

#include "fresh.h"
#include "punch.h"
#include "ways.h"

enum role { CONTROLLER, FOLLOWER, ROLES };

enum state {
	IGNORED,			/* in the table: no such event here */
	IDLE, MEETING, GATHERING, OFFERED, SYNCING, PROBING, SETTLING,
	AGREEING, DONE, WAITING, STATES
};

enum event {
	EV_START, EV_STOP,
	EV_AGAIN,			/* all from the beginning */
	EV_MET,				/* both told their class */
	EV_READY,			/* my addresses are gathered */
	EV_CANDS, EV_SYNC, EV_USE,	/* theirs came, or their word */
	EV_PONG,			/* a way answered */
	EV_TIME,			/* the state's time is over */
	EV_ROUND_OVER, EV_ALL_OVER,	/* .. and a round follows, or none */
	EV_NO_LINK,			/* nothing can be said */
	EVENTS
};

struct round {
	int64_t length_ms, fast_ms, slow_ms;
	bool is_fresh, has_low_ttl, has_pred;
};
extern const struct round punch_rounds[ROUND_MAX + 1];

/* So many at once, then one each so many ms. */
struct bucket {
	int64_t full_ms;		/* when it is full again */
};

struct birthday;

struct punch {
	struct punch_setup setup;
	enum role role;
	enum state state;
	bool is_dead;
	struct timer timer;		/* of the state */
	struct timer pace;
	int64_t rtt_us;			/* through the standing link */

	uint64_t greeting;		/* epoch of my CAPS */
	bool has_met;
	struct paths_msg them;		/* their last CAPS */

	uint64_t epoch;			/* of the round */
	unsigned round;
	struct ways *ways;		/* NULL: no round */
	struct fresh *fresh;		/* NULL: on the program's socket */
	int64_t offered_us, probing_ms;
	int chosen;
	bool has_more;			/* candidates wait for the next tick */
	int64_t told_ms;		/* when CANDS last left */
	struct cand theirs[CANDS_MAX];	/* their last, of this round */
	size_t n_theirs;
	bool told_tcp[CANDS_MAX];	/* on_tcp knows it */

	int64_t again_ms;		/* next back-off */
	int64_t due_ms;			/* of the next try, WAITING */
	bool is_silent;			/* they did not answer at all */
	struct bucket cands, starts, birthdays;
	struct birthday *birthday;	/* NULL: none in this round */
};

/* punch.c */
void punch_step(struct punch *p, enum event ev);
/* False: n would be too many. */
bool punch_bucket(struct bucket *b, int64_t now_ms, int n, int burst,
    int64_t each_ms);

/* punch-round.c: say and offer are false when no link stands. */
void round_open(struct punch *p, unsigned round, uint64_t epoch);
void round_end(struct punch *p);
/* My addresses as they are now; false: nothing was added. */
bool round_gather(struct punch *p);
void round_take(struct punch *p, const struct paths_msg *theirs);
void round_answered(struct punch *p);		/* a way of theirs did */
void round_try(struct punch *p);		/* probes, one of each */
bool say_caps(struct punch *p);
bool say_cands(struct punch *p);
bool say_sync(struct punch *p);
bool say_use(struct punch *p, int id);
udp_heard round_heard;			/* probes; arg is the struct punch */

/* punch-birthday.c */
bool birthday_is_allowed(const struct punch *p);	/* here */
/* .. and there, it is of use, and was not done too often. */
bool birthday_is_due(const struct punch *p);
bool birthday_is_on(const struct punch *p);	/* probes leave now */
/* With the probes of round 3; nothing, unless it is due. */
void birthday_start(struct punch *p);
/* A probe came there: it is over, and only those sockets stay open. */
void birthday_came(struct punch *p, const struct udp *via);
/* Those sockets, if they are of mine, change hands, without handlers. */
void birthday_release(struct punch *p, struct udp *via);
void birthday_end(struct punch *p);

/* punch-text.c */
enum nat_class punch_my_class(const struct punch *p);
/* Two NATs that take another port for everybody never find each other, and
 * where UDP is blocked nothing passes.  Unknown is worth a try. */
bool punch_can(const struct punch *p);
/* After the one that is over; 0: none. */
unsigned punch_next_round(const struct punch *p);

#endif
