#include "cmd-keep.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "passphrase.h"
#include "secret.h"
#include "work.h"

enum { LINE = VAULT_PASSPHRASE_MAX + 1 };

/* What the worker does. */
enum job {
	JOB_TRY,			/* is `present` right? */
	JOB_CHANGE			/* and if so, `fresh` is the new one */
};

struct keep {
	struct keep_setup setup;
	struct tui *tui;
	bool is_sealed;
	/* Locked; the worker's while it works. */
	char *line, *present, *fresh;
	struct work *work;
	enum job job;
	struct err trouble;		/* of the job; what[0] 0: none */
};

static const char title[] = "p2ptui: passphrase";

/* ---- the worker ---------------------------------------------------------- */

static void
on_work(void *arg)
{
	struct keep *k = arg;
	const struct profile *p = k->setup.profile;
	struct vault *v = NULL;

	if (k->is_sealed) {
		v = profile_unlock(p, k->present, &k->trouble);
		if (!v && k->trouble.status == STATUS_DENIED) {
			err_set(&k->trouble, STATUS_DENIED, "that is not the "
			    "present passphrase");
			err_next(&k->trouble, "nothing was changed");
		}
		if (!v)
			return;
	}
	vault_free(v);
	if (k->job == JOB_CHANGE)
		profile_keep(p, k->setup.vault, *k->fresh ? k->fresh : NULL,
		    &k->trouble);
}

static void
wipe_lines(struct keep *k)
{
	wipe(k->present, LINE);
	wipe(k->fresh, LINE);
}

static void
say_changed(struct keep *k)
{
	const bool had = k->is_sealed;

	k->is_sealed = *k->fresh != '\0';
	chat_notice(k->setup.chat, !k->is_sealed ? "the passphrase is taken "
	    "away: whoever can read your files can be you" : had ?
	    "the passphrase is changed" : "the passphrase is set: it is "
	    "asked for at the next start, and /lock locks the screen");
}

static void
on_worked(void *arg)
{
	struct keep *k = arg;
	const bool good = !k->trouble.what[0];

	k->work = NULL;
	if (k->job == JOB_TRY) {
		tui_tried(k->tui, good ? NULL : &k->trouble);
	} else {
		if (good)
			say_changed(k);
		else
			chat_error(k->setup.chat, &k->trouble);
		tui_ask_end(k->tui);
	}
	wipe_lines(k);
}

static int
start_work(struct keep *k, enum job job, struct err *e)
{
	if (k->work)
		return err_set(e, STATUS_TRY_AGAIN,
		    "a passphrase is being worked on: one moment");
	k->job = job;
	memset(&k->trouble, 0, sizeof(k->trouble));
	k->work = work_start(k->setup.loop, on_work, on_worked, k, e);
	return k->work ? 0 : -1;
}

/* ---- the keeper of the lock ---------------------------------------------- */

static bool
is_sealed(void *arg)
{
	const struct keep *k = arg;

	return k->is_sealed;
}

/* While the passphrase is changed, the one that is typed waits in line. */
static int
try(void *arg, const char *passphrase, struct err *e)
{
	struct keep *k = arg;

	if (!k->work)
		memcpy(k->present, passphrase, strlen(passphrase) + 1);
	return start_work(k, JOB_TRY, e);
}

struct tui_keeper
keep_keeper(struct keep *k)
{
	return (struct tui_keeper){ k, is_sealed, try, k->line, LINE };
}

void
keep_show(struct keep *k, struct tui *t)
{
	k->tui = t;
}

/* ---- /passphrase --------------------------------------------------------- */

static void ask_fresh(struct keep *k, const char *text);

static void
on_again(void *arg, const char *typed)
{
	struct keep *k = arg;
	struct err e = { 0 };

	if (!typed) {
		wipe_lines(k);
		return;
	}
	if (strcmp(typed, k->fresh) != 0) {
		ask_fresh(k, "The two were not the same. Once more, please.");
		return;
	}
	tui_ask_wait(k->tui, "One moment.");
	if (start_work(k, JOB_CHANGE, &e) != 0) {
		tui_ask_end(k->tui);
		chat_error(k->setup.chat, &e);
	}
}

