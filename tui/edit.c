#include "edit.h"

#include "killring.h"
#include "text.h"
#include "typed.h"
#include "undo.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What the operation before was, for those that go on with it. */
enum after {
	AFTER_OTHER,
	AFTER_KILL,
	AFTER_YANK,
	AFTER_VERTICAL
};

struct edit {
	char *s;			/* EDIT_MAX + 1 bytes */
	size_t len, cursor;
	uint64_t version;
	enum after after;
	size_t yank_at, yank_i;		/* AFTER_YANK: what may be popped */
	int goal;			/* AFTER_VERTICAL: column in cells */
	struct undo *undo;
	struct killring kills;
	struct typed typed;
};

_Static_assert((int)EDIT_KILLS == (int)KILLRING_MAX, "edit.h says so");
_Static_assert((int)EDIT_HISTORY == (int)TYPED_MAX, "edit.h says so");

struct edit *
edit_new(void)
{
	struct edit *e = mem_new(sizeof *e);

	e->s = mem_new(EDIT_MAX + 1);
	e->undo = undo_new();
	return e;
}

void
edit_free(struct edit *e)
{
	if (!e)
		return;
	undo_free(e->undo);
	killring_clear(&e->kills);
	typed_clear(&e->typed);
	free(e->s);
	free(e);
}

const char *
edit_text(const struct edit *e, size_t *len)
{
	if (len)
		*len = e->len;
	return e->s;
}

size_t
edit_cursor(const struct edit *e)
{
	return e->cursor;
}

uint64_t
edit_version(const struct edit *e)
{
	return e->version;
}

/* ---- places -------------------------------------------------------------- */

/* The boundaries of the cluster around `at`: equal when it is one. */
static void
around(const struct edit *e, size_t at, size_t *start, size_t *end)
{
	size_t n;
	int cells;

	if (at > e->len)
		at = e->len;
	while (at > 0 && at < e->len && ((uint8_t)e->s[at] & 0xC0) == 0x80)
		at--;
	*start = *end = at;
	if (!at || at == e->len)
		return;
	*start = text_cluster_before(e->s, at);
	n = text_cluster(e->s + *start, e->len - *start, &cells);
	*end = *start + n;
	if (*end <= at)
		*start = *end = at;
}

static void
put_cursor(struct edit *e, size_t at)
{
	if (at == e->cursor)
		return;
	e->cursor = at;
	e->version++;
	undo_part(e->undo);
}

static size_t
after_cluster(const struct edit *e, size_t at)
{
	int cells;

	return at + text_cluster(e->s + at, e->len - at, &cells);
}

static size_t
before_cluster(const struct edit *e, size_t at)
{
	return at ? text_cluster_before(e->s, at) : 0;
}

static bool
is_word_at(const struct edit *e, size_t at)
{
	int32_t cp;

	text_decode(e->s + at, e->len - at, &cp);
	return text_is_word(cp);
}

static bool
is_blank_at(const struct edit *e, size_t at)
{
	return e->s[at] == ' ' || e->s[at] == '\n';
}

static size_t
word_end(const struct edit *e, size_t at)
{
	while (at < e->len && !is_word_at(e, at))
		at = after_cluster(e, at);
	while (at < e->len && is_word_at(e, at))
		at = after_cluster(e, at);
	return at;
}

static size_t
word_start(const struct edit *e, size_t at)
{
	while (at && !is_word_at(e, before_cluster(e, at)))
		at = before_cluster(e, at);
	while (at && is_word_at(e, before_cluster(e, at)))
		at = before_cluster(e, at);
	return at;
}

static size_t
blank_start(const struct edit *e, size_t at)
{
	while (at && is_blank_at(e, at - 1))
		at--;
	while (at && !is_blank_at(e, at - 1))
		at--;
	return at;
}

static size_t
line_start(const struct edit *e, size_t at)
{
	while (at && e->s[at - 1] != '\n')
		at--;
	return at;
}

static size_t
line_end(const struct edit *e, size_t at)
{
	const char *newline = memchr(e->s + at, '\n', e->len - at);

	return newline ? (size_t)(newline - e->s) : e->len;
}

/* ---- changes ------------------------------------------------------------- */

static int
fits(const struct edit *e, size_t gone, size_t come, struct err *err)
{
	if (e->len - gone + come <= EDIT_MAX)
		return 0;
	err_set(err, STATUS_FAILURE,
	    "a message of %zu bytes is too long, the limit is %d",
	    e->len - gone + come, (int)EDIT_MAX);
	return err_next(err, "send it in parts");
}

/* The only place that changes the text. */
static void
splice(struct edit *e, size_t from, size_t to, const char *s, size_t n)
{
	assert(from <= to && to <= e->len && e->len - (to - from) + n <=
	    EDIT_MAX);
	memmove(e->s + from + n, e->s + to, e->len - to);
	memcpy(e->s + from, s, n);
	e->len = e->len - (to - from) + n;
	e->s[e->len] = '\0';
	e->version++;
}

