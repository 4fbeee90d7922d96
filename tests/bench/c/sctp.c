/* Bare usrsctp over UDP on loopback, one thread and select() a side, with the settings of net/sctp.c but
 * nothing sealed: what a link over UDP is measured by.
 *	sctp TRIPS MEGABYTES	prints ping_p50, ping_p99 (100 bytes), rate, rate_cpu */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <usrsctp.h>

enum { PACKET = 1168, RECORD = 16384, BUFFER = 4 << 20, READS = 64 };

static int fd;
static struct socket *so;
static char record[RECORD + 1];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static double cpu(pid_t kid)
{
	struct timespec me, other = { 0 };
	clockid_t clock;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &me);
	if (clock_getcpuclockid(kid, &clock) == 0)
		clock_gettime(clock, &other);
	return me.tv_sec + other.tv_sec + (me.tv_nsec + other.tv_nsec) / 1e9;
}

static void need(int ok, const char *what)
{
	if (!ok) {
		perror(what);
		exit(2);
	}
}

static int output(void *addr, void *p, size_t len, uint8_t tos, uint8_t df)
{
	(void)addr, (void)tos, (void)df;
	return send(fd, p, len, 0) < 0 ? errno : 0;
}

static void start(void)
{
	struct sctp_paddrparams path = { .spp_flags = SPP_PMTUD_DISABLE | SPP_HB_DISABLE,
		.spp_pathmaxrxt = 1000,
		.spp_pathmtu = PACKET - sizeof(struct sctp_common_header) };
	struct sctp_assocparams assoc = { .sasoc_asocmaxrxt = 1000 };
	struct sctp_initmsg init = { 2, 2, 100, 2000 };
	struct linger l = { 1, 0 };
	struct sockaddr_conn at = { .sconn_family = AF_CONN, .sconn_port = htons(5000), .sconn_addr = (void *)1 };
	int on = 1, size = BUFFER;

	usrsctp_init_nothreads(0, output, NULL);
	usrsctp_enable_crc32c_offload();
	usrsctp_sysctl_set_sctp_ecn_enable(0);
	usrsctp_sysctl_set_sctp_asconf_enable(0);
	usrsctp_sysctl_set_sctp_auto_asconf(0);
	usrsctp_sysctl_set_sctp_auth_enable(0);
	usrsctp_sysctl_set_sctp_pr_enable(0);
	usrsctp_sysctl_set_sctp_reconfig_enable(0);
	usrsctp_sysctl_set_sctp_nrsack_enable(0);
	usrsctp_sysctl_set_sctp_pktdrop_enable(0);
	usrsctp_sysctl_set_sctp_initial_cwnd(10);
	usrsctp_sysctl_set_sctp_max_burst_default(10);
	usrsctp_sysctl_set_sctp_fr_max_burst_default(4);
	usrsctp_sysctl_set_sctp_max_retran_chunk(0);
	usrsctp_sysctl_set_sctp_delayed_sack_time_default(20);
	usrsctp_sysctl_set_sctp_rto_min_default(200);
	usrsctp_sysctl_set_sctp_rto_max_default(2000);
	usrsctp_register_address((void *)1);
	so = usrsctp_socket(AF_CONN, SOCK_STREAM, IPPROTO_SCTP, NULL, NULL, 0, NULL);
	need(so != NULL, "socket");
	usrsctp_set_non_blocking(so, 1);
	usrsctp_setsockopt(so, SOL_SOCKET, SO_LINGER, &l, sizeof l);
	usrsctp_setsockopt(so, SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	usrsctp_setsockopt(so, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_NODELAY, &on, sizeof on);
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &path, sizeof path);
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_ASSOCINFO, &assoc, sizeof assoc);
	usrsctp_setsockopt(so, IPPROTO_SCTP, SCTP_INITMSG, &init, sizeof init);
	need(usrsctp_bind(so, (void *)&at, sizeof at) == 0, "bind");
	need(usrsctp_connect(so, (void *)&at, sizeof at) == 0 || errno == EINPROGRESS, "connect");
}