static void
on_fresh(void *arg, const char *typed)
{
	struct keep *k = arg;
	const struct tui_question again = { title, typed && *typed ? "" :
	    "No passphrase from now on? Enter once more takes it away, Esc "
	    "keeps it.", "The same again:", k, on_again };
	struct err e = { 0 };
	char text[sizeof(e.what) + sizeof(e.next) + 4];

	if (!typed || (!*typed && !k->is_sealed)) {
		wipe_lines(k);
		return;
	}
	if (*typed && passphrase_check(typed, &e) != 0) {
		snprintf(text, sizeof(text), "%s%s%s.", e.what,
		    *e.next ? ": " : "", e.next);
		ask_fresh(k, text);
		return;
	}
	memcpy(k->fresh, typed, strlen(typed) + 1);
	tui_ask(k->tui, &again);
}

static void
ask_fresh(struct keep *k, const char *text)
{
	const struct tui_question q = { title, text, "New passphrase:", k,
		on_fresh };

	tui_ask(k->tui, &q);
}

static const char forever[] = "It seals your identity and your messages on "
    "this disk, and is asked for at every start. Nobody can restore a "
    "forgotten one.";

static void
on_present(void *arg, const char *typed)
{
	struct keep *k = arg;

	if (!typed || !*typed)
		return;
	memcpy(k->present, typed, strlen(typed) + 1);
	ask_fresh(k, "Enter alone takes the passphrase away.");
}

static int
refuse_without_screen(struct err *e)
{
	err_set(e, STATUS_USAGE, "there is no screen to ask for a passphrase "
	    "on");
	return err_next(e, "leave, and run p2ptui --passphrase");
}

static int
run_passphrase(void *room, struct cmd_call *call, struct err *e)
{
	struct keep *k = room;
	const struct tui_question present = { title, "", "Present "
	    "passphrase:", k, on_present };

	(void)call;
	if (k->setup.ephemeral) {
		err_set(e, STATUS_USAGE, "--ephemeral writes nothing to disk");
		return err_next(e, "start without it to set a passphrase");
	}
	if (!k->tui)
		return refuse_without_screen(e);
	if (k->work)
		return start_work(k, JOB_TRY, e);	/* says why not */
	if (k->is_sealed)
		tui_ask(k->tui, &present);
	else
		ask_fresh(k, forever);
	return 0;
}

static int
run_lock(void *room, struct cmd_call *call, struct err *e)
{
	struct keep *k = room;

	(void)call;
	if (k->tui)
		return tui_lock(k->tui, e);
	err_set(e, STATUS_USAGE, "there is no screen to lock");
	return err_next(e, "/quit ends the program");
}

static const struct cmd rows[] = {
	{ .name = "passphrase", .usage = "",
	    .help = "set, change or take away the passphrase of this profile",
	    .run = run_passphrase },
	{ .name = "lock", .usage = "",
	    .help = "cover the screen until the passphrase is typed",
	    .run = run_lock },
};

struct keep *
keep_new(const struct keep_setup *setup)
{
	struct keep *k = mem_new(sizeof(*k));

	k->setup = *setup;
	k->is_sealed = setup->vault &&
	    profile_identity_state(setup->profile, NULL) == 1;
	k->line = secret_new(LINE);
	k->present = secret_new(LINE);
	k->fresh = secret_new(LINE);
	cmds_add(setup->cmds, rows, sizeof(rows) / sizeof(rows[0]), k);
	return k;
}

void
keep_free(struct keep *k)
{
	if (!k)
		return;
	work_end(k->work);
	secret_free(k->line);
	secret_free(k->present);
	secret_free(k->fresh);
	free(k);
}
