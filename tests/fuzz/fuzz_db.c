/*
 * Any bytes where the database should be: refused or opened, read to the
 * end, recovered.  Never a crash, and never a word that was not written:
 * whatever opens under the seal begins with "message".
 */
#include "store.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "contact.h"
#include "mem.h"
#include "message.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum {
	/* Of SQLite's header: the magic, both format numbers, user_version,
	 * application_id. */
	MAGIC_LEN = 16,
	FORMATS = 18,
	USER_VERSION = 60,
	APPLICATION = 68,
	HEADER_LEN = 100,
	CONTACTS = 64			/* looked at */
};

/* An identity file without a passphrase, of nobody: what the corpus is
 * sealed under. */
static const uint8_t identity_file[] = {
	0x50, 0x32, 0x50, 0x56, 0x01, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
	0xf8, 0x7f, 0xf9, 0x0e, 0x5e, 0xdd, 0x13, 0xfd, 0xbc, 0xbc, 0x91, 0x22,
	0xd3, 0x9d, 0x10, 0xeb, 0xed, 0xa0, 0xf5, 0xc9, 0xdc, 0xee, 0x99, 0x2b,
	0x61, 0xd4, 0x74, 0xae, 0x61, 0x6b, 0x61, 0xb7, 0x18, 0x2a, 0xe1, 0x84,
	0x6c, 0xd9, 0x72, 0x75, 0xa1, 0x27, 0x63, 0x64, 0x7b, 0x4a, 0x72, 0xce,
	0x09, 0x72, 0xfa, 0xc1, 0xb2, 0x8e, 0x43, 0x56, 0x3f, 0xd5, 0x37, 0x30,
	0x1f, 0x98, 0xf0, 0x25, 0x74, 0xa8, 0x0f, 0x3b, 0xa5, 0xe5, 0xd9, 0x3b,
	0x26, 0xa9, 0xcd, 0x9e, 0xe9, 0xc7, 0xa1, 0xb1, 0x20, 0x23, 0x5d, 0xf9,
	0x5e, 0xba, 0x16, 0x84, 0x83, 0xef, 0x8e, 0xa5, 0xd2, 0x63, 0x28, 0xe6,
	0x5e, 0x5e, 0xe8, 0x4e, 0xcd, 0xa1, 0xbd, 0xb2, 0xce, 0x12, 0xa2, 0x23,
	0xe1, 0x70, 0x38, 0xe2, 0x10, 0xcb, 0x0a, 0x41, 0x35, 0x4a, 0x39, 0x8f,
	0xc1, 0xcd, 0x2b, 0x1a, 0x82, 0xa2, 0x8a, 0x07, 0x3e, 0x99, 0xb9, 0xe2,
	0x82, 0xe9, 0xc7, 0x5d
};

struct rig {
	struct vault *vault;
	char dir[64];
	char *db, *wal, *fresh;
};

static void
rig_start(struct rig *r)
{
	const char *top = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	struct err e;

	if (crypto_start(&e) != 0)
		abort();
	r->vault = vault_read(identity_file, sizeof(identity_file), NULL, &e);
	if (r->vault == NULL)
		abort();
	snprintf(r->dir, sizeof(r->dir), "%s/fuzz-db-XXXXXX", top);
	if (mkdtemp(r->dir) == NULL)
		abort();
	r->db = mem_printf("%s/db", r->dir);
	r->wal = mem_printf("%s/db-wal", r->dir);
	r->fresh = mem_printf("%s/db.new", r->dir);
}

static void
rig_stop(struct rig *r)
{
	unlink(r->db);
	unlink(r->wal);
	unlink(r->fresh);
	rmdir(r->dir);
	vault_free(r->vault);
	free(r->db);
	free(r->wal);
	free(r->fresh);
}

static void
put(const struct rig *r, const uint8_t *data, size_t len)
{
	int fd = open(r->db, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	unlink(r->wal);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	close(fd);
}

static int
see(void *arg, const struct message *m)
{
	(void)arg;
	if (m->len < 7 || memcmp(m->text, "message", 7) != 0 || m->row == 0)
		abort();
	return 0;
}

struct contacts {
	uint64_t at[CONTACTS];
	size_t n;
};

static int
see_contact(void *arg, const struct contact *c, const uint8_t *numbers,
    size_t len)
{
	struct contacts *all = arg;

	if (strlen(c->name) > CARD_NAME_MAX || (len != 0 && numbers == NULL))
		abort();
	all->at[all->n++] = c->row;
	return all->n == CONTACTS;
}

static void
check(int rc, const struct err *e)
{
	if (rc != 0 && e->what[0] == '\0')
		abort();
}

static void
read_all(struct store *s)
{
	struct message m = { .mine = true, .state = MSG_QUEUED,
	    .kind = MSG_TEXT, .text = "message", .len = 7 };
	struct contacts all = { .n = 0 };
	struct err e = { .status = STATUS_OK };
	size_t damaged, i;
	struct buf b;

	buf_init(&b);
	check(contact_each(s, see_contact, &all, &e), &e);
	check(message_open_items(s, see, NULL, &damaged, &e), &e);
	check(store_value(s, "name", &b, &e) < 0, &e);
	for (i = 0; i < all.n; i++)
		check(message_page(s, all.at[i], 0, 1000, see, NULL, &damaged,
		    &e), &e);
	/* It can be written to, or says why not. */
	if (all.n > 0) {
		m.contact = all.at[0];
		check(message_add(s, &m, &e), &e);
		check(message_remove_run(s, all.at[0], true, 0, UINT64_MAX,
		    &e), &e);
		check(store_commit(s, &e), &e);
		check(contact_remove(s, all.at[0], &e), &e);
	}
	check(store_commit(s, &e), &e);
	buf_clear(&b);
}

static void
try_open(const struct rig *r)
{
	struct err e = { .status = STATUS_OK };
	struct store *s = store_open(r->db, r->vault, &e);

	if (s == NULL) {
		check(-1, &e);
		return;
	}
	read_all(s);
	store_close(s);
}

static void
try_recover(const struct rig *r)
{
	struct err e = { .status = STATUS_OK };
	char *kept, *wal;
	size_t n;

	if (store_recover(r->db, r->vault, &n, &kept, &e) != 0) {
		check(-1, &e);
		return;
	}
	wal = mem_printf("%s-wal", kept);
	unlink(kept);
	unlink(wal);
	free(wal);
	free(kept);
	try_open(r);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct rig r;
	uint8_t *dressed;

	rig_start(&r);
	put(&r, data, len);
	try_open(&r);
	/* Again as one that gets past the door. */
	if (len >= HEADER_LEN) {
		dressed = mem_copy(data, len);
		memcpy(dressed, "SQLite format 3", MAGIC_LEN);
		memset(dressed + FORMATS, 2, 2);
		memcpy(dressed + USER_VERSION, "\0\0\0\1", 4);
		memcpy(dressed + APPLICATION, "P2PT", 4);
		put(&r, dressed, len);
		try_open(&r);
		put(&r, dressed, len);
		try_recover(&r);
		free(dressed);
	}
	rig_stop(&r);
	return 0;
}
