#include "relaykey.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "enc.h"
#include "file.h"
#include "secret.h"

enum { FILE_MAX = 256, KEY_TEXT = BASE32_LEN(KEY_LEN) };

static const char head[] = "p2prelay key 1\n";

static int
refuse(const char *path, const char *why, struct err *e)
{
	err_set(e, STATUS_DAMAGED, "the key %s %s", path, why);
	return err_next(e, "put it back from a backup, or move it and the "
	    "mailboxes away to become another relay");
}

/* 1: there and ours alone; 0: there is none; -1. */
static int
find(const char *path, struct err *e)
{
	struct stat st;

	if (lstat(path, &st) != 0) {
		if (errno == ENOENT)
			return 0;
		err_set(e, STATUS_DENIED, "cannot look at the key %s: %s",
		    path, strerror(errno));
		return err_next(e, "check its owner and permissions");
	}
	if (!S_ISREG(st.st_mode))
		return refuse(path, "is not a file", e);
	if ((st.st_mode & 077) == 0)
		return 1;
	err_set(e, STATUS_DENIED, "others may use the key %s (mode %04o)",
	    path, (unsigned int)st.st_mode & 07777);
	return err_next(e, "run: chmod 600 '%s'", path);
}

/* One line of base32; the text behind it, or NULL. */
static char *
take_line(char *at, uint8_t key[KEY_LEN])
{
	if (strlen(at) < KEY_TEXT || at[KEY_TEXT - 1] != '\n')
		return NULL;
	at[KEY_TEXT - 1] = '\0';
	return dec_base32(key, KEY_LEN, at) == KEY_LEN ? at + KEY_TEXT : NULL;
}

/* The public half is there to tell a damaged secret from a good one. */
static bool
parse(char *text, uint8_t secret[KEY_LEN])
{
	uint8_t said[KEY_LEN], is[KEY_LEN];
	char *at;

	if (strncmp(text, head, sizeof(head) - 1) != 0)
		return false;
	at = take_line(text + sizeof(head) - 1, secret);
	if (at != NULL)
		at = take_line(at, said);
	if (at == NULL || *at != '\0')
		return false;
	x_public(is, secret);
	return memcmp(is, said, KEY_LEN) == 0;
}

static int
read_key(const char *path, uint8_t secret[KEY_LEN], struct err *e)
{
	struct buf b;
	int rc;

	buf_init(&b);
	rc = file_read(path, FILE_MAX, &b, e);
	if (rc == 0 && (b.len == 0 || memchr(b.at, 0, b.len) != NULL ||
	    !parse(buf_str(&b), secret)))
		rc = refuse(path, "is damaged", e);
	buf_wipe(&b);
	buf_clear(&b);
	return rc;
}

static int
make_key(const char *path, uint8_t secret[KEY_LEN], struct err *e)
{
	uint8_t public[KEY_LEN];
	char text[2][KEY_TEXT];
	struct buf b;
	int rc;

	x_pair_new(secret, public);
	enc_base32(text[0], secret, KEY_LEN);
	enc_base32(text[1], public, KEY_LEN);
	buf_init(&b);
	buf_printf(&b, "%s%s\n%s\n", head, text[0], text[1]);
	rc = file_write(path, b.at, b.len, 0600, e);
	wipe(text, sizeof(text));
	buf_wipe(&b);
	buf_clear(&b);
	return rc;
}

uint8_t *
relaykey_open(const char *path, const char *mailboxes, struct err *e)
{
	uint8_t *secret;
	int there = find(path, e), rc;

	if (there < 0)
		return NULL;
	if (there == 0 && file_exists(mailboxes)) {
		err_set(e, STATUS_DAMAGED, "the key %s is gone but the "
		    "mailboxes %s are still there", path, mailboxes);
		err_next(e, "put the key back from a backup, or move the "
		    "mailboxes away to become another relay");
		return NULL;
	}
	secret = secret_new(KEY_LEN);
	rc = there ? read_key(path, secret, e) : make_key(path, secret, e);
	if (rc == 0)
		return secret;
	secret_free(secret);
	return NULL;
}
