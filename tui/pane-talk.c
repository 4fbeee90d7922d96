#include "pane-talk.h"

#include "foot.h"
#include "intro.h"
#include "term.h"
#include "text.h"
#include "view.h"
#include "wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	TIME_CELLS = 5,			/* "14:02" */
	ROOMY = 44,			/* two blanks between the columns */
	MARK_CELLS = 3,			/* " vv" */
	NAME_MIN = 3,
	NAME_MAX_CELLS = 12,
	READ_LOOK = 64			/* lines, see is_last_read */
};

/* How a line is cut into columns. */
struct columns {
	int time, name, text, width;	/* cells; text: where it begins */
};

/* One pass over a block: counts its rows, and draws those that lie in
 * [from, from + n) of them. */
struct pass {
	const struct scene *s;
	const struct rect *r;
	struct columns c;
	bool draw;
	long row;			/* of the block, next */
	long from, n;
	int to;				/* screen row of `from` */
	int at;				/* screen row of the last one taken */
};

/* Counts a row; true when it is to be drawn, at p->at. */
static bool
take(struct pass *p)
{
	const long row = p->row++;

	if (!p->draw || row < p->from || row >= p->from + p->n)
		return false;
	p->at = p->to + (int)(row - p->from);
	return true;
}

static struct talk *
open_talk(const struct scene *s)
{
	return s->open ? s->open->talk : NULL;
}

static size_t
count(const struct scene *s)
{
	struct talk *t = open_talk(s);

	return t ? talk_count(t) : 0;
}

static int64_t
dropped(const struct scene *s)
{
	struct talk *t = open_talk(s);

	return t ? talk_dropped(t) : 0;
}

int64_t
talk_note_place(const struct person *p)
{
	return p && p->talk ? talk_dropped(p->talk) +
	    (int64_t)talk_count(p->talk) : 0;
}

/* ---- columns ------------------------------------------------------------- */

static int
name_cells(const char *name)
{
	int n = text_cells(name, strlen(name));

	return n > NAME_MAX_CELLS ? NAME_MAX_CELLS : n;
}

static struct columns
columns_of(const struct scene *s, int cols)
{
	struct columns c = { 0, 0, 0, 0 };
	int mine = name_cells(chat_name(s->setup->chat));
	int theirs = s->open ? name_cells(s->open->title) : 0;
	const int blanks = cols >= ROOMY ? 2 : 1;

	c.time = cols >= 28 ? TIME_CELLS + blanks : 0;
	c.name = mine > theirs ? mine : theirs;
	if (c.name < NAME_MIN)
		c.name = NAME_MIN;
	if (c.name > cols / 4)
		c.name = cols / 4;
	c.text = c.time + (c.name > 0 ? c.name + blanks : 0);
	c.width = cols - c.text - MARK_CELLS;
	if (c.width < 1) {
		c.text = c.name = c.time = 0;
		c.width = cols > 0 ? cols : 1;
	}
	return c;
}

/* ---- rows of every kind -------------------------------------------------- */

/* A text across the pane, folded. */
static void
paragraph(struct pass *p, int indent, enum style style, const char *text,
    size_t len)
{
	struct wrap w;
	struct wrap_row row;
	int width = p->r->cols - indent;

	wrap_init(&w, text, len, width > 0 ? width : 1);
	while (wrap_next(&w, &row)) {
		if (take(p))
			term_put(p->r, p->at, indent, style, text + row.at,
			    row.len);
	}
}

/* "---- word ----" */
static void
ruler(struct pass *p, enum style style, const char *word)
{
	const char *h = theme_mark(p->s->theme, MARK_H);
	int cells = text_cells(word, strlen(word)), side, col = 0;

	if (!take(p))
		return;
	side = (p->r->cols - cells - 2) / 2;
	if (side > 0)
		col = term_rule(p->r, p->at, 0, side, STYLE_RULE, h);
	col = side > 0 ? col + 1 : 0;
	col = term_puts(p->r, p->at, col, style, word) + 1;
	if (side > 0)
		term_rule(p->r, p->at, col, p->r->cols - col, STYLE_RULE, h);
}

/* Where the rows after a note's first begin: under the value of "  label
 * value", else under the first word. */
static int
hang_of(const char *text, int cols)
{
	const int lead = (int)strspn(text, " ");
	const char *gap = lead > 0 ? strstr(text + lead, "  ") : NULL;
	int hang = lead;

	if (gap)
		hang = (int)(gap - text + (long)strspn(gap, " "));
	return hang <= cols / 3 ? hang : lead <= cols / 3 ? lead : 0;
}

