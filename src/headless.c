#include "headless.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "headless-json.h"
#include "map.h"
#include "trust.h"

enum {
	LINE_MAX_IN = 65536,		/* bytes of one input line */
	READ_AT_ONCE = 65536,
	OUT_MAX = 64 << 20		/* bytes a stalled reader may owe us */
};

/* A message that was printed but whose bytes have not left yet. */
struct printed {
	struct user_id who;
	uint64_t epoch, seq;
};

struct headless {
	struct loop *loop;
	struct chat *chat;
	struct cmds *cmds;
	struct opts *opts;
	struct watch *in, *out;
	int out_flags;			/* as they were found; -1: untouched */
	struct timer linger;
	struct buf input, output;
	struct buf said;		/* this turn's words, each with a NUL */
	bool too_long;			/* skipping the rest of a long line */
	bool ended;			/* no more input */
	bool has_open;
	struct user_id open;		/* the open chat */
	struct map *peers;		/* id -> its last `peer` event */
	const struct net *net;
	uint64_t net_version;
	json_t *reach;			/* its last event, without the time */
	struct printed *printed;
	size_t n_printed, room_printed;
};

/* ---- writing ------------------------------------------------------------- */

static json_t *
event(const struct headless *h, const char *name)
{
	return json_event(name, loop_wall_ms(h->loop));
}

static int
append(const char *p, size_t n, void *arg)
{
	buf_put(arg, p, n);
	return 0;
}

/* Takes the object. */
static void
emit(struct headless *h, json_t *o)
{
	if (!o)
		die("out of memory");
	json_dump_callback(o, append, &h->output, JSON_COMPACT |
	    JSON_REAL_PRECISION(6));
	buf_u8(&h->output, '\n');
	json_decref(o);
}

/* The lines whose bytes have left are seen: newest first, since they are
 * almost always the last ones of their talk. */
static void
mark_seen(struct headless *h)
{
	struct roster *r = chat_roster(h->chat);

	for (size_t i = 0; i < h->n_printed; i++) {
		const struct printed *q = &h->printed[i];
		struct person *p = roster_find(r, &q->who);
		size_t n = p && p->talk ? talk_count(p->talk) : 0;

		while (n-- > 0) {
			const struct line *l = talk_line(p->talk, n);

			if (l->mine || l->epoch != q->epoch ||
			    l->seq != q->seq)
				continue;
			chat_seen(h->chat, p, l);
			break;
		}
	}
	if (h->n_printed > 0)
		loop_again(h->loop);
	h->n_printed = 0;
}

static void
flush(struct headless *h)
{
	while (h->output.len > 0) {
		ssize_t n = write(STDOUT_FILENO, h->output.at, h->output.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n <= 0) {		/* the reader is gone: so are we */
			buf_empty(&h->output);
			loop_stop(h->loop, STATUS_FAILURE);
			return;
		}
		buf_drop(&h->output, (size_t)n);
	}
	if (h->output.len == 0)
		mark_seen(h);
	else if (h->output.len > OUT_MAX)
		loop_stop(h->loop, STATUS_TRY_AGAIN);
	if (h->out)
		watch_want(h->out, h->output.len > 0 ? LOOP_WRITE : 0);
}

static void
on_writable(void *arg, unsigned events)
{
	(void)events;
	flush(arg);
}

/* ---- what happened ------------------------------------------------------- */

static json_t *
peer_event(struct headless *h, const struct person *p)
{
	json_t *o = event(h, "peer");

	json_set_text(o, "id", p->id_text);
	json_set_text(o, "name", p->title);
	json_set_text(o, "status", presence_name(p->presence));
	json_set_text(o, "path", path_name(p->path));
	json_object_set_new(o, "rtt_ms", p->rtt_us > 0 ?
	    json_real((double)p->rtt_us / 1000) : json_null());
	json_set_text(o, "trust", trust_name(p->who.trust));
	if (p->away[0] != '\0')
		json_set_text(o, "away", p->away);
	return o;
}

