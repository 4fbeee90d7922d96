/*
 * plate-kit - people who meet at nameplates, and strangers with a socket.
 */
#ifndef PLATE_KIT_H
#define PLATE_KIT_H

#include "fake.h"
#include "pairing.h"

/* Longer than anything here should take, shorter than a deadline of plate. */
enum { SOON = 30000 };

/* A node, and what it was told of visits. */
struct guest {
	struct node *node;
	bool is_mute;			/* else a waiter begins with "m0" */
	bool echoes;
	int n_visits, n_mine, n_msgs, n_ends;
	uint32_t visit, ended;		/* the last ones */
	enum visit_end why;
	struct err trouble;		/* .. in words, or "" */
	struct buf msg;			/* the last one */
	struct buf all;			/* every one, as LP */
	int64_t visit_us, msg_us;
};

struct guest *guest_new(struct loop *l, const char *name, uint16_t lan_port,
    const char *lan);
void guest_relay(struct guest *g, const char *address);	/* before open */
void guest_open(struct guest *g);
void guest_free(struct guest *g);
void guest_wait(struct guest *g, const char *plate);	/* NULL: no more */
void guest_go(struct guest *g, const char *plate, const char *where);
/* .. with a code of that number. */
void guest_go_with(struct guest *g, const char *plate, uint32_t code,
    const char *where);
/* As chat does when the visit that it made came to nothing. */
void guest_failed(struct guest *g, uint32_t code);
int guest_say(struct guest *g, const void *msg, size_t len);
void guest_close(struct guest *g);	/* the last visit */
bool guest_has_relay(const struct guest *g);	/* up */

/* A connection of a stranger to a node's port, from 127.0.0.host; it does
 * not block. */
int stranger(const struct guest *g, uint8_t host);
void stranger_says(int fd, const void *p, size_t len);
void stranger_comes(int fd, const char *plate);		/* his hello */
/* Bytes that came, at most; -1: closed.  Waits for one of them. */
int stranger_hears(struct loop *l, int fd, void *p, size_t room);
bool is_closed(struct loop *l, int fd);		/* without a word */

#endif
