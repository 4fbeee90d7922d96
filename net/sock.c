#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#ifdef HAVE_LINUX_RTNETLINK_H
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#endif

enum {
	LISTEN_BACKLOG = 4096,		/* a relay that came back */
	/* A burst of a whole SCTP window of packets; systems may give less. */
	PACKETS_BUFFER = 512 * 1024
};

socklen_t
sock_addr_to(struct sockaddr_storage *ss, const struct addr *a)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == ADDR_V4) {
		struct sockaddr_in *in = (struct sockaddr_in *)(void *)ss;

		in->sin_family = AF_INET;
		in->sin_port = htons(a->port);
		memcpy(&in->sin_addr, a->ip, 4);
		return sizeof(*in);
	} else {
		struct sockaddr_in6 *in = (struct sockaddr_in6 *)(void *)ss;

		in->sin6_family = AF_INET6;
		in->sin6_port = htons(a->port);
		in->sin6_scope_id = a->scope;
		memcpy(&in->sin6_addr, a->ip, 16);
		return sizeof(*in);
	}
}

int
sock_addr_from(struct addr *a, const struct sockaddr *sa)
{
	memset(a, 0, sizeof(*a));
	a->family = ADDR_V4;
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *in =
		    (const struct sockaddr_in *)(const void *)sa;

		memcpy(a->ip, &in->sin_addr, 4);
		a->port = ntohs(in->sin_port);
		return 0;
	}
	if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *in =
		    (const struct sockaddr_in6 *)(const void *)sa;

		a->port = ntohs(in->sin6_port);
		if (IN6_IS_ADDR_V4MAPPED(&in->sin6_addr)) {
			memcpy(a->ip, in->sin6_addr.s6_addr + 12, 4);
			return 0;
		}
		a->family = ADDR_V6;
		memcpy(a->ip, &in->sin6_addr, 16);
		/* Only link-local addresses need one; others would differ
		 * for nothing. */
		if (IN6_IS_ADDR_LINKLOCAL(&in->sin6_addr))
			a->scope = in->sin6_scope_id;
		return 0;
	}
	return -1;
}

void
sock_local(int fd, struct addr *a)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	memset(&ss, 0, sizeof(ss));
	getsockname(fd, (struct sockaddr *)&ss, &len);
	sock_addr_from(a, (const struct sockaddr *)&ss);
}

static bool
make_quiet(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
	    fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static void
set_on(int fd, int level, int option)
{
	int on = 1;

	setsockopt(fd, level, option, &on, sizeof(on));
}

/* Small records must not wait for each other (Nagle), and a peer that is
 * gone must not kill us where MSG_NOSIGNAL is missing. */
static void
tune_stream(int fd)
{
	set_on(fd, IPPROTO_TCP, TCP_NODELAY);
#ifdef SO_NOSIGPIPE
	set_on(fd, SOL_SOCKET, SO_NOSIGPIPE);
#endif
}

static int
new_socket(const struct addr *a, int type, struct err *e)
{
	int fd = socket(a->family == ADDR_V4 ? AF_INET : AF_INET6, type, 0);

	if (fd < 0)
		return err_set(e, STATUS_UNAVAILABLE,
		    "cannot open a socket: %s", sock_why(errno));
	if (!make_quiet(fd)) {
		err_set(e, STATUS_UNAVAILABLE, "cannot set up a socket: %s",
		    sock_why(errno));
		close(fd);
		return -1;
	}
	if (a->family == ADDR_V6)
		set_on(fd, IPPROTO_IPV6, IPV6_V6ONLY);
	return fd;
}

/* Closes fd, keeps errno: callers tell a taken port from the rest. */
static int
give_up(int fd, int error)
{
	close(fd);
	errno = error;
	return -1;
}

static int
bind_to(int fd, const struct addr *a, struct err *e)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_addr_to(&ss, a);
	char text[ADDR_TEXT];
	int error;

	if (bind(fd, (struct sockaddr *)&ss, len) == 0)
		return 0;
	error = errno;
	addr_format(a, text);
	err_set(e, STATUS_UNAVAILABLE, "cannot use %s: %s", text,
	    sock_why(error));
	errno = error;
	return -1;
}

