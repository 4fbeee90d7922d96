#include "ask.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "passphrase.h"
#include "secret.h"
#include "vault.h"

/*
 * One line, without its newline, into locked memory; -1: too long, with a
 * NUL, given up or none, an empty one is 0.  At a terminal the line's keys
 * are ours (see ask): erase, kill, give up.
 */
static int
read_line(int fd, bool terminal, char *line)
{
	enum { CTRL_C = 3, CTRL_D = 4, CTRL_H = 8, CTRL_U = 21, DEL = 127 };
	size_t n = 0;

	line[0] = '\0';
	for (;;) {
		char c;
		ssize_t got = read(fd, &c, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 && n == 0)
			return -1;
		if (got <= 0 || c == '\n' || (terminal && c == '\r'))
			break;
		if (terminal && (c == CTRL_C || c == CTRL_D))
			return -1;
		if (terminal && c == CTRL_U) {
			n = 0;
		} else if (terminal && (c == DEL || c == CTRL_H)) {
			while (n > 0 && ((uint8_t)line[--n] & 0xc0) == 0x80)
				;
		} else {
			/* All behind a NUL would count for nothing. */
			if (n == VAULT_PASSPHRASE_MAX || c == '\0')
				return -1;
			line[n++] = c;
		}
	}
	/* Of a file whose lines end in CR LF: no terminal can type it. */
	if (!terminal && n > 0 && line[n - 1] == '\r')
		n--;
	line[n] = '\0';
	return 0;
}

int
ask_check(const struct opts *opts, struct err *e)
{
	int fd = (int)opts_int(opts, "passphrase-fd");

	if (fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) == 0)
		return 0;
	err_set(e, STATUS_DENIED, "descriptor %d, which is to give the "
	    "passphrase, is not open", fd);
	return err_next(e, "open it for p2ptui, as the shell does with "
	    "%d<FILE", fd);
}

static int
refuse_none(struct err *e)
{
	return err_set(e, STATUS_DENIED, "no passphrase was given");
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
	return rc == 0 ? 0 : refuse_none(e);
}

/* One that may be empty. */
static int
take_line(const struct opts *opts, const char *prompt, char *line,
    struct err *e)
{
	int fd = (int)opts_int(opts, "passphrase-fd");

	if (fd < 0)
		return ask(prompt, line, e);
	if (read_line(fd, false, line) == 0)
		return 0;
	err_set(e, STATUS_DENIED, "descriptor %d gave no passphrase of 1 to "
	    "%d bytes, none of them zero", fd, VAULT_PASSPHRASE_MAX);
	return err_next(e, "it is to give a line for each that is asked for");
}

int
ask_passphrase(const struct opts *opts, const char *prompt, char *line,
    struct err *e)
{
	if (take_line(opts, prompt, line, e) != 0)
		return -1;
	return line[0] ? 0 : refuse_none(e);
}

int
ask_new_passphrase(const struct opts *opts, const char *prompt,
    bool may_be_empty, char *line, struct err *e)
{
	char *again;
	int rc;

	if (take_line(opts, prompt, line, e) != 0)
		return -1;
	if (!line[0])
		return may_be_empty ? 0 : refuse_none(e);
	if (passphrase_check(line, e) != 0)
		return -1;
	if (opts_int(opts, "passphrase-fd") >= 0)
		return 0;
	again = secret_new(VAULT_PASSPHRASE_MAX + 1);
	rc = ask("The same again", again, e);
	if (rc == 0 && strcmp(line, again) != 0)
		rc = err_set(e, STATUS_DENIED,
		    "the two passphrases differ; nothing was done");
	secret_free(again);
	return rc;
}

int
ask_tries(const struct opts *opts)
{
	return opts_int(opts, "passphrase-fd") >= 0 ? 1 : ASK_TRIES;
}

void
ask_end(const struct opts *opts)
{
	int fd = (int)opts_int(opts, "passphrase-fd");

	if (fd > STDERR_FILENO)
		close(fd);
}
