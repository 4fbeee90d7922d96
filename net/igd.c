#include "igd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "buf.h"
#include "rand.h"
#include "sock.h"
#include "upnp.h"
#include "upnpline.h"

enum {
	REAP_MS = 10,
	PORT_LOW = 1024,		/* no lower one as a substitute */
	/* Codes of UPnP-gw-WANIPConnection that have another try. */
	CONFLICT = 718,
	ONLY_PERMANENT = 725
};

enum stage { IDLE, FINDING, MAPPING, REMOVING };

struct igd {
	struct igd_setup setup;
	enum stage stage;
	pid_t pid;			/* of the child at work; 0: none */
	pid_t dead;			/* killed, not yet waited for */
	int fd;
	struct watch *watch;
	struct buf in;
	size_t n_said;
	struct timer deadline, reap;
	bool is_dropping;		/* remove as soon as it can be */
	bool ask_again;			/* when the dead is buried */
	bool has_failed;		/* the dead one, before it was done */
	bool is_late;
	int n_crashes;
	int n_open;			/* answers that are due */
	int n_tries[LEASE_PROTOS];
	uint32_t lease_s[LEASE_PROTOS];
	uint16_t tried[LEASE_PROTOS];	/* the port asked for last */
	struct lease leases[LEASE_PROTOS];
	char url[UPNP_URL];		/* of the router, once found */
	char why[120];
};

static void on_deadline(void *arg);
static void on_reap(void *arg);

struct igd *
igd_new(const struct igd_setup *setup)
{
	struct igd *i = mem_new(sizeof(*i));

	i->setup = *setup;
	i->fd = -1;
	buf_init(&i->in);
	timer_init(&i->deadline, setup->loop, on_deadline, i);
	timer_init(&i->reap, setup->loop, on_reap, i);
	return i;
}

static void
hang_up(struct igd *i)
{
	timer_stop(&i->deadline);
	watch_free(i->watch);
	i->watch = NULL;
	if (i->fd >= 0)
		close(i->fd);
	i->fd = -1;
}

void
igd_free(struct igd *i)
{
	if (!i)
		return;
	hang_up(i);
	timer_stop(&i->reap);
	if (i->pid > 0) {
		kill(i->pid, SIGKILL);
		i->dead = i->pid;
	}
	while (i->dead > 0 && waitpid(i->dead, NULL, 0) < 0 && errno == EINTR)
		;
	buf_clear(&i->in);
	free(i);
}

void
igd_leave(struct igd *i)
{
	/* It has all its requests, reads them to their end, and exits. */
	if (i && i->stage == REMOVING)
		i->pid = 0;
	igd_free(i);
}

/* ---- the child --------------------------------------------------------- */

static int
spawn_child(struct igd *i, int fd)
{
	static char name[] = "p2ptui", option[] = UPNP_CHILD_OPTION;
	char *const argv[] = { name, option, NULL };
	char *const envp[] = { NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t all, none;
	int error;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&how);
	/* Everything else of ours is closed on exec, and the child closes
	 * what it has all the same. */
	posix_spawn_file_actions_adddup2(&files, fd, STDIN_FILENO);
	posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, "/dev/null",
	    O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO,
	    STDERR_FILENO);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setsigmask(&how, &none);
	/* A group of its own: what the terminal sends is not for it. */
	posix_spawnattr_setpgroup(&how, 0);
	posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGDEF |
	    POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	error = posix_spawn(&i->pid, i->setup.exec, &files, &how, argv, envp);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	if (error)
		i->pid = 0;
	return error;
}

/* Whoever started us may have left SIGCHLD ignored: then nobody could be
 * waited for, and a number could be killed that is somebody else's. */
