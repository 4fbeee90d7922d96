#include "pane-code.h"

#include "buf.h"
#include "digits.h"
#include "opt.h"
#include "page.h"
#include "term.h"

#include <stdio.h>
#include <string.h>

enum {
	HALF = 9,			/* of "1182 0447 2915 0364" */
	RELAYS_SAID = 2
};

void
code_pane_time(int64_t life_ms, char dst[16])
{
	const int64_t s = (life_ms + 999) / 1000;

	snprintf(dst, 16, "%d:%02d", (int)(s / 60), (int)(s % 60));
}

/* In one row of four groups, in two, or as text where there is no room. */
static void
draw_digits(struct page *p, const char *code)
{
	const int whole = digits_cells(code, strlen(code));
	const int half = digits_cells(code, HALF);
	const int rows = p->r.rows - p->row;
	int col;

	if (whole <= p->r.cols && rows >= DIGITS_ROWS + 4) {
		col = (p->r.cols - whole) / 2;
		digits_draw(p->s, &p->r, p->row, col, STYLE_KEY, code,
		    strlen(code));
		p->row += DIGITS_ROWS;
	} else if (half <= p->r.cols && rows >= 2 * DIGITS_ROWS + 4) {
		col = (p->r.cols - half) / 2;
		digits_draw(p->s, &p->r, p->row, col, STYLE_KEY, code, HALF);
		p->row += DIGITS_ROWS + !p->tight;
		digits_draw(p->s, &p->r, p->row, col, STYLE_KEY,
		    code + HALF + 1, strlen(code + HALF + 1));
		p->row += DIGITS_ROWS;
	} else {
		page_text(p, 0, STYLE_KEY, code);
	}
}

/* What stands in a row elsewhere begins a sentence here. */
static void
say_sentence(struct page *p, enum style style, const char *text)
{
	const size_t len = strlen(text);

	if (len == 0)
		return;
	page_printf(p, 0, style, "%c%s%s", text[0] >= 'a' && text[0] <= 'z' ?
	    text[0] - 'a' + 'A' : text[0], text + 1,
	    strchr(".?!", text[len - 1]) ? "" : ".");
}

static void
draw_time(struct page *p, const struct hosting *h)
{
	const enum style style = h->life_ms < CODE_LIFE_MS / 10 ? STYLE_WARN :
	    STYLE_GOOD;
	char time[16];
	int cells, left, col;

	code_pane_time(h->life_ms, time);
	cells = p->r.cols - (int)strlen(time) - 2;
	if (cells > 0) {
		left = (int)(cells * h->life_ms / CODE_LIFE_MS);
		col = term_rule(&p->r, p->row, 0, left, style,
		    theme_mark(p->s->theme, MARK_FULL));
		term_rule(&p->r, p->row, col, cells - left, STYLE_RULE,
		    theme_mark(p->s->theme, MARK_EMPTY));
	}
	term_puts(&p->r, p->row++, cells > 0 ? cells + 2 : 0, style, time);
}

static void
say_tries(struct page *p, const struct hosting *h)
{
	if (h->is_busy)
		page_text(p, 0, STYLE_GOOD, "Somebody is here with a code: one "
		    "moment.");
	else if (h->left >= CODE_TRIES)
		page_printf(p, 0, STYLE_DIM, "Good for one person; after %d "
		    "wrong tries it is dead.", CODE_TRIES);
	else
		page_printf(p, 0, STYLE_WARN, "%u of %d %s left.", h->left,
		    CODE_TRIES, h->left == 1 ? "tries is" : "tries are");
}

/* What they type; the code once as it is said and once as one word. */
static void
say_how(struct page *p, const char *code)
{
	char word[CODE_TEXT];
	size_t n = 0;

	if (p->tight) {
		page_text(p, 0, STYLE_TEXT, "They type /join and the digits.");
		return;
	}
	for (size_t i = 0; code[i]; i++)
		if (code[i] != ' ')
			word[n++] = code[i];
	word[n] = '\0';
	page_text(p, 0, STYLE_TEXT, "They type, in p2ptui or to start it:");
	page_printf(p, 4, STYLE_KEY, "/join %s", code);
	page_printf(p, 4, STYLE_KEY, "p2ptui --join %s", word);
}

/* One row, whatever the rest. */
static void
say_where_briefly(struct page *p, bool lan, bool relay)
{
	page_text(p, 0, lan || relay ? STYLE_TEXT : STYLE_WARN,
	    lan && relay ? "Found here and by your relay." :
	    relay ? "Found by your relay only." :
	    lan ? "Found on this network only." :
	    "Found nowhere: no network, no relay.");
}

