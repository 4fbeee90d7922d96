#include "program.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/*
 * Of the descriptors 0, 1 and 2, one that came closed would be the next
 * file we open, and that file would get our output.  It is taken by
 * something that cannot be used, so that using it fails.
 */
static void
take_standard_fds(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY) != fd)
			exit(STATUS_FAILURE);	/* and nowhere to say why */
}

void
program_begin(void)
{
	take_standard_fds();
	setlocale(LC_ALL, "");
	signal(SIGPIPE, SIG_IGN);
#ifdef SIGXFSZ
	signal(SIGXFSZ, SIG_IGN);	/* a quota is an error, no death */
#endif
}

int
program_check_rights(struct err *e)
{
	if (getuid() == geteuid() && getgid() == getegid())
		return 0;
	err_set(e, STATUS_DENIED, "it is installed setuid or setgid, and must "
	    "not be");
	return err_next(e, "take that away: chmod ug-s");
}

/* What is complained about may be quoted, and a browser may have put it on
 * the command line: nothing in it shall act on the terminal. */
int
program_complain(const char *name, const struct err *e)
{
	struct buf said;

	buf_init(&said);
	text_filter(&said, e->what, strlen(e->what), TEXT_LINE);
	if (e->next[0]) {
		buf_printf(&said, "; ");
		text_filter(&said, e->next, strlen(e->next), TEXT_LINE);
	}
	fprintf(stderr, "%s: %s\n", name, buf_str(&said));
	buf_clear(&said);
	return e->status;
}
