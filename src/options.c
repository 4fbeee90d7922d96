#include "options.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "arg.h"
#include "card.h"
#include "chat.h"
#include "log.h"
#include "relaywire.h"
#include "route.h"

static int
check_relay(const char *value, struct err *e)
{
	struct route r;

	if (route_parse(&r, value, e) < 0) {
		if (e)
			e->status = STATUS_CONFIG;
		return -1;
	}
	if (r.has_place)
		return err_set(e, STATUS_CONFIG, "\"%s\" is a place for "
		    "letters, not a relay; allowed is HOST[:PORT][#KEY]",
		    value);
	return 0;
}

static int
check_name(const char *value, struct err *e)
{
	struct buf shown;
	int rc;

	if (*value == '\0')
		return 0;
	buf_init(&shown);
	rc = chat_clean_name(&shown, value, e);
	buf_clear(&shown);
	if (rc < 0 && e)
		e->status = STATUS_CONFIG;
	return rc;
}

static const char *const direct_modes[] = { "always", "contacts", "never",
	NULL };
static const char *const lan_modes[] = { "everyone", "contacts", "off", NULL };
static const char *const mark_sets[] = { "auto", "unicode", "ascii", NULL };

static const struct opt option_table[] = {
	{ .name = "bell", .type = OPT_BOOL, .def = "on",
	    .help = "ring the terminal's bell for a message in another chat" },
	{ .name = "bind", .type = OPT_LIST, .max = 80,
	    .help = "KEY ACTION: what a key does; may be given several times" },
	{ .name = "birthday", .type = OPT_BOOL, .def = "off",
	    .help = "where routers allow no other way, look for one by many "
	    "sockets and probes to random ports, if both sides want it" },
	{ .name = "clipboard", .type = OPT_BOOL, .def = "on",
	    .help = "/link puts my contact link into the terminal's "
	    "clipboard" },
	{ .name = "direct", .type = OPT_WORD, .def = "contacts",
	    .words = direct_modes, .at_start = true,
	    .help = "who may learn my addresses, to be linked without a "
	    "relay" },
	{ .name = "dns", .type = OPT_TEXT, .max = 200,
	    .check = addr_check_servers, .at_start = true,
	    .help = "name servers to ask instead of the system's: "
	    "ADDR[:PORT],..." },
	{ .name = "history", .type = OPT_BOOL, .def = "off",
	    .help = "keep what was said, sealed, after it was read" },
	{ .name = "lan", .type = OPT_WORD, .def = "everyone",
	    .words = lan_modes, .at_start = true,
	    .help = "who on this network may see that I am here" },
	{ .name = "lan-port", .type = OPT_INT, .def = "54545", .min = 1,
	    .max = 65535, .at_start = true,
	    .help = "UDP port of the discovery on this network" },
	{ .name = "linger", .type = OPT_INT, .def = "10", .max = 86400,
	    .unit = "s", .help = "headless: how long to wait at the end of "
	    "input for what is owed" },
	{ .name = "listen", .type = OPT_TEXT, .def = "54545", .min = 1,
	    .max = 80, .check = addr_check_listen, .at_start = true,
	    .help = "[ADDR:]PORT to be reached at; 0 takes any free port" },
	{ .name = "lock", .type = OPT_INT, .def = "0", .max = 1440,
	    .unit = "min", .help = "lock the screen after so long without a "
	    "key, until the passphrase is typed; 0: never" },
	{ .name = "log", .type = OPT_TEXT, .max = 1000, .check = log_check,
	    .at_start = true,
	    .help = "LEVEL[:FILE]: error, warn, info or debug; off if empty" },
	{ .name = "marks", .type = OPT_WORD, .def = "auto", .words = mark_sets,
	    .help = "draw marks and borders in Unicode or in ASCII" },
	{ .name = "name", .type = OPT_TEXT, .max = CARD_NAME_MAX,
	    .check = check_name,
	    .help = "my display name; the login name if none was ever set" },
	{ .name = "passphrase", .type = OPT_BOOL, .def = "off",
	    .at_start = true,
	    .help = "seal a new identity with a passphrase, asked for at its "
	    "first start" },
	{ .name = "passphrase-fd", .type = OPT_INT, .def = "-1", .min = -1,
	    .max = 1023, .at_start = true,
	    .help = "read passphrases from this descriptor instead of the "
	    "terminal, a line for each" },
	{ .name = "people-width", .type = OPT_INT, .def = "20", .min = 10,
	    .max = 40, .unit = "cells", .help = "width of the list of people" },
	{ .name = "port-mapping", .type = OPT_BOOL, .def = "on",
	    .at_start = true,
	    .help = "ask the router to send my port through, so that I can "
	    "be reached directly" },
	{ .name = "receipts", .type = OPT_BOOL, .def = "on",
	    .help = "tell contacts that I have read their messages" },
	{ .name = "relay", .type = OPT_LIST, .max = ROUTE_TEXT - 1,
	    .most = ROUTES_MAX, .check = check_relay,
	    .help = "HOST[:PORT][#KEY]: where I can be found and left "
	    "letters from anywhere; may be given several times" },
	{ .name = "relay-token", .type = OPT_TEXT, .max = RELAY_TOKEN_MAX,
	    .help = "shown to my relays, which may serve only who knows it" },
	{ .name = "requests", .type = OPT_BOOL, .def = "on",
	    .help = "let strangers ask to talk to me" },
	{ .name = "stun", .type = OPT_LIST, .max = 260,
	    .check = addr_check_host, .at_start = true,
	    .help = "HOST[:PORT] to ask how I look from outside, besides the "
	    "relays; may be given several times" },
	{ .name = "typing", .type = OPT_BOOL, .def = "on",
	    .help = "tell contacts that I am writing to them" },
	{ .name = "upnp", .type = OPT_BOOL, .def = "on", .at_start = true,
	    .help = "with port-mapping: ask by UPnP too, in a process of its "
	    "own" },
};