/* What the other one needs as well: without the key, to be said. */
static void
say_relays(struct page *p, const char *before, const char *after)
{
	const char *const *list;
	const size_t n = opts_list(p->s->setup->opts, "relay", &list);
	struct buf b;

	buf_init(&b);
	buf_printf(&b, "%s", before);
	for (size_t i = 0; i < n && i < RELAYS_SAID; i++)
		buf_printf(&b, "%s %.*s", i > 0 ? " or" : "",
		    (int)strcspn(list[i], "#"), list[i]);
	buf_printf(&b, "%s%s", n > RELAYS_SAID ? " or another" : "", after);
	page_text(p, 0, STYLE_TEXT, buf_str(&b));
	buf_clear(&b);
}

static void
say_where(struct page *p, const char *code, bool brief)
{
	const struct tui_reach *reach = &p->s->setup->reach;
	const char *how = reach->relay ? reach->relay(reach->arg) : "none";
	const char *at = reach->listen_at ? reach->listen_at(reach->arg, 0) :
	    NULL;
	const bool relay = strcmp(how, "up") == 0;
	const bool lan = strcmp(opts_word(p->s->setup->opts, "lan"), "off") &&
	    !(reach->lan_trouble && reach->lan_trouble(reach->arg));

	if (p->tight) {
		say_where_briefly(p, lan, relay);
		return;
	}
	if (lan && relay)
		say_relays(p, "It is found on this network, and from anywhere "
		    "by who has your relay", ".");
	else if (relay)
		say_relays(p, "It is found from anywhere, by who has your "
		    "relay", "; not on this network.");
	else if (lan)
		page_text(p, 0, STYLE_TEXT, "It is found on this network "
		    "only.");
	else
		page_text(p, 0, STYLE_WARN, "It is found by itself nowhere: "
		    "neither this network nor a relay is asked.");
	if (strcmp(how, "down") == 0)
		page_text(p, 0, STYLE_WARN, "Your relay does not answer.");
	if (relay || (brief && lan))
		return;
	if (!at)
		page_text(p, 0, STYLE_TEXT, "From elsewhere you both need a "
		    "relay.");
	else if (lan)
		page_printf(p, 0, STYLE_DIM, "From elsewhere you both need a "
		    "relay, or they add your address, if it can be dialled: "
		    "/join CODE %s", at);
	else
		page_printf(p, 0, STYLE_TEXT, "They add your address: /join "
		    "%s %s", code, at);
}

static void
draw_waiting(const struct code_pane *c, struct page *p,
    const struct hosting *h)
{
	if (p->r.rows >= 11)
		page_text(p, 0, STYLE_TEXT, p->tight ?
		    "Say this to one person:" : "Say these digits to one "
		    "person, over the phone or face to face:");
	page_skip(p);
	draw_digits(p, h->code);
	page_skip(p);
	draw_time(p, h);
	/* What was tried is worth more than the rest, where rows are few. */
	if (p->tight && c->what[0]) {
		say_sentence(p, STYLE_BAD, c->what);
		return;
	}
	say_tries(p, h);
	page_skip(p);
	say_how(p, h->code);
	page_skip(p);
	/* A warning needs the rows. */
	say_where(p, h->code, c->what[0]);
	if (c->what[0]) {
		page_skip(p);
		say_sentence(p, STYLE_BAD, c->what);
		say_sentence(p, STYLE_DIM, c->next);
	}
}

static void
draw_paired(const struct code_pane *c, struct page *p)
{
	const struct person *who = roster_find(
	    chat_roster(p->s->setup->chat), &c->who);
	const char *title = who ? who->title : "Somebody";

	page_skip(p);
	page_printf(p, 0, STYLE_GOOD, "%s %s is here.",
	    theme_mark(p->s->theme, MARK_YES), title);
	page_skip(p);
	page_printf(p, 0, STYLE_TEXT, "%s knew the code, and you are contacts "
	    "now. The code is used up.", title);
	page_skip(p);
	page_text(p, 0, STYLE_TEXT, "It is who you told the code, or somebody "
	    "who overheard it. To know for sure, compare numbers:");
	page_printf(p, 4, STYLE_KEY, "/verify %s", title);
}

static void
draw_over(const struct code_pane *c, struct page *p)
{
	page_skip(p);
	say_sentence(p, STYLE_WARN, c->what[0] ? c->what :
	    "that code is over: nobody can use it any more");
	page_skip(p);
	say_sentence(p, STYLE_TEXT, c->what[0] ? c->next :
	    "/host makes another one");
}

void
code_pane_draw(const struct code_pane *c, const struct scene *s,
    const struct rect *r)
{
	struct hosting h;
	struct page p;

	/* One more than the digits want: the last one is no wider. */
	page_begin(&p, s, r, digits_cells("0000 0000 0000 0000", 19) + 1);
	page_skip(&p);
	switch (c->stage) {
	case CODE_PANE_PAIRED:
		draw_paired(c, &p);
		return;
	case CODE_PANE_WAITS:
		if (chat_hosting(s->setup->chat, &h)) {
			draw_waiting(c, &p, &h);
			return;
		}
		draw_over(c, &p);
		return;
	case CODE_PANE_OVER:
		draw_over(c, &p);
		return;
	}
}