static void
replace(struct edit *e, size_t from, size_t to, const char *s, size_t n)
{
	size_t start;

	undo_note(e->undo, from, e->s + from, to - from, s, n, e->cursor);
	splice(e, from, to, s, n);
	/* what follows may join what came: stand behind both */
	around(e, from + n, &start, &e->cursor);
}

/* For whole texts: drafts and history.  Undo starts anew. */
static void
load(struct edit *e, const char *s, size_t n, size_t cursor)
{
	size_t end;

	splice(e, 0, e->len, s, n);
	undo_clear(e->undo);
	around(e, cursor, &e->cursor, &end);
	e->after = AFTER_OTHER;
}

int
edit_set(struct edit *e, const char *s, size_t len, size_t cursor,
    struct err *err)
{
	struct buf clean;
	int rc;

	buf_init(&clean);
	text_filter(&clean, s, len, TEXT_BODY);
	rc = fits(e, e->len, clean.len, err);
	if (!rc) {
		load(e, buf_str(&clean), clean.len, cursor);
		typed_rest(&e->typed);
	}
	buf_clear(&clean);
	return rc;
}

void
edit_clear(struct edit *e)
{
	if (e->len)
		replace(e, 0, e->len, "", 0);
	typed_rest(&e->typed);
	e->after = AFTER_OTHER;
}

void
edit_move(struct edit *e, size_t cursor)
{
	size_t start, end;

	around(e, cursor, &start, &end);
	put_cursor(e, start);
	e->after = AFTER_OTHER;
}

/* A joiner waits for what comes next, so it is let in behind anything but
 * a joiner; all else goes through the filter with the cluster before it,
 * where marks and selectors see what they stand on. */
static void
filter_typed(const struct edit *e, int32_t cp, struct buf *out)
{
	size_t from = before_cluster(e, e->cursor), n = e->cursor - from;
	bool joiner = cp == 0x200C || cp == 0x200D;
	char bytes[4];
	size_t len = text_encode(bytes, cp);
	struct buf both;
	int32_t last;

	if (joiner && n >= 3) {
		text_decode(e->s + e->cursor - 3, 3, &last);
		joiner = last != 0x200C && last != 0x200D;
	}
	if (joiner && n) {
		buf_put(out, bytes, len);
		return;
	}
	buf_init(&both);
	buf_put(&both, e->s + from, n);
	buf_put(&both, bytes, len);
	text_filter(out, both.at, both.len, TEXT_BODY);
	if (out->len >= n && !memcmp(out->at, both.at, n)) {
		buf_drop(out, n);
	} else {
		buf_empty(out);
		text_filter(out, bytes, len, TEXT_BODY);
	}
	buf_clear(&both);
}

int
edit_type(struct edit *e, int32_t cp, struct err *err)
{
	struct buf come;
	int rc;

	buf_init(&come);
	filter_typed(e, cp, &come);
	rc = fits(e, 0, come.len, err);
	if (!rc && come.len)
		replace(e, e->cursor, e->cursor, buf_str(&come), come.len);
	buf_clear(&come);
	e->after = AFTER_OTHER;
	return rc;
}

int
edit_replace(struct edit *e, size_t from, size_t to, const char *s,
    size_t len, struct err *err)
{
	struct buf clean;
	int rc;

	assert(from <= to && to <= e->len);
	buf_init(&clean);
	text_filter(&clean, s, len, TEXT_BODY);
	rc = fits(e, to - from, clean.len, err);
	if (!rc && (clean.len || to > from)) {
		undo_part(e->undo);
		replace(e, from, to, buf_str(&clean), clean.len);
		undo_part(e->undo);
	}
	buf_clear(&clean);
	e->after = AFTER_OTHER;
	return rc;
}

int
edit_paste(struct edit *e, const void *s, size_t len, struct err *err)
{
	/* CR LF and surplus marks shrink; beyond this no hope is left, and
	 * filtering megabytes would only take time. */
	if (len > 4 * (size_t)EDIT_MAX)
		return fits(e, 0, len, err);
	return edit_replace(e, e->cursor, e->cursor, s, len, err);
}

/* ---- operations ---------------------------------------------------------- */

static bool
erase(struct edit *e, size_t from, size_t to)
{
	if (from == to)
		return false;
	replace(e, from, to, "", 0);
	return true;
}

static bool
kill_range(struct edit *e, size_t from, size_t to, enum after before)
{
	if (from == to)
		return false;
	if (before == AFTER_KILL)
		killring_grow(&e->kills, e->s + from, to - from,
		    from < e->cursor);
	else
		killring_add(&e->kills, e->s + from, to - from);
	undo_part(e->undo);
	replace(e, from, to, "", 0);
	undo_part(e->undo);
	e->after = AFTER_KILL;
	return true;
}

static bool
yank(struct edit *e, size_t from, size_t to, size_t i)
{
	size_t n;
	const char *s = killring_get(&e->kills, i, &n);

	if (!s || fits(e, to - from, n, NULL))
		return false;
	undo_part(e->undo);
	replace(e, from, to, s, n);
	undo_part(e->undo);
	e->yank_at = from;
	e->yank_i = i;
	e->after = AFTER_YANK;
	return true;
}