/* A peer's version moves for more reasons than a reader cares about. */
static void
emit_peer(struct headless *h, const struct person *p)
{
	json_t *o = peer_event(h, p);
	json_t *was = map_get(h->peers, &p->id);
	json_t *now = json_copy(o);

	json_object_del(now, "time");
	json_object_del(now, "rtt_ms");
	if (was && json_equal(was, now)) {
		json_decref(now);
		json_decref(o);
		return;
	}
	if (was)
		json_decref(was);
	map_put(h->peers, &p->id, now);
	emit(h, o);
}

static void
emit_gone(struct headless *h, const struct user_id *who)
{
	json_t *was = map_remove(h->peers, who);
	char id[ID_TEXT];
	json_t *o;

	if (!was)
		return;
	user_id_text(who, id);
	o = event(h, "peer");
	json_set_text(o, "id", id);
	json_object_set(o, "name", json_object_get(was, "name"));
	json_set_text(o, "status", presence_name(OFFLINE));
	json_set_text(o, "path", path_name(PATH_NONE));
	json_object_set_new(o, "rtt_ms", json_null());
	/* A contact is gone when it was removed: it is none any more. */
	json_set_text(o, "trust", trust_name(TRUST_NEARBY));
	json_decref(was);
	emit(h, o);
}

static const char *
state_name(uint8_t state)
{
	switch ((enum msg_state)state) {
	case MSG_QUEUED: return "queued";
	case MSG_STORED: return "stored";
	case MSG_DELIVERED: return "delivered";
	case MSG_READ: return "read";
	case MSG_FAILED: return "failed";
	case MSG_UNREAD:
	case MSG_SEEN:
		break;
	}
	return "seen";
}

/* chat, msg: the fields all three message events begin with. */
static json_t *
line_event(struct headless *h, const char *name, const struct person *p,
    const struct line *l)
{
	char id[LINE_ID_TEXT];
	json_t *o = event(h, name);

	line_id(p, chat_identity(h->chat), l, id);
	json_set_text(o, "chat", p->id_text);
	json_set_text(o, "msg", id);
	return o;
}

static void
remember(struct headless *h, const struct person *p, const struct line *l)
{
	if (h->n_printed == h->room_printed) {
		h->room_printed = h->room_printed ? 2 * h->room_printed : 64;
		h->printed = mem_resize(h->printed, h->room_printed,
		    sizeof *h->printed);
	}
	h->printed[h->n_printed++] = (struct printed){ p->id, l->epoch,
	    l->seq };
}

static void
emit_message(struct headless *h, const struct person *p, const struct line *l)
{
	json_t *o = line_event(h, "message", p, l);

	json_set_text(o, "from", p->id_text);
	json_set_text(o, "from_name", p->title);
	json_set_text(o, "text", l->text);
	json_set_text(o, "kind", l->kind == MSG_ACTION ? "action" : "text");
	json_object_set_new(o, "sent", json_time(l->sent_ms));
	if (l->gap > 0)
		json_object_set_new(o, "missing", json_integer(l->gap));
	emit(h, o);
	remember(h, p, l);
}

static void
emit_text(struct headless *h, const char *name, const char *text,
    const char *next, const char *command)
{
	json_t *o = event(h, name);

	json_set_foreign(o, "text", text);
	if (next && *next)
		json_set_foreign(o, "next", next);
	if (command)
		json_set_foreign(o, "command", command);
	emit(h, o);
}

/* The words of a change that needs a person's eye. */
static void
emit_key(struct headless *h, const struct news *n, const struct person *p)
{
	json_t *o = event(h, "error");

	json_set_text(o, "text", n->text);
	json_set_text(o, "next", n->next ? n->next : "");
	json_set_text(o, "id", p ? p->id_text : "");
	emit(h, o);
}