enum { N_OPTIONS = sizeof option_table / sizeof *option_table };

struct opts *
options_new(void)
{
	return opts_new(option_table, N_OPTIONS);
}

/* ---- the command line ---------------------------------------------------- */

/* An argument that is no option, but an address like theirs. */
static int
check_address(const struct arg *row, const char *value, struct err *e)
{
	if (addr_check_host(value, e) == 0)
		return 0;
	if (e)
		e->status = STATUS_USAGE;
	return err_prefix(e, "--%s", row->name);
}

/* The flags below that set an option carry the option's own name. */
static int
take_option(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct start *s = ctx;

	(void)value2;
	return opts_set_flag(s->opts, row->name, value, e);
}

static int
take_set(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct start *s = ctx;

	(void)value2;
	return opts_set_pair_flag(s->opts, row->name, value, e);
}

static int
take_connect(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct start *s = ctx;

	(void)value2;
	if (check_address(row, value, e) < 0)
		return -1;
	s->connect = mem_resize(s->connect, s->n_connect + 1,
	    sizeof *s->connect);
	s->connect[s->n_connect++] = value;
	return 0;
}

/* As a desktop hands it over: the scheme in either case. */
static int
take_link(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct start *s = ctx;

	(void)row;
	(void)value2;
	if (strncasecmp(value, "p2ptui:", 7) != 0) {
		err_set(e, STATUS_USAGE, "unexpected argument %.40s", value);
		return err_next(e, "a contact link begins with p2ptui: ; "
		    "--help lists all options");
	}
	s->links = mem_resize(s->links, s->n_links + 1, sizeof *s->links);
	s->links[s->n_links++] = value;
	return 0;
}

static int
take_join(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct start *s = ctx;

	s->join = value;
	s->join_where = value2 ? value2 : "";
	return value2 ? check_address(row, value2, e) : 0;
}

static int
take_word(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct start *s = ctx;

	(void)value2;
	if (*value == '\0')
		return err_set(e, STATUS_USAGE, "--%s needs a %s", row->name,
		    row->value);
	if (strcmp(row->name, "home") == 0)
		s->home = value;
	else if (strcmp(row->name, "export") == 0)
		s->export_to = value;
	else if (strcmp(row->name, "import") == 0)
		s->import_from = value;
	else
		s->profile = value;
	return 0;
}

