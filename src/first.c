#include "first.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "card.h"
#include "code.h"
#include "passphrase.h"
#include "secret.h"
#include "vault.h"

const char *
first_name(void)
{
	const struct passwd *pw = getpwuid(getuid());

	return pw && *pw->pw_name ? pw->pw_name : "someone";
}

/* ---- what is an answer --------------------------------------------------- */

static int
check_code(const char *text, struct err *e)
{
	struct code c;
	enum code_verdict verdict = code_parse(&c, text);

	code_clear(&c);
	switch (verdict) {
	case CODE_GOOD:
		return 0;
	case CODE_SHORT:
		err_set(e, STATUS_USAGE, "A code has 16 digits");
		break;
	case CODE_WRONG_DIGIT:
		err_set(e, STATUS_USAGE, "One of the digits is mistyped");
		break;
	case CODE_NOT_ONE:
		err_set(e, STATUS_USAGE, "That is no code: it is 16 digits");
		break;
	}
	return err_next(e, "Ask for it again, or leave the line empty.");
}

/* Option rows know it; tried on options that nobody will use. */
static int
check_option(const char *name, const char *text, struct err *e)
{
	struct opts *scratch = options_new();
	int rc = opts_set(scratch, name, text, e);

	opts_free(scratch);
	return rc;
}

static int
check(void *arg, enum assistant_asks which, const char *text, struct err *e)
{
	(void)arg;
	switch (which) {
	case ASSISTANT_NAME:
		return check_option("name", text, e);
	case ASSISTANT_RELAY:
		return check_option("relay", text, e);
	case ASSISTANT_CODE:
		return check_code(text, e);
	case ASSISTANT_PASSPHRASE:
		return passphrase_check(text, e);
	case ASSISTANT_LAN:
	case ASSISTANT_QUESTIONS:
		break;
	}
	return 0;
}

/* ---- asking -------------------------------------------------------------- */

/* Scripts name their people; who does has read the manual. */
static bool
is_needed(const struct start *s, const struct profile *p)
{
	return !s->headless && !s->doctor && !s->ephemeral &&
	    !opts_is_set(s->opts, "name") &&
	    profile_identity_state(p, NULL) == 2;
}

static unsigned
known(const struct start *s)
{
	const struct {
		enum assistant_asks ask;
		bool known;
	} rows[] = {
		{ ASSISTANT_PASSPHRASE, opts_is_set(s->opts, "passphrase") ||
		    opts_is_set(s->opts, "passphrase-fd") },
		{ ASSISTANT_LAN, opts_is_set(s->opts, "lan") },
		{ ASSISTANT_RELAY, opts_is_set(s->opts, "relay") },
		{ ASSISTANT_CODE, s->join || s->host },
	};
	unsigned bits = 0;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].known)
			bits |= 1u << rows[i].ask;
	return bits;
}

static int
set(struct opts *opts, const char *name, const char *value, struct err *e)
{
	return *value ? opts_set(opts, name, value, e) : 0;
}

static int
take(struct first *f, struct start *s, struct err *e)
{
	const struct assistant_answers *a = &f->answers;

	if (set(s->opts, "name", a->name, e) != 0 ||
	    set(s->opts, "lan", a->lan, e) != 0 ||
	    set(s->opts, "relay", a->relay, e) != 0)
		return -1;
	if (*a->code) {
		s->join = a->code;
		s->join_where = "";
	}
	return 0;
}

int
first_ask(struct first *f, struct start *s, const struct profile *p,
    struct loop *l, int *status, struct err *e)
{
	struct assistant_setup setup = { .loop = l,
		.opts = s->opts,
		.name = first_name(),
		.skip = known(s),
		.passphrase_size = VAULT_PASSPHRASE_MAX + 1,
		.check = check };

	*status = STATUS_OK;
	if (!is_needed(s, p))
		return 0;
	f->passphrase = secret_new(setup.passphrase_size);
	f->again = secret_new(setup.passphrase_size);
	setup.passphrase = f->passphrase;
	setup.again = f->again;
	f->screen = assistant_run(&setup, &f->answers, status, e);
	if (!f->screen)
		return *status < 0 ? -1 : 1;
	f->answered = true;
	/* Who was not asked has said it by option. */
	if (setup.skip & 1u << ASSISTANT_PASSPHRASE)
		f->answered = false;
	return take(f, s, e);
}

int
first_keep(const struct first *f, const char *config, struct err *e)
{
	const struct assistant_answers *a = &f->answers;
	struct opts *kept;
	int rc = -1;

	if (!*a->lan && !*a->relay)
		return 0;
	/* Not what the command line said for this time only. */
	kept = options_new();
	if (opts_load(kept, config, false, e) == 0 &&
	    set(kept, "lan", a->lan, e) == 0 &&
	    set(kept, "relay", a->relay, e) == 0)
		rc = opts_save(kept, config, e);
	opts_free(kept);
	return rc;
}

const char *
first_passphrase(const struct first *f)
{
	return f->answered ? f->passphrase : NULL;
}

void
first_done(struct first *f)
{
	assistant_close(f->screen);
	f->screen = NULL;
}

void
first_clear(struct first *f)
{
	first_done(f);
	secret_free(f->passphrase);
	secret_free(f->again);
	wipe(&f->answers, sizeof(f->answers));
	f->passphrase = f->again = NULL;
}
