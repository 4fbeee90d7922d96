/*
 * seed - a home with history, for the benches and the tests of size.
 *
 *	seed DIR CONTACTS MESSAGES [TALKS]
 *
 * Makes DIR/identity and DIR/p2ptui.db: CONTACTS people ("Peer 0" ..) and
 * MESSAGES sealed rows, all of them read, dealt in turn to the first TALKS
 * people; to all of them if not said.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "contact.h"
#include "message.h"
#include "profile.h"
#include "rand.h"

enum { ROWS_AT_ONCE = 5000 };

static void
need(int ok, const struct err *e)
{
	if (!ok) {
		fprintf(stderr, "seed: %s\n", e->what);
		exit(2);
	}
}

static uint64_t
add_contact(struct store *s, long i)
{
	struct identity *id = identity_new();
	struct contact c = { 0 };
	struct err e = { 0 };

	c.keys = *identity_keys(id);
	c.trust = TRUST_ACCEPTED;
	c.admitted = true;
	c.suite = 1;
	snprintf(c.name, sizeof c.name, "Peer %ld", i);
	c.since_ms = c.seen_ms = 1700000000000;
	need(contact_put(s, &c, &e) == 0, &e);
	identity_free(id);
	return c.row;
}

static void
add_message(struct store *s, uint64_t contact, long i)
{
	char text[128];
	struct err e = { 0 };
	struct message m = { 0 };

	snprintf(text, sizeof text, "line of history number %ld, with some "
	    "words in it, about the usual length of what people write", i);
	m.contact = contact;
	m.mine = i & 1;
	m.state = m.mine ? MSG_READ : MSG_SEEN;
	m.kind = MSG_TEXT;
	m.epoch = 1700000000000;
	m.seq = (uint64_t)i + 1;
	m.sent_ms = m.kept_ms = 1700000000000 + i * 1000;
	m.text = text;
	m.len = strlen(text);
	need(message_add(s, &m, &e) == 0, &e);
}

int
main(int argc, char **argv)
{
	struct profile p = { 0 };
	struct err e = { 0 };
	struct identity *id;
	struct vault *v;
	struct store *s;
	uint64_t *rows;
	long contacts, messages, talks;

	if (argc != 4 && argc != 5) {
		fprintf(stderr, "usage: seed DIR CONTACTS MESSAGES [TALKS]\n");
		return 2;
	}
	contacts = atol(argv[2]);
	messages = atol(argv[3]);
	talks = argc == 5 ? atol(argv[4]) : contacts;
	if (talks > contacts)
		talks = contacts;
	need(crypto_start(&e) == 0, &e);
	need(profile_init(&p, argv[1], NULL, &e) == 0, &e);
	need(profile_hold(&p, &e) == 0, &e);
	id = identity_new();
	v = vault_new(id);
	need(profile_keep(&p, v, NULL, &e) == 0, &e);
	s = store_open(p.db, v, &e);
	need(s != NULL, &e);
	rows = mem_array((size_t)contacts + 1, sizeof *rows);
	for (long i = 0; i < contacts; i++)
		rows[i] = add_contact(s, i);
	for (long i = 0; i < messages && talks > 0; i++) {
		add_message(s, rows[i % talks], i);
		if (i % ROWS_AT_ONCE == 0)
			need(store_commit(s, &e) == 0, &e);
	}
	need(store_commit(s, &e) == 0, &e);
	store_close(s);
	vault_free(v);
	identity_free(id);
	profile_clear(&p);
	free(rows);
	return 0;
}