static void
emit_code(struct headless *h, const struct news *n)
{
	json_t *o = event(h, n->kind == NEWS_CODE ? "code" : "code-failed");

	if (n->kind == NEWS_CODE) {
		json_set_text(o, "code", n->text);
		json_object_set_new(o, "expires", json_time(n->at_ms));
	} else {
		json_set_text(o, "reason", code_reason_name(n->reason));
		json_set_text(o, "side", n->on ? "host" : "join");
		json_set_text(o, "text", n->text);
		if (n->next)
			json_set_text(o, "next", n->next);
	}
	json_object_set_new(o, "left", json_integer(n->left));
	emit(h, o);
}

static void
emit_paired(struct headless *h, const struct person *p)
{
	json_t *o = event(h, "paired");

	json_set_text(o, "id", p->id_text);
	json_set_text(o, "name", p->title);
	emit(h, o);
}

static void
show(struct headless *h, const struct news *n)
{
	struct person *p = roster_find(chat_roster(h->chat), &n->who);
	json_t *o;

	switch (n->kind) {
	case NEWS_PEER:
		if (p)
			emit_peer(h, p);
		return;
	case NEWS_GONE:
		emit_gone(h, &n->who);
		return;
	case NEWS_NOTICE:
		emit_text(h, "notice", n->text, NULL, NULL);
		return;
	case NEWS_ERROR:
		emit_text(h, "error", n->text, n->next, NULL);
		return;
	case NEWS_CODE:
	case NEWS_CODE_FAILED:
		emit_code(h, n);
		return;
	case NEWS_KEY:
		emit_key(h, n, p);
		return;
	case NEWS_PAIRED:
		if (p)
			emit_paired(h, p);
		return;
	case NEWS_REQUEST:
	case NEWS_SENT:
	case NEWS_MESSAGE:
	case NEWS_STATE:
	case NEWS_TYPING:
		break;
	}
	if (!p)
		return;
	if (n->kind == NEWS_TYPING) {
		o = event(h, "typing");
		json_set_text(o, "chat", p->id_text);
		json_set_text(o, "from", p->id_text);
		json_object_set_new(o, "on", json_boolean(n->on));
		emit(h, o);
	} else if (n->kind == NEWS_REQUEST) {
		o = event(h, "request");
		json_set_request(o, p, trust_like(h->chat, p), n->line ?
		    n->line->text : "");
		emit(h, o);
	} else if (n->line && n->kind == NEWS_MESSAGE) {
		emit_message(h, p, n->line);
	} else if (n->line && n->kind == NEWS_SENT) {
		o = line_event(h, "sent", p, n->line);
		json_set_text(o, "text", n->line->text);
		emit(h, o);
	} else if (n->line) {
		o = line_event(h, "state", p, n->line);
		json_set_text(o, "state", state_name(n->line->state));
		emit(h, o);
	}
}

/* ---- how I am reached ---------------------------------------------------- */

/* Beside `ready` it says nothing new, so it comes with the first change. */
static void
emit_reach(struct headless *h)
{
	json_t *now, *o;

	if (net_version(h->net) == h->net_version)
		return;
	h->net_version = net_version(h->net);
	now = json_reach(h->net);
	if (json_equal(now, h->reach)) {
		json_decref(now);
		return;
	}
	json_decref(h->reach);
	h->reach = now;
	o = event(h, "reach");
	json_object_update(o, now);
	emit(h, o);
}

/* ---- a turn -------------------------------------------------------------- */

/* The turn was undone: one error for each line that it takes back. */
static void
show_unsaid(struct headless *h, const struct news *n)
{
	const char *line = buf_str(&h->said);
	const char *end = line + h->said.len;

	for (; line < end; line += strlen(line) + 1)
		emit_text(h, "error", n->text, n->next, line);
	buf_empty(&h->said);
}

