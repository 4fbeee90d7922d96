/*
 * p2prelay - main: opens what is kept, wires the engine to it, runs the
 * loop, and closes in the opposite order.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "health.h"
#include "iface.h"
#include "log.h"
#include "loop.h"
#include "notify.h"
#include "program.h"
#include "queue.h"
#include "rand.h"
#include "relay-options.h"
#include "relaykey.h"
#include "route.h"
#include "secret.h"

enum {
	/* What clients are told to wait before they come back. */
	BACK_S = 5,
	/* Relays keep many descriptors; no system means more than this. */
	FDS_MAX = 1 << 20
};

struct app {
	struct relay_start start;
	int argc;
	char **argv;			/* our copy: the other may be read
					 * by everybody */
	char *config;			/* path */
	bool had_config;
	char *dir, *key_path, *queues_path, *lock_path;
	int lock_fd;			/* -1: not held */
	uint8_t *key;			/* secret */
	struct queue_limits queue_limits;
	struct relay_limits limits;
	struct queues *queues;
	struct loop *loop;
	struct relay *relay;
	struct health *health;
	struct timer watchdog;
	bool draining;
};

static void
version(void)
{
#ifdef HAVE_SYS_EPOLL_H
	const char *epoll = ", epoll";
#else
	const char *epoll = "";
#endif

	printf("p2prelay %s\nwith libsodium, SQLite%s%s\n", PACKAGE_VERSION,
	    health_is_built() ? ", libmicrohttpd" : "", epoll);
}

/* The arguments for us, and for `ps` without the token. */
static void
take_arguments(struct app *a, int argc, char **argv)
{
	static const char *const secrets[] = { "--token=", "--set=token=",
		"token=" };
	bool next = false;

	a->argc = argc;
	a->argv = mem_array((size_t)argc + 1, sizeof *a->argv);
	for (int i = 0; i < argc; i++) {
		char *from = next ? argv[i] : NULL;

		a->argv[i] = mem_str(argv[i]);
		next = strcmp(argv[i], "--token") == 0;
		for (size_t j = 0; j < 3; j++)
			if (strncmp(argv[i], secrets[j],
			    strlen(secrets[j])) == 0)
				from = argv[i] + strlen(secrets[j]);
		if (from && *from != '@')
			memset(from, '*', strlen(from));
	}
}

/* A client is a descriptor: as many as we may have. */
static void
raise_fd_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) != 0)
		return;
	r.rlim_cur = r.rlim_max < FDS_MAX ? r.rlim_max : FDS_MAX;
	setrlimit(RLIMIT_NOFILE, &r);
}

/* ---- where -----------------------------------------------------------------
 *
 * A service manager names the folder (systemd: StateDirectory); root's is
 * where daemons keep their state, anybody else's the XDG one.
 */

static char *
xdg_folder(const char *variable, const char *fallback, struct err *e)
{
	const char *set = getenv(variable), *home = getenv("HOME");
	char *base, *own;

	if (set && set[0] == '/')
		return file_join(set, "p2prelay");
	if (!home || home[0] != '/') {
		err_set(e, STATUS_CANNOT_CREATE, "HOME is not set to a folder");
		err_next(e, "set it, or choose a place with --data DIR");
		return NULL;
	}
	base = file_join(home, fallback);
	own = file_join(base, "p2prelay");
	free(base);
	return own;
}

static char *
data_folder(const struct opts *o, struct err *e)
{
	const char *state = getenv("STATE_DIRECTORY");

	if (*opts_text(o, "data"))
		return mem_str(opts_text(o, "data"));
	if (state && state[0] == '/')
		return mem_strn(state, strcspn(state, ":"));
	if (geteuid() == 0)
		return mem_str("/var/lib/p2prelay");
	return xdg_folder("XDG_DATA_HOME", ".local/share", e);
}

