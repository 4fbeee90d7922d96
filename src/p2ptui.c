/*
 * p2ptui - main: opens what is kept, wires the wings to the heart, runs the
 * loop, and closes in the opposite order.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "chat.h"
#include "chores.h"
#include "cmd-app.h"
#include "cmd-chat.h"
#include "cmd-keep.h"
#include "cmd-net.h"
#include "cmd.h"
#include "first.h"
#include "handover.h"
#include "headless.h"
#include "keymap.h"
#include "log.h"
#include "loop.h"
#include "net.h"
#include "options.h"
#include "profile.h"
#include "program.h"
#include "rand.h"
#include "report.h"
#include "secret.h"
#include "store.h"
#include "text.h"
#include "tui.h"
#include "unlock.h"
#include "upnp.h"

/* Everything there is, in the order it is opened. */
struct app {
	struct start start;
	struct profile profile;
	struct first first;
	struct vault *vault;
	struct identity *id;
	struct store *store;
	struct loop *loop;
	struct chat *chat;
	struct net *net;
	struct cmds *cmds;
	struct cmd_app own_cmds;
	struct keep *keep;
	struct tui *tui;
	struct headless *headless;
	struct report *report;
	struct handover *links;
	bool first_start;
	int signo;			/* what ended us, or 0 */
	const char *exec;		/* this very program */
};

static void
version(void)
{
	puts(PACKAGE_STRING "\n"
	    "with ncursesw, libsodium, c-ares, SQLite, utf8proc, jansson, "
	    "usrsctp, miniupnpc"
#ifdef HAVE_SECCOMP
	    ", libseccomp"
#endif
#ifdef HAVE_QRENCODE
	    ", libqrencode"
#endif
	    );
}

/* A terminal that a desktop opened for us would close before a word is
 * read. */
static void
wait_to_be_read(const struct start *s)
{
	int c;

	if (s->headless || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return;
	fputs("Enter ends this. ", stderr);
	do
		c = getchar();
	while (c != '\n' && c != EOF);
}

/* Somebody clicked on a link while p2ptui ran already, and that one does not
 * take links. */
static void
say_where_links_go(const struct start *s)
{
	struct buf said;

	buf_init(&said);
	buf_printf(&said, "To add whom the link names, type in the p2ptui "
	    "that runs:\n");
	for (size_t i = 0; i < s->n_links; i++) {
		buf_printf(&said, "/add ");
		text_filter(&said, s->links[i], strlen(s->links[i]),
		    TEXT_LINE);
		buf_printf(&said, "\n");
	}
	fputs(buf_str(&said), stderr);
	buf_clear(&said);
	wait_to_be_read(s);
}

/* The profile is in use: whoever has it takes the links.  STATUS_OK, or -1
 * with e as it was. */
static int
give_links(const struct app *a, const struct err *e)
{
	const struct start *s = &a->start;

	/* A script is to know that it does not run. */
	if (e->status != STATUS_TRY_AGAIN || s->n_links == 0 || s->headless)
		return -1;
	for (size_t i = 0; i < s->n_links; i++)
		if (!handover_give(&a->profile, s->links[i]))
			return -1;
	fputs("The p2ptui that runs already has the link now: look there.\n",
	    stderr);
	wait_to_be_read(s);
	return STATUS_OK;
}

static int
check_output(struct err *e)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY)
		return 0;
	err_set(e, STATUS_USAGE, "the standard output is closed");
	return err_next(e, "headless mode writes its events there");
}

/* ---- signals ------------------------------------------------------------- */

static void
on_end(void *arg, int signo)
{
	struct app *a = arg;

	a->signo = signo;
	loop_stop(a->loop, 128 + signo);
}

static void
on_rotate(void *arg, int signo)
{
	(void)arg;
	(void)signo;
	log_reopen();
}

static int
take_signals(struct app *a, struct err *e)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP };

	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (loop_signal(a->loop, ends[i], on_end, a, e) < 0)
			return -1;
	return loop_signal(a->loop, SIGUSR1, on_rotate, a, e);
}

