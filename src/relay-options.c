#include "relay-options.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "arg.h"
#include "file.h"
#include "health.h"
#include "log.h"
#include "route.h"

/* ---- what a value may be ------------------------------------------------ */

static int
check_name(const char *value, struct err *e)
{
	struct route r;

	/* The address that is printed of it is one to clients. */
	if (*value == '\0' || (route_parse(&r, value, NULL) == 0 &&
	    !r.has_key && !r.has_place))
		return 0;
	return err_set(e, STATUS_CONFIG, "\"%s\" is no name clients could "
	    "reach; allowed is HOST[:PORT]", value);
}

static int
check_http(const char *value, struct err *e)
{
	struct addr a;

	if (strcmp(value, "off") == 0 || health_where(&a, value) == 0)
		return 0;
	return err_set(e, STATUS_CONFIG, "\"%s\" is no place for the pages; "
	    "allowed are ADDR:PORT and off", value);
}

static int
check_store(const char *value, struct err *e)
{
	if (strcmp(value, "sqlite") == 0)
		return 0;
	if (strncmp(value, "nats://", 7) == 0) {
		err_set(e, STATUS_CONFIG, "this build keeps letters in "
		    "SQLite only, not at %s", value);
		return err_next(e, "leave --store out");
	}
	return err_set(e, STATUS_CONFIG, "\"%s\" is no store; allowed is "
	    "sqlite", value);
}

static int
check_token(const char *value, struct err *e)
{
	if (*value == '@' ? value[1] != '\0' :
	    strlen(value) <= RELAY_TOKEN_MAX)
		return 0;
	return err_set(e, STATUS_CONFIG, "the token is no token; allowed are "
	    "up to %d bytes, or @FILE", RELAY_TOKEN_MAX);
}

/* ---- options ------------------------------------------------------------ */

static const char *const reaches[] = { "public", "any", NULL };

enum { MANY = 1000000, BILLION = 1000000000, YEARS = 36500 };