static char *
config_file(const struct relay_start *s)
{
	char *dir, *file;

	if (s->config)
		return mem_str(s->config);
	if (geteuid() == 0 || getenv("STATE_DIRECTORY"))
		return mem_str("/etc/p2prelay.conf");
	dir = xdg_folder("XDG_CONFIG_HOME", ".config", NULL);
	if (!dir)
		return NULL;
	file = file_join(dir, "p2prelay.conf");
	free(dir);
	return file;
}

static int
hold_folder(struct app *a, struct err *e)
{
	a->dir = data_folder(a->start.opts, e);
	/* Whoever can write into it can put another key there. */
	if (!a->dir || file_make_dir(a->dir, e) < 0 ||
	    file_check_dir(a->dir, e) < 0)
		return -1;
	a->key_path = file_join(a->dir, "key");
	a->queues_path = file_join(a->dir, "mailboxes.db");
	a->lock_path = file_join(a->dir, "lock");
	a->lock_fd = file_lock(a->lock_path, e);
	if (a->lock_fd >= 0)
		return 0;
	if (e && e->status == STATUS_TRY_AGAIN)
		err_next(e, "stop that one first, or keep another relay's "
		    "things with --data DIR");
	return -1;
}

/* ---- configuration ------------------------------------------------------ */

/* The command line wins over the file.  A file that is named, or that was
 * there before, has to be there. */
static int
read_config(struct app *a, struct relay_start *s, bool again, struct err *e)
{
	bool there;

	s->opts = relay_options_new();
	if (relay_options_parse(s, a->argc, a->argv, e) < 0)
		return -1;
	if (s->help || s->version)
		return 0;
	if (!a->config)
		a->config = config_file(s);
	if (!a->config)
		return 0;
	there = file_exists(a->config);
	if (!there && (s->config || (again && a->had_config))) {
		err_set(e, STATUS_CONFIG, "the configuration %s is not there",
		    a->config);
		return err_next(e, "put it there, or start without --config");
	}
	a->had_config = a->had_config || there;
	return opts_load(s->opts, a->config, true, e);
}

static void
warn_of_unread(const struct opts *old, const struct opts *new)
{
	size_t n;
	const struct opt *row = opts_table(new, &n);

	for (; n > 0; n--, row++) {
		struct buf was, is;

		if (!row->at_start)
			continue;
		buf_init(&was);
		buf_init(&is);
		opts_show(old, row->name, &was);
		opts_show(new, row->name, &is);
		if (strcmp(buf_str(&was), buf_str(&is)) != 0)
			log_warn("%s is read at the start only: restart to "
			    "use the new one", row->name);
		buf_clear(&was);
		buf_clear(&is);
	}
}

/* All of it or nothing: what was in force stays in force. */
static void
reload(struct app *a)
{
	struct relay_start s = { 0 };
	struct relay_limits limits;
	struct queue_limits queue_limits;
	struct err e = { 0 };

	if (read_config(a, &s, true, &e) < 0 ||
	    relay_options_limits(s.opts, &limits, &queue_limits, &e) < 0) {
		log_error("reload: %s; the limits before it hold", e.what);
		health_config(a->health, e.what);
		opts_free(s.opts);
		return;
	}
	warn_of_unread(a->start.opts, s.opts);
	a->limits = limits;
	a->queue_limits = queue_limits;
	relay_limit(a->relay, &a->limits);
	queues_limit(a->queues, &a->queue_limits);
	wipe(&limits, sizeof limits);
	opts_free(a->start.opts);
	a->start.opts = s.opts;
	health_config(a->health, NULL);
	log_info("reloaded");
}

/* ---- signals ------------------------------------------------------------ */

static void
on_drained(void *arg)
{
	struct app *a = arg;

	loop_stop(a->loop, STATUS_OK);
}

/* The second time somebody is in a hurry. */
static void
on_end(void *arg, int signo)
{
	struct app *a = arg;

	if (a->draining) {
		loop_stop(a->loop, STATUS_OK);
		return;
	}
	a->draining = true;
	log_info("going down (signal %d): %" PRIu64 " clients are told",
	    signo, relay_stats(a->relay)->clients);
	notify_stopping();
	health_draining(a->health);
	relay_drain(a->relay, BACK_S, on_drained, a);
}