/* ---- opening ------------------------------------------------------------- */

static int
open_store(struct app *a, struct err *e)
{
	const char *path = a->start.ephemeral ? NULL : a->profile.db;
	char *kept = NULL;
	size_t n;

	a->store = store_open(path, a->vault, e);
	if (a->store || !a->start.recover || !path ||
	    (e && e->status != STATUS_DAMAGED))
		return a->store ? 0 : -1;
	if (store_recover(path, a->vault, &n, &kept, e) < 0)
		return -1;
	fprintf(stderr, "p2ptui: %zu rows saved; the damaged database is "
	    "kept as %s\n", n, kept);
	free(kept);
	a->store = store_open(path, a->vault, e);
	return a->store ? 0 : -1;
}

static int
refuse_log(struct err *e, const char *next)
{
	err_set(e, STATUS_USAGE, "--ephemeral writes nothing, and no log");
	return err_next(e, "%s", next);
}

/* --ephemeral has the standard error for it, if that is not the screen. */
static int
open_log(struct app *a, struct err *e)
{
	const struct start *s = &a->start;
	const char *spec = opts_text(s->opts, "log");
	const char *colon = strchr(spec, ':');
	const bool has_file = colon && colon[1];

	if (!*spec)
		return 0;
	if (s->ephemeral && !s->doctor && has_file)
		return refuse_log(e, "--log LEVEL alone says it on the "
		    "standard error, --set log= nowhere");
	if (s->ephemeral && !s->headless && !s->doctor &&
	    isatty(STDERR_FILENO))
		return refuse_log(e, "not over the screen either: send the "
		    "standard error elsewhere, or --set log=");
	if (!s->ephemeral && !has_file &&
	    profile_make_log_dir(&a->profile, e) < 0)
		return -1;
	return log_open(spec, s->ephemeral ? NULL : a->profile.log, e);
}

/* Who I am and what I keep.  --ephemeral reads an identity that --home
 * names, and writes nothing. */
static int
open_kept(struct app *a, struct err *e)
{
	const struct start *s = &a->start;
	bool keeps = !s->ephemeral;

	if (keeps && (profile_hold(&a->profile, e) < 0 ||
	    first_keep(&a->first, a->profile.config, e) < 0))
		return -1;
	if (keeps || (s->home && !s->doctor &&
	    profile_identity_state(&a->profile, NULL) !=
	    2)) {
		a->vault = unlock(&a->profile, s->opts,
		    first_passphrase(&a->first), &a->first_start, e);
		ask_end(s->opts);
		if (!a->vault)
			return -1;
		a->id = vault_identity(a->vault);
	} else {
		a->id = identity_new();
		a->first_start = true;
	}
	return open_store(a, e);
}

/* The name given now, else the one that was kept, else the login name. */
static int
choose_name(struct app *a, struct err *e)
{
	if (opts_is_set(a->start.opts, "name") &&
	    *opts_text(a->start.opts, "name"))
		return chat_rename(a->chat, opts_text(a->start.opts, "name"),
		    e);
	return *chat_name(a->chat) ? 0 : chat_rename(a->chat, first_name(),
	    e);
}

static const char *
listen_at(void *net, size_t i)
{
	return net_listen_at(net, i);
}

static const char *
lan_trouble(void *net)
{
	return net_lan_trouble(net);
}

static const char *
relay_how(void *net)
{
	struct net_reach r;

	net_reach(net, &r);
	return net_relay_name(r.relay);
}

static uint64_t
reach_version(void *net)
{
	return net_version(net);
}

