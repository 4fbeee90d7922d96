/*
 * sim - Alice, Bob and anybody else in one process: real hearts on real
 * stores, joined by wires that lose, repeat, reorder and break.
 *
 * Each node has a virtual loop of its own, moved in step by sim_run_ms, so
 * that a node can be stopped, killed, copied and started again.  A frame
 * takes a millisecond.  Everything random comes from the seed of the sim.
 */
#ifndef SIM_H
#define SIM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chat.h"
#include "frame.h"

enum { SIM_NODES = 80, SIM_LOG = 4096 };

/* What a viewer would have been told, copied. */
struct told {
	enum news_kind kind;
	struct user_id who;
	char text[200];			/* of the line, or of the notice */
	uint8_t state;
	bool on;
	enum code_reason reason;
	unsigned left;
	int64_t at_ms;
};

/* One message of a visit, as it leaves; it may be changed. */
struct sim_msg {
	struct node *from, *to;
	int number;			/* of this visit, from 0 */
	uint8_t *p;
	size_t len;
};

enum sim_fate {
	SIM_PASS,
	SIM_LOSE,			/* a carrier that lies */
	SIM_TWICE,
	SIM_SWAP,			/* behind the next one */
	SIM_REFLECT,			/* back to who said it */
	SIM_CUT_BEFORE,			/* the connection breaks without it */
	SIM_CUT_AFTER			/* .. with it */
};

struct sim;

struct node {
	struct sim *sim;
	char name[24];
	char path[160];			/* "" : keeps nothing */
	struct identity *id;
	struct vault *vault;
	struct opts *opts;
	struct loop *loop;
	struct store *store;
	struct chat *chat;
	const struct carrier_events *net;	/* chat's half of the door */
	int64_t wall_ms;		/* of the next start */
	bool full;			/* its disk takes nothing */
	size_t room;			/* its carrier's, per peer */
	struct told *log;
	size_t n_told;
	size_t n_wants, n_drops, n_refused, n_announced;
	bool wanted[SIM_NODES], urgent[SIM_NODES];
	/* Its mail: sim-mail.c. */
	bool has_relay, cut_off, box_full;
	enum left refusal;		/* of letters for it; LEFT_STORED:
					 * none */
	unsigned place;			/* moves when its relay does */
	struct routes *routes;		/* [SIM_NODES]: told of the others */
	size_t n_left, n_took, n_busy;	/* letters */
	/* Its meeting places: sim-visit.c. */
	char plate[8];			/* where it waits, or "" */
	bool no_place;			/* neither relay nor LAN */
	size_t n_visits;		/* that began */
	uint32_t visit_code, failed_code;	/* told to it, the last */
	size_t n_failed;		/* places that failed */
};

struct sim *sim_new(unsigned seed);
void sim_free(struct sim *s);
/* With a store in the sim's directory / that keeps nothing. */
struct node *sim_node(struct sim *s, const char *name);
struct node *sim_ephemeral(struct sim *s, const char *name);
/* A new identity that calls itself like another one. */
struct node *sim_impostor(struct sim *s, const char *name);

void sim_run_ms(struct sim *s, int64_t ms);
/* They see each other's beacons. */
void sim_see(struct sim *s, struct node *a, struct node *b);
/* A proven link; false: one of them does not welcome the other. */
bool sim_join(struct sim *s, struct node *a, struct node *b);
/* It breaks, with what is under way on it. */
void sim_part(struct sim *s, struct node *a, struct node *b);
/* Seen, joined and both accepted. */
void sim_meet(struct sim *s, struct node *a, struct node *b);
/* After n more frames from -> to nothing passes there until they join. */
void sim_cut_after(struct sim *s, struct node *from, struct node *to, int n);
/* Percent of the frames lost, said twice, overtaken. */
void sim_weather(struct sim *s, int lost, int twice, int swapped);
/* A relay, where letters wait.  A node that has one can be left letters; one
 * that is cut off from it neither leaves nor gets any. */
void sim_relay(struct node *n, bool on);
void sim_cut_off(struct node *n, bool on);
/* Percent of the letters lost although they are said to be stored, kept
 * twice, overtaken. */
void sim_mail_weather(struct sim *s, int lost, int twice, int swapped);
/* They are contacts with a link, have talked, and know each other's places;
 * nothing of it is left. */
void sim_mail_meet(struct sim *s, struct node *a, struct node *b);
size_t sim_letters(const struct node *n);	/* that wait for it */
/* Letter i of those: a copy is put in once more / its bytes are changed /
 * it is gone. */
void sim_repeat_letter(struct node *n, size_t i);
/* Its bytes, for sim_post. */
void sim_copy_letter(struct node *n, size_t i, struct buf *out);
void sim_spoil_letter(struct node *n, size_t i);
void sim_lose_letter(struct node *n, size_t i);
/* Bytes in one of its queues (of NULL: the one for requests). */
void sim_post(struct node *n, const struct node *of, const void *p,
    size_t len);
/* What becomes of every message of a visit; NULL: all pass. */
void sim_meddle(struct sim *s, enum sim_fate (*fn)(void *arg,
    struct sim_msg *m), void *arg);
/* Somebody who is no node comes to n's plate, and what n says to him. */
uint32_t sim_come(struct node *n);
void sim_say_raw(struct node *n, uint32_t visit, const void *p, size_t len);
size_t sim_said_raw(const struct node *n, uint8_t *p, size_t room);
void sim_go_raw(struct node *n, uint32_t visit);
/* Time passes in which nothing is under way. */
void sim_leap(struct sim *s, int64_t ms);
/* One frame from `from`, as bytes, straight into to's ears. */
enum heard sim_hear(struct node *to, struct node *from,
    const struct frame *f);
enum heard sim_hear_bytes(struct node *to, struct node *from, const void *p,
    size_t len);

/* Stops in order and starts again / after a SIGKILL. */
void sim_restart(struct sim *s, struct node *n);
void sim_kill(struct sim *s, struct node *n);
/* A copy of its database is put aside / put back, and started. */
void sim_backup(struct node *n);
void sim_restore(struct sim *s, struct node *n);

/* Around a call that commits: the disk of a node that is full is full. */
void sim_squeeze(const struct node *n, bool on);

/* How one knows the other; NULL: not at all. */
struct person *sim_person(struct node *who, struct node *of);
int sim_say(struct node *from, struct node *to, const char *text);
size_t sim_lines(struct node *who, struct node *of);
const struct line *sim_line(struct node *who, struct node *of, size_t i);
/* "one|two|three" of what who sees of theirs, in its order. */
const char *sim_heard(struct node *who, struct node *of);
/* How often such news came, optionally with this text. */
size_t sim_told(const struct node *n, enum news_kind kind, const char *text);
const struct told *sim_last(const struct node *n, enum news_kind kind);
void sim_forget_told(struct node *n);
unsigned sim_random(struct sim *s, unsigned below);

#define ok(cond, why) do { \
	if (!(cond)) \
		fail_msg("%s: %s", #cond, why); \
} while (0)

#endif