static void
on_reload(void *arg, int signo)
{
	struct app *a = arg;

	(void)signo;
	notify_reloading(loop_clock(a->loop)->mono_us);
	reload(a);
	notify_ready();
}

static void
on_rotate(void *arg, int signo)
{
	(void)arg;
	(void)signo;
	log_reopen();
}

static void
on_watchdog(void *arg)
{
	struct app *a = arg;

	notify_alive();
	timer_set(&a->watchdog, notify_watchdog_us() / 2000);
}

static int
take_signals(struct app *a, struct err *e)
{
	if (loop_signal(a->loop, SIGTERM, on_end, a, e) < 0 ||
	    loop_signal(a->loop, SIGINT, on_end, a, e) < 0 ||
	    loop_signal(a->loop, SIGHUP, on_reload, a, e) < 0)
		return -1;
	return loop_signal(a->loop, SIGUSR1, on_rotate, a, e);
}

/* ---- opening ------------------------------------------------------------ */

/* [ADDR:]PORT with the port after, or any. */
static void
next_port(const char *listen, bool any, char text[ADDR_TEXT])
{
	const char *colon = strrchr(listen, ':');
	int host = colon ? (int)(colon + 1 - listen) : 0;
	long port = strtol(listen + host, NULL, 10);

	if (any || port == 0 || port == 65535)
		port = -1;
	snprintf(text, ADDR_TEXT, "%.*s%ld", host, listen, port + 1);
}

/* STUN answers at the clients' port and at the next one, or at any when that
 * one is taken: clients learn which in the handshake. */
static int
open_relay(struct app *a, struct err *e)
{
	struct relay_setup setup = { .loop = a->loop, .queues = a->queues,
		.key = a->key, .limits = &a->limits };
	const char *const *listen;
	char second[ADDR_TEXT];
	size_t n = opts_list(a->start.opts, "listen", &listen);

	for (size_t i = 0; i < n; i++)
		setup.listen[i] = listen[i];
	setup.n_listen = n;
	setup.stun[0] = listen[0];
	setup.stun[1] = second;
	for (int any = 0; any < 2 && !a->relay; any++) {
		next_port(listen[0], any, second);
		a->relay = relay_open(&setup, e);
	}
	return a->relay ? 0 : -1;
}

static int
open_health(struct app *a, struct err *e)
{
	struct health_setup setup = { a->loop, a->relay, a->queues,
		opts_text(a->start.opts, "http") };

	if (strcmp(setup.where, "off") == 0)
		return 0;
	if (!health_is_built() && !opts_is_set(a->start.opts, "http"))
		return 0;
	a->health = health_open(&setup, e);
	if (!a->health)
		return -1;
	log_info("pages at http://%.*s:%u",
	    (int)(strrchr(setup.where, ':') - setup.where), setup.where,
	    health_port(a->health));
	return 0;
}

/* Ranks an address as something others could be told. */
static int
rank(const struct iface *i)
{
	switch (addr_kind(&i->addr)) {
	case ADDR_PUBLIC:
		return i->addr.family == ADDR_V4 ? 4 : 3;
	case ADDR_PRIVATE:
		return i->addr.family == ADDR_V4 ? 2 : 1;
	case ADDR_UNSPECIFIED:
	case ADDR_LOOPBACK:
	case ADDR_LINK_LOCAL:
	case ADDR_MULTICAST:
	case ADDR_RESERVED:
		break;
	}
	return 0;
}

static void
on_iface_change(void *arg)
{
	(void)arg;
}

static void
guess_host(struct app *a, char host[ADDR_HOST])
{
	struct ifaces *f = ifaces_new(a->loop, on_iface_change, NULL);
	char text[ADDR_TEXT];
	int best = 0;

	snprintf(host, ADDR_HOST, "localhost");
	for (size_t i = 0; i < ifaces_count(f); i++) {
		const struct iface *at = ifaces_at(f, i);

		if (rank(at) <= best)
			continue;
		best = rank(at);
		addr_format_ip(&at->addr, text);
		snprintf(host, ADDR_HOST, "%s", text);
	}
	ifaces_free(f);
}

