#include "fresh.h"

#include <stdlib.h>
#include <string.h>

#include "rand.h"
#include "stun.h"

struct fresh {
	struct udp *udp;
	void (*on_ready)(void *arg);
	void *arg;
	struct timer timer;
	struct addr servers[FRESH_SERVERS];
	size_t n_servers;
	uint8_t ids[FRESH_SERVERS][STUN_ID];
	int tries;
	bool is_ready, has_mapped;
	struct addr mapped;
};

static void
ask(struct fresh *f, size_t i)
{
	struct buf out;

	buf_init(&out);
	stun_write_request(&out, f->ids[i]);
	udp_send(f->udp, &f->servers[i], out.at, out.len);
	buf_clear(&out);
}

static void
on_timer(void *arg)
{
	struct fresh *f = arg;

	if (f->has_mapped || f->n_servers == 0 || f->tries == FRESH_TRIES) {
		f->is_ready = true;
		f->on_ready(f->arg);
		return;
	}
	ask(f, 0);
	/* Not at once: each server costs a NAT that counts a port, and the
	 * last mapping is the one to count from. */
	if (f->tries > 0 && f->n_servers > 1)
		ask(f, 1);
	f->tries++;
	timer_set(&f->timer, f->tries < FRESH_TRIES ? FRESH_STEP_MS :
	    FRESH_GIVE_UP_MS - (FRESH_TRIES - 1) * FRESH_STEP_MS);
}

static void
on_stun(void *arg, struct udp *via, const struct addr *from, uint8_t *p,
    size_t len)
{
	struct fresh *f = arg;
	struct stun_msg m;

	(void)via;
	if (f->is_ready || f->has_mapped || stun_read(&m, p, len) != 0 ||
	    m.class != STUN_RESPONSE || !m.has_addr ||
	    m.addr.family != from->family)
		return;
	for (size_t i = 0; i < f->n_servers; i++) {
		if (memcmp(m.id, f->ids[i], STUN_ID) != 0 ||
		    !addr_equal(from, &f->servers[i]))
			continue;
		f->mapped = m.addr;
		f->has_mapped = true;
		timer_set(&f->timer, 0);
	}
}

/* Of IPv4: IPv6 is not translated. */
static void
take_servers(struct fresh *f, const struct addr *servers, size_t n)
{
	if (!udp_has(f->udp, ADDR_V4))
		return;
	for (size_t i = 0; i < n && f->n_servers < FRESH_SERVERS; i++) {
		if (servers[i].family != ADDR_V4)
			continue;
		rand_bytes(f->ids[f->n_servers], STUN_ID);
		f->servers[f->n_servers++] = servers[i];
	}
}

struct fresh *
fresh_new(struct loop *l, const struct udp *beside,
    const struct addr *servers, size_t n, void (*on_ready)(void *arg),
    udp_heard *heard, void *arg)
{
	struct udp *udp = udp_open_beside(beside, NULL);
	struct fresh *f;

	if (!udp)
		return NULL;
	f = mem_new(sizeof(*f));
	f->udp = udp;
	f->on_ready = on_ready;
	f->arg = arg;
	take_servers(f, servers, n);
	udp_handle(udp, UDP_STUN_CLASS, on_stun, f);
	udp_handle(udp, UDP_PROBE_CLASS, heard, arg);
	timer_init(&f->timer, l, on_timer, f);
	timer_set(&f->timer, 0);
	return f;
}

struct udp *
fresh_release(struct fresh *f)
{
	struct udp *udp = f->udp;

	udp_handle(udp, UDP_STUN_CLASS, NULL, NULL);
	udp_handle(udp, UDP_PROBE_CLASS, NULL, NULL);
	timer_stop(&f->timer);
	free(f);
	return udp;
}

void
fresh_free(struct fresh *f)
{
	if (f)
		udp_free(fresh_release(f));
}

struct udp *
fresh_udp(const struct fresh *f)
{
	return f->udp;
}

bool
fresh_mapped(const struct fresh *f, struct addr *out)
{
	if (f->has_mapped)
		*out = f->mapped;
	return f->has_mapped;
}
