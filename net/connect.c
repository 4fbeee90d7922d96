#include "connect.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "list.h"

enum { CONNECTS_MAX = 8 };

struct connects {
	struct connects_setup setup;
	struct list list;
	size_t n;
};

struct connect {
	struct connects *all;
	struct list in_all;
	struct dial *dial;
};

static void
end(struct connect *c)
{
	list_remove(&c->in_all);
	c->all->n--;
	dial_free(c->dial);
	free(c);
}

static void
on_link(void *owner, struct link *l, const char *where)
{
	struct connect *c = owner;

	greet_dialled(c->all->setup.greets, l, NULL, where, true);
	end(c);
}

static void
on_failed(void *owner, const struct err *e)
{
	struct connect *c = owner;
	const struct carrier_events *chat = c->all->setup.chat;
	struct err copy = *e;

	end(c);
	chat->failed(chat->chat, &copy);
}

static const struct dial_events connect_events = {
	.on_link = on_link,
	.on_failed = on_failed
};

int
connects_dial(struct connects *all, const char *host_port, struct err *e)
{
	struct dial_target t = { .has_key = false };
	struct connect *c;

	if (all->n >= CONNECTS_MAX) {
		err_set(e, STATUS_TRY_AGAIN, "%d addresses are being dialled",
		    CONNECTS_MAX);
		return err_next(e, "wait until one of them answered");
	}
	if (strlen(host_port) >= sizeof(t.typed))
		return err_set(e, STATUS_USAGE, "the address is too long");
	snprintf(t.typed, sizeof(t.typed), "%s", host_port);
	c = mem_new(sizeof(*c));
	c->all = all;
	c->dial = dial_start(all->setup.room, all->setup.resolver, &t,
	    &connect_events, c, e);
	if (!c->dial) {
		free(c);
		return -1;
	}
	list_append(&all->list, &c->in_all);
	all->n++;
	return 0;
}

struct connects *
connects_new(const struct connects_setup *setup)
{
	struct connects *all = mem_new(sizeof(*all));

	all->setup = *setup;
	list_init(&all->list);
	return all;
}

void
connects_free(struct connects *all)
{
	if (!all)
		return;
	LIST_EACH(c, &all->list, struct connect, in_all)
		end(c);
	free(all);
}