static const struct opt option_table[] = {
	{ .name = "clients", .type = OPT_INT, .def = "20000", .min = 1,
	    .max = MANY, .help = "connections in all" },
	{ .name = "clients-per-source", .type = OPT_INT, .def = "512",
	    .min = 1, .max = MANY,
	    .help = "connections of one source: an IPv4 address or the /64 "
	    "of an IPv6 one" },
	{ .name = "data", .type = OPT_TEXT, .max = 1000, .at_start = true,
	    .help = "folder of the key and the mailboxes" },
	{ .name = "directory", .type = OPT_INT, .def = "1024", .max = 65536,
	    .help = "entries in the list of people; 0: there is no list" },
	{ .name = "disk", .type = OPT_INT, .def = "4096", .min = 1,
	    .max = BILLION, .unit = "MiB", .help = "letters of all" },
	{ .name = "handshake-rate", .type = OPT_INT, .def = "20", .min = 0,
	    .max = MANY,
	    .help = "handshakes a second, of one source; 0: no limit" },
	{ .name = "handshake-timeout", .type = OPT_INT, .def = "10",
	    .min = 1, .max = 600, .unit = "s",
	    .help = "until a new connection must have said who it talks to" },
	{ .name = "handshake-turn", .type = OPT_INT, .def = "32", .min = 1,
	    .max = MANY,
	    .help = "handshakes at once, before others are served again" },
	{ .name = "http", .type = OPT_TEXT, .def = "127.0.0.1:54580",
	    .max = 80, .check = check_http, .at_start = true,
	    .help = "ADDR:PORT of the pages /, /health and /metrics, or off" },
	{ .name = "letter-days", .type = OPT_INT, .def = "30", .min = 1,
	    .max = YEARS, .unit = "days", .help = "a letter waits" },
	{ .name = "letter-rate", .type = OPT_INT, .def = "50", .min = 0,
	    .max = MANY,
	    .help = "letters a second, from one source; 0: no limit" },
	{ .name = "letters", .type = OPT_INT, .def = "2000000", .min = 1,
	    .max = BILLION / 4, .help = "letters of all" },
	{ .name = "listen", .type = OPT_LIST, .def = "54546", .max = 80,
	    .least = 1, .most = RELAY_LISTENS_MAX,
	    .check = addr_check_listen, .at_start = true,
	    .help = "[ADDR:]PORT for clients (TCP) and STUN (UDP); 0 takes "
	    "any free port; may be given several times" },
	{ .name = "log", .type = OPT_TEXT, .def = "info", .max = 1000,
	    .check = log_check, .at_start = true,
	    .help = "LEVEL[:FILE]: error, warn, info or debug; to stderr "
	    "without a file, off if empty" },
	{ .name = "mailbox-days", .type = OPT_INT, .def = "90", .min = 1,
	    .max = YEARS, .unit = "days",
	    .help = "an empty mailbox lives that nobody opens" },
	{ .name = "mailbox-letters", .type = OPT_INT, .def = "10000",
	    .min = 1, .max = BILLION / 4, .help = "letters in one mailbox" },
	{ .name = "mailbox-rate", .type = OPT_INT, .def = "20", .min = 0,
	    .max = MANY,
	    .help = "letters a second, into one mailbox; 0: no limit" },
	{ .name = "mailbox-size", .type = OPT_INT, .def = "16", .min = 1,
	    .max = MANY, .unit = "MiB", .help = "letters in one mailbox" },
	{ .name = "mailboxes", .type = OPT_INT, .def = "200000", .min = 1,
	    .max = 16000000, .help = "mailboxes in all" },
	{ .name = "mailboxes-per-client", .type = OPT_INT, .def = "4096",
	    .min = 1, .max = MANY,
	    .help = "mailboxes opened by one connection" },
	{ .name = "meetings-per-client", .type = OPT_INT, .def = "3072",
	    .min = 1, .max = MANY,
	    .help = "meeting ids one connection waits at" },
	{ .name = "name", .type = OPT_TEXT, .max = ADDR_HOST + 6,
	    .check = check_name, .at_start = true,
	    .help = "HOST[:PORT] by which clients reach this relay" },
	{ .name = "out-buffer", .type = OPT_INT, .def = "2048", .min = 256,
	    .max = 1 << 20, .unit = "KiB",
	    .help = "bytes waiting for one slow reader" },
	{ .name = "out-total", .type = OPT_INT, .def = "512", .min = 1,
	    .max = MANY, .unit = "MiB",
	    .help = "bytes waiting for all slow readers" },
	{ .name = "pending", .type = OPT_INT, .def = "1024", .min = 1,
	    .max = MANY, .help = "unfinished handshakes in all; the oldest "
	    "gives way" },
	{ .name = "pending-per-source", .type = OPT_INT, .def = "64",
	    .min = 1, .max = MANY,
	    .help = "unfinished handshakes of one source" },
	{ .name = "pipes-per-client", .type = OPT_INT, .def = "256",
	    .min = 1, .max = MANY, .help = "pipes of one connection" },
	{ .name = "reach", .type = OPT_WORD, .def = "public",
	    .words = reaches,
	    .help = "whose own ports are tried from outside when they ask: "
	    "those at public addresses, or any (a relay for one network)" },
	{ .name = "silence-timeout", .type = OPT_INT, .def = "75", .min = 10,
	    .max = 3600, .unit = "s",
	    .help = "until a silent connection counts as dead" },
	{ .name = "stall-timeout", .type = OPT_INT, .def = "30", .min = 1,
	    .max = 3600, .unit = "s",
	    .help = "until a connection that does not read is cut" },
	{ .name = "store", .type = OPT_TEXT, .def = "sqlite", .min = 1,
	    .max = 1000, .check = check_store, .at_start = true,
	    .help = "where letters are kept: sqlite" },
	{ .name = "token", .type = OPT_TEXT, .max = 1000,
	    .check = check_token,
	    .help = "only clients that know it are served; @FILE reads it "
	    "from there" },
};

enum { N_OPTIONS = sizeof option_table / sizeof *option_table };

