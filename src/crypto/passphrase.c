#include "passphrase.h"

#include <stdint.h>
#include <string.h>

#include "secret.h"
#include "text.h"
#include "vault.h"

enum {
	OUT = VAULT_PASSPHRASE_MAX + 1,
	ROOM = 2 * VAULT_PASSPHRASE_MAX		/* see text_opaque */
};

static int
refuse(enum text_opaque why, struct err *e)
{
	switch (why) {
	case TEXT_OPAQUE:
		break;
	case TEXT_NOT_UTF8:
		err_set(e, STATUS_USAGE, "the passphrase is not valid UTF-8");
		return err_next(e, "set the terminal, or the file that it "
		    "comes from, to UTF-8: in no other way can it be typed "
		    "again elsewhere");
	case TEXT_CONTROL:
		err_set(e, STATUS_USAGE, "the passphrase has a control "
		    "character in it");
		return err_next(e, "choose one without tabs, escapes and "
		    "their like: not every keyboard can type them again");
	case TEXT_TOO_LONG:
		return err_set(e, STATUS_USAGE,
		    "the passphrase is longer than %d bytes",
		    VAULT_PASSPHRASE_MAX);
	}
	return 0;
}

char *
passphrase_prepare(const char *typed, struct err *e)
{
	enum text_opaque verdict;
	int32_t *room;
	char *out;

	if (typed[0] == '\0') {
		err_set(e, STATUS_USAGE, "the passphrase is empty");
		return NULL;
	}
	out = secret_new(OUT);
	room = secret_new(ROOM * sizeof(*room));
	verdict = text_opaque(out, OUT, room, ROOM, typed, strlen(typed));
	secret_free(room);
	if (refuse(verdict, e) == 0)
		return out;
	secret_free(out);
	return NULL;
}

int
passphrase_check(const char *typed, struct err *e)
{
	char *out = passphrase_prepare(typed, e);

	secret_free(out);
	return out ? 0 : -1;
}
