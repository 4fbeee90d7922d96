/*
 * roster - everybody there is: contacts, requests, people nearby.
 *
 * A person is found by id; pointers are good for the turn only, ids for
 * ever.  Viewers read the struct and compare `version`; only chat writes.
 */
#ifndef ROSTER_H
#define ROSTER_H

#include "carrier.h"
#include "contact.h"
#include "talk.h"

enum presence { OFFLINE, AWAY, ONLINE };

enum {
	ROSTER_STRANGERS_MAX = 1024,	/* nearby, nothing agreed */
	REQUESTS_MAX = 64,		/* waiting, in all */
	REQUESTS_PLACE_MAX = 8,		/* .. that came from one address */
	REQUESTS_MAIL_MAX = 32,		/* .. that came by letter */
	REQUEST_LINES_MAX = 8,		/* waiting, of one person */
	AWAY_TEXT_MAX = 128
};

struct person {
	struct user_id id;
	char id_text[ID_TEXT];
	struct contact who;		/* keys, trust, names, where */
	/* What to call them: alias, else name, else "someone"; with the id's
	 * first characters behind it when another one looks like it. */
	char title[CARD_NAME_MAX + 16];
	bool flagged;			/* looks like another contact's name */
	enum presence presence;
	char away[AWAY_TEXT_MAX + 1];
	bool nearby;			/* seen on the LAN now */
	bool linked;			/* a sealed link stands */
	bool waiting;			/* my words wait for their consent */
	/* Paired from here; whether they know it was not heard yet. */
	bool unconfirmed;
	/* Looks like, or is where, somebody known by another key: nothing is
	 * said to them before /accept or /verify PEER yes. */
	bool doubted;
	bool differs;			/* .. since compared numbers did */
	bool typing;
	enum path path;
	int64_t rtt_us;			/* 0: not measured */
	size_t n_owed;			/* my messages not acknowledged */
	size_t n_unread;
	int64_t last_ms;		/* wall clock of the last line */
	uint64_t version;		/* moves with any of the above */
	struct talk *talk;		/* NULL until something was said */
	struct person_private *own;	/* chat's */
};

struct roster;

size_t roster_count(const struct roster *r);
/* Stable within a turn; in no order a person would want. */
struct person *roster_at(const struct roster *r, size_t i);
struct person *roster_find(const struct roster *r, const struct user_id *id);
/* Moves when anybody comes, goes or changes. */
uint64_t roster_version(const struct roster *r);
/* PEER of a command: a title, a unique prefix of one, or at least 4
 * characters of an id; case does not matter.  NULL with an error that lists
 * the matches when there are several. */
struct person *roster_match(const struct roster *r, const char *peer,
    struct err *e);
/* "nearby", "requested" .. as in headless mode. */
const char *trust_name(enum trust t);
const char *path_name(enum path p);
const char *presence_name(enum presence p);

#endif