struct opts *
relay_options_new(void)
{
	struct opts *o = opts_new(option_table, N_OPTIONS);

	opts_manual(o, "p2prelay(8)");
	return o;
}

/* ---- limits ------------------------------------------------------------- */

static const struct {
	const char *name;
	size_t at;			/* a uint32_t of struct relay_limits */
	uint32_t unit;
} relay_rows[] = {
	{ "clients", offsetof(struct relay_limits, clients), 1 },
	{ "clients-per-source", offsetof(struct relay_limits,
	    clients_source), 1 },
	{ "directory", offsetof(struct relay_limits, cards), 1 },
	{ "handshake-rate", offsetof(struct relay_limits, handshakes_s), 1 },
	{ "handshake-timeout", offsetof(struct relay_limits, handshake_s),
	    1 },
	{ "handshake-turn", offsetof(struct relay_limits, handshakes_turn),
	    1 },
	{ "letter-rate", offsetof(struct relay_limits, sends_source_s), 1 },
	{ "mailbox-rate", offsetof(struct relay_limits, sends_queue_s), 1 },
	{ "mailboxes-per-client", offsetof(struct relay_limits, queues), 1 },
	{ "meetings-per-client", offsetof(struct relay_limits, meets), 1 },
	{ "out-buffer", offsetof(struct relay_limits, out_bytes), 1024 },
	{ "pending", offsetof(struct relay_limits, pending), 1 },
	{ "pending-per-source", offsetof(struct relay_limits,
	    pending_source), 1 },
	{ "pipes-per-client", offsetof(struct relay_limits, pipes), 1 },
	{ "silence-timeout", offsetof(struct relay_limits, silent_s), 1 },
	{ "stall-timeout", offsetof(struct relay_limits, stalled_s), 1 },
};

static int
read_token_file(const char *path, char token[RELAY_TOKEN_MAX + 1],
    struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b);
	rc = file_read(path, RELAY_TOKEN_MAX + 2, &b, e);
	while (rc == 0 && b.len > 0 && isspace(b.at[b.len - 1]))
		b.len--;
	if (rc != 0)
		err_prefix(e, "token");
	else if (b.len == 0 || b.len > RELAY_TOKEN_MAX ||
	    memchr(b.at, 0, b.len) != NULL)
		rc = err_set(e, STATUS_CONFIG, "token: %s does not hold one "
		    "token of 1 to %d bytes", path, RELAY_TOKEN_MAX);
	if (rc == 0) {
		memcpy(token, b.at, b.len);
		token[b.len] = '\0';
	}
	buf_wipe(&b);
	buf_clear(&b);
	if (rc != 0 && e != NULL)
		e->status = STATUS_CONFIG;
	return rc;
}

static int
take_token(const struct opts *o, char token[RELAY_TOKEN_MAX + 1],
    struct err *e)
{
	const char *value = opts_text(o, "token");

	if (*value == '@')
		return read_token_file(value + 1, token, e);
	snprintf(token, RELAY_TOKEN_MAX + 1, "%s", value);
	return 0;
}

int
relay_options_limits(const struct opts *o, struct relay_limits *relay,
    struct queue_limits *queues, struct err *e)
{
	enum { MIB = 1 << 20 };

	memset(relay, 0, sizeof *relay);
	for (size_t i = 0; i < sizeof relay_rows / sizeof *relay_rows; i++) {
		uint32_t n = (uint32_t)opts_int(o, relay_rows[i].name) *
		    relay_rows[i].unit;

		memcpy((char *)relay + relay_rows[i].at, &n, sizeof n);
	}
	relay->out_total = (uint64_t)opts_int(o, "out-total") * MIB;
	relay->reach_any = strcmp(opts_word(o, "reach"), "any") == 0;
	*queues = (struct queue_limits){
		.bytes = (uint64_t)opts_int(o, "mailbox-size") * MIB,
		.letters = (uint64_t)opts_int(o, "mailbox-letters"),
		.queues = (uint64_t)opts_int(o, "mailboxes"),
		.total_bytes = (uint64_t)opts_int(o, "disk") * MIB,
		.days = opts_int(o, "letter-days"),
		.queue_days = opts_int(o, "mailbox-days"),
		.total_letters = (uint64_t)opts_int(o, "letters"),
	};
	return take_token(o, relay->token, e);
}

