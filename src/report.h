/*
 * report - --doctor: measures what is reachable, prints the findings with
 * the next step for each, and ends the program.
 *
 * It stands where tui or headless would, over an identity of the moment: it
 * may run beside the p2ptui it is asked about.
 */
#ifndef REPORT_H
#define REPORT_H

#include "loop.h"
#include "net.h"

struct report;

/* Stops the loop with STATUS_OK, or STATUS_UNAVAILABLE when something is
 * found that should be done. */
struct report *report_open(struct loop *l, struct net *n);
void report_close(struct report *r);

#endif
