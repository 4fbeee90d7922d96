/*
 * fake - a person without a chat: net above a page of fakes that remember
 * what they were told.
 *
 * Several nodes share one loop and one discovery port of their own, so that
 * tests run beside each other.
 */
#ifndef FAKE_H
#define FAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "carrier.h"
#include "loop.h"
#include "net.h"
#include "opt.h"

enum { FRAME_HEADER = 112 };

struct node {
	struct loop *loop;
	struct identity *id;
	const struct user_id *user;
	struct pubkeys keys;
	const char *name;
	struct opts *opts;
	struct net *net;
	const struct carrier *carrier;
	struct carrier_events events;
	/* policy */
	enum welcome stranger;		/* whom no contact names */
	struct pubkeys contacts[1100];
	size_t n_contacts;
	enum heard verdict;
	bool echo;			/* send back what is heard */
	bool pump;			/* fill the room with frames */
	struct user_id pump_to;
	uint64_t pumped, pump_max;
	/* what was told */
	int n_seen, n_lost, n_up, n_down, n_moved, n_heard, n_room, n_notice,
	    n_failed, n_cards, n_again, n_letters, n_left, n_relays;
	struct sighting seen;
	const struct node *look_for;	/* whose sightings are counted */
	int n_found;
	struct card up;
	char up_where[80];
	enum path path;
	int64_t rtt_us;
	bool dialled;
	struct user_id heard_from;
	uint64_t heard_bytes;
	struct buf heard;		/* bodies, each as LP */
	char notice[400];
	struct err failed;
	void *more;			/* a kit's own */
};

/* A port nobody has, for discovery. */
uint16_t free_port(void);
struct node *node_new(struct loop *l, const char *name, uint16_t lan_port,
    const char *lan);
void node_open(struct node *n);		/* after node_close: a restart */
void node_close(struct node *n);
void node_free(struct node *n);
/* Both know the other as a contact, and want a link. */
void node_befriend(struct node *a, struct node *b);
void node_want(struct node *n, const struct node *whom, const char *where);
const char *node_where(const struct node *n);	/* 127.0.0.1:port */

/* Turns until *n reaches `want`; false after ms. */
bool until(struct loop *l, const int *n, int want, int ms);
void pass(struct loop *l, int ms);
/* 0: queued. */
int say(struct node *from, const struct node *to, const char *text);
bool has_heard(const struct node *n, const char *text);
void frame_make(struct buf *out, const void *body, size_t len);

#endif