/* ---- the command line --------------------------------------------------- */

/* The flags below that set an option carry the option's own name. */
static int
take_option(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct relay_start *s = ctx;

	(void)value2;
	return opts_set_flag(s->opts, row->name, value, e);
}

static int
take_set(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct relay_start *s = ctx;

	(void)value2;
	return opts_set_pair_flag(s->opts, row->name, value, e);
}

static int
take_config(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct relay_start *s = ctx;

	(void)row;
	(void)value2;
	if (*value == '\0')
		return err_set(e, STATUS_USAGE, "--config needs a FILE");
	s->config = value;
	return 0;
}

static int
take_flag(void *ctx, const struct arg *row, const char *value,
    const char *value2, struct err *e)
{
	struct relay_start *s = ctx;

	(void)value;
	(void)value2;
	(void)e;
	if (strcmp(row->name, "help") == 0)
		s->help = true;
	else
		s->version = true;
	return 0;
}

static const struct arg arg_table[] = {
	{ 'l', "listen", "[ADDR:]PORT", "for clients (TCP) and STUN (UDP); "
	    "default 54546; may repeat", NULL, take_option },
	{ 'd', "data", "DIR", "where the key and the mailboxes lie", NULL,
	    take_option },
	{ 0, "name", "HOST[:PORT]", "how clients reach it; used in the "
	    "printed address", NULL, take_option },
	{ 0, "http", "ADDR:PORT", "health and metrics; default "
	    "127.0.0.1:54580; off: none", NULL, take_option },
	{ 0, "store", "URL", "where letters are kept: sqlite (default)",
	    NULL, take_option },
	{ 0, "token", "TOKEN", "serve only clients that know it; @FILE reads "
	    "it from there", NULL, take_option },
	{ 'c', "config", "FILE", "options, one name = value a line", NULL,
	    take_config },
	{ 0, "set", "NAME=VALUE", "any option of p2prelay(8)", NULL,
	    take_set },
	{ 0, "log", "LEVEL[:FILE]", "error, warn, info or debug; never keys "
	    "or letters", NULL, take_option },
	{ 'h', "help", NULL, "this text", NULL, take_flag },
	{ 'V', "version", NULL, "version and libraries", NULL, take_flag },
};

enum { N_ARGS = sizeof arg_table / sizeof *arg_table };

int
relay_options_parse(struct relay_start *s, int argc, char **argv,
    struct err *e)
{
	return arg_parse(arg_table, N_ARGS, s, argc, argv, e);
}

/* Words of text, indented. */
static void
print_wrapped(const char *text)
{
	enum { LEFT = 6, RIGHT = 78 };
	int column = 0;

	while (*text) {
		int len = (int)strcspn(text, " ");

		if (column + 1 + len > RIGHT) {
			putchar('\n');
			column = 0;
		}
		printf("%*s%.*s", column ? 1 : LEFT, "", len, text);
		column += (column ? 1 : LEFT) + len;
		text += len;
		text += strspn(text, " ");
	}
	putchar('\n');
}

static void
print_option(const struct opt *row)
{
	printf("  %s = %s%s%s\n", row->name, row->def ? row->def : "\"\"",
	    row->unit ? " " : "", row->unit ? row->unit : "");
	print_wrapped(row->help);
}

void
relay_options_help(void)
{
	puts("Usage: p2prelay [OPTION]...\n"
	    "A relay and mailbox for p2ptui; it cannot read what it "
	    "carries.\n");
	arg_help(arg_table, N_ARGS, stdout);
	puts("\nOptions of the file and of --set, with their defaults:");
	for (size_t i = 0; i < N_OPTIONS; i++)
		print_option(&option_table[i]);
	puts("\nManual: man p2prelay");
}
