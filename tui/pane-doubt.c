#include "pane-doubt.h"

#include "page.h"
#include "term.h"
#include "text.h"

#include <stdio.h>
#include <string.h>

struct choice {
	const char *what, *means;
};

static const struct choice of_key[DOUBT_CHOICES] = {
	[DOUBT_LATER] = { "Decide later", "until then nothing is said to "
	    "them" },
	[DOUBT_COMPARE] = { "Compare numbers", "with who you know, over the "
	    "phone" },
	[DOUBT_ACCEPT] = { "I asked: it is them", "words go to this one from "
	    "now on" },
	[DOUBT_BLOCK] = { "Block", "this one is shut out, without an answer" },
};

static const struct choice of_numbers[DOUBT_CHOICES] = {
	[DOUBT_LATER] = { "Decide later", "until then nothing is said to "
	    "them" },
	[DOUBT_COMPARE] = { "Compare again", "slowly, by phone or side by "
	    "side" },
	[DOUBT_ACCEPT] = { "Go on unverified", "words go to them again, "
	    "whoever reads along" },
	[DOUBT_BLOCK] = { "Block", "and meet by a new code, in person" },
};

/* The contact who is meant by it; NULL: gone, or known by another place. */
static const struct person *
looked_like(const struct scene *s, const struct person *p)
{
	const struct roster *r = chat_roster(s->setup->chat);

	for (size_t i = 0; i < roster_count(r); i++) {
		const struct person *q = roster_at(r, i);

		if (q != p && !user_id_equal(&q->id, &p->id) && !q->doubted &&
		    (q->who.trust == TRUST_ACCEPTED ||
		    q->who.trust == TRUST_PAIRED ||
		    q->who.trust == TRUST_VERIFIED) &&
		    (text_looks_like(q->who.name, p->who.name) ||
		    text_looks_like(q->who.alias, p->who.name)))
			return q;
	}
	return NULL;
}

void
doubt_pane_open(struct doubt_pane *d, const struct scene *s,
    const struct person *p, const char *what)
{
	const struct person *q = looked_like(s, p);

	memset(d, 0, sizeof(*d));
	d->who = p->id;
	d->differs = p->differs;
	if (d->differs) {
		snprintf(d->what, sizeof(d->what), "Your numbers and those of "
		    "%s are not the same", p->title);
		return;
	}
	/* What follows explains it, so the name is enough. */
	if (q)
		snprintf(d->what, sizeof(d->what), "%s has another key than "
		    "the %s you know", p->title, q->title);
	else if (what)
		snprintf(d->what, sizeof(d->what), "%s", what);
	else
		snprintf(d->what, sizeof(d->what), "%s has another key than a "
		    "contact of that name or place", p->title);
}

void
doubt_pane_move(struct doubt_pane *d, int by)
{
	const int n = (int)d->choice + by;

	if (n >= 0 && n < DOUBT_CHOICES)
		d->choice = (enum doubt_choice)n;
}

static void
draw_choices(struct page *p, const struct doubt_pane *d)
{
	const struct choice *choices = d->differs ? of_numbers : of_key;
	const int left = 24;

	for (int i = 0; i < DOUBT_CHOICES; i++) {
		const bool chosen = i == (int)d->choice;
		const struct rect line = { p->r.row + p->row, p->r.col, 1,
			p->r.cols };
		const enum style style = chosen ? STYLE_SELECTED : STYLE_TEXT;

		if (p->row >= p->r.rows)
			return;
		term_fill(&line, style);
		if (chosen)
			term_puts(&p->r, p->row, 1, style,
			    theme_mark(p->s->theme, MARK_HERE));
		term_puts(&p->r, p->row, 3, style, choices[i].what);
		if (p->r.cols >= left + 40)
			term_puts(&p->r, p->row, left, chosen ? style :
			    STYLE_DIM, choices[i].means);
		p->row++;
	}
}

static const char *
why(const struct doubt_pane *d, bool brief)
{
	if (d->differs && brief)
		return "Misread, or somebody sits between: compare again.";
	if (d->differs)
		return "Either one was misread, or somebody sits between you "
		    "and reads along. Nothing more is said to this one before "
		    "you know: compare again; if they really differ, block or "
		    "remove this contact and meet in person, by a new code: "
		    "/host there, /join here.";
	if (brief)
		return "They began anew, or somebody poses as them: ask by "
		    "another way.";
	return "A key does not change by itself. Either they began anew, on "
	    "another machine or with a new profile, or it is somebody of the "
	    "same name, or somebody who poses as them. Nothing is said to "
	    "this one before you know: ask by another way, over the phone or "
	    "face to face.";
}

void
doubt_pane_draw(const struct doubt_pane *d, const struct scene *s,
    const struct rect *r)
{
	const struct rect band = { r->row, r->col, r->rows < 3 ? 1 : 1 +
		2 * (r->rows >= PAGE_ROOMY), r->cols };
	const char *const head = d->differs ? "THE NUMBERS DIFFER" :
	    "ANOTHER KEY THAN THE ONE YOU KNOW";
	struct rect rest = *r;
	struct page p;

	term_fill(&band, STYLE_LOUD);
	term_puts(&band, band.rows / 2, (r->cols - (int)strlen(head)) / 2 > 0 ?
	    (r->cols - (int)strlen(head)) / 2 : 0, STYLE_LOUD, head);
	rest.row += band.rows;
	rest.rows -= band.rows;
	page_begin(&p, s, &rest, 72);
	page_skip(&p);
	page_printf(&p, 0, STYLE_BAD, "%s.", d->what);
	page_skip(&p);
	page_text(&p, 0, STYLE_TEXT, why(d, p.tight));
	page_skip(&p);
	draw_choices(&p, d);
}
