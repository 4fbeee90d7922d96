#include "unlock.h"

#include <stdio.h>

#include "ask.h"
#include "key.h"
#include "secret.h"

static struct vault *
make(const struct profile *p, const struct opts *opts, const char *chosen,
    struct err *e)
{
	bool asked = !chosen && (opts_bool(opts, "passphrase") ||
	    opts_int(opts, "passphrase-fd") >= 0);
	char *typed = secret_new(VAULT_PASSPHRASE_MAX + 1);
	struct identity *id = identity_new();
	struct vault *v = vault_new(id);
	int rc = 0;

	if (asked)
		rc = ask_new_passphrase(opts, "New passphrase", false, typed,
		    e);
	if (asked)
		chosen = typed;
	if (rc == 0)
		rc = profile_keep(p, v, chosen && *chosen ? chosen : NULL, e);
	if (rc < 0) {
		vault_free(v);
		v = NULL;
	}
	identity_free(id);
	secret_free(typed);
	return v;
}

static struct vault *
open_sealed(const struct profile *p, const struct opts *opts, struct err *e)
{
	char *line = secret_new(VAULT_PASSPHRASE_MAX + 1);
	int tries = ask_tries(opts);
	struct vault *v = NULL;

	while (!v && tries-- > 0) {
		if (ask_passphrase(opts, "Passphrase", line, e) < 0)
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
unlock(const struct profile *p, const struct opts *opts, const char *chosen,
    bool *fresh, struct err *e)
{
	int state = profile_identity_state(p, e);

	*fresh = state == 2;
	if (state < 0)
		return NULL;
	if (state == 2)
		return make(p, opts, chosen, e);
	if (state == 1)
		return open_sealed(p, opts, e);
	return profile_unlock(p, NULL, e);
}
