#include "kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem.h"
#include "rand.h"

int
kit_make(void **state)
{
	struct kit *k = mem_new(sizeof(*k));
	const char *top = getenv("TMPDIR");

	if (crypto_start(&k->e) != 0)
		return -1;
	/* Hundreds of databases come and go: not on a disk, if possible. */
	if (top == NULL)
		top = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	k->dir = mem_printf("%s/t-store-XXXXXX", top);
	if (mkdtemp(k->dir) == NULL)
		return -1;
	k->path = mem_printf("%s/p2ptui.db", k->dir);
	k->wal = mem_printf("%s-wal", k->path);
	k->id = identity_new();
	k->vault = vault_new(k->id);
	*state = k;
	return 0;
}

static void
remove_tree(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *f;
	char *path;

	while (d != NULL && (f = readdir(d)) != NULL) {
		if (strcmp(f->d_name, ".") == 0 ||
		    strcmp(f->d_name, "..") == 0)
			continue;
		path = mem_printf("%s/%s", dir, f->d_name);
		if (unlink(path) != 0)
			remove_tree(path);
		free(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(dir);
}

int
kit_free(void **state)
{
	struct kit *k = *state;

	store_close(k->store);
	vault_free(k->vault);
	identity_free(k->id);
	remove_tree(k->dir);
	free(k->dir);
	free(k->path);
	free(k->wal);
	free(k);
	return 0;
}

void
kit_open(struct kit *k)
{
	k->store = store_open(k->path, k->vault, &k->e);
	if (k->store == NULL)
		fail_msg("%s", k->e.what);
}

void
kit_close(struct kit *k)
{
	store_close(k->store);
	k->store = NULL;
}

void
kit_crash(struct kit *k)
{
	char *db, *wal = NULL;
	size_t db_len, wal_len = 0;

	/* Nobody reads what the dying store writes: the files are put back
	 * as they were. */
	db = kit_read_file(k->path, &db_len);
	if (access(k->wal, F_OK) == 0)
		wal = kit_read_file(k->wal, &wal_len);
	kit_close(k);
	kit_write_file(k->path, db, db_len);
	if (wal != NULL)
		kit_write_file(k->wal, wal, wal_len);
	free(db);
	free(wal);
}

void
kit_assert_says(const struct err *e, const char *words)
{
	if (strstr(e->what, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", e->what, words);
}

struct contact
kit_contact(struct kit *k, const char *name)
{
	struct contact c = { .trust = TRUST_PAIRED, .serial = 7 };

	snprintf(c.name, sizeof(c.name), "%s", name);
	if (contact_put(k->store, &c, &k->e) != 0)
		fail_msg("%s", k->e.what);
	kit_commit(k);
	return c;
}

uint64_t
kit_add(struct kit *k, uint64_t contact, unsigned int n,
    enum msg_state state)
{
	char text[32];
	struct message m = {
		.contact = contact, .mine = state != MSG_UNREAD &&
		    state != MSG_SEEN,
		.state = (uint8_t)state, .kind = MSG_TEXT, .epoch = 1,
		.seq = n, .sent_ms = 1000 + n, .kept_ms = 2000 + n,
		.text = text
	};

	m.len = (size_t)snprintf(text, sizeof(text), "message %u", n);
	if (message_add(k->store, &m, &k->e) != 0)
		fail_msg("%s", k->e.what);
	return m.row;
}

void
kit_commit(struct kit *k)
{
	if (store_commit(k->store, &k->e) != 0)
		fail_msg("%s", k->e.what);
}

int
kit_see(void *arg, const struct message *m)
{
	struct seen *seen = arg;
	char text[32];
	unsigned int number;

	assert_true(m->len > 0 && m->len < sizeof(text));
	memcpy(text, m->text, m->len);
	text[m->len] = '\0';
	assert_int_equal(sscanf(text, "message %u", &number), 1);
	assert_int_equal(m->seq, number);
	assert_int_equal(m->sent_ms, 1000 + number);
	assert_int_equal(m->kept_ms, 2000 + number);
	assert_true(seen->n < sizeof(seen->at) / sizeof(seen->at[0]));
	seen->at[seen->n].row = m->row;
	seen->at[seen->n].contact = m->contact;
	seen->at[seen->n].number = number;
	seen->at[seen->n].state = (enum msg_state)m->state;
	seen->n++;
	return 0;
}

int
kit_page(struct kit *k, uint64_t contact, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	return message_page(k->store, contact, 0, 512, kit_see, seen,
	    &seen->damaged, &k->e);
}

int
kit_open_items(struct kit *k, struct seen *seen)
{
	memset(seen, 0, sizeof(*seen));
	return message_open_items(k->store, kit_see, seen, &seen->damaged,
	    &k->e);
}

static int
count_contact(void *arg, const struct contact *c, const uint8_t *numbers,
    size_t len)
{
	(void)numbers;
	(void)len;
	assert_int_equal(c->serial, 7);
	++*(size_t *)arg;
	return 0;
}

int
kit_count_contacts(struct kit *k, size_t *n)
{
	*n = 0;
	return contact_each(k->store, count_contact, n, &k->e);
}

char *
kit_read_file(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	struct stat st;
	char *p;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	p = mem_new((size_t)st.st_size + 1);
	*len = fread(p, 1, (size_t)st.st_size, f);
	assert_int_equal(*len, st.st_size);
	fclose(f);
	return p;
}

void
kit_write_file(const char *path, const void *p, size_t len)
{
	FILE *f = fopen(path, "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

char *
kit_find_file(const struct kit *k, const char *prefix)
{
	DIR *d = opendir(k->dir);
	struct dirent *f;
	char *found = NULL;

	assert_non_null(d);
	while (found == NULL && (f = readdir(d)) != NULL)
		if (strncmp(f->d_name, prefix, strlen(prefix)) == 0)
			found = mem_printf("%s/%s", k->dir, f->d_name);
	closedir(d);
	return found;
}
