/*
 * impair - delay, jitter, loss and reordering for the packets of an NFQUEUE.
 *
 *	impair QUEUE [delay MS] [jitter MS] [loss PCT] [burst N] [reorder PCT]
 *
 *	delay    one way, for each packet
 *	jitter   uniform, +- MS; the order stays
 *	loss     percent; burst N: mean length of a run of losses (1: each for
 *		 itself)
 *	reorder  percent of the packets that skip the delay (5 ms if there is
 *		 none)
 *
 * For kernels without sch_netem.  Only packet ids cross the netlink socket
 * (COPY_META), the packets wait in the kernel, so it is cheap.
 */
#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <linux/netlink.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { QUEUE_MAX = 200000, RECV_BUF = 16 << 20, AT_ONCE = 64 };

static const int64_t MS = 1000000;		/* in nanoseconds */

/* A packet that waits; a heap, by due time, then by arrival. */
struct waiting {
	int64_t due;
	uint64_t seq;
	uint32_t id;
};

struct impair {
	int fd;
	uint16_t queue;
	double delay, jitter, loss, burst, reorder;
	bool losing;			/* inside a run of losses */
	int64_t last_due;
	struct waiting *heap;
	size_t n, room;
	uint64_t seq;
};

static int64_t
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (1000 * MS) + t.tv_nsec;
}

static bool
earlier(const struct waiting *a, const struct waiting *b)
{
	return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void
push(struct impair *im, int64_t due, uint32_t id)
{
	struct waiting w = { due, im->seq++, id };
	size_t i = im->n++;

	if (im->n > im->room) {
		im->room = im->room ? 2 * im->room : 4096;
		im->heap = realloc(im->heap, im->room * sizeof(w));
		if (!im->heap)
			abort();
	}
	for (; i > 0 && earlier(&w, &im->heap[(i - 1) / 2]); i = (i - 1) / 2)
		im->heap[i] = im->heap[(i - 1) / 2];
	im->heap[i] = w;
}

static uint32_t
pop(struct impair *im)
{
	uint32_t id = im->heap[0].id;
	struct waiting w = im->heap[--im->n];
	size_t i = 0, child;

	while ((child = 2 * i + 1) < im->n) {
		if (child + 1 < im->n &&
		    earlier(&im->heap[child + 1], &im->heap[child]))
			child++;
		if (!earlier(&im->heap[child], &w))
			break;
		im->heap[i] = im->heap[child];
		i = child;
	}
	im->heap[i] = w;
	return id;
}

/* ---- netlink ------------------------------------------------------------- */

static void
send_attr(const struct impair *im, int type, int flags, int attr,
    const void *data, size_t len)
{
	struct {
		struct nlmsghdr head;
		struct nfgenmsg gen;
		struct nlattr attr;
		char data[64];
	} m = { 0 };
	size_t size;

	m.attr.nla_type = (uint16_t)attr;
	m.attr.nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy(m.data, data, len);
	size = NLMSG_LENGTH(sizeof(m.gen)) + NLA_ALIGN(m.attr.nla_len);
	m.head.nlmsg_len = (uint32_t)size;
	m.head.nlmsg_type = (uint16_t)(NFNL_SUBSYS_QUEUE << 8 | type);
	m.head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	m.gen.nfgen_family = AF_UNSPEC;
	m.gen.version = NFNETLINK_V0;
	m.gen.res_id = htons(im->queue);
	if (send(im->fd, &m, size, 0) < 0)
		perror("impair: send");
}

static void
configure(const struct impair *im, int attr, const void *data, size_t len)
{
	union {
		struct nlmsghdr head;
		char bytes[512];
	} reply;
	const struct nlmsgerr *e = NLMSG_DATA(&reply.head);

	send_attr(im, NFQNL_MSG_CONFIG, NLM_F_ACK, attr, data, len);
	if (recv(im->fd, &reply, sizeof(reply), 0) > 0 &&
	    reply.head.nlmsg_type == NLMSG_ERROR && e->error != 0) {
		fprintf(stderr, "impair: attribute %d: %s\n", attr,
		    strerror(-e->error));
		exit(1);
	}
}

static void
verdict(const struct impair *im, uint32_t id, uint32_t what)
{
	struct nfqnl_msg_verdict_hdr v = { htonl(what), htonl(id) };

	send_attr(im, NFQNL_MSG_VERDICT, 0, NFQA_VERDICT_HDR, &v, sizeof(v));
}

static void
open_queue(struct impair *im)
{
	struct sockaddr_nl sa = { .nl_family = AF_NETLINK };
	struct nfqnl_msg_config_cmd bind_it = {
		.command = NFQNL_CFG_CMD_BIND, .pf = htons(AF_UNSPEC)
	};
	struct nfqnl_msg_config_params meta = {
		.copy_mode = NFQNL_COPY_META
	};
	uint32_t len = htonl(QUEUE_MAX);
	int big = RECV_BUF, one = 1;

	im->fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER);
	if (im->fd < 0 || bind(im->fd, (struct sockaddr *)&sa, sizeof(sa))) {
		perror("impair: netlink");
		exit(1);
	}
	setsockopt(im->fd, SOL_SOCKET, SO_RCVBUFFORCE, &big, sizeof(big));
	setsockopt(im->fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, &one, sizeof(one));
	configure(im, NFQA_CFG_CMD, &bind_it, sizeof(bind_it));
	configure(im, NFQA_CFG_PARAMS, &meta, sizeof(meta));
	configure(im, NFQA_CFG_QUEUE_MAXLEN, &len, sizeof(len));
}

