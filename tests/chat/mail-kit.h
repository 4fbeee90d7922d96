/*
 * mail-kit - Alice and Bob, each with a relay; for the tests of mail.
 */
#ifndef MAIL_KIT_H
#define MAIL_KIT_H

#include "sim.h"

#include "mail.h"
#include "own.h"

static struct sim *s;
static struct node *alice, *bob;
static struct err e;

static inline int
begin(void **state)
{
	(void)state;
	s = sim_new(3);
	alice = sim_node(s, "Alice");
	bob = sim_node(s, "Bob");
	memset(&e, 0, sizeof(e));
	sim_relay(alice, true);
	sim_relay(bob, true);
	return 0;
}

static inline int
end(void **state)
{
	(void)state;
	sim_free(s);
	return 0;
}

static inline void
say(struct node *from, struct node *to, const char *text)
{
	ok(sim_say(from, to, text) == 0, text);
}

static inline void
meet(void)
{
	sim_run_ms(s, 300);
	sim_mail_meet(s, alice, bob);
}

static inline void
meet_and_part(void)
{
	meet();
	sim_part(s, alice, bob);
	sim_run_ms(s, 10);
}

static inline size_t
owed(struct node *who, struct node *to)
{
	return sim_person(who, to)->n_owed;
}

static inline uint8_t
last_state(struct node *who, struct node *to)
{
	return sim_line(who, to, sim_lines(who, to) - 1)->state;
}

#endif
