/*
 * shake - the first bytes of a stranger, and the answer.
 *
 * The responder of Noise NK and NX has nothing to remember between the two
 * messages: until message 1 is all there only its bytes are kept, then
 * everything happens at once, at the cost of three X25519.
 */
#ifndef SHAKE_H
#define SHAKE_H

#include "conn.h"

/* All that came so far.  Cuts it when that is nothing of ours; up, when it
 * is all there. */
void shake_take(struct conn *c, const uint8_t *p, size_t len);

#endif
