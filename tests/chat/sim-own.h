/*
 * sim-own - what sim.c and sim-mail.c share, and no test sees.
 */
#ifndef SIM_OWN_H
#define SIM_OWN_H

#include "sim.h"

enum { TEXT_LEN = 60000 };

/* A frame under way, or a letter. */
struct parcel {
	struct parcel *next;
	int64_t due_ms;
	/* A letter's: whose, in the queue for whom (SIZE_MAX: requests). */
	uint64_t number;
	size_t owner, queue;
	uint8_t upload[UPLOAD_LEN];
	bool given;
	size_t len;
	uint8_t bytes[];
};

/* One direction between two nodes. */
struct wire {
	struct parcel *first;
	int left;			/* frames until the cut; -1: whole */
};

enum { SIM_VISITS = 8 };

/* Two at a plate; a NULL: nobody of ours came. */
struct sim_visit {
	uint32_t id;			/* 0: this place is free */
	struct node *came, *waits;
	bool begun;			/* both were told */
	bool shut[2];			/* by who came, who waits */
	int n_msgs;
	int64_t due_ms, until_ms;
	struct parcel *way[2];		/* to who came, who waits */
	struct parcel *held;
	int held_to;
	bool cut;			/* when the ways are empty */
};

struct sim {
	char dir[64];
	struct node *nodes[SIM_NODES];
	size_t n;
	bool up[SIM_NODES][SIM_NODES];
	bool drop[SIM_NODES][SIM_NODES];
	struct wire wires[SIM_NODES][SIM_NODES];
	int64_t now_ms;
	uint64_t random;
	int lost, twice, swapped;
	struct parcel *letters;		/* at the relay, oldest first */
	struct answer *answers;		/* on their way to who left one */
	uint64_t n_letters;
	int mail_lost, mail_twice, mail_swapped;
	struct sim_visit visits[SIM_VISITS];
	uint32_t last_visit;
	enum sim_fate (*meddle)(void *arg, struct sim_msg *m);
	void *meddle_arg;
	uint8_t raw[2048];		/* the last said to nobody of ours */
	size_t raw_len;
	char text[TEXT_LEN];
};

size_t sim_index(const struct sim *s, const struct node *n);
size_t sim_index_by_id(const struct sim *s, const struct user_id *id);

/* sim-mail.c: the carrier's half .. */
void sim_mail_carry(struct carrier *carrier);
/* .. answers and letters that are due .. */
void sim_mail_deliver(struct sim *s);
/* .. what a node was given and did not take is given again .. */
void sim_mail_again(struct sim *s, struct node *n);
/* sim-visit.c: the same. */
void sim_visit_carry(struct carrier *carrier);
void sim_visit_deliver(struct sim *s);
/* A node stops. */
void sim_visit_gone(struct node *n);
/* .. and its end. */
void sim_mail_clear(struct sim *s);

#endif
