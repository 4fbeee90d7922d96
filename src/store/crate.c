#include "crate.h"

#include <string.h>

#include "cur.h"
#include "vault.h"

void
crate_head(uint8_t out[CRATE_ENTRY], enum crate_kind kind, uint64_t len)
{
	out[0] = (uint8_t)kind;
	put_u64(out + 1, len);
}

static int
refuse(struct err *e, const char *why)
{
	return err_set(e, STATUS_DAMAGED, "what is in it is damaged: %s",
	    why);
}

/* Entries come in the order of their numbers, END behind all of them. */
static int
begin(struct crate *c, struct err *e)
{
	const uint8_t kind = c->head[0];

	c->left = get_u64(c->head + 1);
	if (kind >= CRATE_KINDS) {
		err_set(e, STATUS_DAMAGED, "there is something in it that "
		    "this p2ptui does not know");
		return err_next(e, "use the p2ptui that wrote it, or newer");
	}
	if (kind == CRATE_END) {
		if (c->left != 0 || !(c->had & 1u << CRATE_IDENTITY) ||
		    !(c->had & 1u << CRATE_DATABASE))
			return refuse(e, "something is missing");
	} else if (c->had >> kind != 0) {
		return refuse(e, "it is not in order");
	}
	if ((kind == CRATE_IDENTITY && c->left > VAULT_FILE_MAX) ||
	    (kind == CRATE_CONFIG && c->left > CRATE_CONFIG_MAX) ||
	    (kind == CRATE_DATABASE && c->left > INT64_MAX))
		return refuse(e, "it is too large");
	c->kind = (enum crate_kind)kind;
	c->had |= 1u << kind;
	return kind == CRATE_END ? 0 : c->bytes(c->arg, c->kind, "", 0, e);
}

static size_t
least(uint64_t a, size_t b)
{
	return a < b ? (size_t)a : b;
}

bool
crate_is_whole(const struct crate *c)
{
	return (c->had & 1u << CRATE_END) && c->left == 0 && c->n_head == 0;
}

int
crate_take(struct crate *c, const void *p, size_t len, struct err *e)
{
	const uint8_t *at = p;
	size_t n;

	while (len > 0) {
		if (c->had & 1u << CRATE_END)
			return refuse(e, "it goes on behind its end");
		if (c->left > 0) {
			n = least(c->left, len);
			if (c->bytes(c->arg, c->kind, at, n, e) < 0)
				return -1;
			c->left -= n;
		} else {
			n = least(sizeof(c->head) - c->n_head, len);
			memcpy(c->head + c->n_head, at, n);
			c->n_head += n;
			if (c->n_head == sizeof(c->head)) {
				c->n_head = 0;
				if (begin(c, e) < 0)
					return -1;
			}
		}
		at += n;
		len -= n;
	}
	return 0;
}