static void
on_show(void *arg)
{
	struct headless *h = arg;
	const struct news_list *list = chat_news(h->chat);

	for (size_t i = 0; i < news_count(list); i++) {
		const struct news *n = news_at(list, i);

		if (n->kind == NEWS_SENT)
			buf_empty(&h->said);
		if (n->kind == NEWS_ERROR && h->said.len > 0 &&
		    chat_trouble(h->chat))
			show_unsaid(h, n);
		else
			show(h, n);
	}
	buf_empty(&h->said);
	emit_reach(h);
	if (h->output.len > 0)
		flush(h);
	if (h->ended && chat_unleft(h->chat) == 0 && h->output.len == 0)
		loop_stop(h->loop, STATUS_OK);
}

/* ---- what is asked ------------------------------------------------------- */

static void
on_answer(void *arg, const char *line)
{
	emit_text(arg, "notice", line, NULL, NULL);
}

static struct person *
open_person(struct headless *h)
{
	return h->has_open ? roster_find(chat_roster(h->chat), &h->open) :
	    NULL;
}

static int
say(struct headless *h, const char *text, struct err *e)
{
	struct person *p = open_person(h);

	if (!p) {
		err_set(e, STATUS_USAGE, "no chat is open");
		return err_next(e, "open one with /query PEER, or say it with "
		    "/msg PEER TEXT");
	}
	return chat_say(h->chat, p, MSG_TEXT, text, strlen(text), e);
}

/* Lines whose words are owed once the turn is committed. */
static bool
is_saying(const char *line)
{
	return line[0] != '/' || line[1] == '/' ||
	    strncmp(line, "/msg ", 5) == 0 || strncmp(line, "/me ", 4) == 0;
}

static void
run_line(struct headless *h, char *line)
{
	struct err e = { 0 };
	int rc;

	if (*line == '\0')
		return;
	if (line[0] == '/' && line[1] != '/')
		rc = cmds_run(h->cmds, line, open_person(h), on_answer, h, &e);
	else
		rc = say(h, line + (line[0] == '/'), &e);
	if (rc < 0)
		emit_text(h, "error", e.what, e.next, line);
	else if (is_saying(line))
		buf_put(&h->said, line, strlen(line) + 1);
}

static void
too_long(struct headless *h)
{
	char text[128];

	snprintf(text, sizeof text, "a line of input is longer than %d bytes; "
	    "it was not run", LINE_MAX_IN);
	emit_text(h, "error", text, "send larger things in pieces", NULL);
}

static void
run_input(struct headless *h)
{
	char *nl;

	while (h->input.len > 0 &&
	    (nl = memchr(h->input.at, '\n', h->input.len))) {
		size_t len = (size_t)(nl - (char *)h->input.at);
		bool nul = memchr(h->input.at, '\0', len);

		*nl = '\0';
		if (len > 0 && nl[-1] == '\r')
			nl[-1] = '\0';
		if (h->too_long)
			h->too_long = false;
		else if (nul)
			emit_text(h, "error", "a line of input holds a NUL "
			    "byte; it was not run", NULL, NULL);
		else
			run_line(h, (char *)h->input.at);
		buf_drop(&h->input, len + 1);
	}
	if (h->input.len > LINE_MAX_IN) {
		if (!h->too_long)
			too_long(h);
		h->too_long = true;
		buf_empty(&h->input);
	}
}

static void
on_linger_over(void *arg)
{
	struct headless *h = arg;

	loop_stop(h->loop, chat_unleft(h->chat) > 0 ? STATUS_TRY_AGAIN :
	    STATUS_OK);
}

static void
end_input(struct headless *h)
{
	watch_free(h->in);
	h->in = NULL;
	if (h->input.len > 0 && !h->too_long) {
		buf_u8(&h->input, '\n');
		run_input(h);
	}
	h->ended = true;
	timer_set(&h->linger, opts_int(h->opts, "linger") * 1000);
	loop_again(h->loop);
}

static void
on_readable(void *arg, unsigned events)
{
	struct headless *h = arg;
	uint8_t *at = buf_space(&h->input, READ_AT_ONCE);
	ssize_t n = read(STDIN_FILENO, at, READ_AT_ONCE);

	(void)events;
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0) {
		end_input(h);
		return;
	}
	buf_added(&h->input, (size_t)n);
	run_input(h);
}

