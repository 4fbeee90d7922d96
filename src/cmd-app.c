#include "cmd-app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "route.h"

static void
say_usage(struct cmd_call *call, const struct cmd *c)
{
	char usage[160];

	snprintf(usage, sizeof usage, "/%s %s", c->name, c->usage);
	cmd_say(call, "%-28s %s", usage, c->help);
}

static int
cmd_help(void *room, struct cmd_call *call, struct err *e)
{
	const struct cmd_app *app = room;
	const struct cmd *c;
	const char *name;

	if (call->argc == 0) {
		for (size_t i = 0; i < cmds_count(app->cmds); i++)
			say_usage(call, cmds_at(app->cmds, i));
		return 0;
	}
	name = call->argv[0] + (call->argv[0][0] == '/');
	c = cmds_find(app->cmds, name);
	if (!c) {
		err_set(e, STATUS_USAGE, "there is no command /%s", name);
		return err_next(e, "/help lists all commands");
	}
	say_usage(call, c);
	if (c->alias)
		cmd_say(call, "also: %s", c->alias);
	if (c->more)
		cmd_say(call, "%s", c->more);
	return 0;
}

static void
say_option(struct cmd_call *call, const struct cmd_app *app,
    const struct opt *row)
{
	struct buf value;

	buf_init(&value);
	/* The name in use is chat's, whatever the option asked for once. */
	if (strcmp(row->name, "name") == 0)
		buf_printf(&value, "%s", chat_name(app->chat));
	else
		opts_show(app->opts, row->name, &value);
	cmd_say(call, "%s = %s%s%s  (%s)", row->name, buf_str(&value),
	    row->unit ? " " : "", row->unit ? row->unit : "", row->help);
	buf_clear(&value);
}

/* ---- relays -------------------------------------------------------------- */

/* Fresh copies; the last one is NULL. */
static char **
copy_relays(const struct opts *o, size_t *n)
{
	const char *const *now;
	char **list;

	*n = opts_list(o, "relay", &now);
	list = mem_array(*n + 1, sizeof *list);
	for (size_t i = 0; i < *n; i++)
		list[i] = mem_str(now[i]);
	return list;
}

static void
put_relays(struct opts *o, char *const *list)
{
	opts_unset(o, "relay", NULL);
	for (; *list; list++)
		opts_set(o, "relay", *list, NULL);
}

static bool
is_same_relay(const char *a, const char *b, bool *same_key)
{
	struct route r[2];

	if (route_parse(&r[0], a, NULL) < 0 || route_parse(&r[1], b, NULL) < 0)
		return false;
	*same_key = r[0].has_key == r[1].has_key && (!r[0].has_key ||
	    memcmp(r[0].key, r[1].key, KEY_LEN) == 0);
	return r[0].port == r[1].port && strcmp(r[0].host, r[1].host) == 0;
}

/* Names that begin with - are none, so a value "-HOST.." leaves that one. */
static bool
is_leaving(const char *value)
{
	return *value == '-' || *value == '\0';
}

/* All but the one that value names.  A key has to be its own. */
static int
leave_relay(struct opts *o, char *const *list, const char *value,
    struct err *e)
{
	struct route r;
	bool same_key, found = false;
	char where[ROUTE_TEXT];

	if (route_parse(&r, value, e) < 0)
		return err_prefix(e, "relay");
	/* An empty list that was meant, unless one stays. */
	opts_set(o, "relay", "", NULL);
	for (size_t i = 0; list[i]; i++) {
		if (is_same_relay(list[i], value, &same_key) &&
		    (same_key || !r.has_key))
			found = true;
		else
			opts_set(o, "relay", list[i], NULL);
	}
	if (found)
		return 0;
	route_where(&r, where);
	err_set(e, STATUS_USAGE, "relay: %s is none of mine", where);
	return err_next(e, "/set relay shows them");
}

/* One more, or another key for one there is, or one or all less.  1: there is
 * that one already, and nothing is to be done. */
static int
change_relays(struct opts *o, char *const *list, const char *value,
    struct err *e)
{
	bool same_key;

	for (size_t i = 0; list[i]; i++)
		if (is_same_relay(list[i], value, &same_key) && same_key)
			return 1;
	if (!*value)
		return opts_set(o, "relay", value, e);
	if (is_leaving(value))
		return leave_relay(o, list, value + 1, e);
	opts_unset(o, "relay", NULL);
	for (size_t i = 0; list[i]; i++)
		if (!is_same_relay(list[i], value, &same_key))
			opts_set(o, "relay", list[i], NULL);
	return opts_set(o, "relay", value, e);
}

