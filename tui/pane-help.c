#include "pane-help.h"

#include "term.h"
#include "text.h"
#include "wrap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FILTER_MAX = 48,
	LEFT_CELLS = 24,
	KEYS_SHOWN = 4
};

struct row {
	char *left, *right;		/* left "": goes on; right NULL: head */
};

struct help {
	bool open;
	struct row *rows;
	size_t n, room;
	char filter[FILTER_MAX + 1];
	int top;
};

struct help *
help_new(void)
{
	return mem_new(sizeof(struct help));
}

static void
forget_rows(struct help *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->rows[i].left);
		free(h->rows[i].right);
	}
	h->n = 0;
}

void
help_free(struct help *h)
{
	if (!h)
		return;
	forget_rows(h);
	free(h->rows);
	free(h);
}

bool
help_is_open(const struct help *h)
{
	return h->open;
}

static void
add(struct help *h, const char *left, const char *right)
{
	if (h->n == h->room) {
		h->room = h->room ? h->room * 2 : 128;
		h->rows = mem_resize(h->rows, h->room, sizeof(*h->rows));
	}
	h->rows[h->n++] = (struct row){
		mem_str(left), right ? mem_str(right) : NULL
	};
}

static void
add_keys(struct help *h, const struct scene *s)
{
	static const char *const heads[KEYMAP_PLACES] = {
		[KEYMAP_INPUT] = "KEYS IN THE INPUT LINE",
		[KEYMAP_LIST] = "KEYS IN THE LIST",
		[KEYMAP_EVERYWHERE] = "KEYS"
	};
	static const enum keymap_place order[] = {
		KEYMAP_EVERYWHERE, KEYMAP_LIST, KEYMAP_INPUT
	};
	size_t n;
	const struct action *a = keymap_actions(&n);

	for (size_t o = 0; o < KEYMAP_PLACES; o++) {
		add(h, heads[order[o]], NULL);
		for (size_t i = 0; i < n; i++) {
			struct key keys[KEYS_SHOWN];
			struct buf b;
			size_t k;

			if (a[i].place != order[o])
				continue;
			k = keymap_keys(s->keys, &a[i], keys, KEYS_SHOWN);
			if (k == 0)
				continue;
			buf_init(&b);
			for (size_t j = 0; j < k && j < KEYS_SHOWN; j++) {
				char name[KEYNAME_LEN];

				keyname_show(keys[j], name);
				buf_printf(&b, "%s%s", j ? ", " : "", name);
			}
			add(h, buf_str(&b), a[i].help);
			buf_clear(&b);
		}
	}
}

static void
add_commands(struct help *h, const struct scene *s)
{
	const struct cmds *cmds = s->setup->cmds;

	add(h, "COMMANDS", NULL);
	for (size_t i = 0; i < cmds_count(cmds); i++) {
		const struct cmd *c = cmds_at(cmds, i);
		struct buf b;

		buf_init(&b);
		buf_printf(&b, "/%s%s%s", c->name, c->usage[0] ? " " : "",
		    c->usage);
		add(h, buf_str(&b), c->help);
		buf_clear(&b);
	}
	add(h, "//TEXT", "say a line that begins with a slash");
}