/* ---- the commands that mean something only here ------------------------- */

static int
cmd_query(void *room, struct cmd_call *call, struct err *e)
{
	struct headless *h = room;
	struct person *p = roster_match(chat_roster(h->chat), call->argv[0],
	    e);

	if (!p || !chat_open(h->chat, p, e))
		return -1;
	h->open = p->id;
	h->has_open = true;
	cmd_say(call, "chat with %s", p->title);
	return 0;
}

static const struct cmd headless_cmds[] = {
	{ "query", "open", "PEER", "open the chat with PEER",
	    { CMD_PEER }, 1, cmd_query, NULL, NULL },
};

/* ---- the face ------------------------------------------------------------ */

static void
emit_ready(struct headless *h)
{
	char id[ID_TEXT], *link = chat_link(h->chat);
	json_t *o = event(h, "ready");

	user_id_text(identity_id(chat_identity(h->chat)), id);
	json_set_text(o, "id", id);
	json_set_text(o, "name", chat_name(h->chat));
	json_object_set_new(o, "listen", json_listen(h->net));
	json_set_text(o, "link", link);
	free(link);
	emit(h, o);
}

/*
 * A pipe or socket is made non-blocking, so that a stalled reader cannot
 * stop the network.  Files never block, and a terminal is shared with the
 * shell, which would not like it.
 */
static void
watch_output(struct headless *h)
{
	struct stat st;
	int flags;

	if (fstat(STDOUT_FILENO, &st) < 0 ||
	    !(S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode)))
		return;
	flags = fcntl(STDOUT_FILENO, F_GETFL);
	if (flags < 0 || fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK) < 0)
		return;
	h->out_flags = flags;
	h->out = loop_watch(h->loop, STDOUT_FILENO, on_writable, h, NULL);
	if (h->out)
		watch_want(h->out, 0);
}

struct headless *
headless_open(const struct headless_setup *setup, struct err *e)
{
	struct headless *h = mem_new(sizeof *h);
	struct roster *r = chat_roster(setup->chat);

	/* An event is whole or not at all: no memory ends us here as well. */
	json_set_alloc_funcs(mem_new, free);
	h->loop = setup->loop;
	h->chat = setup->chat;
	h->cmds = setup->cmds;
	h->opts = setup->opts;
	h->peers = map_new(ID_LEN);
	h->net = setup->net;
	h->net_version = net_version(h->net);
	h->reach = json_reach(h->net);
	h->out_flags = -1;
	buf_init(&h->input);
	buf_init(&h->output);
	timer_init(&h->linger, h->loop, on_linger_over, h);
	cmds_add(h->cmds, headless_cmds,
	    sizeof headless_cmds / sizeof *headless_cmds, h);
	h->in = loop_watch(h->loop, STDIN_FILENO, on_readable, h, e);
	if (!h->in) {
		headless_close(h);
		return NULL;
	}
	watch_output(h);
	emit_ready(h);
	for (size_t i = 0; i < roster_count(r); i++)
		emit_peer(h, roster_at(r, i));
	flush(h);
	loop_hook(h->loop, LOOP_SHOW, on_show, h);
	return h;
}

void
headless_close(struct headless *h)
{
	const void *key;
	void *was;
	size_t at = 0;

	if (!h)
		return;
	loop_unhook(h->loop, LOOP_SHOW, on_show, h);
	emit(h, event(h, "bye"));
	flush(h);
	watch_free(h->in);
	watch_free(h->out);
	/* The pipe may be somebody's who goes on with it. */
	if (h->out_flags >= 0)
		fcntl(STDOUT_FILENO, F_SETFL, h->out_flags);
	timer_stop(&h->linger);
	while (map_next(h->peers, &at, &key, &was))
		json_decref(was);
	map_free(h->peers);
	json_decref(h->reach);
	buf_clear(&h->input);
	buf_clear(&h->output);
	buf_wipe(&h->said);
	free(h->printed);
	free(h);
}