/* What the program said, folded; a long value stays under its beginning. */
static void
note(struct pass *p, enum style style, const char *text)
{
	const int hang = hang_of(text, p->r->cols);
	const long at = p->row - p->from;

	paragraph(p, hang, style, text + hang, strlen(text + hang));
	if (p->draw && at >= 0 && at < p->n)
		term_put(p->r, p->to + (int)at, 0, style, text, (size_t)hang);
}

static void
notes(struct pass *p, int64_t after, bool first)
{
	const struct view *v = p->s->view;

	for (size_t i = 0; i < v->n_notes; i++) {
		const struct note *n = &v->notes[i];

		if (first ? n->after <= after : n->after == after)
			note(p, n->style, n->text);
	}
}

/* When it was said: by their clock, unless that is ahead of ours. */
static int64_t
shown_ms(const struct line *l)
{
	return l->kept_ms > 0 && l->sent_ms > l->kept_ms ? l->kept_ms :
	    l->sent_ms;
}

static void
local(int64_t ms, struct tm *tm)
{
	time_t t = (time_t)(ms / 1000);

	if (!localtime_r(&t, tm))
		memset(tm, 0, sizeof(*tm));
}

static bool
is_same_day(const struct tm *a, const struct tm *b)
{
	return a->tm_year == b->tm_year && a->tm_yday == b->tm_yday;
}

static void
day(struct pass *p, const struct tm *tm)
{
	char weekday[48], month[48], text[128];
	struct tm now;

	/* In the words of the person's locale; the last door filters. */
	if (strftime(weekday, sizeof(weekday), "%A", tm) == 0 ||
	    strftime(month, sizeof(month), "%B", tm) == 0)
		return;
	local(p->s->now_ms, &now);
	if (now.tm_year == tm->tm_year)
		snprintf(text, sizeof(text), "%s %d %s", weekday, tm->tm_mday,
		    month);
	else
		snprintf(text, sizeof(text), "%s %d %s %d", weekday,
		    tm->tm_mday, month, tm->tm_year + 1900);
	ruler(p, STYLE_DIM, text);
}

/* ---- one line ------------------------------------------------------------ */

/* Mine, read, and no later one of mine is: "read" is said once, at the
 * newest.  Looks only at the next one of mine, for states come in order. */
static bool
is_last_read(const struct talk *t, size_t i)
{
	const size_t n = talk_count(t);

	for (size_t j = i + 1; j < n && j < i + READ_LOOK; j++) {
		const struct line *l = talk_line(t, j);

		if (l->mine)
			return l->state != MSG_READ;
	}
	return true;
}

static const char *
mark_of(const struct scene *s, const struct line *l, enum style *style)
{
	*style = STYLE_DIM;
	if (!l->mine)
		return "";
	switch ((enum msg_state)l->state) {
	case MSG_QUEUED:
		return theme_mark(s->theme, MARK_QUEUED);
	case MSG_STORED:
		return theme_mark(s->theme, MARK_STORED);
	case MSG_DELIVERED:
		return theme_mark(s->theme, MARK_DELIVERED);
	case MSG_READ:
		*style = STYLE_GOOD;
		return theme_mark(s->theme, MARK_DELIVERED);
	case MSG_FAILED:
		*style = STYLE_BAD;
		return theme_mark(s->theme, MARK_FAILED);
	case MSG_UNREAD:
	case MSG_SEEN:
		return "";
	}
	return "";
}

/* Words for what a mark alone would not say, or NULL. */
static const char *
words_of(const struct talk *t, size_t i, const struct line *l)
{
	if (!l->mine)
		return NULL;
	if (l->state == MSG_FAILED)
		return "not sent";
	return l->state == MSG_READ && is_last_read(t, i) ? "read" : NULL;
}

static void
put_name(const struct pass *p, enum style style, const char *name)
{
	const int col = p->c.time, room = p->c.name;
	const size_t len = strlen(name);
	const bool fits = text_cells(name, len) <= room;
	int used;
	size_t n = text_fit(name, len, fits ? room : room - 1, &used);

	term_put(p->r, p->at, col, style, name, n);
	if (!fits)
		term_puts(p->r, p->at, col + used, style,
		    theme_mark(p->s->theme, MARK_MORE));
}

/* The columns before the text, on its first row. */
static void
put_left(const struct pass *p, const struct line *l, const struct tm *tm)
{
	const struct columns *c = &p->c;
	char text[8];

	if (c->time > 0) {
		snprintf(text, sizeof(text), "%02d:%02d", tm->tm_hour % 24,
		    tm->tm_min % 60);
		term_puts(p->r, p->at, 0, STYLE_DIM, text);
	}
	if (c->name == 0)
		return;
	if (l->kind == MSG_ACTION)
		term_puts(p->r, p->at, c->time, STYLE_DIM, "*");
	else if (l->mine)
		put_name(p, STYLE_ME, chat_name(p->s->setup->chat));
	else
		put_name(p, STYLE_THEM, p->s->open->title);
}