static int say(const void *p, size_t len)
{
	struct sctp_sndinfo info = { 0 };

	return usrsctp_sendv(so, p, len, NULL, 0, &info, sizeof info, SCTP_SENDV_SNDINFO, 0) == (ssize_t)len;
}

/* One turn; the bytes of records that came. */
static size_t turn(void)
{
	static double ticked;
	struct timeval tv = { 0, 10000 };
	char p[2048];
	size_t got = 0;
	fd_set r;
	double t;

	FD_ZERO(&r);
	FD_SET(fd, &r);
	if (select(fd + 1, &r, NULL, NULL, &tv) > 0) {
		for (int i = 0; i < READS; i++) {
			ssize_t n = recv(fd, p, sizeof p, 0);

			if (n <= 0)
				break;
			usrsctp_conninput((void *)1, p, n, 0);
		}
	}
	t = now();
	if (t - ticked >= 0.01) {
		usrsctp_handle_timers(ticked ? (uint32_t)((t - ticked) * 1000) : 10);
		ticked = t;
	}
	for (;;) {
		struct sctp_rcvinfo info;
		struct sockaddr_conn from;
		socklen_t from_len = sizeof from, info_len = sizeof info;
		unsigned type;
		int flags = 0;
		ssize_t n = usrsctp_recvv(so, record, sizeof record, (void *)&from, &from_len, &info, &info_len, &type, &flags);

		if (n <= 0)
			return got;
		got += n;
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
	struct sockaddr_in at[2];
	socklen_t len = sizeof at[0];
	int fds[2], size = 512 * 1024;
	long trips = argc == 3 ? atol(argv[1]) : 0, mb = argc == 3 ? atol(argv[2]) : 0;
	double *lat = calloc(trips, sizeof *lat), t0, c0;
	size_t total = mb * 1000000, said = 0, got = 0;
	pid_t kid;

	if (!trips || !mb) {
		fprintf(stderr, "usage: sctp TRIPS MEGABYTES\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_DGRAM, 0);
		at[i] = (struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
		need(bind(fds[i], (void *)&at[i], sizeof at[i]) == 0, "bind");
		getsockname(fds[i], (void *)&at[i], &len);
		setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
		setsockopt(fds[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		fcntl(fds[i], F_SETFL, O_NONBLOCK);
	}
	for (int i = 0; i < 2; i++)
		need(connect(fds[i], (void *)&at[1 - i], sizeof at[0]) == 0, "connect");
	kid = fork();
	fd = fds[kid == 0];
	close(fds[kid != 0]);
	start();
	if (kid == 0) {
		/* Echoes pings, counts the rest and says when it is all there. */
		for (;;) {
			size_t n = turn();

			if (got == 0 && n > 0 && n < 1000) {
				while (!say(record, n))
					turn();
				continue;
			}
			got += n;
			if (got >= total)
				say("done", 4), got = 0;
		}
	}
	while (!say("?", 1))
		turn();
	while (turn() == 0)
		;
	for (long i = 0; i < trips; i++) {
		char ping[100] = "?";

		t0 = now();
		need(say(ping, sizeof ping), "ping");
		while (turn() == 0)
			;
		lat[i] = now() - t0;
	}
	t0 = now();
	c0 = cpu(kid);
	do {
		while (said < total && say(record, RECORD))
			said += RECORD;
		if (turn() > 0)
			break;
	} while (1);
	t0 = now() - t0;
	c0 = cpu(kid) - c0;
	kill(kid, SIGKILL);
	waitpid(kid, NULL, 0);
	qsort(lat, trips, sizeof *lat, by_value);
	printf("ping_p50 %.2f us\nping_p99 %.2f us\n", lat[trips / 2] * 1e6, lat[trips * 99 / 100] * 1e6);
	printf("rate %.1f MB/s\nrate_cpu %.2f ns/B\n", total / t0 / 1e6, c0 / total * 1e9);
	return 0;
}