static int
open_parts(struct app *a, struct err *e)
{
	struct chat_setup chat = { 0 };
	struct net_setup net = { 0 };

	if (take_signals(a, e) < 0)
		return -1;
	chat = (struct chat_setup){ a->loop, a->store, a->id, a->start.opts };
	a->chat = chat_new(&chat, e);
	if (!a->chat || choose_name(a, e) < 0)
		return -1;
	net = (struct net_setup){ a->loop, a->id, a->start.opts,
		chat_events(a->chat), a->exec };
	a->net = net_open(&net, e);
	if (!a->net)
		return -1;
	chat_carry(a->chat, net_carrier(a->net));
	if (!secret_is_locked())
		chat_notice(a->chat, "the keys could not be locked in memory "
		    "and may be swapped to disk; a higher ulimit -l helps");
	a->cmds = cmds_new();
	a->own_cmds = (struct cmd_app){ a->cmds, a->start.opts, a->chat,
		a->loop, a->net,
		a->start.ephemeral ? NULL : a->profile.config };
	cmd_app_add(&a->own_cmds);
	cmd_chat_add(a->cmds, a->chat);
	cmd_net_add(a->cmds, a->net);
	a->keep = keep_new(&(struct keep_setup){ a->loop, a->chat, a->cmds,
	    &a->profile, a->vault, a->start.ephemeral });
	return 0;
}

static int
open_face(struct app *a, struct err *e)
{
	if (a->start.doctor) {
		a->report = report_open(a->loop, a->net);
		return 0;
	}
	if (a->start.headless) {
		struct headless_setup setup = { a->loop, a->chat, a->cmds,
			a->start.opts, a->net };

		a->headless = headless_open(&setup, e);
		return a->headless ? 0 : -1;
	}
	struct tui_setup setup = { .loop = a->loop, .chat = a->chat,
		.cmds = a->cmds, .opts = a->start.opts,
		.reach = { a->net, listen_at, lan_trouble, relay_how,
		    reach_version },
		.keeper = keep_keeper(a->keep),
		.first_start = a->first_start,
		.ephemeral = a->start.ephemeral };

	first_done(&a->first);
	a->tui = tui_open(&setup, e);
	keep_show(a->keep, a->tui);
	return a->tui ? 0 : -1;
}

/* --connect: an address that cannot be dialled is shown, not fatal. */
static void
dial_asked(struct app *a)
{
	const struct carrier *c = net_carrier(a->net);

	for (size_t i = 0; i < a->start.n_connect; i++) {
		struct err e = { 0 };

		if (c->connect(c->net, a->start.connect[i], &e) < 0)
			chat_error(a->chat, &e);
	}
}

static void
suggest_link(void *arg, const char *link)
{
	struct app *a = arg;
	struct err e = { 0 };
	int rc = tui_suggest(a->tui, "/add ", link, &e);

	if (rc < 0)
		chat_error(a->chat, &e);
	else if (rc == 0)
		chat_notice(a->chat, "A contact link was opened. Enter adds "
		    "whoever made it, and they may write to you; Ctrl-C clears "
		    "the line");
	else
		chat_notice(a->chat, "A contact link was opened. When the line "
		    "is empty, Up brings it, and Enter adds whoever made it");
}

/* Links that are clicked on from now.  Without a screen nobody would look at
 * them first. */
static void
take_links(struct app *a)
{
	if (a->tui && !a->start.ephemeral)
		a->links = handover_open(a->loop, &a->profile, suggest_link,
		    a);
}

/* Contact links of the command line, as /add takes them.  A page of the web
 * may have put them there: on a screen the person looks and presses Enter. */
static void
add_asked(struct app *a)
{
	const struct start *s = &a->start;

	for (size_t i = 0; i < s->n_links; i++) {
		struct err e = { 0 };
		struct person *p;

		if (a->tui) {
			suggest_link(a, s->links[i]);
			continue;
		}
		p = chat_add(a->chat, s->links[i], &e);
		if (!p)
			chat_error(a->chat, &e);
		else
			chat_notice(a->chat, "%s was added: they may write to "
			    "you, and what you write arrives as a request "
			    "unless they added you", p->title);
	}
}

