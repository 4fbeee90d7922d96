#include "intro.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of the pane below which only the most useful is said. */
enum { ROOMY_ROWS = 16, ALL_ROWS = 22 };

static void say(struct intro *in, enum style style, int indent,
    const char *fmt, ...) PRINTF_LIKE(4, 5);

static void
say(struct intro *in, enum style style, int indent, const char *fmt, ...)
{
	va_list ap;
	char text[1024];

	if (in->n == INTRO_ROWS)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	in->rows[in->n].style = style;
	in->rows[in->n].indent = indent;
	in->rows[in->n++].text = mem_str(text);
}

static void
say_nearby(struct intro *in, const struct scene *s)
{
	const struct tui_reach *reach = &s->setup->reach;
	const struct roster *r = chat_roster(s->setup->chat);
	const char *trouble = reach->lan_trouble ?
	    reach->lan_trouble(reach->arg) : NULL;
	size_t n = 0;

	for (size_t i = 0; i < roster_count(r); i++)
		n += roster_at(r, i)->nearby;
	if (n > 0) {
		say(in, STYLE_GOOD, 0, "%zu %s near you: choose with the "
		    "arrow keys, Enter, and write.", n, n == 1 ?
		    "person is" : "people are");
		return;
	}
	if (strcmp(opts_word(s->setup->opts, "lan"), "off") == 0) {
		say(in, STYLE_TEXT, 0, "This network is not searched, and "
		    "nobody on it sees you: --lan is off.");
		return;
	}
	say(in, STYLE_TEXT, 0, "Nobody is near you yet. Whoever starts "
	    "p2ptui on this network appears in the list.");
	if (trouble)
		say(in, STYLE_WARN, 0, "This network is not searched: %s.",
		    trouble);
}

static void
say_reach(struct intro *in, const struct scene *s, bool brief)
{
	const struct tui_reach *reach = &s->setup->reach;
	const char *at;

	if (!reach->listen_at || !reach->listen_at(reach->arg, 0)) {
		say(in, STYLE_WARN, 0, "Nobody can dial me: no address is "
		    "listened on.");
		return;
	}
	say(in, STYLE_TEXT, 0, brief ? "Who is elsewhere types this:" :
	    "Somebody elsewhere in your network or behind a VPN types one of "
	    "these to reach you:");
	for (size_t i = 0; i < (brief ? 1 : s->at->talk.rows < ALL_ROWS ? 2 :
	    4); i++) {
		at = reach->listen_at(reach->arg, i);
		if (!at)
			break;
		say(in, STYLE_KEY, 2, "/connect %s", at);
	}
}

/* From anywhere: what to give to somebody, or what is missing for that. */
static void
say_relay(struct intro *in, const struct scene *s, bool brief)
{
	const struct tui_reach *reach = &s->setup->reach;
	const char *how = reach->relay ? reach->relay(reach->arg) : "none";

	if (strcmp(how, "up") == 0) {
		say(in, STYLE_TEXT, 0, brief ? "From anywhere: /host makes a "
		    "code to say, they type /join and it." :
		    "From anywhere: /host makes a code to say over the phone, "
		    "they type /join and the code. Or links: /link, /add.");
	} else if (strcmp(how, "down") == 0) {
		say(in, STYLE_WARN, 0, "Your relay does not answer: nobody "
		    "reaches you from other networks. /doctor says why.");
	} else if (!brief) {
		say(in, STYLE_DIM, 0, "By a code said over the phone (/host, "
		    "/join) you meet here at once; from other networks with "
		    "a relay: /set relay HOST.");
	}
}

static void
welcome(struct intro *in, const struct scene *s)
{
	char id[ID_SHORT], focus[KEYNAME_LEN], help[KEYNAME_LEN];
	struct chat *c = s->setup->chat;
	const bool brief = s->at->talk.rows < ROOMY_ROWS;

	user_id_short(identity_id(chat_identity(c)), id);
	scene_key(s, "focus", focus);
	scene_key(s, "help", help);
	say(in, STYLE_TITLE, 0, brief ? "You are %s, id %s." :
	    "You are %s, id %s. /name NAME changes the name.", chat_name(c),
	    id);
	if (!brief)
		say(in, STYLE_TEXT, 0, "%s", "");
	say_nearby(in, s);
	if (!brief)
		say(in, STYLE_TEXT, 0, "%s", "");
	say_relay(in, s, brief);
	say_reach(in, s, brief);
	if (s->at->talk.rows >= ALL_ROWS)
		say(in, STYLE_TEXT, 0, "%s", "");
	say(in, STYLE_TEXT, 0, "Keys: %s list of people, Enter opens a chat, "
	    "%s help, Ctrl-C twice leaves.", focus, help);
	if (s->setup->ephemeral)
		say(in, STYLE_WARN, 0, "Ephemeral: nothing is written to "
		    "disk; what is not delivered when you leave is lost.");
	else if (!brief && !opts_bool(s->setup->opts, "history"))
		say(in, STYLE_DIM, 0, "Messages are not kept once they were "
		    "read; /history on keeps them, sealed.");
}

static void
fresh_chat(struct intro *in, const struct scene *s)
{
	const struct person *p = s->open;

	switch (p->who.trust) {
	case TRUST_NEARBY:
		say(in, STYLE_DIM, 0, "%s is on this network. What you write "
		    "first goes as a request with your words; %s decides "
		    "whether to talk.", p->title, p->title);
		break;
	case TRUST_ACCEPTED:
	case TRUST_PAIRED:
	case TRUST_VERIFIED:
		say(in, STYLE_DIM, 0, p->linked ? "Write, and Enter sends; "
		    "only %s can read it." : "%s is not here now: what you "
		    "write waits, sealed, until they are back.", p->title);
		if (!opts_bool(s->setup->opts, "history"))
			say(in, STYLE_DIM, 0, "Words are not kept once they "
			    "were read; /history on keeps them, sealed.");
		break;
	case TRUST_REQUESTED:
	case TRUST_BLOCKED:
		break;
	}
}

void
intro_make(struct intro *in, const struct scene *s)
{
	in->n = 0;
	if (!s->open)
		welcome(in, s);
	else if (!s->open->talk || talk_count(s->open->talk) == 0)
		fresh_chat(in, s);
}

void
intro_clear(struct intro *in)
{
	while (in->n > 0)
		free(in->rows[--in->n].text);
}
