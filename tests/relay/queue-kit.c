#include "queue-kit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mem.h"
#include "rand.h"

const struct queue_limits wide = {
	.bytes = 1 << 20, .letters = 1000, .queues = 100,
	.total_bytes = 1 << 24, .days = 30, .queue_days = 90
};

int
make(void **state)
{
	struct kit *k = mem_new(sizeof(*k));
	const char *top = getenv("TMPDIR");

	if (top == NULL)
		top = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
	snprintf(k->dir, sizeof(k->dir), "%s/t-queue-XXXXXX", top);
	if (crypto_start(&k->e) != 0 || mkdtemp(k->dir) == NULL)
		return -1;
	snprintf(k->path, sizeof(k->path), "%s/mailboxes.db", k->dir);
	snprintf(k->wal, sizeof(k->wal), "%s-wal", k->path);
	k->now = 1700000000;
	*state = k;
	return 0;
}

int
drop(void **state)
{
	struct kit *k = *state;
	struct dirent *f;
	DIR *d;
	char *path;

	queues_close(k->q);
	d = opendir(k->dir);
	while (d != NULL && (f = readdir(d)) != NULL) {
		path = mem_printf("%s/%s", k->dir, f->d_name);
		if (f->d_name[0] != '.' && unlink(path) != 0)
			rmdir(path);
		free(path);
	}
	if (d != NULL)
		closedir(d);
	rmdir(k->dir);
	free(k);
	return 0;
}

void
open_with(struct kit *k, const struct queue_limits *limits)
{
	k->q = queues_open(k->path, limits, &k->e);
	if (k->q == NULL)
		fail_msg("%s", k->e.what);
}

void
close_it(struct kit *k)
{
	queues_close(k->q);
	k->q = NULL;
}

void
again(struct kit *k)
{
	close_it(k);
	open_with(k, &wide);
}

void
commit(struct kit *k)
{
	if (queues_commit(k->q, &k->e) != 0)
		fail_msg("%s", k->e.what);
}

/* Ids, tokens, uploads and letters by a small number. */
const uint8_t *
id_of(uint8_t box)
{
	static uint8_t id[QUEUE_ID];

	memset(id, box, sizeof(id));
	return id;
}

const uint8_t *
token_of(uint8_t box)
{
	static uint8_t token[32];

	memset(token, box ^ 0xff, sizeof(token));
	return token;
}

enum relay_status
box(struct kit *k, uint8_t b)
{
	return queues_make(k->q, id_of(b), token_of(b), k->now);
}

enum relay_status
put_sized(struct kit *k, uint8_t b, uint32_t word, size_t len)
{
	static uint8_t letter[RELAY_LETTER_MAX + 1];
	uint8_t upload[UPLOAD_ID] = { 0 };

	memcpy(upload, &word, sizeof(word));
	memcpy(letter, &word, sizeof(word));
	return queues_put(k->q, id_of(b), token_of(b), upload, letter, len,
	    k->now, &k->number);
}

enum relay_status
put(struct kit *k, uint8_t b, uint32_t word)
{
	return put_sized(k, b, word, 100);
}

bool
see(void *arg, uint64_t number, const void *p, size_t len)
{
	struct kit *k = arg;

	assert_true(k->n < SEEN_MAX);
	k->numbers[k->n] = number;
	/* A flipped bit of the file may make one shorter. */
	k->words[k->n] = 0;
	memcpy(&k->words[k->n++], p, len < 4 ? len : 4);
	return true;
}

size_t
look(struct kit *k, uint8_t b)
{
	k->n = 0;
	assert_int_equal(queues_each(k->q, id_of(b), 0, see, k), 0);
	return k->n;
}

void
says(const struct kit *k, const char *words)
{
	if (strstr(k->e.what, words) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", k->e.what, words);
}
