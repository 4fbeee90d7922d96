#include "roster.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"
#include "text.h"

struct roster {
	struct map *by_id, *by_x;
	struct person **at;
	size_t n, room;
	uint64_t version;
};

struct roster *
roster_new(void)
{
	struct roster *r = mem_new(sizeof(*r));

	r->by_id = map_new(ID_LEN);
	r->by_x = map_new(KEY_LEN);
	return r;
}

void
roster_free(struct roster *r)
{
	if (!r)
		return;
	map_free(r->by_id);
	map_free(r->by_x);
	free(r->at);
	free(r);
}

void
roster_add(struct roster *r, struct person *p)
{
	VECTOR_GROW(r->at, r->n, r->room);
	r->at[r->n++] = p;
	map_put(r->by_id, p->id.b, p);
	roster_move(r);
}

void
roster_unknow(struct roster *r, struct person *p)
{
	if (map_get(r->by_x, p->who.keys.x) == p)
		map_remove(r->by_x, p->who.keys.x);
}

/* A beacon may name somebody else's X25519 key beside its own Ed25519 key,
 * so a key is looked up only among people I have to do with, and whoever
 * had it first keeps it.  Who is blocked holds none before a card came over
 * a link of that key: else its true owner would be shut out. */
void
roster_know(struct roster *r, struct person *p)
{
	if (p->who.trust == TRUST_BLOCKED && p->who.suite == 0) {
		roster_unknow(r, p);
		return;
	}
	if (!map_get(r->by_x, p->who.keys.x))
		map_put(r->by_x, p->who.keys.x, p);
}

void
roster_remove(struct roster *r, struct person *p)
{
	size_t i = 0;

	while (i < r->n && r->at[i] != p)
		i++;
	if (i == r->n)
		return;
	r->at[i] = r->at[--r->n];
	map_remove(r->by_id, p->id.b);
	roster_unknow(r, p);
	roster_move(r);
}

struct person *
roster_by_x(const struct roster *r, const uint8_t x[KEY_LEN])
{
	return map_get(r->by_x, x);
}

uint64_t
roster_move(struct roster *r)
{
	return ++r->version;
}

/* ---- the readers' half -------------------------------------------------- */

size_t
roster_count(const struct roster *r)
{
	return r->n;
}

struct person *
roster_at(const struct roster *r, size_t i)
{
	return r->at[i];
}

struct person *
roster_find(const struct roster *r, const struct user_id *id)
{
	return map_get(r->by_id, id->b);
}

uint64_t
roster_version(const struct roster *r)
{
	return r->version;
}

static bool
id_has_prefix(const struct person *p, const char *prefix)
{
	size_t n = strlen(prefix);

	if (n < 4 || n >= ID_TEXT)
		return false;
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)prefix[i]) != p->id_text[i])
			return false;
	return true;
}

static bool
is_called(const struct person *p, const char *peer)
{
	return text_has_prefix(p->title, peer) &&
	    text_has_prefix(peer, p->title);
}

static int
complain(struct err *e, const char *peer, const struct buf *names,
    size_t n)
{
	if (n == 0) {
		err_set(e, STATUS_USAGE, "nobody here is called \"%.80s\"",
		    peer);
		return err_next(e, "/peers lists everybody; a name, its "
		    "beginning or 4 characters of an id will do");
	}
	err_set(e, STATUS_USAGE, "\"%.80s\" could be %.*s", peer,
	    (int)names->len, (const char *)names->at);
	return err_next(e, "write more of the name, or of the id");
}

struct person *
roster_match(const struct roster *r, const char *peer, struct err *e)
{
	struct person *found = NULL, *exact = NULL;
	size_t n = 0, n_exact = 0, n_known = 0;
	struct buf names;

	if (!*peer) {
		err_set(e, STATUS_USAGE, "no name was given");
		return NULL;
	}
	buf_init(&names);
	for (size_t i = 0; i < r->n; i++) {
		struct person *p = r->at[i];

		if (is_called(p, peer)) {
			exact = p;
			n_exact++;
		}
		if (!text_has_prefix(p->title, peer) &&
		    !id_has_prefix(p, peer))
			continue;
		found = p;
		n_known += person_is_contact(p);
		if (n++ < 8)
			buf_printf(&names, "%s%s (%.8s)", n > 1 ? ", " : "",
			    p->title, p->id_text);
	}
	/* A stranger who takes the beginning of a contact's name, or of an
	 * id, gets nothing that was meant for the contact. */
	if (n_exact == 1 && (n_known == 0 || person_is_contact(exact)))
		found = exact;
	else if (n != 1) {
		if (n > 8)
			buf_printf(&names, " and %zu more", n - 8);
		complain(e, peer, &names, n);
		found = NULL;
	}
	buf_clear(&names);
	return found;
}

const char *
trust_name(enum trust t)
{
	switch (t) {
	case TRUST_NEARBY:
		return "nearby";
	case TRUST_REQUESTED:
		return "requested";
	case TRUST_ACCEPTED:
		return "accepted";
	case TRUST_PAIRED:
		return "paired";
	case TRUST_VERIFIED:
		return "verified";
	case TRUST_BLOCKED:
		return "blocked";
	}
	return "unknown";
}

const char *
path_name(enum path p)
{
	switch (p) {
	case PATH_NONE:
		return "none";
	case PATH_LAN:
		return "lan";
	case PATH_DIRECT:
		return "direct";
	case PATH_MAPPED:
		return "mapped";
	case PATH_PUNCHED:
		return "punched";
	case PATH_RELAY:
		return "relay";
	}
	return "none";
}

const char *
presence_name(enum presence p)
{
	switch (p) {
	case OFFLINE:
		return "offline";
	case AWAY:
		return "away";
	case ONLINE:
		return "online";
	}
	return "offline";
}
