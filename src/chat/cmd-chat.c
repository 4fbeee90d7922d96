#include "cmd-chat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "enc.h"
#include "own.h"

/* The person an argument names, or the open chat's. */
static struct person *
peer_of(struct chat *c, const struct cmd_call *call, int arg, struct err *e)
{
	if (call->argc > arg)
		return roster_match(chat_roster(c), call->argv[arg], e);
	if (!call->here) {
		err_set(e, STATUS_USAGE, "no chat is open");
		err_next(e, "/%s %s", call->cmd->name, call->cmd->usage);
	}
	return call->here;
}

static int
by_name(const void *a, const void *b)
{
	const struct person *const *p = a, *const *q = b;

	if ((*p)->who.trust != (*q)->who.trust)
		return (*p)->who.trust < (*q)->who.trust ? -1 : 1;
	return strcmp((*p)->title, (*q)->title);
}

static void
say_peer(const struct cmd_call *call, const struct person *p)
{
	char more[64] = "";

	if (p->n_unread > 0)
		snprintf(more, sizeof(more), "  %zu unread", p->n_unread);
	if (p->n_owed > 0)
		snprintf(more + strlen(more), sizeof(more) - strlen(more),
		    "  %zu owed", p->n_owed);
	cmd_say(call, "%s  %.8s  %s  %s  %s%s%s%s%s%s", p->title, p->id_text,
	    presence_name(p->presence), path_name(p->path),
	    trust_name(p->who.trust),
	    p->flagged ? "  looks like somebody else's name" : "",
	    p->differs ? "  numbers differ: nothing is said to them" :
	    p->doubted ? "  another key: nothing is said to them" : "",
	    p->unconfirmed ? "  unconfirmed" : "",
	    p->waiting ? "  waits for their consent" : "", more);
}