/* --host, --join: what fails is shown as well. */
static void
pair_asked(struct app *a)
{
	const struct start *s = &a->start;
	struct err e = { 0 };

	if (s->host && chat_host(a->chat, &e) < 0)
		chat_error(a->chat, &e);
	if (s->join && chat_join(a->chat, s->join, s->join_where, &e) < 0)
		chat_error(a->chat, &e);
}

/* ---- life ---------------------------------------------------------------- */

static void
close_all(struct app *a)
{
	first_clear(&a->first);
	handover_close(a->links);
	tui_close(a->tui);
	keep_free(a->keep);
	headless_close(a->headless);
	report_close(a->report);
	net_close(a->net);
	chat_free(a->chat);
	cmds_free(a->cmds);
	store_close(a->store);
	loop_free(a->loop);
	vault_free(a->vault);
	identity_free(a->id);
	profile_clear(&a->profile);
	log_close();
}

static int
run(struct app *a, struct err *e)
{
	int status, rc;

	/* What is measured is the network, not the profile, which may be in
	 * use just now. */
	if (a->start.doctor) {
		a->start.ephemeral = true;
		a->start.headless = false;
	}
	if ((a->start.headless || a->start.doctor ||
	    chores_are_asked(&a->start) ? check_output(e) : tui_check(e)) < 0)
		return -1;
	if (profile_init(&a->profile, a->start.home, a->start.profile, e) < 0 ||
	    profile_check(&a->profile, e) < 0 ||
	    opts_load(a->start.opts, a->profile.config, true, e) < 0 ||
	    ask_check(a->start.opts, e) < 0 || open_log(a, e) < 0)
		return -1;
	if (chores_are_asked(&a->start))
		return chores_run(&a->start, &a->profile, e);
	a->loop = loop_new(e);
	if (!a->loop)
		return -1;
	rc = first_ask(&a->first, &a->start, &a->profile, a->loop, &status,
	    e);
	if (rc != 0)
		return rc < 0 ? -1 : status;
	if (open_kept(a, e) < 0)
		return give_links(a, e);
	/* A passphrase was asked for, and tried. */
	loop_look(a->loop);
	if (open_parts(a, e) < 0 || open_face(a, e) < 0)
		return -1;
	dial_asked(a);
	add_asked(a);
	take_links(a);
	pair_asked(a);
	status = loop_run(a->loop);
	if (status == STATUS_OK && a->headless && chat_unleft(a->chat) > 0)
		status = STATUS_TRY_AGAIN;
	return status;
}

int
main(int argc, char **argv)
{
	struct app a = { 0 };
	struct err e = { 0 };
	int status;

	/* Before anything is opened that it should not have. */
	if (upnp_is_child(argc, argv))
		upnp_child_main();
	program_begin();
	a.profile.lock_fd = -1;
	/* An update may have replaced the file that argv names. */
	a.exec = access("/proc/self/exe", X_OK) == 0 ? "/proc/self/exe" :
	    argv[0];
	a.start.opts = options_new();
	/* Keys are the screen's business, but a mistake in them is found
	 * like any other of the configuration. */
	opts_check(a.start.opts, "bind", keymap_check);
	if (program_check_rights(&e) < 0 || crypto_start(&e) < 0 ||
	    options_parse(&a.start, argc, argv, &e) < 0) {
		status = program_complain("p2ptui", &e);
	} else if (a.start.help || a.start.version) {
		if (a.start.help)
			options_help();
		else
			version();
		status = fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILURE;
	} else {
		status = run(&a, &e);
		close_all(&a);
		if (status < 0)
			status = program_complain("p2ptui", &e);
		if (status == STATUS_TRY_AGAIN && e.what[0] &&
		    a.start.n_links > 0)
			say_where_links_go(&a.start);
	}
	opts_free(a.start.opts);
	free(a.start.connect);
	free(a.start.links);
	if (a.signo != 0) {
		signal(a.signo, SIG_DFL);
		raise(a.signo);
	}
	return status;
}
