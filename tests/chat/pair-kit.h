/*
 * pair-kit - Alice makes codes, Bob types them: what the tests of codes
 * share.
 */
#ifndef PAIR_KIT_H
#define PAIR_KIT_H

#include "sim.h"

extern struct sim *s;
extern struct node *alice, *bob;
extern struct err e;

int pair_setup(void **state);
int pair_teardown(void **state);

/* Alice's code, as she would say it. */
const char *host(void);
/* One with the same nameplate, and another secret each time. */
const char *wrong_code(void);
int join(struct node *n, const char *code);
enum trust trust(struct node *who, struct node *of);
bool is_contact(struct node *who, struct node *of);
/* Why n's last try failed. */
const struct told *failed(const struct node *n);
/* They link if either wants to, as net would see to, and talk. */
void meet_and_wait(void);
/* Both have each other, paired, and words pass both ways. */
void ok_paired(void);

#endif
