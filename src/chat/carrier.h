/*
 * carrier - the door between chat and net: the only file of chat that net
 * includes, and all that chat knows of net.
 *
 * chat says what is to be carried and to whom; net says who was seen, who
 * is linked, what was heard.  Both directions are tables of functions, so
 * that each side is tested against a page of fakes.
 *
 *	net: on_seen     a presence, a hint that proves nothing
 *	     on_lost     it is gone
 *	     on_up       a sealed link to a proven key stands
 *	     on_heard    one frame came over it
 *	     on_moved    the best path or its round trip changed
 *	     on_again    the best link was lost, another one carries on
 *	     on_letter   a sealed letter waited at a relay
 *	     on_down     no link is left
 *	chat: send, want, drop, leave, ..
 *
 * A link is only a faster road: what is owed stays owed until its
 * addressee's acknowledgement, whatever this door says.
 *
 * All functions are called from the loop's thread, and none calls back into
 * the other side before it returns, except that `send` may find the link
 * broken and say so by on_down in a later turn.
 */
#ifndef CARRIER_H
#define CARRIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "card.h"
#include "err.h"
#include "key.h"

enum {
	/* A frame with its header; larger content goes as a file. */
	FRAME_MAX = 61440,
	/* A place for letters as text (route.h of net): chat keeps it and
	 * hands it on, and does not look into it. */
	ROUTE_TEXT = CARD_RELAY_MAX + 1,
	ROUTES_MAX = CARD_RELAYS_MAX,
	/* Names one upload, so that sending it twice stores it once. */
	UPLOAD_LEN = 16,
	LETTER_MAX = 63488
};

#define CARRIER_WHY "why relay"

/* Places where somebody can be met and left letters. */
struct routes {
	size_t n;
	char at[ROUTES_MAX][ROUTE_TEXT];
};

/* What became of a letter that was to be left. */
enum left {
	LEFT_STORED,		/* a relay has it on its disk */
	LEFT_FULL,		/* their mailbox is full: later */
	LEFT_NO_PLACE,		/* they closed it, or never told of one */
	LEFT_LATER,		/* no relay of theirs answers */
	LEFT_UNSENT,		/* the same, and none was given a byte */
	LEFT_TROUBLE,		/* it answers, and its disk does not: later */
	LEFT_LIMIT,		/* it takes no more from anybody, or not so
				 * many at once: later */
	LEFT_DENIED		/* it serves only whoever has its token */
};

enum path {
	PATH_NONE,
	PATH_LAN,
	PATH_DIRECT,
	PATH_MAPPED,
	PATH_PUNCHED,
	PATH_RELAY
};

/* What chat knows of a key that knocks or was seen. */
enum welcome {
	WELCOME_CONTACT,	/* link at once */
	WELCOME_STRANGER,	/* may leave a request */
	WELCOME_NOT		/* blocked, or requests are off: no answer */
};

/* What came of a frame; anything but FRAME_TAKEN ends the link. */
enum heard {
	FRAME_TAKEN,		/* processed, or skipped and to be acked */
	FRAME_MALFORMED,
	FRAME_UNWELCOME		/* blocked, flooding: no answer */
};

/* Why a visit found nobody, or ended. */
enum visit_end {
	VISIT_NOBODY,		/* places were asked: nobody waits there */
	VISIT_NO_PLACE,		/* no relay is up, no LAN, nothing typed */
	VISIT_NO_ANSWER,	/* the typed address does not answer */
	VISIT_CUT,		/* the connection was lost */
	VISIT_LATE		/* it took too long */
};

/* One presence on the LAN. */
struct sighting {
	struct pubkeys keys;
	char name[CARD_NAME_MAX + 1];	/* as sent: not filtered */
	char where[80];			/* "192.168.1.11:54545" */
};