static void
put_right(const struct pass *p, size_t i, const struct line *l)
{
	enum style style;
	const char *mark = mark_of(p->s, l, &style);
	const char *words = words_of(open_talk(p->s), i, l);
	int col = p->r->cols - text_cells(mark, strlen(mark));

	term_puts(p->r, p->at, col, style, mark);
	if (words)
		term_puts(p->r, p->at, col - 1 - (int)strlen(words), style,
		    words);
}

static void
said(struct pass *p, size_t i, const struct line *l, const struct tm *tm)
{
	const char *text = l->text;
	const char *words = words_of(open_talk(p->s), i, l);
	int width = p->c.width;
	size_t len = l->len;
	struct wrap_row row, next;
	struct wrap w;
	struct buf action;
	bool first = true, more;

	/* Words beside the mark take their cells from the text. */
	if (words && width > 2 * (int)strlen(words))
		width -= (int)strlen(words) + 1;
	buf_init(&action);
	if (l->kind == MSG_ACTION) {
		buf_printf(&action, "%s ", l->mine ?
		    chat_name(p->s->setup->chat) : p->s->open->title);
		buf_put(&action, l->text, l->len);
		text = buf_str(&action);
		len = action.len;
	}
	wrap_init(&w, text, len, width);
	more = wrap_next(&w, &row);
	while (more) {
		more = wrap_next(&w, &next);
		if (take(p)) {
			if (first)
				put_left(p, l, tm);
			term_put(p->r, p->at, p->c.text, STYLE_TEXT,
			    text + row.at, row.len);
			if (!more && l->mine)
				put_right(p, i, l);
		}
		first = false;
		row = next;
	}
	buf_clear(&action);
}

static void
gap(struct pass *p, uint32_t n)
{
	char text[80];

	snprintf(text, sizeof(text), n == 1 ?
	    "1 earlier message is missing" :
	    "%u earlier messages are missing", (unsigned)n);
	paragraph(p, p->c.text, STYLE_WARN, text, strlen(text));
}

static void
line_block(struct pass *p, size_t i)
{
	const struct talk *t = open_talk(p->s);
	const struct line *l = talk_line(t, i);
	struct tm tm, before;

	local(shown_ms(l), &tm);
	if (i > 0)
		local(shown_ms(talk_line(t, i - 1)), &before);
	if (i == 0 || !is_same_day(&tm, &before))
		day(p, &tm);
	if (i == talk_new_mark(t))
		ruler(p, STYLE_KEY, "new");
	if (l->gap > 0)
		gap(p, l->gap);
	said(p, i, l, &tm);
	notes(p, dropped(p->s) + (int64_t)i + 1, false);
}

static void
first_block(struct pass *p)
{
	const struct talk *t = open_talk(p->s);
	char key[KEYNAME_LEN], text[KEYNAME_LEN + 32];
	struct intro in;

	intro_make(&in, p->s);
	for (size_t i = 0; i < in.n; i++)
		paragraph(p, in.rows[i].indent, in.rows[i].style,
		    in.rows[i].text, strlen(in.rows[i].text));
	intro_clear(&in);
	if (t && talk_has_older(t)) {
		snprintf(text, sizeof(text), "older messages: %s",
		    scene_key(p->s, "page-up", key));
		ruler(p, STYLE_DIM, text);
	}
	notes(p, dropped(p->s), true);
}

/* i: -1 is the introduction.  Returns the block's rows. */
static long
block(struct pass *p, long i)
{
	p->row = 0;
	if (i < 0)
		first_block(p);
	else
		line_block(p, (size_t)i);
	return p->row;
}

static long
height(const struct scene *s, const struct rect *r, long i)
{
	struct pass p = { .s = s, .r = r, .c = columns_of(s, r->cols) };

	return block(&p, i);
}

/* ---- the footer's row ---------------------------------------------------- */

/* The talk without the footer's row, which is kept free where there is room
 * so that nothing jumps when somebody types. */
static struct rect
upper(const struct scene *s, const struct rect *r, const char *foot)
{
	struct rect u = *r;

	if (r->rows >= 6)
		u.rows -= (int)wrap_count(foot, strlen(foot), r->cols, 2);
	else if (foot[0] && r->rows >= 2 && !s->view->scrolled)
		u.rows--;
	return u;
}

/* ---- where we are -------------------------------------------------------- */

/* The lower edge: the block that stands there and its rows below it. */
struct edge {
	long i, hidden;
};

