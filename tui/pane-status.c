#include "pane-status.h"

#include "pane-code.h"
#include "term.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

/* Writes " | text" or "text"; nothing when it does not fit in all. */
static int
part(const struct scene *s, const struct rect *r, int col, int limit,
    enum style style, const char *text)
{
	int need = text_cells(text, strlen(text));

	if (!text[0] || col + need + (col > 1 ? 3 : 0) > limit)
		return col;
	if (col > 1) {
		col = term_puts(r, 0, col + 1, STYLE_DIM,
		    theme_mark(s->theme, MARK_DOT));
		col++;
	}
	return term_puts(r, 0, col, style, text);
}

/* ---- the first row ------------------------------------------------------- */

static const char *
lan_trouble(const struct scene *s)
{
	const struct tui_reach *reach = &s->setup->reach;

	return reach->lan_trouble ? reach->lan_trouble(reach->arg) : NULL;
}

static void
count_people(const struct scene *s, size_t *nearby, size_t *unread,
    size_t *asking)
{
	const struct roster *r = chat_roster(s->setup->chat);

	*nearby = *unread = *asking = 0;
	for (size_t i = 0; i < roster_count(r); i++) {
		const struct person *p = roster_at(r, i);

		if (p->who.trust == TRUST_BLOCKED)
			continue;
		*nearby += p->nearby;
		/* Words that ask are counted as the request they are. */
		if (p->who.trust == TRUST_REQUESTED)
			(*asking)++;
		else
			*unread += p->n_unread;
	}
}

/* My name, cut where a long one would leave no room for the rest. */
static int
draw_name(const struct scene *s, const struct rect *r, int col)
{
	const char *name = chat_name(s->setup->chat);
	const int room = r->cols / 3 > 12 ? r->cols / 3 : 12;
	const size_t len = strlen(name);
	int used;

	if (text_cells(name, len) <= room)
		return term_put(r, 0, col, STYLE_ME, name, len);
	col = term_put(r, 0, col, STYLE_ME, name,
	    text_fit(name, len, room - 1, &used));
	return term_puts(r, 0, col, STYLE_ME, theme_mark(s->theme, MARK_MORE));
}

static int
draw_presence(const struct scene *s, const struct rect *r, int col, int limit,
    bool in_words)
{
	const bool away = chat_is_away(s->setup->chat);
	char text[32];

	snprintf(text, sizeof(text), "%s%s", theme_mark(s->theme, away ?
	    MARK_AWAY : MARK_ONLINE), !in_words ? "" : away ? " away" :
	    " online");
	if (col + 2 + text_cells(text, strlen(text)) > limit)
		return col;
	return term_puts(r, 0, col + 2, away ? STYLE_WARN : STYLE_GOOD, text);
}

/* Nothing without one: most people have no relay to worry about. */
static int
draw_relay(const struct scene *s, const struct rect *r, int col, int limit)
{
	const struct tui_reach *reach = &s->setup->reach;
	const char *how = reach->relay ? reach->relay(reach->arg) : "none";
	const bool up = strcmp(how, "up") == 0;
	char text[32];

	if (strcmp(how, "none") == 0)
		return col;
	snprintf(text, sizeof(text), "relay %s", theme_mark(s->theme, up ?
	    MARK_YES : MARK_FAILED));
	return part(s, r, col, limit, up ? STYLE_TEXT : STYLE_WARN, text);
}

void
title_draw(const struct scene *s)
{
	const struct rect *r = &s->at->title;
	char text[64], key[KEYNAME_LEN];
	size_t nearby, unread, asking;
	int col, limit;
	bool urgent;

	if (rect_is_empty(r))
		return;
	term_fill(r, STYLE_TEXT);
	count_people(s, &nearby, &unread, &asking);
	/* Where no list shows it, what waits goes before everything. */
	urgent = !s->at->framed && (unread > 0 || asking > 0);
	limit = r->cols;
	snprintf(text, sizeof(text), "%s help", scene_key(s, "help", key));
	if (r->cols >= 40 && key[0] && !urgent) {
		limit -= (int)strlen(text) + 1;
		term_puts(r, 0, limit, STYLE_DIM, text);
		limit--;
	}
	col = urgent && r->cols < 40 ? -1 : term_puts(r, 0, 1, STYLE_TITLE,
	    "p2ptui");
	col = draw_name(s, r, col + 2);
	col = draw_presence(s, r, col, limit, !urgent &&
	    (!s->setup->ephemeral || r->cols >= LAYOUT_COLS_MIN));
	/* That nothing is kept is to be seen on every screen. */
	if (s->setup->ephemeral)
		col = part(s, r, col, limit, STYLE_WARN, "ephemeral");
	snprintf(text, sizeof(text), "%zu nearby", nearby);
	if (!urgent)
		col = part(s, r, col, limit, STYLE_TEXT, text);
	if (unread > 0) {
		snprintf(text, sizeof(text), "%zu unread", unread);
		col = part(s, r, col, limit, STYLE_KEY, text);
	}
	if (asking > 0) {
		snprintf(text, sizeof(text), asking == 1 ? "1 request" :
		    "%zu requests", asking);
		col = part(s, r, col, limit, STYLE_WARN, text);
	}
	col = draw_relay(s, r, col, limit);
	if (lan_trouble(s))
		part(s, r, col, limit, STYLE_WARN, "LAN not searched");
}