int
sock_listen(const struct addr *a, struct err *e)
{
	int fd = new_socket(a, SOCK_STREAM, e);

	if (fd < 0)
		return -1;
	/* A restart must not wait for old connections to fade. */
	set_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (bind_to(fd, a, e) != 0)
		return give_up(fd, errno);
	if (listen(fd, LISTEN_BACKLOG) != 0) {
		int error = errno;

		err_set(e, STATUS_UNAVAILABLE, "cannot listen on port %u: %s",
		    (unsigned)a->port, sock_why(error));
		return give_up(fd, error);
	}
	return fd;
}

int
sock_accept(int fd, struct addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	int new = accept(fd, (struct sockaddr *)&ss, &len);

	if (new < 0)
		return -1;
	if (!make_quiet(new) ||
	    sock_addr_from(from, (const struct sockaddr *)&ss) != 0)
		return give_up(new, ECONNABORTED);
	tune_stream(new);
	return new;
}

/* Across the internet some path takes less than its ends believe, and the
 * word of it is lost: every large segment is, too, and the connection stands
 * still.  IPv6 promises 1280 bytes everywhere; both directions keep to what
 * is left of them, since ours is told in the SYN. */
static void
fit_any_path(int fd)
{
	int payload = 1280 - 40 - 20;

	setsockopt(fd, IPPROTO_TCP, TCP_MAXSEG, &payload, sizeof(payload));
}

int
sock_connect(const struct addr *a, struct err *e)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_addr_to(&ss, a);
	int fd = new_socket(a, SOCK_STREAM, e);

	if (fd < 0)
		return -1;
	tune_stream(fd);
	if (addr_kind(a) == ADDR_PUBLIC)
		fit_any_path(fd);
	if (connect(fd, (struct sockaddr *)&ss, len) != 0 &&
	    errno != EINPROGRESS && errno != EINTR) {
		int error = errno;
		char text[ADDR_TEXT];

		addr_format(a, text);
		err_set(e, STATUS_UNAVAILABLE, "cannot reach %s: %s", text,
		    sock_why(error));
		return give_up(fd, error);
	}
	return fd;
}

int
sock_connect_result(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		return errno;
	return error;
}

/* Lower case and the same on every system. */
static const struct {
	int error;
	const char *text;
} whys[] = {
	{ ECONNREFUSED, "connection refused" },
	{ ECONNRESET, "connection reset" },
	{ EPIPE, "connection closed" },
	{ ETIMEDOUT, "no answer" },
	{ EHOSTUNREACH, "no route to that host" },
	{ ENETUNREACH, "network unreachable" },
	{ EADDRINUSE, "the port is taken" },
	{ EADDRNOTAVAIL, "no such address here" },
	{ EACCES, "permission denied" },
	{ EMFILE, "too many open files" },
	{ ENFILE, "too many open files" },
	{ EAFNOSUPPORT, "this kind of address is not supported here" },
	{ EINVAL, "not a usable address" }
};

const char *
sock_why(int error)
{
	for (size_t i = 0; i < sizeof(whys) / sizeof(*whys); i++) {
		if (whys[i].error == error)
			return whys[i].text;
	}
	return strerror(error);
}

int
sock_udp(const struct addr *a, bool shared, struct err *e)
{
	int fd = new_socket(a, SOCK_DGRAM, e);

	if (fd < 0)
		return -1;
	if (a->family == ADDR_V4)
		set_on(fd, SOL_SOCKET, SO_BROADCAST);
	/* SO_REUSEADDR alone: with it every socket of the port gets every
	 * broadcast, of whatever user; SO_REUSEPORT would ask for one user. */
	if (shared)
		set_on(fd, SOL_SOCKET, SO_REUSEADDR);
	if (bind_to(fd, a, e) != 0)
		return give_up(fd, errno);
	return fd;
}