static int
take_flag(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct start *s = ctx;
	const struct {
		const char *name;
		bool *flag;
	} flags[] = {
		{ "doctor", &s->doctor },
		{ "ephemeral", &s->ephemeral },
		{ "headless", &s->headless },
		{ "help", &s->help },
		{ "host", &s->host },
		{ "passphrase", &s->passphrase },
		{ "recover", &s->recover },
		{ "version", &s->version },
	};

	(void)value;
	(void)value2;
	(void)e;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		if (strcmp(flags[i].name, row->name) == 0)
			*flags[i].flag = true;
	return 0;
}

static const struct arg arg_table[] = {
	{ 'd', "home", "DIR", "keep everything under DIR instead of the XDG "
	    "directories", NULL, take_word },
	{ 'p', "profile", "NAME", "a separate identity, under the XDG "
	    "directories", NULL, take_word },
	{ 'n', "name", "NAME", "my display name; remembered", NULL,
	    take_option },
	{ 'l', "listen", "[ADDR:]PORT", "where to be reached; default 54545, "
	    "the next free one if taken, 0 = any", NULL, take_option },
	{ 'r', "relay", "HOST[:PORT][#KEY]", "a relay, to be reached from "
	    "anywhere; may be given several times", NULL, take_option },
	{ 'c', "connect", "HOST[:PORT]", "dial this address at start", NULL,
	    take_connect },
	{ 0, "host", NULL, "make a session code and show it: whoever is told "
	    "it becomes a contact", NULL, take_flag },
	{ 0, "join", "CODE", "become contacts with the person who made the "
	    "code", "HOST[:PORT]", take_join },
	{ 0, "lan", "MODE", "everyone (default: be seen, see all), contacts "
	    "(only contacts recognise me), off", NULL, take_option },
	{ 0, "ephemeral", NULL, "write nothing to disk; a fresh identity "
	    "unless --home names one", NULL, take_flag },
	{ 0, "set", "NAME=VALUE", "any option of p2ptui.conf(5)", NULL,
	    take_set },
	{ 0, "headless", NULL, "no screen: commands on stdin, JSON Lines on "
	    "stdout", NULL, take_flag },
	{ 0, "doctor", NULL, "measure what is reachable, say what to do about "
	    "the rest, and exit", NULL, take_flag },
	{ 0, "passphrase", NULL, "set, change or take away the passphrase, "
	    "and exit", NULL, take_flag },
	{ 0, "export", "FILE", "everything of this profile into one file, "
	    "sealed by a passphrase, and exit", NULL, take_word },
	{ 0, "import", "FILE", "such a file into an empty profile, and exit",
	    NULL, take_word },
	{ 0, "recover", NULL, "save what can be read of a damaged database "
	    "and start", NULL, take_flag },
	{ 0, "log", "LEVEL[:FILE]", "error, warn, info or debug; never keys "
	    "or text", NULL, take_option },
	{ 0, "", "LINK", "a contact link", NULL, take_link },
	{ 'h', "help", NULL, "this text", NULL, take_flag },
	{ 'V', "version", NULL, "version and libraries", NULL, take_flag },
};

enum { N_ARGS = sizeof arg_table / sizeof *arg_table };

/* ps(1) shows everybody what is there; a code is a password. */
static void
hide_code(struct start *s, int argc, char **argv)
{
	size_t len = strlen(s->join);

	snprintf(s->join_code, sizeof s->join_code, "%s", s->join);
	for (int i = 1; i < argc; i++) {
		char *at = argv[i] + strlen(argv[i]) - (strlen(argv[i]) < len ?
		    strlen(argv[i]) : len);

		if (at != s->join)
			continue;
		memset(at, 'x', len);
		break;
	}
	s->join = s->join_code;
}

int
options_parse(struct start *s, int argc, char **argv, struct err *e)
{
	int done = arg_parse(arg_table, N_ARGS, s, argc, argv, e);

	if (s->join)
		hide_code(s, argc, argv);
	return done;
}

void
options_help(void)
{
	puts("Usage: p2ptui [OPTION]... [LINK]...\n"
	    "Talk from terminal to terminal, on this network and beyond.\n"
	    "LINK: p2ptui:..., the contact link of somebody to be added.\n");
	arg_help(arg_table, N_ARGS, stdout);
	puts("\nIn the program: F1, or /help.  Manual: man p2ptui");
}