static void
add_marks(struct help *h, const struct scene *s)
{
	static const struct {
		enum mark mark;
		const char *help;
	} rows[] = {
		{ MARK_ONLINE, "online" },
		{ MARK_AWAY, "away" },
		{ MARK_OFFLINE, "not here; words wait until they are" },
		{ MARK_QUEUED, "my message is kept here until it is taken" },
		{ MARK_STORED, "a relay keeps it for them, sealed" },
		{ MARK_DELIVERED, "they have it on disk; \"read\": seen" },
		{ MARK_FAILED, "it will not be sent" },
		{ MARK_PAIRED, "paired: a contact by a code" },
		{ MARK_YES, "verified: numbers were compared" },
		{ MARK_DOUBT, "looks like somebody else" },
		{ MARK_HERE, "the chat that is open" },
	};

	add(h, "MARKS", NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		add(h, theme_mark(s->theme, rows[i].mark), rows[i].help);
}

void
help_open(struct help *h, const struct scene *s, const char *filter)
{
	forget_rows(h);
	add_keys(h, s);
	add_commands(h, s);
	add_marks(h, s);
	snprintf(h->filter, sizeof(h->filter), "%s", filter);
	h->top = 0;
	h->open = true;
}

void
help_close(struct help *h)
{
	forget_rows(h);
	h->open = false;
}

void
help_scroll(struct help *h, int rows)
{
	/* The lower end is known when it is drawn. */
	h->top = rows < 0 && h->top < -rows ? 0 : h->top + rows;
}

void
help_filter_add(struct help *h, int32_t cp)
{
	char bytes[4];
	size_t n = text_encode(bytes, cp), len = strlen(h->filter);

	if (len + n > FILTER_MAX)
		return;
	memcpy(h->filter + len, bytes, n);
	h->filter[len + n] = '\0';
	h->top = 0;
}

bool
help_filter_erase(struct help *h)
{
	size_t len = strlen(h->filter);

	if (len == 0)
		return false;
	h->filter[text_cluster_before(h->filter, len)] = '\0';
	h->top = 0;
	return true;
}

/* Who types a command here wants to know of it: "/help verify" asks for
 * "verify", "/verify Bob" for "/verify". */
static void
wanted(const struct help *h, char what[FILTER_MAX + 1])
{
	const char *s = h->filter;

	if (strncmp(s, "/help ", 6) == 0)
		s += 6 + strspn(s + 6, " ");
	snprintf(what, FILTER_MAX + 1, "%s", s);
	if (*what == '/')
		what[strcspn(what, " ")] = '\0';
}

static bool
is_wanted(const char *what, const struct row *row)
{
	if (!*what)
		return true;
	return row->right && (text_contains(row->left, what) ||
	    text_contains(row->right, what));
}

/* Display rows of one row at this width; draws them from `at` on, which may
 * lie outside. */
static int
put_row(const struct rect *r, int at, int left, const struct row *row,
    bool draw)
{
	const int width = r->cols - left > 8 ? r->cols - left : r->cols;
	const int indent = r->cols - width;
	int n = 0;
	struct wrap w;
	struct wrap_row part;

	if (!row->right) {
		if (draw)
			term_puts(r, at + 1, 0, STYLE_TITLE, row->left);
		return 2;
	}
	/* A left side that is too wide has its own row. */
	if (text_cells(row->left, strlen(row->left)) >= left || indent == 0)
		n = 1;
	if (draw)
		term_puts(r, at, 0, STYLE_KEY, row->left);
	wrap_init(&w, row->right, strlen(row->right), width);
	while (wrap_next(&w, &part)) {
		if (draw)
			term_put(r, at + n, indent, STYLE_TEXT,
			    row->right + part.at, part.len);
		n++;
	}
	return n;
}

static int
put_rows(struct help *h, const struct rect *r, bool draw)
{
	const int left = r->cols >= 56 ? LEFT_CELLS : r->cols / 3;
	char what[FILTER_MAX + 1];
	int at = -h->top;

	wanted(h, what);
	for (size_t i = 0; i < h->n; i++) {
		if (is_wanted(what, &h->rows[i]))
			at += put_row(r, at, left, &h->rows[i], draw);
	}
	return at + h->top;
}

void
help_draw(struct help *h, const struct scene *s, const struct rect *r)
{
	struct rect list = *r;
	int total;

	if (rect_is_empty(r))
		return;
	term_fill(r, STYLE_TEXT);
	if (r->rows > 2) {
		int col = term_puts(r, 0, 0, STYLE_DIM, h->filter[0] ?
		    "search: " :
		    "type to search; arrows scroll; F1 or Esc closes");

		col = term_puts(r, 0, col, STYLE_KEY, h->filter);
		term_cursor(r, 0, h->filter[0] ? col : 0);
		list.row++;
		list.rows--;
	}
	(void)s;
	total = put_rows(h, &list, false);
	if (h->top > total - list.rows)
		h->top = total > list.rows ? total - list.rows : 0;
	if (total == 0)
		term_puts(&list, 0, 0, STYLE_DIM, "nothing by that name");
	put_rows(h, &list, true);
}
