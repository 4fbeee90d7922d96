#include "iface.h"

#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "gateway.h"
#include "sock.h"

enum {
	DEBOUNCE_MS = 300,
	POLL_MS = 15000
};

struct ifaces {
	struct loop *loop;
	void (*on_change)(void *arg);
	void *arg;
	int fd;				/* netlink; -1: polling */
	struct watch *watch;
	struct timer timer;
	struct iface at[IFACES_MAX];
	size_t n;
	struct addr gateways[GATEWAYS_MAX];
	size_t n_gateways;
};

static unsigned
prefix_bits(const struct sockaddr *mask)
{
	struct addr a;
	unsigned bits = 0, max;

	if (!mask || sock_addr_from(&a, mask) != 0)
		return 0;
	max = a.family == ADDR_V4 ? 32 : 128;
	while (bits < max && a.ip[bits / 8] & (0x80u >> bits % 8))
		bits++;
	return bits;
}

static bool
read_one(struct iface *f, const struct ifaddrs *i)
{
	unsigned flags = i->ifa_flags;

	if (!i->ifa_addr || !(flags & IFF_UP) || !(flags & IFF_RUNNING))
		return false;
	memset(f, 0, sizeof(*f));
	if (sock_addr_from(&f->addr, i->ifa_addr) != 0)
		return false;
	f->index = if_nametoindex(i->ifa_name);
	f->is_loopback = flags & IFF_LOOPBACK;
	f->is_tunnel = flags & IFF_POINTOPOINT;
	f->has_multicast = flags & IFF_MULTICAST;
	f->bits = prefix_bits(i->ifa_netmask);
	if (f->addr.family == ADDR_V4 && flags & IFF_BROADCAST &&
	    i->ifa_broadaddr &&
	    sock_addr_from(&f->broadcast, i->ifa_broadaddr) == 0)
		f->has_broadcast = f->broadcast.family == ADDR_V4;
	return true;
}

/* True when anything is not as it was. */
static bool
read_gateways(struct ifaces *f)
{
	struct addr now[GATEWAYS_MAX];
	size_t n = gateways_read(now, GATEWAYS_MAX);
	bool moved = n != f->n_gateways;

	for (size_t i = 0; i < n && !moved; i++)
		moved = !addr_same_ip(&now[i], &f->gateways[i]);
	memcpy(f->gateways, now, n * sizeof(*now));
	f->n_gateways = n;
	return moved;
}

static bool
read_all(struct ifaces *f)
{
	struct iface now[IFACES_MAX];
	struct ifaddrs *all;
	size_t n = 0;
	bool moved = read_gateways(f);

	if (getifaddrs(&all) != 0)
		return moved;
	for (struct ifaddrs *i = all; i && n < IFACES_MAX; i = i->ifa_next) {
		if (read_one(&now[n], i))
			n++;
	}
	freeifaddrs(all);
	/* read_one zeroes the padding with the rest. */
	if (n != f->n || memcmp(now, f->at, n * sizeof(*now)) != 0)
		moved = true;
	memcpy(f->at, now, n * sizeof(*now));
	f->n = n;
	return moved;
}

static void
on_timer(void *arg)
{
	struct ifaces *f = arg;

	if (f->fd < 0)
		timer_set(&f->timer, POLL_MS);
	if (read_all(f))
		f->on_change(f->arg);
}

static void
on_netlink(void *arg, unsigned events)
{
	struct ifaces *f = arg;
	char bytes[8192];

	(void)events;
	/* What changed is read from the system, not from here: an overrun of
	 * this socket loses nothing. */
	while (read(f->fd, bytes, sizeof(bytes)) > 0)
		;
	timer_set(&f->timer, DEBOUNCE_MS);
}

struct ifaces *
ifaces_new(struct loop *l, void (*on_change)(void *arg), void *arg)
{
	struct ifaces *f = mem_new(sizeof(*f));

	f->loop = l;
	f->on_change = on_change;
	f->arg = arg;
	timer_init(&f->timer, l, on_timer, f);
	f->fd = sock_changes();
	if (f->fd >= 0) {
		f->watch = loop_watch(l, f->fd, on_netlink, f, NULL);
		if (!f->watch) {
			close(f->fd);
			f->fd = -1;
		}
	}
	if (f->fd < 0)
		timer_set(&f->timer, POLL_MS);
	read_all(f);
	return f;
}

void
ifaces_free(struct ifaces *f)
{
	if (!f)
		return;
	timer_stop(&f->timer);
	watch_free(f->watch);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

size_t
ifaces_count(const struct ifaces *f)
{
	return f->n;
}

const struct iface *
ifaces_at(const struct ifaces *f, size_t i)
{
	return &f->at[i];
}

bool
ifaces_is_on_link(const struct ifaces *f, const struct addr *a)
{
	for (size_t i = 0; i < f->n; i++) {
		const struct iface *m = &f->at[i];

		if (m->bits > 0 && addr_same_net(&m->addr, a, m->bits) &&
		    (a->scope == 0 || a->scope == m->index))
			return true;
	}
	return false;
}

bool
ifaces_is_broadcast(const struct ifaces *f, const struct addr *a)
{
	for (size_t i = 0; i < f->n; i++) {
		if (f->at[i].has_broadcast &&
		    addr_same_ip(&f->at[i].broadcast, a))
			return true;
	}
	return false;
}

size_t
ifaces_gateways(const struct ifaces *f, struct addr *list, size_t room)
{
	size_t n = f->n_gateways < room ? f->n_gateways : room;

	memcpy(list, f->gateways, n * sizeof(*list));
	return n;
}
