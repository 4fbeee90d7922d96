/*
 * pairing - the exchange that makes two who say a code to each other
 * contacts: PROTOCOL section 4, messages m0 to m6.
 *
 *	creator  HELLO --m0--> m1 --m2--> m3 --m4--> m5 --m6--> DONE
 *	joiner   m0 --m1--> m2 --m3--> m4 --m5--> m6 --> DONE
 *	any      wrong tag, wrong length, low-order point --> FAILED
 *
 * CPace with the code's secret, then Noise XXpsk0 under its key, in which
 * the cards travel: a relay between them sees neither, and possession of
 * both identities is proven.  Messages are whole; whoever carries them
 * keeps their order.  Pure but for randomness: no clock, no socket.
 *
 * Steps at which something must be on disk before the next message leaves
 * (PROTOCOL section 12, T5) are told by pairing_next.
 */
#ifndef PAIRING_H
#define PAIRING_H

#include "buf.h"
#include "card.h"
#include "code.h"
#include "key.h"

enum { PAIRING_MAX = 2048 };		/* bytes of one message */

enum pairing_verdict {
	PAIRING_GO_ON,			/* pairing_write has the next one,
					 * or theirs is awaited */
	PAIRING_GUESSED,		/* the creator got m3 (or its absence
					 * ended the run): count the attempt
					 * before anything else leaves */
	PAIRING_KNOWN,			/* their card is known and proven:
					 * keep the contact, then write */
	PAIRING_DONE,			/* both sides know */
	PAIRING_WRONG_CODE,
	PAIRING_OTHER_VERSION,
	PAIRING_BROKEN			/* not our messages */
};

struct pairing;

struct pairing_setup {
	bool creator;
	const struct code *code;	/* copied */
	const struct identity *id;	/* borrowed */
	const void *card;		/* mine: body and signature, copied */
	size_t card_len;
	/* Fixed: tests only. */
	const uint8_t *nonce, *scalar, *e;
};

struct pairing *pairing_new(const struct pairing_setup *setup);
void pairing_free(struct pairing *p);			/* wipes */
/* Appends the message that is due; false: none is. */
bool pairing_write(struct pairing *p, struct buf *out);
/* After any verdict from PAIRING_DONE on, nothing is read or written. */
enum pairing_verdict pairing_read(struct pairing *p, const void *msg,
    size_t len);
/* Theirs, from PAIRING_KNOWN on; NULL before. */
const struct card *pairing_card(const struct pairing *p);
/* The creator: m1 was answered, so the run counts if it ends here. */
bool pairing_is_a_guess(const struct pairing *p);

#endif