int
sock_packets(const struct addr *a, struct err *e)
{
	int fd = new_socket(a, SOCK_DGRAM, e);
	int size = PACKETS_BUFFER;

	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
#ifdef UDP_GRO
	set_on(fd, IPPROTO_UDP, UDP_GRO);
#endif
	if (bind_to(fd, a, e) != 0)
		return give_up(fd, errno);
	return fd;
}

int
sock_ttl(int fd, enum addr_family family)
{
	int ttl = 0;
	socklen_t len = sizeof(ttl);

	if (family == ADDR_V4)
		getsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, &len);
	else
		getsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl, &len);
	return ttl;
}

void
sock_set_ttl(int fd, enum addr_family family, int ttl)
{
	if (family == ADDR_V4)
		setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl));
	else
		setsockopt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, &ttl,
		    sizeof(ttl));
}

int
sock_udp_to(const struct addr *to, struct err *e)
{
	struct sockaddr_storage ss;
	socklen_t len = sock_addr_to(&ss, to);
	int fd = new_socket(to, SOCK_DGRAM, e);

	if (fd < 0)
		return -1;
	if (connect(fd, (struct sockaddr *)&ss, len) != 0) {
		int error = errno;
		char text[ADDR_TEXT];

		addr_format(to, text);
		err_set(e, STATUS_UNAVAILABLE, "cannot reach %s: %s", text,
		    sock_why(error));
		return give_up(fd, error);
	}
	return fd;
}

int
sock_join(int fd, const uint8_t group[16], unsigned ifindex)
{
	struct ipv6_mreq mreq;

	memset(&mreq, 0, sizeof(mreq));
	memcpy(&mreq.ipv6mr_multiaddr, group, 16);
	mreq.ipv6mr_interface = ifindex;
	return setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &mreq,
	    sizeof(mreq));
}

bool
sock_send_to(int fd, const struct addr *to, const void *p, size_t len)
{
	struct sockaddr_storage ss;
	socklen_t ss_len = sock_addr_to(&ss, to);

	return sendto(fd, p, len, 0, (struct sockaddr *)&ss, ss_len) ==
	    (ssize_t)len;
}

ssize_t
sock_receive(int fd, void *p, size_t room, struct addr *from)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	ssize_t n;

	memset(&ss, 0, sizeof(ss));
	n = recvfrom(fd, p, room, 0, (struct sockaddr *)&ss, &len);
	if (n < 0 || sock_addr_from(from, (const struct sockaddr *)&ss) != 0)
		return -1;
	return n;
}

/* Room for one number beside the data, aligned as it has to be. */
union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(sizeof(int))];
};

bool
sock_send_run(int fd, const struct addr *to, const void *p, size_t len,
    size_t size)
{
#ifdef UDP_SEGMENT
	struct sockaddr_storage ss;
	union control control;
	const uint16_t segment = (uint16_t)size;
	struct iovec v = { .iov_base = (void *)(uintptr_t)p, .iov_len = len };
	struct msghdr m = {
		.msg_name = &ss, .msg_namelen = sock_addr_to(&ss, to),
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = CMSG_SPACE(sizeof(segment))
	};

	memset(&control, 0, sizeof(control));
	control.head.cmsg_level = IPPROTO_UDP;
	control.head.cmsg_type = UDP_SEGMENT;
	control.head.cmsg_len = CMSG_LEN(sizeof(segment));
	memcpy(CMSG_DATA(&control.head), &segment, sizeof(segment));
	return sendmsg(fd, &m, 0) == (ssize_t)len;
#else
	(void)fd;
	(void)to;
	(void)p;
	(void)len;
	(void)size;
	errno = ENOTSUP;
	return false;
#endif
}