/* The id of a packet message, or false. */
static bool
packet_id(const struct nlmsghdr *h, uint32_t *id)
{
	const char *p = (const char *)NLMSG_DATA(h) +
	    NLMSG_ALIGN(sizeof(struct nfgenmsg));
	const char *end = (const char *)h + h->nlmsg_len;

	if (h->nlmsg_type != (NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET))
		return false;
	while (end - p >= NLA_HDRLEN) {
		const struct nlattr *a = (const void *)p;
		const struct nfqnl_msg_packet_hdr *packet =
		    (const void *)(p + NLA_HDRLEN);

		if (a->nla_len < NLA_HDRLEN || a->nla_len > end - p)
			return false;
		if ((a->nla_type & NLA_TYPE_MASK) == NFQA_PACKET_HDR) {
			*id = ntohl(packet->packet_id);
			return true;
		}
		p += NLA_ALIGN(a->nla_len);
	}
	return false;
}

/* ---- what happens to a packet -------------------------------------------- */

/* Two states: the mean run of losses is `burst`, the overall rate `loss`. */
static bool
is_lost(struct impair *im)
{
	if (im->loss <= 0)
		return false;
	if (im->burst <= 1)
		return drand48() < im->loss;
	im->losing = drand48() < (im->losing ? 1 - 1 / im->burst :
	    im->loss / (im->burst * (1 - im->loss) + 1e-9));
	return im->losing;
}

static void
handle(struct impair *im, uint32_t id, int64_t t)
{
	double ms = im->delay;
	int64_t due;

	if (is_lost(im)) {
		verdict(im, id, NF_DROP);
		return;
	}
	if (im->reorder > 0 && ms <= 0)
		ms = 5;
	if (im->jitter > 0)
		ms += (2 * drand48() - 1) * im->jitter;
	if (ms <= 0 || (im->reorder > 0 && drand48() < im->reorder)) {
		verdict(im, id, NF_ACCEPT);
		return;
	}
	due = t + (int64_t)(ms * (double)MS);
	if (due < im->last_due)
		due = im->last_due;
	im->last_due = due;
	push(im, due, id);
}

static void
take(struct impair *im)
{
	static _Alignas(struct nlmsghdr) char buf[1 << 16];
	int64_t t = now();
	uint32_t id;

	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = recv(im->fd, buf, sizeof(buf), MSG_DONTWAIT);
		struct nlmsghdr *h = (void *)buf;

		if (n <= 0)
			return;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			if (packet_id(h, &id))
				handle(im, id, t);
	}
}

static int
options(struct impair *im, int argc, char **argv)
{
	const struct {
		const char *name;
		double *value, unit;
	} table[] = {
		{ "delay", &im->delay, 1 }, { "jitter", &im->jitter, 1 },
		{ "loss", &im->loss, 0.01 }, { "burst", &im->burst, 1 },
		{ "reorder", &im->reorder, 0.01 },
	};
	enum { N = sizeof(table) / sizeof(table[0]) };

	if (argc < 2)
		return -1;
	im->queue = (uint16_t)strtoul(argv[1], NULL, 10);
	for (int i = 2; i + 1 < argc; i += 2) {
		int row = 0;

		while (row < N && strcmp(argv[i], table[row].name) != 0)
			row++;
		if (row == N)
			return -1;
		*table[row].value = strtod(argv[i + 1], NULL) *
		    table[row].unit;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	struct impair im = { .burst = 1 };

	if (options(&im, argc, argv) < 0) {
		fputs("usage: impair QUEUE [delay MS] [jitter MS] [loss PCT] "
		    "[burst N] [reorder PCT]\n", stderr);
		return 2;
	}
	srand48(getpid() ^ time(NULL));
	open_queue(&im);
	for (;;) {
		struct pollfd p = { im.fd, POLLIN, 0 };
		struct timespec wait = { 0 };
		int64_t t = now();

		while (im.n > 0 && im.heap[0].due <= t)
			verdict(&im, pop(&im), NF_ACCEPT);
		if (im.n > 0) {
			wait.tv_sec = (im.heap[0].due - t) / (1000 * MS);
			wait.tv_nsec = (im.heap[0].due - t) % (1000 * MS);
		}
		if (ppoll(&p, 1, im.n > 0 ? &wait : NULL, NULL) > 0)
			take(&im);
	}
}
