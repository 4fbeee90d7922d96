/*
 * kit - a store of one test: a directory that goes away, a vault, and
 * messages whose text says which they are.
 */
#ifndef KIT_H
#define KIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "contact.h"
#include "message.h"
#include "store.h"

struct kit {
	char *dir;
	char *path, *wal;		/* of the database */
	struct identity *id;
	struct vault *vault;
	struct store *store;		/* NULL while closed */
	struct err e;
};

/* cmocka's setup and teardown; *state is a struct kit. */
int kit_make(void **state);
int kit_free(void **state);

/* Fails the test when it cannot. */
void kit_open(struct kit *k);
void kit_close(struct kit *k);
/* As a SIGKILL leaves it: nothing is written on the way out. */
void kit_crash(struct kit *k);

void kit_assert_says(const struct err *e, const char *words);

/* A contact of that name, committed. */
struct contact kit_contact(struct kit *k, const char *name);
/* "message N", not committed; returns its row. */
uint64_t kit_add(struct kit *k, uint64_t contact, unsigned int n,
    enum msg_state state);
void kit_commit(struct kit *k);

/* What a walk brought. */
struct seen {
	size_t n, damaged;
	struct {
		uint64_t row, contact;
		unsigned int number;	/* of its text */
		enum msg_state state;
	} at[512];
};
/* Fails the test on a text that was never written. */
int kit_see(void *arg, const struct message *m);
int kit_page(struct kit *k, uint64_t contact, struct seen *seen);
int kit_open_items(struct kit *k, struct seen *seen);
int kit_count_contacts(struct kit *k, size_t *n);

char *kit_read_file(const char *path, size_t *len);
void kit_write_file(const char *path, const void *p, size_t len);
/* The test's directory holds a file whose name begins so; fresh or NULL. */
char *kit_find_file(const struct kit *k, const char *prefix);

#endif
