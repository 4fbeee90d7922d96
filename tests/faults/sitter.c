/*
 * sitter - somebody on the LAN who knows where a code waits and not the code,
 * and is the first to answer whoever looks for it.
 *
 *	sitter PORT PLATE
 *
 * Answers what is asked at the discovery PORT for the nameplate, and begins
 * an exchange with everybody who comes, by a code of its own.  Prints "ready",
 * then a line for each: "visit" who said where to, "wrong" who had an answer.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "beacon.h"
#include "buf.h"
#include "card.h"
#include "code.h"
#include "pairing.h"
#include "rand.h"
#include "sock.h"
#include "visit.h"

enum { SLOTS = 16, UDP = SLOTS, DOOR, FDS };

struct slot {
	int fd;				/* -1: free */
	struct pairing *p;		/* once the hello was read */
	struct buf in;
};

static struct {
	const char *plate;
	uint8_t nonce[BEACON_NONCE];
	int mouth;			/* what answers, by .. */
	uint16_t port, udp_port;	/* of my door; of my mouth */
	struct identity *id;
	struct buf card;
	struct slot slots[SLOTS];
	struct pollfd fds[FDS];
} g;

static void
tell(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void
end(struct slot *s)
{
	close(s->fd);
	s->fd = -1;
	pairing_free(s->p);
	s->p = NULL;
	buf_empty(&s->in);
}

/* ---- the LAN ----------------------------------------------------------- */

static void
answer(void)
{
	uint8_t in[BEACON_MAX], out[BEACON_VISIT_LEN], hint[BEACON_HINT];
	struct beacon asked, mine = { .flags = BEACON_ANSWER,
		.port = g.port, .udp_port = g.udp_port, .n_hints = 1,
		.hints = hint };
	struct addr from;
	ssize_t n = sock_receive(g.fds[UDP].fd, in, sizeof(in), &from);

	if (n < 0 || beacon_read(&asked, in, (size_t)n) != 0 ||
	    asked.kind != BEACON_VISIT || asked.flags != BEACON_QUERY)
		return;
	beacon_plate_hint(hint, g.plate, asked.nonce);
	if (!beacon_has_hint(&asked, hint))
		return;
	memcpy(mine.nonce, g.nonce, BEACON_NONCE);
	beacon_plate_hint(hint, g.plate, g.nonce);
	beacon_write_visit(out, &mine);
	from.port = asked.udp_port;
	sock_send_to(g.mouth, &from, out, sizeof(out));
}

/* ---- a visit ----------------------------------------------------------- */

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

static void
begin(struct slot *s)
{
	struct pairing_setup setup = { .creator = true, .id = g.id,
		.card = g.card.at, .card_len = g.card.len };
	struct code code;

	code_new(&code);
	memcpy(code.digits, g.plate, CODE_PLATE);
	code.digits[CODE_DIGITS - 1] = code_check_digit(code.digits);
	setup.code = &code;
	s->p = pairing_new(&setup);
	code_clear(&code);
	say(s);
	tell("visit");
}

static void
hear(struct slot *s)
{
	char plate[CODE_PLATE + 1];
	const uint8_t *msg;
	size_t len;

	if (!s->p && visit_hello_read(plate, s->in.at, s->in.len) ==
	    VISIT_PART_WHOLE) {
		buf_drop(&s->in, VISIT_HELLO);
		begin(s);
	}
	if (!s->p || s->in.len == 0 || visit_msg_read(&msg, &len, s->in.at,
	    s->in.len) != VISIT_PART_WHOLE)
		return;
	if (pairing_read(s->p, msg, len) == PAIRING_GUESSED) {
		say(s);
		tell("wrong");
		buf_drop(&s->in, VISIT_HEAD + len);
	} else {
		end(s);
	}
}

static void
take(struct slot *s)
{
	ssize_t n = recv(s->fd, buf_space(&s->in, 4096), 4096, 0);

	if (n <= 0) {
		end(s);
		return;
	}
	buf_added(&s->in, (size_t)n);
	hear(s);
}

static void
let_in(void)
{
	struct addr from;
	int fd = sock_accept(g.fds[DOOR].fd, &from);

	for (int i = 0; fd >= 0 && i < SLOTS; i++) {
		if (g.slots[i].fd >= 0)
			continue;
		g.slots[i].fd = fd;
		return;
	}
	if (fd >= 0)
		close(fd);
}

static void
turn(void)
{
	for (int i = 0; i < SLOTS; i++)
		g.fds[i] = (struct pollfd){ .fd = g.slots[i].fd,
			.events = POLLIN };
	poll(g.fds, FDS, -1);
	for (int i = 0; i < SLOTS; i++)
		if (g.fds[i].revents)
			take(&g.slots[i]);
	if (g.fds[UDP].revents)
		answer();
	if (g.fds[DOOR].revents)
		let_in();
}

int
main(int argc, char **argv)
{
	struct card card = { .vmin = 1, .vmax = 1, .name = "Mallory" };
	struct addr at = { .family = ADDR_V4 };

	if (argc != 3 || !visit_is_plate(argv[2]) || crypto_start(NULL) != 0)
		return 2;
	g.plate = argv[2];
	g.id = identity_new();
	card_write(&g.card, &card, g.id);
	rand_bytes(g.nonce, sizeof(g.nonce));
	for (int i = 0; i < SLOTS; i++)
		g.slots[i].fd = -1;
	g.fds[DOOR] = (struct pollfd){ .fd = sock_listen(&at, NULL),
		.events = POLLIN };
	g.mouth = sock_udp(&at, false, NULL);
	at.port = (uint16_t)strtoul(argv[1], NULL, 10);
	g.fds[UDP] = (struct pollfd){ .fd = sock_udp(&at, true, NULL),
		.events = POLLIN };
	if (g.fds[DOOR].fd < 0 || g.fds[UDP].fd < 0 || g.mouth < 0) {
		perror("sitter");
		return 1;
	}
	sock_local(g.fds[DOOR].fd, &at);
	g.port = at.port;
	sock_local(g.mouth, &at);
	g.udp_port = at.port;
	tell("ready");
	for (;;)
		turn();
}