static void
keep_dead(void)
{
	struct sigaction sa;

	if (sigaction(SIGCHLD, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
		signal(SIGCHLD, SIG_DFL);
}

static void
say(struct igd *i, const struct upnp_line *l)
{
	char text[UPNP_LINE];
	size_t len = upnp_line_write(text, l);

	/* A few short lines in an empty socket: what does not fit has
	 * nobody to read it, and the deadline ends that. */
	if (write(i->fd, text, len) != (ssize_t)len)
		timer_set(&i->deadline, 0);
}

static void on_words(void *arg, unsigned events);

static int
start_child(struct igd *i, struct err *e)
{
	struct upnp_line find = { .word = UPNP_FIND, .local = i->setup.local,
		.gateway = i->setup.gateway };
	int fd[2], error;

	keep_dead();
	if (sock_pair(fd, e) != 0)
		return -1;
	error = spawn_child(i, fd[1]);
	close(fd[1]);
	i->fd = fd[0];
	if (error) {
		hang_up(i);
		return err_set(e, STATUS_UNAVAILABLE, "it cannot be started: "
		    "%s", sock_why(error));
	}
	i->watch = loop_watch(i->setup.loop, i->fd, on_words, i, e);
	if (!i->watch)
		return -1;
	timer_set(&i->deadline, i->setup.deadline_ms ? i->setup.deadline_ms :
	    IGD_DEADLINE_MS);
	buf_empty(&i->in);
	i->n_said = 0;
	memcpy(find.url, i->url, sizeof(find.url));
	say(i, &find);
	return 0;
}

/* It is done, or has failed: kill it in any case.  What follows happens when
 * it is buried. */
static void
end_child(struct igd *i, bool has_failed)
{
	hang_up(i);
	i->stage = IDLE;
	i->n_open = 0;
	i->is_dropping = false;
	i->has_failed = has_failed;
	if (i->pid > 0) {
		kill(i->pid, SIGKILL);
		i->dead = i->pid;
		i->pid = 0;
	}
	timer_set(&i->reap, 0);
}

static void start_round(struct igd *i);
static void remove_all(struct igd *i);

static void
on_reap(void *arg)
{
	struct igd *i = arg;
	int status = 0;

	if (i->dead > 0 && waitpid(i->dead, &status, WNOHANG) == 0) {
		timer_set(&i->reap, REAP_MS);
		return;
	}
	i->dead = 0;
	if (!i->has_failed)
		i->n_crashes = 0;
	else if (i->is_late)
		snprintf(i->why, sizeof(i->why), "no answer in %d s",
		    (i->setup.deadline_ms ? i->setup.deadline_ms :
		    IGD_DEADLINE_MS) / 1000);
	else if (!i->why[0])
		snprintf(i->why, sizeof(i->why), "the helper crashed (%s %d)",
		    WIFSIGNALED(status) ? "signal" : "status",
		    WIFSIGNALED(status) ? WTERMSIG(status) :
		    WEXITSTATUS(status));
	if (i->has_failed)
		i->n_crashes++;
	if (i->ask_again) {
		i->ask_again = false;
		start_round(i);
	} else {
		i->setup.on_done(i->setup.ctx);
	}
}

static void
on_deadline(void *arg)
{
	struct igd *i = arg;

	i->is_late = true;
	end_child(i, true);
}

static void
start_round(struct igd *i)
{
	struct err e = { .what = "" };

	i->why[0] = '\0';
	i->is_late = false;
	i->stage = FINDING;
	if (start_child(i, &e) != 0) {
		snprintf(i->why, sizeof(i->why), "the helper failed: %.80s",
		    e.what);
		end_child(i, true);
	} else if (i->is_dropping) {
		remove_all(i);
	}
}

void
igd_ask(struct igd *i)
{
	if (i->stage != IDLE)
		return;
	if (timer_is_set(&i->reap))
		i->ask_again = true;
	else
		start_round(i);
}

/* ---- what is asked ----------------------------------------------------- */

static uint16_t
port_of(const struct igd *i, enum lease_proto proto)
{
	return proto == LEASE_UDP && i->setup.udp_port ? i->setup.udp_port :
	    i->setup.port;
}

static void
say_map(struct igd *i, enum lease_proto proto, uint16_t port)
{
	struct upnp_line l = { .word = UPNP_MAP, .proto = proto,
		.port = port_of(i, proto), .ext = { .family = ADDR_V4,
		.port = port }, .lease_s = i->lease_s[proto] };

	i->tried[proto] = port;
	i->n_open++;
	say(i, &l);
}

static void
map_all(struct igd *i)
{
	i->stage = MAPPING;
	for (int k = 0; k < LEASE_PROTOS; k++) {
		i->n_tries[k] = 0;
		i->lease_s[k] = i->setup.lifetime_s;
		say_map(i, (enum lease_proto)k, i->leases[k].is_held ?
		    i->leases[k].ext.port : port_of(i, (enum lease_proto)k));
	}
}

/* Said behind "find" at once, without waiting for its answer: a program that
 * ends may be gone before.  Then nothing more is asked of this child. */
static void
remove_all(struct igd *i)
{
	i->stage = REMOVING;
	i->is_dropping = false;
	for (int k = 0; k < LEASE_PROTOS; k++) {
		struct upnp_line l = { .word = UPNP_UNMAP,
			.proto = (enum lease_proto)k,
			.ext = i->leases[k].ext };

		if (!i->leases[k].is_held)
			continue;
		i->n_open++;
		say(i, &l);
	}
	if (i->n_open == 0)
		end_child(i, false);
	else
		shutdown(i->fd, SHUT_WR);
}

static bool
holds_any(const struct igd *i)
{
	return i->leases[LEASE_TCP].is_held || i->leases[LEASE_UDP].is_held;
}

void
igd_drop(struct igd *i)
{
	switch (i->stage) {
	case IDLE:
		i->ask_again = false;
		if (!holds_any(i))
			break;
		i->is_dropping = true;
		igd_ask(i);
		break;
	case FINDING:
		remove_all(i);
		break;
	case MAPPING:
		/* The answers tell what there is to remove. */
		i->is_dropping = true;
		break;
	case REMOVING:
		break;
	}
}

void
igd_forget(struct igd *i, enum lease_proto proto)
{
	i->leases[proto].is_held = false;
}

/* ---- what it says ------------------------------------------------------ */

static void
finish_one(struct igd *i)
{
	if (--i->n_open > 0)
		return;
	if (i->stage == MAPPING && i->is_dropping)
		remove_all(i);
	else
		end_child(i, false);
}

static void
on_mapped(struct igd *i, const struct upnp_line *l)
{
	struct lease *lease = &i->leases[l->proto];
	/* One without an end goes with the router's next start; it is asked
	 * for again like the others. */
	uint32_t granted = l->lease_s ? l->lease_s : i->setup.lifetime_s;

	if (granted > LEASE_MAX_S)
		granted = LEASE_MAX_S;
	lease->is_held = true;
	lease->ext = l->ext;
	lease->until_ms = loop_now_ms(i->setup.loop) + (int64_t)granted * 1000;
	finish_one(i);
}

/* True: asked for once more, in another way. */
static bool
try_other(struct igd *i, enum lease_proto proto, int code)
{
	uint16_t port = i->tried[proto];

	if (i->is_dropping)
		return false;
	if (code == ONLY_PERMANENT && i->lease_s[proto] != 0) {
		i->lease_s[proto] = 0;
	} else if (code == CONFLICT && i->n_tries[proto] < IGD_PORTS_MAX) {
		i->n_tries[proto]++;
		port = (uint16_t)(PORT_LOW + rand_below(65536 - PORT_LOW));
	} else {
		return false;
	}
	i->n_open--;
	say_map(i, proto, port);
	return true;
}

static void
on_failed(struct igd *i, const struct upnp_line *l)
{
	if (i->stage == MAPPING) {
		if (try_other(i, l->proto, l->code))
			return;
		snprintf(i->why, sizeof(i->why), "refused: %s",
		    upnp_code_text(l->code));
	}
	i->leases[l->proto].is_held = false;
	finish_one(i);
}

/* False: nothing that this child could say now. */
static bool
on_line(struct igd *i, const struct upnp_line *l)
{
	const bool is_asked = i->n_open > 0;

	switch (l->word) {
	case UPNP_IGD:
		if (i->stage == REMOVING)
			return true;
		if (i->stage != FINDING)
			return false;
		memcpy(i->url, l->url, sizeof(i->url));
		if (i->setup.is_wanted(i->setup.ctx))
			map_all(i);
		else
			end_child(i, false);
		return true;
	case UPNP_NONE:
		if (i->stage == REMOVING)
			return true;
		if (i->stage != FINDING)
			return false;
		snprintf(i->why, sizeof(i->why), "%s",
		    upnp_none_text(l->none));
		end_child(i, false);
		return true;
	case UPNP_OK:
		if (i->stage != MAPPING || !is_asked)
			return false;
		on_mapped(i, l);
		return true;
	case UPNP_GONE:
		if (i->stage != REMOVING || !is_asked)
			return false;
		i->leases[l->proto].is_held = false;
		finish_one(i);
		return true;
	case UPNP_FAILED:
		if (!is_asked)
			return false;
		on_failed(i, l);
		return true;
	case UPNP_FIND:
	case UPNP_MAP:
	case UPNP_UNMAP:
		return false;
	}
	return false;
}

/* Whole lines of what came; false when one is no line of ours. */
static bool
take_lines(struct igd *i)
{
	const uint8_t *end;
	struct upnp_line l;

	while (i->stage != IDLE && i->in.len > 0 &&
	    (end = memchr(i->in.at, '\n', i->in.len))) {
		size_t len = (size_t)(end - i->in.at);

		if (upnp_line_read(&l, (const char *)i->in.at, len) != 0)
			return false;
		buf_drop(&i->in, len + 1);
		if (!on_line(i, &l))
			return false;
	}
	return i->in.len < UPNP_LINE;
}

static void
on_words(void *arg, unsigned events)
{
	struct igd *i = arg;
	char part[1024];
	ssize_t n = read(i->fd, part, sizeof(part));

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* Its end says how it was when it is buried. */
		end_child(i, true);
		return;
	}
	i->n_said += (size_t)n;
	buf_put(&i->in, part, (size_t)n);
	if (i->n_said > UPNP_SAID_MAX || !take_lines(i)) {
		snprintf(i->why, sizeof(i->why),
		    "the helper went mad and was ended");
		end_child(i, true);
	}
}

/* ---- what it came to --------------------------------------------------- */

bool
igd_is_busy(const struct igd *i)
{
	return i->stage != IDLE || timer_is_set(&i->reap);
}

const struct lease *
igd_lease(struct igd *i, enum lease_proto proto)
{
	struct lease *l = &i->leases[proto];

	if (l->is_held && l->until_ms <= loop_now_ms(i->setup.loop))
		l->is_held = false;
	return l;
}

const char *
igd_why(const struct igd *i)
{
	return i->why;
}

int
igd_crashes(const struct igd *i)
{
	return i->n_crashes;
}
