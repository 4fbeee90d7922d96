/*
 * relay-engine - a relay of our own engine on a test's loop.
 *
 * The mailboxes outlive it, so that it can be stopped and started as one
 * that restarts.
 */
#ifndef RELAY_ENGINE_H
#define RELAY_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "loop.h"

struct server;

/* Not yet running. */
struct server *server_new(struct loop *l, const char *token);
void server_free(struct server *e);
/* On the port it had before, if it had one; with another key if `new_key`. */
void server_start(struct server *e, bool new_key);
void server_stop(struct server *e);
uint16_t server_port(const struct server *e);
/* "127.0.0.1:port#key", or without the key. */
const char *server_address(struct server *e, bool with_key);
uint64_t server_deleted(const struct server *e);
uint64_t server_letters(const struct server *e);	/* waiting now */
uint64_t server_clients(const struct server *e);
uint64_t server_pipes(const struct server *e);
uint64_t server_meets(const struct server *e);		/* ids waited at */

/* Two relays, of which the first runs, and two people. */
struct relay_test {
	struct loop *loop;
	struct server *one, *two;
	struct user *alice, *bob;
};

int relay_test_setup(void **state);
int relay_test_teardown(void **state);
/* Both at relay one, as contacts, each aware of the other. */
void relay_test_meet(struct relay_test *t);

#endif