/* ---- the banner ---------------------------------------------------------- */

const char *
banner_text(const struct scene *s)
{
	return chat_trouble(s->setup->chat);
}

void
banner_draw(const struct scene *s)
{
	const char *text = banner_text(s);

	if (!text || rect_is_empty(&s->at->banner))
		return;
	term_fill(&s->at->banner, STYLE_LOUD);
	term_puts(&s->at->banner, 0, 1, STYLE_LOUD, text);
}

/* ---- the last row -------------------------------------------------------- */

static int
draw_way(const struct scene *s, const struct rect *r, int limit)
{
	const struct tui_reach *reach = &s->setup->reach;
	const struct person *p = s->open;
	char text[128], rtt[16], why[WHY_MAX];
	const char *at;

	if (p && p->linked) {
		scene_rtt(p->rtt_us, rtt);
		chat_why(s->setup->chat, p, why);
		snprintf(text, sizeof(text), "%s%s%s%s%s",
		    scene_path(p->path), rtt[0] ? " " : "", rtt,
		    why[0] ? ": " : "", why);
		return part(s, r, part(s, r, 1, limit, STYLE_TEXT, text),
		    limit, STYLE_GOOD, "encrypted");
	}
	if (p)
		return part(s, r, 1, limit, STYLE_DIM, "no link now");
	at = reach->listen_at ? reach->listen_at(reach->arg, 0) : NULL;
	if (!at)
		return 1;
	snprintf(text, sizeof(text), "reachable at %s", at);
	return part(s, r, 1, limit, STYLE_DIM, text);
}

static int
hint(const struct scene *s, const struct rect *r, int right, int limit,
    const char *action, const char *does)
{
	char key[KEYNAME_LEN];
	int need;

	scene_key(s, action, key);
	need = text_cells(key, strlen(key)) + 1 + (int)strlen(does);
	if (!key[0] || right - need - 2 < limit)
		return right;
	right -= need;
	term_puts(r, 0, term_puts(r, 0, right, STYLE_KEY, key) + 1,
	    STYLE_DIM, does);
	return right - 2;
}

/* A code that waits, while its sheet is not there. */
static int
draw_code(const struct scene *s, const struct rect *r, int col)
{
	struct hosting h;
	char text[48], time[16];

	if (chat_is_joining(s->setup->chat))
		col = part(s, r, col, r->cols, STYLE_WARN, "looking for a "
		    "code");
	if (!chat_hosting(s->setup->chat, &h))
		return col;
	code_pane_time(h.life_ms, time);
	snprintf(text, sizeof(text), "code %.4s%s %s", h.code,
	    theme_mark(s->theme, MARK_MORE), time);
	return part(s, r, col, r->cols, STYLE_KEY, text);
}

void
status_say(const struct scene *s, enum style style, const char *text)
{
	const struct rect *r = &s->at->status;

	if (rect_is_empty(r))
		return;
	term_fill(r, STYLE_TEXT);
	term_puts(r, 0, r->cols > 20 ? 1 : 0, style, text);
}

void
status_draw(const struct scene *s, size_t input_len)
{
	const struct rect *r = &s->at->status;
	size_t owed = chat_owed(s->setup->chat);
	struct hosting h;
	char text[64];
	int col, right;

	if (rect_is_empty(r))
		return;
	term_fill(r, STYLE_TEXT);
	col = draw_way(s, r, r->cols);
	snprintf(text, sizeof(text), "%zu owed", owed);
	col = part(s, r, col, r->cols, owed > 0 ? STYLE_WARN : STYLE_DIM,
	    text);
	col = draw_code(s, r, col);
	if (input_len > MESSAGE_MAX - MESSAGE_MAX / 8) {
		snprintf(text, sizeof(text), "%zu of %d bytes", input_len,
		    (int)MESSAGE_MAX);
		col = part(s, r, col, r->cols, input_len > MESSAGE_MAX ?
		    STYLE_BAD : STYLE_WARN, text);
	}
	right = r->cols - 1;
	if (s->list_focused) {
		right = hint(s, r, right, col, "focus", "back");
		hint(s, r, right, col, "list-open", "open");
		return;
	}
	right = hint(s, r, right, col, "focus", "people");
	if (chat_hosting(s->setup->chat, &h))
		right = hint(s, r, right, col, "code", "the code");
	right = hint(s, r, right, col, "next-unread", "next unread");
	hint(s, r, right, col, "page-up", "scroll");
}