/* Offered by net, called by chat.  Pointers are borrowed for the call. */
struct carrier {
	void *net;
	/* Queues a frame on the best link; it leaves in LOOP_SEND of this
	 * turn.  -1: no link stands (or its queue is full: see room). */
	int (*send)(void *net, const struct user_id *to, const void *frame,
	    size_t len);
	/* Bytes the best link would still take without stalling; 0: none. */
	size_t (*room)(void *net, const struct user_id *to);
	/* Keep trying for a link (contacts; a stranger I wrote to), with
	 * back-off, now if urgent; or stop trying.  `where` may be "". */
	void (*want)(void *net, const struct pubkeys *to, const char *where,
	    bool want, bool urgent);
	/* Ends the links of one, or of all (NULL): blocked, removed, or our
	 * store failed and what was heard must be said again. */
	void (*drop)(void *net, const struct user_id *who);
	/* My name, presence or card changed: announce anew. */
	void (*announce)(void *net);
	/* Dial an address and greet whoever answers (/connect). */
	int (*connect)(void *net, const char *host_port, struct err *e);
	/* My places for that person's letters (NULL: for anybody's requests),
	 * as they are now; n is 0 without a relay. */
	void (*my_routes)(void *net, const struct user_id *who,
	    struct routes *out);
	/* Theirs, learned from a card or a frame: good for leave and for
	 * meeting them. */
	void (*their_routes)(void *net, const struct pubkeys *who,
	    const struct routes *routes);
	/* Leaves a sealed letter at one of their places; on_left follows in
	 * a later turn.  -1: too much is under way; on_relays tells when to
	 * ask again. */
	int (*leave)(void *net, const struct user_id *to,
	    const uint8_t upload[UPLOAD_LEN], const void *letter, size_t len);
	/* A code's nameplate, six digits: be found there (NULL: no more);
	 * -1 when there is no place to wait at all. */
	int (*wait_at)(void *net, const char *plate, struct err *e);
	/* Go to whoever waits there, by relay, LAN, or at `where` ("" or
	 * HOST:PORT).  on_visit or on_visit_end follows.  plate NULL: stop.
	 * `code`: chat's number for the code, which tells nothing of it;
	 * places where it failed are asked after all others. */
	int (*visit)(void *net, const char *plate, uint32_t code,
	    const char *where, struct err *e);
	/* Whoever my last visit came to did not prove that he made this code:
	 * anybody may sit at a nameplate, and be the first to answer. */
	void (*visit_failed)(void *net, uint32_t visit, uint32_t code);
	/* Over a visit: whole messages, in order. */
	int (*visit_send)(void *net, uint32_t visit, const void *msg,
	    size_t len);
	void (*visit_close)(void *net, uint32_t visit);
	/* What is known of the ways to them, for a person: rows of a short
	 * name and a text.  The one named CARRIER_WHY says why only a relay
	 * carries, when that is known. */
	void (*about)(void *net, const struct user_id *who,
	    void (*row)(void *arg, const char *name, const char *text),
	    void *arg);
	/* A letter of on_letter is committed, or worthless: off the relay
	 * with it.  What was not taken is given again: after drop(NULL), and
	 * whenever the relay is linked anew. */
	void (*took)(void *net, uint64_t letter);
};

/* Offered by chat, called by net. */
struct carrier_events {
	void *chat;
	void (*on_seen)(void *chat, const struct sighting *s);
	void (*on_lost)(void *chat, const struct user_id *who);
	/* May this key hold a link?  Asked by responders with the static key
	 * of message 1; fills keys when the person is known. */
	enum welcome (*welcome)(void *chat, const uint8_t x[KEY_LEN],
	    struct pubkeys *keys);
	/* The link is proven in both directions.  `card` is what they said
	 * of themselves, verified, its x key the proven one.  `dialled`: it
	 * is the answer to /connect. */
	void (*on_up)(void *chat, const struct card *card, enum path path,
	    int64_t rtt_us, const char *where, bool dialled);
	/* They say something new of themselves over a standing link; verified,
	 * of the same keys. */
	void (*on_card)(void *chat, const struct card *card);
	void (*on_moved)(void *chat, const struct user_id *who,
	    enum path path, int64_t rtt_us);
	/* The link that carried everything is lost and another one took
	 * over: what was not acknowledged is said again, in order, before
	 * anything new. */
	void (*on_again)(void *chat, const struct user_id *who);
	void (*on_down)(void *chat, const struct user_id *who);
	enum heard (*on_heard)(void *chat, const struct user_id *who,
	    const uint8_t *frame, size_t len);
	/* The link can take more: called after room() had answered little. */
	void (*on_room)(void *chat, const struct user_id *who);
	/* A letter came; `letter` is its name for took.  `queue`: in whose
	 * queue of mine it lay, NULL for the one of requests: a hint that
	 * proves nothing, but without it nobody could be asked to seal
	 * again what does not open. */
	void (*on_letter)(void *chat, uint64_t letter,
	    const struct user_id *queue, const void *p, size_t len);
	void (*on_left)(void *chat, const struct user_id *to,
	    const uint8_t upload[UPLOAD_LEN], enum left what);
	/* Somebody came to my nameplate, or I reached one (i_came). */
	void (*on_visit)(void *chat, uint32_t visit, bool i_came);
	void (*on_visit_msg)(void *chat, uint32_t visit, const void *msg,
	    size_t len);
	/* It is over, not by visit_close; visit 0: mine never began.  e: what
	 * is known of a VISIT_NO_ANSWER, or NULL. */
	void (*on_visit_end)(void *chat, uint32_t visit, enum visit_end why,
	    const struct err *e);
	/* My relays, or whether they answer, changed: my_routes and leave
	 * are worth asking again. */
	void (*on_relays)(void *chat);
	/* The key pinned for a relay ("HOST:PORT"), and pinning it. */
	bool (*relay_key)(void *chat, const char *where, uint8_t key[KEY_LEN]);
	void (*pin_relay)(void *chat, const char *where,
	    const uint8_t key[KEY_LEN]);
	/* Mailboxes that a relay has still to drop, in net's own words: kept
	 * over restarts.  May be NULL. */
	void (*owed_drops)(void *chat, struct buf *out);
	void (*keep_drops)(void *chat, const void *p, size_t len);
	/* A contact answered with another key than the pinned one, somebody
	 * speaks another version ..: for the person, once. */
	void (*notice)(void *chat, const char *text);
	void (*failed)(void *chat, const struct err *e);
	/* My card as it is now: body and signature. */
	void (*card)(void *chat, struct buf *out);
	/* My display name, at most CARD_NAME_MAX bytes. */
	const char *(*name)(void *chat);
	/* Contacts in turn, for the hints of --lan contacts: true while
	 * i < their number. */
	bool (*contact_at)(void *chat, size_t i, struct pubkeys *keys);
};

#endif
