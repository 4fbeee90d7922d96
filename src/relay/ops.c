#include "ops.h"

#include <string.h>

#include "box.h"
#include "directory.h"
#include "engine.h"
#include "log.h"
#include "meet.h"
#include "pipe.h"
#include "reach.h"
#include "secret.h"

/* What is done for those without the access token: nothing.  They are told,
 * if they asked something that is answered, and the link ends. */
static void
deny(struct conn *c, uint32_t tag)
{
	log_debug("a client is cut: it has no access token, or another one");
	c->relay->stats.denied++;
	conn_done(c, tag, RELAY_DENIED);
	conn_close(c);
}

static void
hello(struct conn *c, const struct relay_msg *m)
{
	const char *token = c->relay->limits.token;
	uint8_t shown[RELAY_TOKEN_MAX] = { 0 }, known[RELAY_TOKEN_MAX] = { 0 };

	/* In a time that says nothing of how much was right. */
	memcpy(shown, m->p, m->len);
	memcpy(known, token, strlen(token));
	if (token[0] == '\0' || (strlen(token) == m->len &&
	    secret_equal(shown, known, sizeof(known))))
		c->is_admitted = true;
	else
		deny(c, 0);
}

static bool
may_ask(struct conn *c)
{
	return bucket_take(&c->source->asks, 1, QUOTA_ASKS,
	    engine_ms(c->relay));
}

static void
list(struct conn *c, uint32_t tag)
{
	if (!may_ask(c) || conn_is_full(c)) {
		conn_done(c, tag, RELAY_LIMIT);
		return;
	}
	directory_list(c->relay->directory, c);
	conn_done(c, tag, RELAY_OK);
}

static void
publish(struct conn *c, const struct relay_msg *m)
{
	if (m->len == 0)
		directory_take_back(c->relay->directory, c);
	else if (may_ask(c))
		directory_put(c->relay->directory, c, m->p, m->len);
}

bool
ops_run(struct conn *c, const struct relay_msg *m)
{
	if (m->op == 0)
		return true;			/* of a later version */
	if (m->op == OP_HELLO) {
		hello(c, m);
		return true;
	}
	if (!c->is_admitted && c->relay->limits.token[0] != '\0') {
		deny(c, m->tag);
		return true;
	}
	switch (m->op) {
	case OP_OPEN:
		box_open(c, m);
		return true;
	case OP_DROP:
		box_drop(c, m);
		return true;
	case OP_DELETE:
		box_delete(c, m);
		return true;
	case OP_SEND:
		box_send(c, m);
		return true;
	case OP_MEET:
		meet_ids(c, m->p, m->len / MEET_ID);
		return true;
	case OP_PART:
		meet_part(c, m->p, m->len / MEET_ID);
		return true;
	case OP_CALL:
		return pipe_call(c, m->tag, m->queue);
	case OP_REACH:
		reach_ask(c->relay->reacher, c, m);
		return true;
	case OP_PUBLISH:
		publish(c, m);
		return true;
	case OP_LIST:
		list(c, m->tag);
		return true;
	case OP_DATA:
		pipe_data(c, m);
		return true;
	case OP_CREDIT:
		pipe_credit(c, m->tag, m->value);
		return true;
	case OP_HANG:
		pipe_hang(c, m->tag, (enum relay_hang)m->value);
		return true;
	case OP_PING:
		conn_say(c, &(struct relay_msg){ .op = OP_PONG,
		    .number = m->number });
		return true;
	case OP_PONG:
		return true;
	case OP_HELLO:
	case OP_DONE:
	case OP_LETTER:
	case OP_HERE:
	case OP_RING:
	case OP_REACHED:
	case OP_CARD:
	case OP_BYE:
		break;
	}
	return false;
}