static int
set_relay(struct cmd_app *app, const char *value, struct err *e)
{
	const char *const *now;
	size_t n;
	char **list = copy_relays(app->opts, &n);
	int done = change_relays(app->opts, list, value, e);

	if (done == 0)
		done = net_relays(app->net, e);
	/* What is wrong loses nothing. */
	if (done < 0)
		put_relays(app->opts, list);
	if (done < 0 && n >= ROUTES_MAX && e && !e->next[0])
		err_next(e, "/set relay -HOST leaves one, /set relay \"\" all");
	for (size_t i = 0; i < n; i++)
		free(list[i]);
	free(list);
	if (done == 0 && is_leaving(value) &&
	    opts_list(app->opts, "relay", &now) == 0)
		chat_unrelayed(app->chat);
	return done < 0 ? -1 : 0;
}

static void
say_relay(struct cmd_call *call, const struct cmd_app *app,
    const char *value)
{
	const char *const *list;
	size_t n = opts_list(app->opts, "relay", &list);

	if (n == 0) {
		cmd_say(call, "no relay any more; letters that contacts leave "
		    "there before they hear of it stay there until you set "
		    "it again");
	} else if (is_leaving(value)) {
		cmd_say(call, "left; letters that contacts leave there before "
		    "they hear of it stay there until you set it again; /save "
		    "leaves it out at the next start, too");
	} else if (n == 1) {
		cmd_say(call, "used from now on; /save keeps it for the next "
		    "start");
	} else {
		cmd_say(call, "used from now on, all %zu; /set relay -HOST "
		    "leaves one, /set relay \"\" all; /save keeps them for "
		    "the next start", n);
	}
}

/* ---- /set ---------------------------------------------------------------- */

/* The name is kept by chat and history by the store, so they go there. */
static int
set_option(struct cmd_app *app, const char *name, const char *value,
    struct err *e)
{
	if (strcmp(name, "name") == 0 &&
	    chat_rename(app->chat, value, e) < 0)
		return -1;
	if (strcmp(name, "relay") == 0)
		return set_relay(app, value, e);
	if (opts_set(app->opts, name, value, e) < 0)
		return opts_find(app->opts, name) ? -1 :
		    err_next(e, "/set lists all options");
	if (strcmp(name, "relay-token") == 0)
		return net_relays(app->net, e);
	if (strcmp(name, "birthday") == 0)
		net_birthday(app->net);
	if (strcmp(name, "history") == 0)
		return chat_history(app->chat, opts_bool(app->opts, name), e);
	return 0;
}

static int
cmd_set(void *room, struct cmd_call *call, struct err *e)
{
	struct cmd_app *app = room;
	const char *value = call->argv[1];
	const struct opt *row;
	size_t n;

	if (call->argc == 0) {
		row = opts_table(app->opts, &n);
		for (size_t i = 0; i < n; i++)
			say_option(call, app, &row[i]);
		return 0;
	}
	/* The rest of a line is taken as typed, quotes and all. */
	if (value && strcmp(value, "\"\"") == 0)
		value = "";
	if (value && set_option(app, call->argv[0], value, e) < 0)
		return -1;
	row = opts_find(app->opts, call->argv[0]);
	if (!row) {
		err_set(e, STATUS_USAGE, "there is no option %s",
		    call->argv[0]);
		return err_next(e, "/set lists all options");
	}
	say_option(call, app, row);
	if (value && strcmp(row->name, "relay") == 0)
		say_relay(call, app, value);
	if (value && row->at_start)
		cmd_say(call, "read at the start only: /save, and start "
		    "again%s", strcmp(row->name, "listen") ? "" :
		    "; /listen PORT moves at once");
	return 0;
}

static int
cmd_save(void *room, struct cmd_call *call, struct err *e)
{
	const struct cmd_app *app = room;

	if (!app->config) {
		err_set(e, STATUS_USAGE, "--ephemeral writes nothing to disk");
		return err_next(e, "start without it to keep options");
	}
	if (opts_save(app->opts, app->config, e) < 0)
		return -1;
	cmd_say(call, "options saved in %s", app->config);
	return 0;
}

static int
cmd_quit(void *room, struct cmd_call *call, struct err *e)
{
	const struct cmd_app *app = room;

	(void)call;
	(void)e;
	loop_stop(app->loop, STATUS_OK);
	return 0;
}

static const struct cmd app_cmds[] = {
	{ "help", NULL, "[COMMAND]", "what commands there are",
	    { CMD_COMMAND }, 0, cmd_help, NULL, "for example /help host" },
	{ "set", NULL, "[NAME [VALUE]]", "show or change options",
	    { CMD_OPTION, CMD_REST }, 0, cmd_set, NULL,
	    "for example /set relay relay.example, then /save; "
	    "/set relay -relay.example leaves it again" },
	{ "save", NULL, "", "keep the options as they are now",
	    { CMD_NONE }, 0, cmd_save, NULL, "/set shows and changes them" },
	{ "quit", "exit q", "", "leave; what is owed stays queued",
	    { CMD_NONE }, 0, cmd_quit, NULL, NULL },
};

void
cmd_app_add(struct cmd_app *app)
{
	cmds_add(app->cmds, app_cmds, sizeof app_cmds / sizeof *app_cmds, app);
}
