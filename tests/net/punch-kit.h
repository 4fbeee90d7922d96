/*
 * punch-kit - two people with a standing link, in the fakenet: their
 * sockets, what nat finds out, and their punches.
 */
#ifndef PUNCH_KIT_H
#define PUNCH_KIT_H

#include "fakenet.h"
#include "punch.h"

enum { SAID_MAX = 64, PORT_HOME = 54545 };

/* One body on its way through the link. */
struct said {
	struct timer timer;
	struct person *to;
	size_t len;
	uint8_t body[PATHS_MAX];
};

struct person {
	struct pair *pair;
	struct person *other;
	const char *name;
	struct host *host;
	struct box *box;
	struct udp *udp;
	struct nat *nat;
	struct punch *punch;
	struct cand extra[CANDS_MAX];	/* told beside the usual ones */
	size_t n_extra;
	bool is_double;
	bool hides;			/* tells extra only */
	bool birthday;			/* the option */
	/* what was told */
	bool has_way;
	struct udp *via;
	struct addr to;
	enum path path;
	int n_ways, n_failed, n_said;
	int64_t again_ms;
	char text[120];			/* punch_text when it had a way */
	struct cand tcp[CANDS_MAX];
	size_t n_tcp;
	int n_tcp_calls;
	int n_heard;			/* packets over the open way */
};

struct pair {
	struct loop *loop;
	struct fakenet *net;
	struct host *servers[2];
	struct person a, b;		/* a is the controller */
	int link_ms;			/* one way through the link */
	int late_ms;			/* what b hears comes later by this */
	bool link_is_down;
	struct said *said[SAID_MAX];
};

enum { BOX_NONE = -1 };

void pair_init(struct pair *p);
/* A home of its own: a box at 198.51.100.x and a LAN behind it. */
void pair_home(struct person *m, int type, const char *ip);
/* At that box, which may be NULL. */
void pair_place(struct person *m, struct box *box, const char *ip);
/* b is another program on a's machine. */
void pair_beside(struct pair *p);
void pair_clear(struct pair *p);
/* Learns the classes, joins the link, starts both. */
void pair_start(struct pair *p);
void pair_learn(struct pair *p);		/* the first half of it */
void pair_join(struct pair *p);
void pair_run(struct pair *p, int64_t ms);
/* Both have a way, and packets pass on it in both directions. */
bool pair_is_through(struct pair *p);
struct addr at(const char *text);
/* One more candidate; udp or tcp. */
void tell(struct person *m, enum cand_kind kind, enum cand_proto proto,
    const char *text);

#endif
