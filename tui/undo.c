#include "undo.h"

#include "mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct undo {
	struct undo_change changes[UNDO_CHANGES];	/* oldest first */
	size_t n, bytes;
	struct undo_change popped;
	bool open;			/* the newest may grow */
	bool blank;			/* it ends with a blank */
};

struct undo *
undo_new(void)
{
	return mem_new(sizeof(struct undo));
}

void
undo_clear(struct undo *u)
{
	while (u->n)
		free(u->changes[--u->n].gone);
	free(u->popped.gone);
	u->popped.gone = NULL;
	u->bytes = 0;
	u->open = false;
}

void
undo_free(struct undo *u)
{
	if (!u)
		return;
	undo_clear(u);
	free(u);
}

static void
forget_oldest(struct undo *u)
{
	u->bytes -= u->changes[0].gone_len;
	free(u->changes[0].gone);
	memmove(u->changes, u->changes + 1, --u->n * sizeof u->changes[0]);
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\n';
}

/* Typing behind the newest change, in the same word or the blanks after. */
static bool
grow_typing(struct undo *u, size_t at, const char *come, size_t come_len)
{
	struct undo_change *last = &u->changes[u->n - 1];
	bool blank = is_blank(come[come_len - 1]);

	if (last->at + last->come_len != at || !last->come_len ||
	    (u->blank && !blank))
		return false;
	last->come_len += come_len;
	u->blank = blank;
	return true;
}

/* Erasing before the newest change, which erased too. */
static bool
grow_erasing(struct undo *u, size_t at, const char *gone, size_t gone_len)
{
	struct undo_change *last = &u->changes[u->n - 1];
	char *both;

	if (last->come_len || at + gone_len != last->at ||
	    (is_blank(last->gone[0]) && !is_blank(gone[0])))
		return false;
	both = mem_array(gone_len + last->gone_len, 1);
	memcpy(both, gone, gone_len);
	memcpy(both + gone_len, last->gone, last->gone_len);
	free(last->gone);
	last->gone = both;
	last->gone_len += gone_len;
	last->at = at;
	u->bytes += gone_len;
	return true;
}

void
undo_note(struct undo *u, size_t at, const char *gone, size_t gone_len,
    const char *come, size_t come_len, size_t cursor)
{
	enum { SMALL = 16 };		/* typed or erased, not pasted */
	bool small = come_len <= SMALL && gone_len <= SMALL;

	if (u->n && u->open && small) {
		if (!gone_len && come_len &&
		    grow_typing(u, at, come, come_len))
			return;
		if (gone_len && !come_len &&
		    grow_erasing(u, at, gone, gone_len))
			return;
	}
	while (u->n == UNDO_CHANGES ||
	    (u->n && u->bytes + gone_len > UNDO_BYTES))
		forget_oldest(u);
	u->changes[u->n++] = (struct undo_change){ at, gone_len, come_len,
		cursor, mem_copy(gone, gone_len) };
	u->bytes += gone_len;
	u->open = small;
	u->blank = come_len && is_blank(come[come_len - 1]);
}

void
undo_part(struct undo *u)
{
	u->open = false;
}

const struct undo_change *
undo_pop(struct undo *u)
{
	if (!u->n)
		return NULL;
	free(u->popped.gone);
	u->popped = u->changes[--u->n];
	u->bytes -= u->popped.gone_len;
	u->open = false;
	return &u->popped;
}