ssize_t
sock_receive_run(int fd, void *p, size_t room, struct addr *from,
    size_t *size)
{
	struct sockaddr_storage ss;
	union control control;
	struct iovec v = { .iov_base = p, .iov_len = room };
	struct msghdr m = {
		.msg_name = &ss, .msg_namelen = sizeof(ss),
		.msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t n;

	memset(&ss, 0, sizeof(ss));
	n = recvmsg(fd, &m, 0);
	if (n < 0 || sock_addr_from(from, (const struct sockaddr *)&ss) != 0)
		return -1;
	*size = (size_t)n;
#ifdef UDP_GRO
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c)) {
		int segment;

		if (c->cmsg_level != IPPROTO_UDP || c->cmsg_type != UDP_GRO)
			continue;
		memcpy(&segment, CMSG_DATA(c), sizeof(segment));
		if (segment > 0 && segment < n)
			*size = (size_t)segment;
	}
#endif
	return n;
}

int
sock_changes(void)
{
#ifdef HAVE_LINUX_RTNETLINK_H
	struct sockaddr_nl nl;
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	if (fd < 0)
		return -1;
	memset(&nl, 0, sizeof(nl));
	nl.nl_family = AF_NETLINK;
	nl.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
	    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
	if (!make_quiet(fd) ||
	    bind(fd, (struct sockaddr *)&nl, sizeof(nl)) != 0)
		return give_up(fd, errno);
	return fd;
#else
	return -1;
#endif
}

int
sock_routes(void)
{
#ifdef HAVE_LINUX_RTNETLINK_H
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);

	return fd < 0 || make_quiet(fd) ? fd : give_up(fd, errno);
#else
	return -1;
#endif
}

int
sock_pair(int fd[2], struct err *e)
{
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fd) != 0)
		return err_set(e, STATUS_UNAVAILABLE,
		    "cannot open a socket: %s", sock_why(errno));
	if (make_quiet(fd[0]) && fcntl(fd[1], F_SETFD, FD_CLOEXEC) == 0)
		return 0;
	err_set(e, STATUS_UNAVAILABLE, "cannot set up a socket: %s",
	    sock_why(errno));
	close(fd[0]);
	close(fd[1]);
	return -1;
}

/* The length; 0 for a path that does not fit. */
static socklen_t
local_addr(struct sockaddr_un *sun, const char *path)
{
	size_t n = strlen(path);

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (n == 0 || n >= sizeof(sun->sun_path))
		return 0;
	memcpy(sun->sun_path, path, n);
	if (path[0] == '@')
		sun->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

bool
sock_tell_local(const char *path, const void *p, size_t len)
{
	struct sockaddr_un sun;
	socklen_t n = local_addr(&sun, path);
	bool told;
	int fd;

	if (n == 0)
		return false;
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd < 0)
		return false;
	told = make_quiet(fd) &&
	    sendto(fd, p, len, 0, (struct sockaddr *)&sun, n) >= 0;
	close(fd);
	return told;
}

/* Only a socket is in our way: anything else there is somebody's. */
static void
remove_socket(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

int
sock_hear_local(const char *path, struct err *e)
{
	struct sockaddr_un sun;
	socklen_t n = local_addr(&sun, path);
	int fd, error;

	if (n == 0)
		return err_set(e, STATUS_CANNOT_CREATE, "%s is too long for "
		    "a socket", path);
	fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (fd >= 0 && make_quiet(fd)) {
		remove_socket(path);
		if (bind(fd, (struct sockaddr *)&sun, n) == 0 &&
		    chmod(path, 0600) == 0)
			return fd;
	}
	error = errno;
	err_set(e, STATUS_CANNOT_CREATE, "no socket %s: %s", path,
	    sock_why(error));
	return fd < 0 ? -1 : give_up(fd, error);
}

ssize_t
sock_receive_local(int fd, void *p, size_t room)
{
	struct iovec v = { .iov_base = p, .iov_len = room };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };
	ssize_t n = recvmsg(fd, &m, 0);

	return n >= 0 && (m.msg_flags & MSG_TRUNC) ? 0 : n;
}
