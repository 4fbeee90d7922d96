/*
 * addlink - contact links: mine to give away, theirs to add.
 *
 * The long one is a whole card; the short one, for QR codes, says keys and
 * one place for a request (shortlink.h).  The relay's key does not fit into
 * it, so that place is one without: net pins the key on first use.  Such
 * places come from what a person added by hand only, never from cards or
 * frames: else a contact could make us pin whatever he likes.
 */
#ifndef ADDLINK_H
#define ADDLINK_H

#include "own.h"

/* A place names its relay's key, as those of cards and frames must. */
bool place_has_key(const char *place);

#endif
