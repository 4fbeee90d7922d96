#include "unlock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "key.h"
#include "secret.h"

enum { TRIES = 3 };	/* at the terminal; a descriptor has one */

/*
 * One line, without its newline, into locked memory; -1: too long or none.
 * At a terminal the line's keys are ours (see ask): erase, kill, give up.
 */
static int
read_line(int fd, bool terminal, char *line)
{
	enum { CTRL_C = 3, CTRL_D = 4, CTRL_H = 8, CTRL_U = 21, DEL = 127 };
	size_t n = 0;

	for (;;) {
		char c;
		ssize_t got = read(fd, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || c == '\n' || (terminal && c == '\r'))
			break;
		if (terminal && (c == CTRL_C || c == CTRL_D)) {
			n = 0;
			break;
		}
		if (terminal && c == CTRL_U) {
			n = 0;
		} else if (terminal && (c == DEL || c == CTRL_H)) {
			while (n > 0 && ((uint8_t)line[--n] & 0xc0) == 0x80)
				;
		} else {
			if (n == VAULT_PASSPHRASE_MAX)
				return -1;
			line[n++] = c;
		}
	}
	line[n] = '\0';
	return n == 0 ? -1 : 0;
}

/*
 * Asks on the terminal with echo off, whatever stdin and stdout are.  The
 * keys that would raise signals are read as bytes and the signals of others
 * wait, so that no way out leaves the terminal without its echo.
 */
static int
ask(const char *prompt, char *line, struct err *e)
{
	struct termios was, quiet;
	sigset_t hold, old;
	int rc, fd = open("/dev/tty", O_RDWR | O_CLOEXEC);

	if (fd < 0 || tcgetattr(fd, &was) < 0) {
		if (fd >= 0)
			close(fd);
		err_set(e, STATUS_DENIED, "a passphrase is needed and there "
		    "is no terminal to ask for it");
		return err_next(e, "give it with --set passphrase-fd=N");
	}
	sigemptyset(&hold);
	sigaddset(&hold, SIGTERM);
	sigaddset(&hold, SIGHUP);
	sigprocmask(SIG_BLOCK, &hold, &old);
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ICANON | ISIG | IEXTEN);
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	tcsetattr(fd, TCSAFLUSH, &quiet);
	dprintf(fd, "%s: ", prompt);
	rc = read_line(fd, true, line);
	dprintf(fd, "\n");
	tcsetattr(fd, TCSAFLUSH, &was);
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(fd);
	if (rc < 0)
		return err_set(e, STATUS_DENIED, "no passphrase was given");
	return 0;
}

static int
passphrase(const struct opts *opts, const char *prompt, char *line,
    struct err *e)
{
	int fd = (int)opts_int(opts, "passphrase-fd");
	int rc;

	if (fd < 0)
		return ask(prompt, line, e);
	rc = read_line(fd, false, line);
	if (rc < 0)
		err_set(e, STATUS_DENIED, "descriptor %d gave no "
		    "passphrase of 1 to %d bytes", fd, VAULT_PASSPHRASE_MAX);
	/* Who looks at our descriptors should not find it there. */
	if (fd > STDERR_FILENO)
		close(fd);
	return rc;
}

static struct vault *
make(const struct profile *p, const struct opts *opts, struct err *e)
{
	bool sealed = opts_bool(opts, "passphrase") ||
	    opts_int(opts, "passphrase-fd") >= 0;
	char *first = secret_new(VAULT_PASSPHRASE_MAX + 1);
	char *again = secret_new(VAULT_PASSPHRASE_MAX + 1);
	struct identity *id = identity_new();
	struct vault *v = vault_new(id);
	int rc = 0;

	if (sealed)
		rc = passphrase(opts, "New passphrase", first, e);
	if (rc == 0 && sealed && opts_int(opts, "passphrase-fd") < 0) {
		rc = ask("The same again", again, e);
		if (rc == 0 && strcmp(first, again) != 0)
			rc = err_set(e, STATUS_DENIED,
			    "the two passphrases differ; nothing was made");
	}
	if (rc == 0)
		rc = profile_keep(p, v, sealed ? first : NULL, e);
	if (rc < 0) {
		vault_free(v);
		v = NULL;
	}
	identity_free(id);
	secret_free(first);
	secret_free(again);
	return v;
}

static struct vault *
open_sealed(const struct profile *p, const struct opts *opts, struct err *e)
{
	char *line = secret_new(VAULT_PASSPHRASE_MAX + 1);
	int tries = opts_int(opts, "passphrase-fd") >= 0 ? 1 : TRIES;
	struct vault *v = NULL;

	while (!v && tries-- > 0) {
		if (passphrase(opts, "Passphrase", line, e) < 0)
			break;
		v = profile_unlock(p, line, e);
		if (!v && (!e || e->status != STATUS_DENIED))
			break;
		if (!v && tries > 0)
			fputs("p2ptui: wrong passphrase, try again\n", stderr);
	}
	secret_free(line);
	return v;
}

struct vault *
unlock(const struct profile *p, const struct opts *opts, bool *fresh,
    struct err *e)
{
	int state = profile_identity_state(p, e);

	*fresh = state == 2;
	if (state < 0)
		return NULL;
	if (state == 2)
		return make(p, opts, e);
	if (state == 1)
		return open_sealed(p, opts, e);
	return profile_unlock(p, NULL, e);
}
