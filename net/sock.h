/*
 * sock - the only caller of socket(): every descriptor of net is made here,
 * nonblocking and closed on exec.
 *
 * A descriptor the loop cannot wait for (FD_SETSIZE) is refused later, by
 * loop_watch.  Functions return the descriptor, or -1 with e set.
 */
#ifndef SOCK_H
#define SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

#include "addr.h"
#include "err.h"

/* Sockets and addresses.  The length, or -1 for a family we do not speak. */
socklen_t sock_addr_to(struct sockaddr_storage *ss, const struct addr *a);
int sock_addr_from(struct addr *a, const struct sockaddr *sa);
void sock_local(int fd, struct addr *a);	/* zeroed when it fails */

/* Listening TCP; IPv6 sockets take IPv6 only, so that both families can hold
 * one port.  errno tells EADDRINUSE. */
int sock_listen(const struct addr *a, struct err *e);
/* -1 with errno: EAGAIN nobody waits, EMFILE and the like. */
int sock_accept(int fd, struct addr *from);
/* A connection in progress: writable when it is over. */
int sock_connect(const struct addr *a, struct err *e);
/* errno of the finished attempt, 0 when it stands. */
int sock_connect_result(int fd);
/* "connection refused": errno for people. */
const char *sock_why(int error);

/* UDP that may broadcast.  `shared`: SO_REUSEADDR, several of us on one
 * machine each hear every broadcast. */
int sock_udp(const struct addr *a, bool shared, struct err *e);
/* UDP for one host at a time, with room for bursts. */
int sock_packets(const struct addr *a, struct err *e);
/* UDP to one place: answers of others are not heard, ECONNREFUSED is. */
int sock_udp_to(const struct addr *to, struct err *e);
/* Routers a packet survives (IPV6_UNICAST_HOPS with IPv6). */
int sock_ttl(int fd, enum addr_family family);
void sock_set_ttl(int fd, enum addr_family family, int ttl);
/* Hears group `ip` (IPv6) on an interface.  0, -1 with errno. */
int sock_join(int fd, const uint8_t group[16], unsigned ifindex);
/* One datagram.  False: it did not leave, errno says why. */
bool sock_send_to(int fd, const struct addr *to, const void *p, size_t len);
/* Bytes, -1 when there is none; longer ones are cut to `room`. */
ssize_t sock_receive(int fd, void *p, size_t room, struct addr *from);
/* Datagrams of `size` bytes, the last one may be shorter, by one system call;
 * ENOTSUP where the system has none for that. */
bool sock_send_run(int fd, const struct addr *to, const void *p, size_t len,
    size_t size);
/* Of a sock_packets: datagrams of *size bytes, as above. */
ssize_t sock_receive_run(int fd, void *p, size_t room, struct addr *from,
    size_t *size);

/* Speaks when an interface, address or route changes; -1 where the system
 * has no such thing. */
int sock_changes(void);
/* To ask the system for its routes (rtnetlink); -1 likewise. */
int sock_routes(void);
/* Two ends of a wire to a child, whose end, the second, blocks.  0, -1 with
 * e set. */
int sock_pair(int fd[2], struct err *e);

/* One datagram to a socket of this machine ("@name": an abstract one).
 * False: nobody is there. */
bool sock_tell_local(const char *path, const void *p, size_t len);
/* Hears such datagrams at a path; whatever socket lay there is gone.  -1 with
 * e set: also when the path is longer than the system takes (some 100). */
int sock_hear_local(const char *path, struct err *e);
/* Bytes; 0: it was longer than `room`; -1: there is none. */
ssize_t sock_receive_local(int fd, void *p, size_t room);

#endif
