/*
 * guesser - somebody who knows where a code waits and not the code.
 *
 *	guesser guess|silent PORT PLATE N AT_ONCE SOURCES
 *
 * guess: N visits to 127.0.0.1:PORT, each with a try of its own, AT_ONCE of
 * them at a time, in turn from SOURCES addresses (127.2.0.0/16).
 *
 * silent: the same visits say where to, and then nothing until they are
 * closed.
 *
 * Prints what became of them, as KEY N lines: "answered" is the number of
 * guesses to which somebody said whether they were right.
 */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "card.h"
#include "clock.h"
#include "code.h"
#include "pairing.h"
#include "rand.h"
#include "visit.h"

enum { SLOTS_MAX = 512, POLL_MS = 20000 };

struct slot {
	int fd;				/* -1: free */
	struct pairing *p;		/* once m0 was read */
	struct buf in;
};

static struct {
	uint16_t port;
	const char *plate;
	int at_once, sources, n, begun;
	bool silent;
	struct identity *id;
	struct buf card;
	struct slot slots[SLOTS_MAX];
	struct pollfd fds[SLOTS_MAX];
	int answered, right, over, closed, strange;
} g;

static void
end(struct slot *s)
{
	close(s->fd);
	s->fd = -1;
	pairing_free(s->p);
	s->p = NULL;
	buf_empty(&s->in);
}

static void
begin(struct slot *s)
{
	uint32_t host = 0x7f020001u + (uint32_t)(g.begun % g.sources);
	struct sockaddr_in me = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(host) };
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(0x7f000001u),
		.sin_port = htons(g.port) };
	uint8_t hello[VISIT_HELLO];

	g.begun++;
	s->fd = socket(AF_INET, SOCK_STREAM, 0);
	visit_hello_write(hello, g.plate);
	if (s->fd < 0 || bind(s->fd, (struct sockaddr *)&me, sizeof(me)) < 0 ||
	    connect(s->fd, (struct sockaddr *)&to, sizeof(to)) < 0) {
		perror("guesser");
		exit(1);
	}
	send(s->fd, hello, sizeof(hello), MSG_NOSIGNAL);
}

/* Another secret each time. */
static struct pairing *
new_try(void)
{
	struct pairing_setup setup = { .id = g.id, .card = g.card.at,
		.card_len = g.card.len };
	struct code code;
	struct pairing *p;

	code_new(&code);
	memcpy(code.digits, g.plate, CODE_PLATE);
	code.digits[CODE_DIGITS - 1] = code_check_digit(code.digits);
	setup.code = &code;
	p = pairing_new(&setup);
	code_clear(&code);
	return p;
}

static void
say(struct slot *s)
{
	struct buf msg, out;

	buf_init(&msg);
	buf_init(&out);
	if (pairing_write(s->p, &msg) &&
	    visit_msg_write(&out, msg.at, msg.len) == 0)
		send(s->fd, out.at, out.len, MSG_NOSIGNAL);
	buf_clear(&msg);
	buf_clear(&out);
}

/* Its visit is over, or goes on. */
static void
hear(struct slot *s, const uint8_t *msg, size_t len)
{
	if (len == 1) {
		g.over++;
		end(s);
		return;
	}
	if (!s->p) {
		s->p = new_try();
		if (pairing_read(s->p, msg, len) == PAIRING_GO_ON) {
			say(s);
			return;
		}
		g.strange++;
	} else if (pairing_read(s->p, msg, len) == PAIRING_WRONG_CODE) {
		g.answered++;
	} else {
		g.right++;
	}
	end(s);
}

static void
take(struct slot *s)
{
	const uint8_t *msg;
	size_t len;
	ssize_t n = recv(s->fd, buf_space(&s->in, 4096), 4096, 0);

	if (n <= 0) {
		g.closed++;
		end(s);
		return;
	}
	buf_added(&s->in, (size_t)n);
	if (g.silent)
		return;
	while (s->fd >= 0 && s->in.len > 0 && visit_msg_read(&msg, &len,
	    s->in.at, s->in.len) == VISIT_PART_WHOLE) {
		hear(s, msg, len);
		if (s->fd >= 0)
			buf_drop(&s->in, VISIT_HEAD + len);
	}
}

static bool
turn(void)
{
	int n_open = 0;

	for (int i = 0; i < g.at_once; i++) {
		if (g.slots[i].fd < 0 && g.begun < g.n)
			begin(&g.slots[i]);
		g.fds[i] = (struct pollfd){ .fd = g.slots[i].fd,
			.events = POLLIN };
		n_open += g.slots[i].fd >= 0;
	}
	if (n_open == 0)
		return false;
	if (poll(g.fds, (nfds_t)g.at_once, POLL_MS) <= 0)
		return false;
	for (int i = 0; i < g.at_once; i++)
		if (g.fds[i].revents)
			take(&g.slots[i]);
	return true;
}

int
main(int argc, char **argv)
{
	struct card card = { .vmin = 1, .vmax = 1, .name = "Mallory" };

	if (argc != 7 || !visit_is_plate(argv[3]) ||
	    crypto_start(NULL) != 0)
		return 2;
	g.silent = strcmp(argv[1], "silent") == 0;
	g.port = (uint16_t)atoi(argv[2]);
	g.plate = argv[3];
	g.n = atoi(argv[4]);
	g.at_once = atoi(argv[5]);
	g.sources = atoi(argv[6]);
	if (g.at_once < 1 || g.at_once > SLOTS_MAX || g.sources < 1)
		return 2;
	g.id = identity_new();
	buf_init(&g.card);
	card_write(&g.card, &card, g.id);
	for (int i = 0; i < g.at_once; i++)
		g.slots[i].fd = -1;
	puts("ready");
	fflush(stdout);
	while (turn())
		;
	printf("answered %d\nright %d\nover %d\nclosed %d\nstrange %d\n",
	    g.answered, g.right, g.over, g.closed, g.strange);
	for (int i = 0; i < g.at_once; i++) {
		if (g.slots[i].fd >= 0)
			end(&g.slots[i]);
		buf_clear(&g.slots[i].in);
	}
	buf_clear(&g.card);
	identity_free(g.id);
	return 0;
}
