#include "pair-text.h"

#include <stdio.h>

#include "frame.h"

/* Nothing proves who says so. */
#define IS_OVER "ask for another one: /host makes it; if this one is " \
	"still shown there, type it again"

static const struct {
	enum code_reason why;
	const char *what, *next;
} rows[] = {
	{ CODE_IS_WRONG, "that is not the code that is shown there", NULL },
	{ CODE_IS_EXPIRED, "that code has expired: it was good for ten "
	    "minutes", IS_OVER },
	{ CODE_IS_USED, "that code was used already: each is for one person",
	    IS_OVER },
	{ CODE_IS_DEAD, "that code is dead: wrong ones were tried three "
	    "times where it waited", IS_OVER },
	{ CODE_NOBODY, "nobody waits where that code says, neither at your "
	    "relays nor on this network", "is it still shown there, with the "
	    "same digits? You meet on one network, by a relay that both have "
	    "(/set relay HOST), or by their address: /join CODE "
	    "HOST:PORT" },
	{ CODE_NO_PLACE, "there is no relay to ask, and no network",
	    "use a relay that the other one has, too (/set relay HOST), "
	    "or give their address: /join CODE HOST:PORT" },
	{ CODE_NO_ANSWER, NULL, "compare it with what /listen shows there; "
	    "a firewall or router may keep it shut" },
	{ CODE_CUT, "the connection was lost in the middle",
	    "type it again: this try did not count" },
	{ CODE_LATE, "the other side took too long to answer",
	    "type it again: this try did not count" },
	{ CODE_OTHER_VERSION, NULL, "" },
	{ CODE_BROKEN, "what came was not what a p2ptui says",
	    "type it again; if it stays so, somebody is in between: use "
	    "another network or relay" },
	{ CODE_REFUSED, "the person of that code could not be kept",
	    "they are blocked (/unblock first), too many people are around, "
	    "or the disk is full" },
};

void
pair_text_version(char text[160], unsigned version)
{
	snprintf(text, 160, "they use version %u of the protocol, this is "
	    "version %d: %s p2ptui needs to be newer", version,
	    FRAME_VERSION, version > FRAME_VERSION ? "this" : "their");
}

void
pair_text_of(struct pair_text *t, enum code_reason why, unsigned left,
    const char *where, unsigned version, const struct err *e)
{
	const char *what = "", *next = "";
	char text[160];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (rows[i].why == why) {
			what = rows[i].what;
			next = rows[i].next;
		}
	if (why == CODE_OTHER_VERSION) {
		pair_text_version(text, version);
		what = text;
	} else if (why == CODE_NO_ANSWER && e) {
		what = e->what;
		next = e->next;
	} else if (why == CODE_NO_ANSWER) {
		snprintf(text, sizeof(text), "nobody answers at %.100s: "
		    "nothing came back", where);
		what = text;
	} else if (why == CODE_NOBODY && *where) {
		what = "somebody is there, but waits for no code like that";
		next = "is it still shown there, and all of it as you typed "
		    "it?";
	}
	snprintf(t->what, sizeof(t->what), "%s", what);
	if (why != CODE_IS_WRONG)
		snprintf(t->next, sizeof(t->next), "%s", next);
	else if (left > 0)
		snprintf(t->next, sizeof(t->next), "compare the digits with "
		    "the other one%s; %u more %s", *where ? "" : "; if they "
		    "are right, /join with the code again: another place is "
		    "tried first", left, left == 1 ? "try" : "tries");
	else
		snprintf(t->next, sizeof(t->next), "that was the last try; "
		    "ask for another one: /host makes it");
}

void
pair_text_other_network(struct pair_text *t)
{
	snprintf(t->what, sizeof(t->what), "nobody on this network waits "
	    "with that code, and you have no relay to look further");
	snprintf(t->next, sizeof(t->next), "compare the digits; if they are "
	    "on another network, both need the same relay (/set relay "
	    "HOST), or you need their address: /join CODE HOST:PORT");
}

void
pair_text_unconfirmed(struct pair_text *t, const char *title)
{
	snprintf(t->what, sizeof(t->what), "the connection was lost before "
	    "%.80s could confirm the pairing", title);
	snprintf(t->next, sizeof(t->next), "if they see you, it is well, and "
	    "shows here by itself; if not, type the code again");
}