/* The only address it listens at, whatever else this machine has. */
static bool
is_only_at(const char *listen, char host[ADDR_HOST])
{
	char text[ADDR_TEXT];
	struct addr a;

	if (addr_parse_listen(&a, listen) != 1)
		return false;
	addr_format_ip(&a, text);
	snprintf(host, ADDR_HOST, "%s", text);
	return true;
}

/* What --relay takes, for people and scripts: the port is the first one's,
 * and so is the address. */
static void
tell_address(struct app *a)
{
	const char *name = opts_text(a->start.opts, "name");
	struct route r = { .port = relay_port(a->relay, 0), .has_key = true };
	const char *const *listen;
	char text[ROUTE_TEXT];

	opts_list(a->start.opts, "listen", &listen);
	memcpy(r.key, relay_key(a->relay), KEY_LEN);
	if (*name)
		addr_split(name, r.port, r.host, &r.port, NULL);
	else if (!is_only_at(listen[0], r.host))
		guess_host(a, r.host);
	route_format(&r, text);
	printf("relay address: %s\n", text);
	/* Nobody may be reading, and the relay runs all the same. */
	fflush(stdout);
}

static int
open_all(struct app *a, struct err *e)
{
	const char *log = opts_text(a->start.opts, "log");

	if (*log && log_open(log, NULL, e) < 0)
		return -1;
	if (relay_options_limits(a->start.opts, &a->limits, &a->queue_limits,
	    e) < 0 || hold_folder(a, e) < 0)
		return -1;
	a->key = relaykey_open(a->key_path, a->queues_path, e);
	if (!a->key)
		return -1;
	a->queues = queues_open(a->queues_path, &a->queue_limits, e);
	if (!a->queues)
		return -1;
	a->loop = loop_new(e);
	if (!a->loop || take_signals(a, e) < 0 || open_relay(a, e) < 0)
		return -1;
	return open_health(a, e);
}

static void
close_all(struct app *a)
{
	health_free(a->health);
	relay_close(a->relay);
	queues_close(a->queues);
	if (a->loop)
		timer_stop(&a->watchdog);
	loop_free(a->loop);
	secret_free(a->key);
	wipe(&a->limits, sizeof a->limits);
	/* The lock file stays: removing it would let two hold one each. */
	if (a->lock_fd >= 0)
		close(a->lock_fd);
	free(a->config);
	free(a->dir);
	free(a->key_path);
	free(a->queues_path);
	free(a->lock_path);
	log_close();
}

static int
run(struct app *a, struct err *e)
{
	if (open_all(a, e) < 0)
		return -1;
	timer_init(&a->watchdog, a->loop, on_watchdog, a);
	if (notify_watchdog_us() > 0)
		on_watchdog(a);
	tell_address(a);
	notify_ready();
	return loop_run(a->loop);
}

int
main(int argc, char **argv)
{
	struct app a = { .lock_fd = -1 };
	struct err e = { 0 };
	int status;

	program_begin();
	umask(077);
	take_arguments(&a, argc, argv);
	raise_fd_limit();
	if (program_check_rights(&e) < 0 || crypto_start(&e) < 0 ||
	    read_config(&a, &a.start, false, &e) < 0) {
		status = -1;
	} else if (a.start.help || a.start.version) {
		if (a.start.help)
			relay_options_help();
		else
			version();
		status = fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILURE;
	} else {
		status = run(&a, &e);
	}
	close_all(&a);
	if (status < 0)
		status = program_complain("p2prelay", &e);
	opts_free(a.start.opts);
	for (int i = 0; i < argc; i++) {
		wipe(a.argv[i], strlen(a.argv[i]));
		free(a.argv[i]);
	}
	free(a.argv);
	return status;
}
