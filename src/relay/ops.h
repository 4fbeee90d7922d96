/*
 * ops - what a client may ask: a row for each op, and what is done for it.
 */
#ifndef OPS_H
#define OPS_H

#include "conn.h"

/* False: not something a client says; the link ends. */
bool ops_run(struct conn *c, const struct relay_msg *m);

#endif