/* As readline: at the end of the text, the two before the cursor. */
static bool
transpose(struct edit *e)
{
	size_t mid = e->cursor, left, right, n;
	char *both;

	if (mid == e->len)
		mid = before_cluster(e, mid);
	if (!mid)
		return false;
	left = before_cluster(e, mid);
	right = after_cluster(e, mid);
	n = right - left;
	both = mem_array(n, 1);
	memcpy(both, e->s + mid, right - mid);
	memcpy(both + (right - mid), e->s + left, mid - left);
	undo_part(e->undo);
	replace(e, left, right, both, n);
	undo_part(e->undo);
	free(both);
	return true;
}

static bool
undo(struct edit *e)
{
	const struct undo_change *c = undo_pop(e->undo);
	size_t start;

	if (!c)
		return false;
	splice(e, c->at, c->at + c->come_len, c->gone, c->gone_len);
	around(e, c->cursor, &start, &e->cursor);
	return true;
}

static bool
move(struct edit *e, size_t to)
{
	bool moved = to != e->cursor;

	put_cursor(e, to);
	return moved;
}

static bool
recall(struct edit *e, const char *line)
{
	if (!line)
		return false;
	load(e, line, strlen(line), SIZE_MAX);
	return true;
}

/* To the line that starts at `start`, the same column if it is that long. */
static bool
move_to_line(struct edit *e, size_t start, enum after before)
{
	size_t here = line_start(e, e->cursor);
	int used;

	if (before != AFTER_VERTICAL)
		e->goal = text_cells(e->s + here, e->cursor - here);
	put_cursor(e, start + text_fit(e->s + start,
	    line_end(e, start) - start, e->goal, &used));
	e->after = AFTER_VERTICAL;
	return true;
}

static bool
move_up(struct edit *e, enum after before)
{
	size_t start = line_start(e, e->cursor);

	if (start)
		return move_to_line(e, line_start(e, start - 1), before);
	return recall(e, typed_older(&e->typed, e->s));
}

static bool
move_down(struct edit *e, enum after before)
{
	size_t end = line_end(e, e->cursor);

	if (end < e->len)
		return move_to_line(e, end + 1, before);
	return recall(e, typed_newer(&e->typed));
}

/* The second time, the text's end counts. */
static bool
move_home(struct edit *e)
{
	size_t start = line_start(e, e->cursor);

	return move(e, start == e->cursor ? 0 : start);
}

static bool
move_end(struct edit *e)
{
	size_t end = line_end(e, e->cursor);

	return move(e, end == e->cursor ? e->len : end);
}

static bool
kill_end(struct edit *e, enum after before)
{
	size_t end = line_end(e, e->cursor);

	if (end == e->cursor && end < e->len)
		end++;
	return kill_range(e, e->cursor, end, before);
}

static bool
newline(struct edit *e)
{
	if (fits(e, 0, 1, NULL))
		return false;
	replace(e, e->cursor, e->cursor, "\n", 1);
	return true;
}

bool
edit_do(struct edit *e, enum edit_op op)
{
	enum after before = e->after;
	size_t at = e->cursor;

	e->after = AFTER_OTHER;
	switch (op) {
	case EDIT_LEFT:
		return move(e, before_cluster(e, at));
	case EDIT_RIGHT:
		return move(e, after_cluster(e, at));
	case EDIT_WORD_LEFT:
		return move(e, word_start(e, at));
	case EDIT_WORD_RIGHT:
		return move(e, word_end(e, at));
	case EDIT_HOME:
		return move_home(e);
	case EDIT_END:
		return move_end(e);
	case EDIT_UP:
		return move_up(e, before);
	case EDIT_DOWN:
		return move_down(e, before);
	case EDIT_NEWLINE:
		return newline(e);
	case EDIT_ERASE:
		return erase(e, before_cluster(e, at), at);
	case EDIT_DELETE:
		return erase(e, at, after_cluster(e, at));
	case EDIT_KILL_WORD:
		return kill_range(e, at, word_end(e, at), before);
	case EDIT_KILL_WORD_BACK:
		return kill_range(e, word_start(e, at), at, before);
	case EDIT_KILL_BLANK_BACK:
		return kill_range(e, blank_start(e, at), at, before);
	case EDIT_KILL_START:
		return kill_range(e, line_start(e, at), at, before);
	case EDIT_KILL_END:
		return kill_end(e, before);
	case EDIT_YANK:
		return yank(e, at, at, 0);
	case EDIT_YANK_POP:
		return before == AFTER_YANK &&
		    yank(e, e->yank_at, at, e->yank_i + 1);
	case EDIT_TRANSPOSE:
		return transpose(e);
	case EDIT_UNDO:
		return undo(e);
	case EDIT_OPS:
		break;
	}
	return false;
}

void
edit_submit(struct edit *e, struct buf *out)
{
	size_t from = out->len;

	text_filter(out, e->s, e->len, TEXT_BODY);
	typed_add(&e->typed, buf_str(out) + from, out->len - from);
	load(e, "", 0, 0);
}

void
edit_remember(struct edit *e, const char *s, size_t len)
{
	typed_add(&e->typed, s, len);
}