static int
cmd_peers(void *room, struct cmd_call *call, struct err *e)
{
	struct roster *r = chat_roster(room);
	size_t n = roster_count(r);
	struct person **all;

	(void)e;
	if (n == 0) {
		cmd_say(call, "nobody is known or nearby yet");
		return 0;
	}
	all = mem_array(n, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		all[i] = roster_at(r, i);
	qsort(all, n, sizeof(*all), by_name);
	for (size_t i = 0; i < n; i++)
		say_peer(call, all[i]);
	free(all);
	return 0;
}

static int
cmd_msg(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = roster_match(chat_roster(room), call->argv[0], e);

	return p ? chat_say(room, p, MSG_TEXT, call->argv[1],
	    strlen(call->argv[1]), e) : -1;
}

static int
cmd_me(void *room, struct cmd_call *call, struct err *e)
{
	if (!call->here) {
		err_set(e, STATUS_USAGE, "no chat is open");
		return err_next(e, "/query PEER opens one");
	}
	return chat_say(room, call->here, MSG_ACTION, call->argv[0],
	    strlen(call->argv[0]), e);
}

static int
cmd_add(void *room, struct cmd_call *call, struct err *e)
{
	struct chat *c = room;
	char *link = mem_str(call->argv[0]), *to = link;
	struct person *p;

	/* What the mouse took from a screen is broken at its rows. */
	for (const char *s = link; *s; s++)
		if (!strchr(" \t\n", *s))
			*to++ = *s;
	*to = '\0';
	p = chat_add(c, link, e);
	free(link);
	if (!p)
		return -1;
	cmd_say(call, "%s may write to you; what you write to them arrives "
	    "as a request unless they added you", p->title);
	return 0;
}

static int
cmd_link(void *room, struct cmd_call *call, struct err *e)
{
	char *link = chat_link(room), *shorter = chat_short_link(room);

	(void)e;
	cmd_say(call, "%s", link);
	cmd_say(call, "shorter, without my name: %s", shorter);
	free(link);
	free(shorter);
	return 0;
}

static int
cmd_accept(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = peer_of(room, call, 0, e);

	return p ? chat_accept(room, p, e) : -1;
}

static int
cmd_decline(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = peer_of(room, call, 0, e);

	return p ? chat_decline(room, p, e) : -1;
}

static int
cmd_block(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = peer_of(room, call, 0, e);

	return p ? chat_block(room, p, true, e) : -1;
}

static int
cmd_unblock(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = peer_of(room, call, 0, e);

	return p ? chat_block(room, p, false, e) : -1;
}

static int
cmd_remove(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = roster_match(chat_roster(room), call->argv[0], e);

	return p ? chat_remove(room, p, e) : -1;
}

static int
cmd_rename(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = roster_match(chat_roster(room), call->argv[0], e);

	return p ? chat_alias(room, p, call->argc > 1 ? call->argv[1] : "",
	    e) : -1;
}

static int
cmd_name(void *room, struct cmd_call *call, struct err *e)
{
	struct chat *c = room;

	if (call->argc == 0) {
		cmd_say(call, "you are called %s", chat_name(c));
		return 0;
	}
	if (chat_rename(c, call->argv[0], e) < 0)
		return -1;
	/* A name given as an option comes back at the next start. */
	if (!opts_is_set(c->opts, "name"))
		return 0;
	cmd_say(call, "you are called %s; /save keeps it in p2ptui.conf, "
	    "whose name counts first", chat_name(c));
	return opts_set(c->opts, "name", chat_name(c), e);
}

/* ---- codes, and who it is ------------------------------------------------ */

static int
cmd_host(void *room, struct cmd_call *call, struct err *e)
{
	struct chat *c = room;
	struct hosting h, before;
	bool had = chat_hosting(c, &before);

	if (call->argc > 0 && strcmp(call->argv[0], "off") != 0) {
		err_set(e, STATUS_USAGE, "/host takes nothing, or off");
		return err_next(e, "/host makes a code, /host off ends it");
	}
	if (call->argc > 0) {
		if (chat_host_off(c, e) < 0)
			return -1;
		cmd_say(call, "nobody can use the code any more");
		return 0;
	}
	if (chat_host(c, e) < 0)
		return -1;
	chat_hosting(c, &h);
	if (had)
		cmd_say(call, "the code before it is void");
	cmd_say(call, "code %s: say it to one person, who types /join %s "
	    "within %d minutes; %u tries", h.code, h.code,
	    CODE_LIFE_MS / 60000, h.left);
	return 0;
}

/* The code may stand in fours: what is left when it is whole is where. */
static const char *
split_code(const char *line, char digits[CODE_DIGITS + 1])
{
	size_t n = 0;

	for (; *line && n < CODE_DIGITS; line++)
		if (*line >= '0' && *line <= '9')
			digits[n++] = *line;
		else if (*line != ' ' && *line != '-')
			break;
	digits[n] = '\0';
	/* Not a digit where one must be: the parser says it better. */
	if (n < CODE_DIGITS && *line)
		return NULL;
	if (*line && *line != ' ')
		return NULL;
	return line + strspn(line, " ");
}

static int
cmd_join(void *room, struct cmd_call *call, struct err *e)
{
	char digits[CODE_DIGITS + 1];
	const char *code = call->argv[0], *where = split_code(code, digits);

	if (!where)
		where = "";
	else
		code = digits;
	if (chat_join(room, code, where, e) < 0)
		return -1;
	cmd_say(call, *where ? "looking at %s for whoever made that code" :
	    "looking for whoever made that code", where);
	return 0;
}

static void
say_safety(const struct chat *c, const struct cmd_call *call,
    const struct person *p)
{
	struct safety s;

	chat_safety(c, p, &s);
	/* Four groups a row are read over the phone without losing them. */
	cmd_say(call, "%s and you: compare these over a call, or side by "
	    "side", p->title);
	for (size_t i = 0; i < 3; i++)
		cmd_say(call, "  %.23s", s.number + i * 24);
	cmd_say(call, "  %s", s.words);
	cmd_say(call, p->who.trust == TRUST_VERIFIED ?
	    "marked as verified; should one differ: /verify %.8s no" :
	    "if both see the same numbers or words: /verify %.8s yes; if one "
	    "differs: no", p->id_text);
}

static bool
is_verdict(const char *word)
{
	return strcmp(word, "yes") == 0 || strcmp(word, "no") == 0;
}

static int
cmd_verify(void *room, struct cmd_call *call, struct err *e)
{
	const char *word = call->argc > 1 ? call->argv[1] : NULL;
	struct person *p;

	/* Of the open chat: /verify yes. */
	if (call->argc == 1 && call->here && is_verdict(call->argv[0])) {
		word = call->argv[0];
		p = call->here;
	} else {
		p = peer_of(room, call, 0, e);
	}
	if (!p)
		return -1;
	if (!word) {
		say_safety(room, call, p);
		return 0;
	}
	if (!is_verdict(word)) {
		err_set(e, STATUS_USAGE, "verified cannot be \"%.40s\"", word);
		return err_next(e, "yes or no");
	}
	if (chat_verify(room, p, *word == 'y', e) < 0)
		return -1;
	/* What no means, its news say. */
	if (*word == 'y')
		cmd_say(call, "%s is verified", p->title);
	return 0;
}

/* ---- /info -------------------------------------------------------------- */

static void
say_time(const struct cmd_call *call, const char *what, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	char text[40];
	struct tm tm;

	if (ms > 0 && localtime_r(&t, &tm) &&
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M", &tm) > 0)
		cmd_say(call, "  %-11s  %s", what, text);
}

static void
say_me(struct chat *c, const struct cmd_call *call)
{
	char id[ID_TEXT];
	char *link = chat_link(c);

	user_id_text(identity_id(chat_identity(c)), id);
	cmd_say(call, "%s (you)", chat_name(c));
	cmd_say(call, "  %-11s  %s", "id", id);
	cmd_say(call, "  %-11s  %s", "link", link);
	cmd_say(call, "  %-11s  %zu", "owed", chat_owed(c));
	if (chat_is_away(c))
		cmd_say(call, "  %-11s  %s", "away", c->away);
	free(link);
}

static void
say_row(void *arg, const char *name, const char *text)
{
	cmd_say(arg, "  %-11s  %s", name, text);
}

static int
cmd_info(void *room, struct cmd_call *call, struct err *e)
{
	const struct chat *c = room;
	const struct person *p;
	char ed[65], x[65];

	if (call->argc == 0 && !call->here) {
		say_me(room, call);
		return 0;
	}
	p = peer_of(room, call, 0, e);
	if (!p)
		return -1;
	enc_hex(ed, p->who.keys.ed, KEY_LEN);
	enc_hex(x, p->who.keys.x, KEY_LEN);
	cmd_say(call, "%s", p->title);
	cmd_say(call, "  %-11s  %s", "id", p->id_text);
	cmd_say(call, "  %-11s  %s", "calls self",
	    p->who.name[0] ? p->who.name : "nothing");
	cmd_say(call, "  %-11s  %s%s%s%s", "trust", trust_name(p->who.trust),
	    p->differs ? ", compared numbers differ: nothing is said before "
	    "/verify or /accept" :
	    p->doubted ? ", has another key than one you know: /accept or "
	    "/verify before words go there" : "",
	    p->unconfirmed ? ", unconfirmed" : "",
	    p->waiting ? ", waits for their consent" : "");
	cmd_say(call, "  %-11s  %s%s%s", "presence",
	    presence_name(p->presence), p->away[0] ? ": " : "", p->away);
	cmd_say(call, "  %-11s  %s", "path", path_name(p->path));
	if (p->rtt_us > 0)
		cmd_say(call, "  %-11s  %.1f ms", "round trip",
		    (double)p->rtt_us / 1000);
	if (p->own->where[0] || p->who.where[0])
		cmd_say(call, "  %-11s  %s", "address", p->nearby &&
		    p->own->where[0] ? p->own->where : p->who.where);
	if (c->carrier.about)
		c->carrier.about(c->carrier.net, &p->id, say_row, call);
	cmd_say(call, "  %-11s  %s", "sign key", ed);
	cmd_say(call, "  %-11s  %s", "agree key", x);
	cmd_say(call, "  %-11s  %zu, unread %zu", "owed", p->n_owed,
	    p->n_unread);
	say_time(call, "known since", p->who.since_ms);
	say_time(call, "last seen", p->who.seen_ms);
	return 0;
}

/* ---- history, unsend, away ---------------------------------------------- */

static int
cmd_history(void *room, struct cmd_call *call, struct err *e)
{
	const struct chat *c = room;
	const char *word = call->argv[0];

	if (call->argc > 0 && strcmp(word, "forget") == 0) {
		if (chat_forget(room, e) < 0)
			return -1;
		cmd_say(call, "what was kept is removed from disk; what is "
		    "owed or unread stays");
		return 0;
	}
	if (call->argc > 0 && strcmp(word, "on") && strcmp(word, "off")) {
		err_set(e, STATUS_USAGE, "history cannot be \"%.40s\"", word);
		return err_next(e, "on, off or forget");
	}
	if (call->argc > 0 && chat_history(room, strcmp(word, "on") == 0, e) <
	    0)
		return -1;
	if (!store_is_kept(c->store))
		cmd_say(call, "nothing is kept: --ephemeral writes nothing to "
		    "disk");
	else
		cmd_say(call, opts_bool(c->opts, "history") ?
		    "history is on: what is said is kept on disk, sealed" :
		    "history is off: what is said is gone when it was read "
		    "and you leave");
	return 0;
}

static int
cmd_unsend(void *room, struct cmd_call *call, struct err *e)
{
	struct person *p = peer_of(room, call, 0, e);

	return p ? chat_unsend(room, p, e) : -1;
}

static int
cmd_away(void *room, struct cmd_call *call, struct err *e)
{
	(void)e;
	chat_set_away(room, true, call->argv[0]);
	return 0;
}

static int
cmd_back(void *room, struct cmd_call *call, struct err *e)
{
	(void)call;
	(void)e;
	chat_set_away(room, false, NULL);
	return 0;
}

static const struct cmd table[] = {
	{ "accept", NULL, "[PEER]", "let somebody write to you",
	    { CMD_PEER }, 0, cmd_accept, NULL,
	    "for example /accept Bob; also /decline, /block" },
	{ "add", NULL, "LINK", "add the person of a contact link",
	    { CMD_REST }, 1, cmd_add, NULL,
	    "for example /add p2ptui:...; /link shows yours" },
	{ "away", NULL, "[TEXT]", "show that you are away",
	    { CMD_REST }, 0, cmd_away, NULL,
	    "for example /away at lunch; /back ends it" },
	{ "back", NULL, "", "show that you are here again",
	    { CMD_NONE }, 0, cmd_back, NULL, NULL },
	{ "block", NULL, "[PEER]", "shut somebody out, without an answer",
	    { CMD_PEER }, 0, cmd_block, NULL, "also /unblock, /remove" },
	{ "decline", NULL, "[PEER]", "turn a request away",
	    { CMD_PEER }, 0, cmd_decline, NULL, "also /accept, /block" },
	{ "history", NULL, "[on|off|forget]",
	    "keep what was said on disk, or remove what was kept",
	    { CMD_WORD }, 0, cmd_history, "on off forget",
	    "for example /history on" },
	{ "host", NULL, "[off]",
	    "make a code by which one person becomes a contact",
	    { CMD_WORD }, 0, cmd_host, "off",
	    "say the code, they type /join CODE; then /verify" },
	{ "info", NULL, "[PEER]",
	    "keys, addresses, the way and its history, trust",
	    { CMD_PEER }, 0, cmd_info, NULL,
	    "for example /info Bob; without a chat, of yourself" },
	{ "join", NULL, "CODE [HOST[:PORT]]",
	    "become contacts with who made the code",
	    { CMD_REST }, 1, cmd_join, NULL,
	    "for example /join 1234 5678 9012 3456; also /host" },
	{ "link", NULL, "", "your own contact link, for others to add",
	    { CMD_NONE }, 0, cmd_link, NULL,
	    "they type /add LINK; a code is easier to say: /host" },
	{ "me", NULL, "TEXT", "say what you do",
	    { CMD_REST }, 1, cmd_me, NULL, "for example /me waves" },
	{ "msg", NULL, "PEER TEXT", "say TEXT to PEER without switching",
	    { CMD_PEER, CMD_REST }, 2, cmd_msg, NULL,
	    "for example /msg Bob hello" },
	{ "name", NULL, "[NAME]", "your own name, as others see it",
	    { CMD_REST }, 0, cmd_name, NULL,
	    "for example /name Robert; others: /rename" },
	{ "peers", NULL, "", "everybody known or nearby",
	    { CMD_NONE }, 0, cmd_peers, NULL, "one of them: /info" },
	{ "remove", NULL, "PEER", "forget a contact and what was said",
	    { CMD_PEER }, 1, cmd_remove, NULL, "/block shuts out as well" },
	{ "rename", NULL, "PEER [NAME]",
	    "what you call a contact; without NAME, what they do",
	    { CMD_PEER, CMD_REST }, 1, cmd_rename, NULL,
	    "for example /rename Bob my brother" },
	{ "unblock", NULL, "[PEER]", "end a block",
	    { CMD_PEER }, 0, cmd_unblock, NULL, "also /block, /remove" },
	{ "unsend", NULL, "[PEER]",
	    "take back the last message that is still queued",
	    { CMD_PEER }, 0, cmd_unsend, NULL, NULL },
	{ "verify", NULL, "[PEER] [yes|no]",
	    "numbers and words to compare; mark somebody as verified",
	    { CMD_PEER, CMD_WORD }, 0, cmd_verify, "yes no",
	    "for example /verify Bob, then /verify Bob yes" },
};

void
cmd_chat_add(struct cmds *cmds, struct chat *chat)
{
	cmds_add(cmds, table, sizeof(table) / sizeof(*table), chat);
}