static struct edge
edge_of(const struct scene *s)
{
	const long last = (long)count(s) - 1;
	struct edge e = { last, 0 };

	if (s->view->scrolled) {
		int64_t i = s->view->bottom - dropped(s);

		if (i < -1)
			i = -1;
		if (i <= last) {
			e.i = (long)i;
			e.hidden = (long)s->view->hidden;
		}
	}
	return e;
}

/* Rows that are there above the edge, counting stops at `enough`; *top is
 * the first block needed. */
static long
rows_above(const struct scene *s, const struct rect *r, struct edge e,
    long enough, long *top)
{
	long rows = -e.hidden, i = e.i;

	for (;;) {
		rows += height(s, r, i);
		if (i < 0 || rows >= enough)
			break;
		i--;
	}
	*top = i;
	return rows;
}

static void
keep_edge(const struct scene *s, struct edge e)
{
	struct view *v = s->view;

	v->scrolled = e.i < (long)count(s) - 1 || e.hidden > 0;
	v->bottom = dropped(s) + e.i;
	v->hidden = v->scrolled ? (size_t)e.hidden : 0;
	v->version++;
}

/* One step up or down by a row count, without looking at the top. */
static struct edge
moved(const struct scene *s, const struct rect *r, struct edge e, long up)
{
	const long last = (long)count(s) - 1;

	e.hidden += up;
	while (e.hidden > 0 && e.i >= 0) {
		long h = height(s, r, e.i);

		if (e.hidden < h)
			break;
		e.hidden -= h;
		e.i--;
	}
	while (e.hidden < 0 && e.i < last) {
		e.i++;
		e.hidden += height(s, r, e.i);
	}
	if (e.hidden < 0)
		e.hidden = 0;
	return e;
}

/* Older lines from the store; the edge moves with its line. */
static bool
load_older(const struct scene *s, struct edge *e)
{
	struct err why;
	size_t n;

	if (!s->open || !s->open->talk || !talk_has_older(s->open->talk))
		return false;
	n = chat_older(s->setup->chat, s->open, &why);
	e->i += (long)n;
	return n > 0;
}

bool
talk_scroll(const struct scene *s, const struct rect *r, int rows)
{
	struct edge e = edge_of(s), was = e;
	char foot[256];
	struct rect u;
	long have, top;

	if (rect_is_empty(r))
		return false;
	foot_text(s, foot, sizeof(foot));
	u = upper(s, r, foot);
	if (rows > 0) {
		for (;;) {
			have = rows_above(s, &u, e, u.rows + rows, &top);
			if (have >= u.rows + rows || !load_older(s, &e))
				break;
			was = e;
		}
		if (have < u.rows + rows)
			rows = have > u.rows ? (int)(have - u.rows) : 0;
	}
	e = moved(s, &u, e, rows);
	if (e.i == was.i && e.hidden == was.hidden)
		return false;
	keep_edge(s, e);
	return true;
}

void
talk_scroll_to_oldest(const struct scene *s, const struct rect *r)
{
	struct edge e = { -1, 0 };
	const long last = (long)count(s) - 1;
	char foot[256];
	struct rect u;
	long rows;

	if (rect_is_empty(r))
		return;
	foot_text(s, foot, sizeof(foot));
	u = upper(s, r, foot);
	/* From the top down until the pane is full. */
	rows = height(s, &u, -1);
	while (rows < u.rows && e.i < last) {
		e.i++;
		rows += height(s, &u, e.i);
	}
	e.hidden = rows > u.rows ? rows - u.rows : 0;
	keep_edge(s, e);
}

/* ---- drawing ------------------------------------------------------------- */

static void
draw_footer(const struct rect *r, int from, enum style style,
    const char *foot)
{
	struct wrap w;
	struct wrap_row row;

	wrap_init(&w, foot, strlen(foot), r->cols);
	while (from < r->rows && wrap_next(&w, &row))
		term_put(r, from++, 0, style, foot + row.at, row.len);
}

void
talk_draw(const struct scene *s, const struct rect *r)
{
	struct pass p = { .s = s, .draw = true };
	struct edge e = edge_of(s);
	enum style style;
	char foot[256];
	struct rect u;
	long rows, skip, top;

	if (rect_is_empty(r))
		return;
	term_fill(r, STYLE_TEXT);
	style = foot_text(s, foot, sizeof(foot));
	u = upper(s, r, foot);
	draw_footer(r, u.rows, style, foot);

	p.r = &u;
	p.c = columns_of(s, u.cols);
	rows = rows_above(s, &u, e, u.rows, &top);
	skip = rows > u.rows ? rows - u.rows : 0;
	for (long i = top; i <= e.i && p.to < u.rows; i++) {
		long h;

		p.from = skip;
		p.n = u.rows - p.to;
		h = block(&p, i);
		p.to += (int)(h - skip < p.n ? h - skip : p.n);
		skip = 0;
	}
}
