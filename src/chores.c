#include "chores.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ask.h"
#include "move.h"
#include "secret.h"
#include "store.h"
#include "unlock.h"

/* Somebody has to be there already. */
static struct vault *
open_profile(const struct start *s, const struct profile *p, struct err *e)
{
	bool fresh;

	if (profile_identity_state(p, e) != 2)
		return unlock(p, s->opts, NULL, &fresh, e);
	err_set(e, STATUS_USAGE, "there is no identity in %s yet", p->dir);
	err_next(e, "start p2ptui once, or name the right --profile or "
	    "--home");
	return NULL;
}

static int
say(const char *what)
{
	puts(what);
	return fflush(stdout) == 0 ? STATUS_OK : STATUS_FAILURE;
}

/* ---- --passphrase -------------------------------------------------------- */

static int
change(const struct start *s, const struct profile *p, const struct vault *v,
    char *line, struct err *e)
{
	const bool had = profile_identity_state(p, e) == 1;

	if (ask_new_passphrase(s->opts, had ? "New passphrase (empty: none "
	    "from now on)" : "New passphrase", true, line, e) != 0)
		return -1;
	if (!line[0] && !had)
		return say("p2ptui: there was no passphrase, and there is "
		    "none now");
	if (profile_keep(p, v, line[0] ? line : NULL, e) != 0)
		return -1;
	return say(!line[0] ? "p2ptui: the passphrase is taken away" : had ?
	    "p2ptui: the passphrase is changed" :
	    "p2ptui: the passphrase is set");
}

static int
passphrase(const struct start *s, const struct profile *p, char *line,
    struct err *e)
{
	struct vault *v = open_profile(s, p, e);
	int rc = v ? change(s, p, v, line, e) : -1;

	vault_free(v);
	return rc;
}

/* ---- --export, --import -------------------------------------------------- */

/* A store that was opened and closed is whole, of this version, and in one
 * file. */
static int
settle(const struct profile *p, const struct vault *v, struct err *e)
{
	struct store *store = store_open(p->db, v, e);

	store_close(store);
	return store ? 0 : -1;
}

static int
export(const struct start *s, const struct profile *p, char *line,
    struct err *e)
{
	struct vault *v = open_profile(s, p, e);
	uint64_t n;
	int rc = v ? settle(p, v, e) : -1;

	vault_free(v);
	if (rc != 0 || ask_new_passphrase(s->opts, "Passphrase for the "
	    "exported file", false, line, e) != 0 ||
	    move_out(p, s->export_to, line, NULL, &n, e) != 0)
		return -1;
	printf("p2ptui: %s is written, %" PRIu64 " bytes.  On the other "
	    "machine: p2ptui --import %s\n", s->export_to, n, s->export_to);
	return say("p2ptui: do not use both copies from then on");
}

/* Settings that come along are read by what this p2ptui knows, and their log
 * goes where this profile's does: they came from elsewhere, and could name
 * any file of mine. */
static int
check_settings(const char *path, struct err *e)
{
	struct opts *o = options_new();
	const char *log;
	char level[16];
	int rc = opts_load(o, path, false, e);

	log = opts_text(o, "log");
	if (rc == 0 && strchr(log, ':')) {
		snprintf(level, sizeof(level), "%.*s",
		    (int)strcspn(log, ":"), log);
		rc = opts_set(o, "log", level, e);
		if (rc == 0)
			rc = opts_save(o, path, e);
	}
	opts_free(o);
	return rc;
}

static int
import(const struct start *s, const struct profile *p, char *line,
    struct err *e)
{
	int tries = ask_tries(s->opts), rc = -1;

	if (move_has_room(p, e) != 0 || move_look(s->import_from, e) != 0)
		return -1;
	while (rc != 0 && tries-- > 0) {
		if (ask_passphrase(s->opts, "Passphrase of the exported file",
		    line, e) != 0)
			return -1;
		rc = move_in(p, s->import_from, line, check_settings, e);
		if (rc != 0 && (e->status != STATUS_DENIED || tries == 0))
			return -1;
		if (rc != 0)
			fputs("p2ptui: wrong passphrase, try again\n", stderr);
	}
	puts("p2ptui: imported; start p2ptui as ever");
	return say("p2ptui: do not use the old copy any more");
}

bool
chores_are_asked(const struct start *s)
{
	return s->passphrase || s->export_to || s->import_from;
}

static int
check_alone(const struct start *s, struct err *e)
{
	if (s->passphrase + !!s->export_to + !!s->import_from > 1)
		return err_set(e, STATUS_USAGE, "--passphrase, --export and "
		    "--import exclude each other");
	if (s->ephemeral || s->headless || s->doctor)
		return err_set(e, STATUS_USAGE, "--passphrase, --export and "
		    "--import do one thing and end: without --ephemeral, "
		    "--headless and --doctor");
	return 0;
}

int
chores_run(const struct start *s, struct profile *p, struct err *e)
{
	char *line;
	int rc = -1;

	if (check_alone(s, e) != 0 || profile_hold(p, e) != 0)
		return -1;
	line = secret_new(VAULT_PASSPHRASE_MAX + 1);
	if (s->passphrase)
		rc = passphrase(s, p, line, e);
	else if (s->export_to)
		rc = export(s, p, line, e);
	else
		rc = import(s, p, line, e);
	secret_free(line);
	ask_end(s->opts);
	return rc;
}
