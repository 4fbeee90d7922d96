/*
 * pairing - the exchange that makes two who say a code to each other
 * contacts: p2ptui-protocol(7), MEETING BY A CODE, messages m0 to m6.
 *
 *	m0 creator -> joiner	nonce 16 | vmin | vmax
 *	m1 joiner -> creator	nonce 16 | vmin | vmax | CPace share 32
 *	m2 creator -> joiner	CPace share 32 | tag 32
 *	m3 joiner -> creator	tag 32 | XXpsk0 message 1
 *	m4 creator -> joiner	XXpsk0 message 2 {creator's card}
 *	m5 joiner -> creator	XXpsk0 message 3 {joiner's card}
 *	m6 creator -> joiner	first transport message {"ok"}
 *
 * CPace with the code's secret, then Noise XXpsk0 under its key, in which
 * the cards travel: a relay between them sees neither, and possession of
 * both identities is proven.  Messages are whole; whoever carries them
 * keeps their order, and whatever is not the next message ends the run.
 * Pure but for randomness: no clock, no socket.
 *
 * What the caller owes to the disk:
 *
 *	creator: read m1 -> GUESSED	commit attempt + 1, then write: m2
 *		tells the joiner whether the guess was right
 *	creator: read m3 -> GO_ON	that joiner knows the code:
 *		pairing_is_a_guess is false from here on; write m4
 *	creator: read m5 -> KNOWN	commit the contact, the attempt taken
 *		back and the code used up, then write m6: pairing_is_done
 *	joiner: read m4 -> KNOWN	commit the contact, unconfirmed, then
 *		write m5
 *	joiner: read m6 -> DONE		commit it as confirmed
 *
 * A run that ends (a verdict below, the carrier gone, a timeout) counts if
 * pairing_is_a_guess says so: the creator's attempt then stays counted,
 * else it may be taken back.  The joiner counts his own: an m2 with a wrong
 * tag is somebody's guess at him, or his typing error.
 *
 * Each run draws its own nonce and scalar, so a run that was cut is begun
 * anew with pairing_new, never resumed.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "buf.h"
#include "card.h"
#include "code.h"
#include "key.h"

enum { PAIRING_MAX = 2048 };		/* bytes of one message */

enum pairing_verdict {
	PAIRING_GO_ON,			/* pairing_write has the next one */
	PAIRING_GUESSED,		/* creator, m1: count the attempt on
					 * disk, then write */
	PAIRING_KNOWN,			/* their card is known and proven:
					 * keep the contact, then write */
	PAIRING_DONE,			/* joiner, m6: both sides know */
	/* The run is over and its secrets are wiped: */
	PAIRING_WRONG_CODE,		/* a tag is wrong: another code, or
					 * somebody changed a message */
	PAIRING_OTHER_VERSION,		/* no version in common, or a card
					 * of other versions than offered */
	PAIRING_BROKEN			/* not our messages */
};

struct pairing;

struct pairing_setup {
	bool creator;
	const struct code *code;	/* copied */
	const struct identity *id;	/* borrowed */
	const void *card;		/* mine: body and signature, copied;
					 * its versions are those offered */
	size_t card_len;
	/* Fixed: tests only. */
	const uint8_t *nonce, *scalar, *e;
};

struct pairing *pairing_new(const struct pairing_setup *setup);
void pairing_free(struct pairing *p);			/* wipes */
/* Appends the message that is due; false: none is, theirs is awaited or the
 * run is over.  A creator begins with m0, a joiner by reading it. */
bool pairing_write(struct pairing *p, struct buf *out);
/* From DONE on a further message changes nothing and gets the same verdict
 * again; a message while mine is due is out of order: BROKEN. */
enum pairing_verdict pairing_read(struct pairing *p, const void *msg,
    size_t len);
/* Theirs, from PAIRING_KNOWN on, until the run fails; NULL else. */
const struct card *pairing_card(const struct pairing *p);
/* The same as its bytes, body and signature, for keeping. */
const void *pairing_card_bytes(const struct pairing *p, size_t *len);
/* The highest version they offered, 0 before: for OTHER_VERSION. */
uint8_t pairing_their_version(const struct pairing *p);
/* The last message was written (creator) or read (joiner). */
bool pairing_is_done(const struct pairing *p);
/* If the run ended now, would it count against the code?  Creator: from an
 * m1 on until an m3 with the right tag.  Joiner: after an m2 with a wrong
 * one. */
bool pairing_is_a_guess(const struct pairing *p);

#endif
