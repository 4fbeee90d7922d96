#include "gateway.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "sock.h"

#ifdef HAVE_LINUX_RTNETLINK_H
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

enum {
	READS_MAX = 64		/* of 32 KiB: a table larger is no laptop's */
};

struct found {
	struct addr addr;
	uint32_t metric;
};

struct list {
	struct found at[GATEWAYS_MAX];
	size_t n;
};

static bool
ask(int fd)
{
	struct {
		struct nlmsghdr head;
		struct rtmsg route;
	} q;

	memset(&q, 0, sizeof(q));
	q.head.nlmsg_len = NLMSG_LENGTH(sizeof(q.route));
	q.head.nlmsg_type = RTM_GETROUTE;
	q.head.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	q.route.rtm_family = AF_INET;
	return write(fd, &q, q.head.nlmsg_len) == (ssize_t)q.head.nlmsg_len;
}

/* In order of metric, the lowest first; of equal ones the first heard. */
static void
keep(struct list *l, const struct found *f)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (addr_same_ip(&l->at[i].addr, &f->addr))
			return;
	}
	if (l->n < GATEWAYS_MAX)
		l->n++;
	else if (l->at[l->n - 1].metric <= f->metric)
		return;
	for (i = l->n - 1; i > 0 && l->at[i - 1].metric > f->metric; i--)
		l->at[i] = l->at[i - 1];
	l->at[i] = *f;
}

/* The attributes lie behind the header at multiples of four. */
static void
read_route(struct list *l, const uint8_t *p, size_t len)
{
	struct found f = { .addr = { .family = ADDR_V4 } };
	struct rtmsg route;
	uint32_t table;
	bool has_gateway = false;

	if (len < sizeof(route))
		return;
	memcpy(&route, p, sizeof(route));
	if (route.rtm_family != AF_INET || route.rtm_dst_len != 0 ||
	    route.rtm_type != RTN_UNICAST)
		return;
	table = route.rtm_table;
	for (size_t at = NLMSG_ALIGN(sizeof(route));
	    at + sizeof(struct rtattr) <= len; ) {
		struct rtattr attr;
		size_t n;

		memcpy(&attr, p + at, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len - at)
			return;
		n = attr.rta_len - sizeof(attr);
		if (attr.rta_type == RTA_GATEWAY && n == 4) {
			memcpy(f.addr.ip, p + at + sizeof(attr), 4);
			has_gateway = true;
		} else if (attr.rta_type == RTA_PRIORITY && n == 4) {
			memcpy(&f.metric, p + at + sizeof(attr), 4);
		} else if (attr.rta_type == RTA_TABLE && n == 4) {
			memcpy(&table, p + at + sizeof(attr), 4);
		}
		at += RTA_ALIGN(attr.rta_len);
	}
	if (has_gateway && table == RT_TABLE_MAIN && addr_is_host(&f.addr))
		keep(l, &f);
}

/* False at the end of the list. */
static bool
read_part(struct list *l, const uint8_t *p, size_t len)
{
	while (len >= sizeof(struct nlmsghdr)) {
		struct nlmsghdr head;
		size_t step;

		memcpy(&head, p, sizeof(head));
		if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > len ||
		    head.nlmsg_type == NLMSG_DONE ||
		    head.nlmsg_type == NLMSG_ERROR)
			return false;
		if (head.nlmsg_type == RTM_NEWROUTE)
			read_route(l, p + NLMSG_HDRLEN,
			    head.nlmsg_len - NLMSG_HDRLEN);
		step = NLMSG_ALIGN(head.nlmsg_len);
		if (step >= len)
			break;
		p += step;
		len -= step;
	}
	return true;
}

size_t
gateways_read(struct addr *list, size_t room)
{
	uint8_t part[32768];
	struct list l = { .n = 0 };
	int fd = sock_routes();
	ssize_t n;

	if (fd < 0)
		return 0;
	/* The system answers inside these calls: nothing is waited for. */
	if (ask(fd)) {
		for (int i = 0; i < READS_MAX; i++) {
			n = read(fd, part, sizeof(part));
			if (n <= 0 || !read_part(&l, part, (size_t)n))
				break;
		}
	}
	close(fd);
	if (l.n > room)
		l.n = room;
	for (size_t i = 0; i < l.n; i++)
		list[i] = l.at[i].addr;
	return l.n;
}
#else
size_t
gateways_read(struct addr *list, size_t room)
{
	(void)list;
	(void)room;
	return 0;
}
#endif
