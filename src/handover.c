#include "handover.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "buf.h"
#include "log.h"
#include "mem.h"
#include "sock.h"
#include "text.h"

/* A turn takes so many; whoever sends more waits. */
enum { TAKE = 8 };

struct handover {
	struct watch *watch;
	int fd;
	char *path;
	void (*taken)(void *arg, const char *link);
	void *arg;
};

static void
on_ready(void *arg, unsigned events)
{
	struct handover *h = arg;
	char link[HANDOVER_MAX];

	(void)events;
	for (int i = 0; i < TAKE; i++) {
		ssize_t n = sock_receive_local(h->fd, link, sizeof(link));
		struct buf text;

		if (n < 0)
			return;
		buf_init(&text);
		text_filter(&text, link, (size_t)n, TEXT_LINE);
		if (text.len > 0)
			h->taken(h->arg, buf_str(&text));
		buf_clear(&text);
	}
}

struct handover *
handover_open(struct loop *l, const struct profile *p,
    void (*taken)(void *arg, const char *link), void *arg)
{
	struct handover *h = mem_new(sizeof(*h));
	struct err e = { 0 };

	h->taken = taken;
	h->arg = arg;
	h->path = mem_str(p->links);
	h->fd = profile_make_links_dir(p, &e) < 0 ? -1 :
	    sock_hear_local(h->path, &e);
	if (h->fd >= 0)
		h->watch = loop_watch(l, h->fd, on_ready, h, &e);
	if (h->watch)
		return h;
	log_info("clicked links do not get here: %s", e.what);
	handover_close(h);
	return NULL;
}

void
handover_close(struct handover *h)
{
	if (!h)
		return;
	watch_free(h->watch);
	if (h->fd >= 0) {
		unlink(h->path);
		close(h->fd);
	}
	free(h->path);
	free(h);
}

bool
handover_give(const struct profile *p, const char *link)
{
	const size_t len = strlen(link);

	return len <= HANDOVER_MAX && profile_make_links_dir(p, NULL) == 0 &&
	    sock_tell_local(p->links, link, len);
}
