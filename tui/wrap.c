#include "wrap.h"

#include "text.h"

/* Where the row may be folded: behind a word, before or behind a wide
 * cluster. */
struct fold {
	size_t end, next;
	int cells;
	bool is;
};

/* A row being filled: its bytes so far are [at, here). */
struct filling {
	size_t here;
	int used;
	bool ink;			/* not only leading blanks */
	struct fold fold;
};

void
wrap_init(struct wrap *w, const char *s, size_t len, int width)
{
	w->s = s;
	w->len = len;
	w->at = 0;
	w->width = width < 1 ? 1 : width;
	w->over = false;
}

/* A run of blanks [from, to) is in the row. */
static void
note_blanks(struct filling *f, size_t from, size_t to, int cells)
{
	if (f->fold.is && f->fold.next == from) {
		f->fold.next = to;
	} else if (f->ink) {
		f->fold.is = true;
		f->fold.end = from;
		f->fold.next = to;
		f->fold.cells = cells;
	}
}

/* n bytes of printable ASCII that fit.  Only the last run of blanks in them
 * can become the fold. */
static void
take_ascii(const struct wrap *w, struct filling *f, size_t n)
{
	size_t from = f->here, end = from + n, first, past;

	for (past = end; past > from && w->s[past - 1] != ' '; past--)
		;
	for (first = past; first > from && w->s[first - 1] == ' '; first--)
		;
	if (first > from)
		f->ink = true;
	if (past > first)
		note_blanks(f, first, past, f->used + (int)(first - from));
	if (past < end)
		f->ink = true;
	f->here = end;
	f->used += (int)n;
}

/* Chinese and Japanese fold anywhere, but a row does not begin with what
 * closes (JIS X 4051). */
static bool
may_begin(const char *s, size_t len)
{
	static const int32_t closing[] = { 0x3001, 0x3002, 0x3009, 0x300B,
		0x300D, 0x300F, 0x3011, 0x3015, 0x30FC, 0xFF01, 0xFF09,
		0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF1F };
	int32_t cp;
	size_t i;

	text_decode(s, len, &cp);
	for (i = 0; i < sizeof closing / sizeof closing[0]; i++)
		if (cp == closing[i])
			return false;
	return true;
}

/* The blank at f->here is one too many: it and those behind it vanish.  What
 * fitted stays when the line ends here, for the cursor to stand behind. */
static void
fold_at_blank(struct wrap *w, const struct filling *f, struct wrap_row *row)
{
	size_t next = f->here;

	while (next < w->len && w->s[next] == ' ')
		next++;
	row->len = f->here - row->at;
	row->cells = f->used;
	if (next == w->len) {
		w->over = true;
	} else if (w->s[next] == '\n') {
		next++;
	} else if (f->fold.is && f->fold.next == f->here) {
		row->len = f->fold.end - row->at;
		row->cells = f->fold.cells;
	}
	row->next = next;
}

/* The cluster of n bytes at f->here does not fit. */
static void
fold_at_word(const struct filling *f, struct wrap_row *row, size_t n)
{
	if (f->fold.is) {
		row->len = f->fold.end - row->at;
		row->next = f->fold.next;
		row->cells = f->fold.cells;
		return;
	}
	row->len = f->here - row->at;
	row->next = f->here;
	row->cells = f->used;
	if (!row->len)			/* wider than the whole row */
		row->next += n;
}

static void
end_row(struct wrap_row *row, const struct filling *f, size_t next)
{
	row->len = f->here - row->at;
	row->next = next;
	row->cells = f->used;
}

/* Takes the cluster at f->here; true when that ended the row. */
static bool
take_cluster(struct wrap *w, struct filling *f, struct wrap_row *row)
{
	const char *s = w->s + f->here;
	int cells;
	size_t n = text_cluster(s, w->len - f->here, &cells);

	if (*s == '\n') {
		end_row(row, f, f->here + 1);
		return true;
	}
	if (cells > w->width)		/* joined emoji, one by one */
		n = text_part(s, n, &cells);
	if (*s == ' ' && n == 1 && f->used == w->width) {
		fold_at_blank(w, f, row);
		return true;
	}
	if (cells >= 2 && f->ink && may_begin(s, n) &&
	    !(f->fold.is && f->fold.next == f->here))
		f->fold = (struct fold){ f->here, f->here, f->used, true };
	if (f->used + cells > w->width) {
		fold_at_word(f, row, n);
		/* The last bytes of a text that nothing can show. */
		w->over = row->next == w->len;
		return true;
	}
	if (*s == ' ' && n == 1)
		note_blanks(f, f->here, f->here + 1, f->used);
	else
		f->ink = true;
	f->here += n;
	f->used += cells;
	if (cells >= 2 && f->here < w->len && w->s[f->here] != '\n' &&
	    may_begin(w->s + f->here, w->len - f->here))
		f->fold = (struct fold){ f->here, f->here, f->used, true };
	return false;
}

bool
wrap_next(struct wrap *w, struct wrap_row *row)
{
	struct filling f = { .here = w->at };

	if (w->over)
		return false;
	row->at = w->at;
	for (;;) {
		size_t room = (size_t)(w->width - f.used), n;

		if (f.here == w->len) {
			end_row(row, &f, w->len);
			w->over = true;
			break;
		}
		if (room > w->len - f.here)
			room = w->len - f.here;
		n = text_ascii_run(w->s + f.here, room);
		/* a mark behind the last letter belongs to it */
		if (n && (n == w->len - f.here || !(w->s[f.here + n] & 0x80)))
			take_ascii(w, &f, n);
		else if (n > 1)
			take_ascii(w, &f, n - 1);
		else if (take_cluster(w, &f, row))
			break;
	}
	w->at = row->next;
	return true;
}

size_t
wrap_count(const char *s, size_t len, int width, size_t max)
{
	struct wrap w;
	struct wrap_row row;
	size_t n = 0;

	/* most messages: one row */
	if (width > 0 && len <= (size_t)width && text_ascii_run(s, len) == len)
		return 1;
	wrap_init(&w, s, len, width);
	while ((!max || n < max) && wrap_next(&w, &row))
		n++;
	return n;
}

bool
wrap_get(const char *s, size_t len, int width, size_t i,
    struct wrap_row *row)
{
	struct wrap w;

	wrap_init(&w, s, len, width);
	while (wrap_next(&w, row))
		if (!i--)
			return true;
	return false;
}

void
wrap_locate(const char *s, size_t len, int width, size_t at,
    size_t *row, int *col)
{
	struct wrap w;
	struct wrap_row r = { 0 };
	size_t end;

	wrap_init(&w, s, len, width);
	for (*row = 0; wrap_next(&w, &r) && at >= r.next && !w.over; )
		++*row;
	end = at > r.at + r.len ? r.at + r.len : at;
	*col = text_cells(s + r.at, end - r.at);
}

size_t
wrap_byte(const char *s, size_t len, int width, size_t row, int col)
{
	struct wrap_row r;
	int used;

	if (!wrap_get(s, len, width, row, &r))
		return len;
	return r.at + text_fit(s + r.at, r.len, col < 0 ? 0 : col, &used);
}
