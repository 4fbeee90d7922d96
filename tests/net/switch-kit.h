/*
 * switch-kit - two real chats, two sessions, and wires made here that fall
 * silent, break and come back: hours of it in a moment, on a virtual clock.
 */
#ifndef SWITCH_KIT_H
#define SWITCH_KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chat.h"
#include "session.h"

enum { WIRES_MAX = 600, DELAY_MS = 20 };

struct parcel {
	struct parcel *next;
	int64_t due_ms;
	enum record kind;
	size_t len;
	uint8_t bytes[];
};

/* One end of a wire; `first` is what is on its way to it. */
struct end {
	struct link link;
	struct wire *wire;
	struct end *peer;
	struct parcel *first;
	struct timer timer;		/* the next parcel, or the break */
	bool is_open, is_cut;
};

struct wire {
	struct loop *loop;
	struct end ends[2];
	bool is_silent;			/* nothing arrives */
	size_t n_sent, bytes;		/* both ways */
};

struct side {
	struct test *test;
	const char *name;
	struct identity *id;
	struct vault *vault;
	struct opts *opts;
	struct store *store;
	struct chat *chat;
	const struct carrier_events *events;
	struct session *session;
	struct timer timer;
	struct side *other;
	int n_doubts, n_downs;
	unsigned said, shown;		/* lines, in order */
	bool is_wrong;			/* some came twice, late or not */
	size_t n_paths;
	unsigned n_moves;		/* to another wire */
	char where[80];
};

struct test {
	struct loop *loop;
	struct side a, b;
	struct wire *wires[WIRES_MAX];
	size_t n;
	uint64_t random;
};

int setup_test(void **state);
int teardown_test(void **state);
unsigned any(struct test *t, unsigned below);	/* random */
void run(struct test *t, int64_t ms);

/* A new wire; it stands at both ends at once. */
struct wire *join(struct test *t, enum path path);
void silence(struct wire *w, bool on);
/* What is under way is lost, and each end hears of it some time. */
void cut(struct test *t, struct wire *w);
bool is_standing(const struct wire *w);

/* The next number, as a line. */
void say(struct side *s);
/* Until the other one sees all that was said; the ms it took. */
int64_t heard_after(struct side *s, int64_t limit_ms);
enum path path_of(const struct side *s);

#endif
