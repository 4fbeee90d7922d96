#include "pulse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mem.h"
#include "rand.h"

enum { FRESH_MS = 1000, LETTER_LEN = 64 };

struct pulse {
	struct loop *loop;
	struct queues *queues;
	void (*on_done)(void *arg);
	void *arg;
	uint8_t id[QUEUE_ID];
	uint8_t token[32];
	uint8_t letter[LETTER_LEN];
	uint64_t number;
	int64_t began_us;
	bool is_beating, is_known, is_there;
	struct pulse_result result;
};

static void
finish(struct pulse *p, const char *why)
{
	struct clock now;

	clock_read(&now);
	p->is_beating = false;
	p->is_known = true;
	p->result.is_good = why == NULL;
	snprintf(p->result.why, sizeof(p->result.why), "%s",
	    why != NULL ? why : "");
	p->result.took_us = now.mono_us - p->began_us;
	p->result.at_ms = now.mono_us / 1000;
}

static bool
see(void *arg, uint64_t number, const void *letter, size_t len)
{
	struct pulse *p = arg;

	p->is_there = number == p->number && len == LETTER_LEN &&
	    memcmp(letter, p->letter, len) == 0;
	return false;
}

/* After the commit: what did not reach the disk is not there any more. */
static void
on_committed(void *arg)
{
	struct pulse *p = arg;

	if (!p->is_beating)
		return;
	p->is_there = false;
	queues_each(p->queues, p->id, p->number - 1, see, p);
	if (p->is_there) {
		queues_delete(p->queues, p->id, p->number);
		loop_again(p->loop);
	}
	finish(p, p->is_there ? NULL : "a letter did not reach the disk");
	p->on_done(p->arg);
}

static const char *
begin(struct pulse *p)
{
	int64_t now = loop_wall_ms(p->loop) / 1000;
	uint8_t upload[UPLOAD_ID];
	enum relay_status status;

	rand_nonce(upload, sizeof(upload));
	rand_nonce(p->letter, sizeof(p->letter));
	status = queues_make(p->queues, p->id, p->token, now);
	if (status == RELAY_OK)
		status = queues_put(p->queues, p->id, p->token, upload,
		    p->letter, sizeof(p->letter), now, &p->number);
	switch (status) {
	case RELAY_OK:
		return NULL;
	case RELAY_FULL:
	case RELAY_LIMIT:
		return "no room for another letter";
	case RELAY_NO_QUEUE:
	case RELAY_TOO_LARGE:
	case RELAY_DENIED:
	case RELAY_TROUBLE:
	case RELAY_STATUSES:
		break;
	}
	return "the mailboxes cannot be written";
}

const struct pulse_result *
pulse_ask(struct pulse *p)
{
	const char *why;
	struct clock now;

	if (p->is_beating)
		return NULL;
	clock_read(&now);
	if (p->is_known && now.mono_us / 1000 - p->result.at_ms < FRESH_MS)
		return &p->result;
	p->began_us = now.mono_us;
	why = begin(p);
	if (why != NULL) {
		finish(p, why);
		return &p->result;
	}
	p->is_beating = true;
	/* Asked after this turn's commit, the next one's is waited for. */
	loop_again(p->loop);
	return NULL;
}

struct pulse *
pulse_new(struct loop *l, struct queues *q, const uint8_t key[32],
    void (*on_done)(void *arg), void *arg)
{
	struct pulse *p = mem_new(sizeof(*p));

	p->loop = l;
	p->queues = q;
	p->on_done = on_done;
	p->arg = arg;
	memcpy(p->id, key, QUEUE_ID);
	rand_bytes(p->token, sizeof(p->token));
	loop_hook(l, LOOP_SEND, on_committed, p);
	return p;
}

void
pulse_free(struct pulse *p)
{
	if (p == NULL)
		return;
	loop_unhook(p->loop, LOOP_SEND, on_committed, p);
	free(p);
}
