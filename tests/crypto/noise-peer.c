/*
 * noise-peer - one side of a Noise handshake, steered line by line.
 *
 *	noise-peer PATTERN i|r PROLOGUE STATIC REMOTE PSK
 *
 * All in hex, "-" for none.  Commands on stdin, one answer line each:
 *
 *	w PAYLOAD	write a handshake message	its bytes
 *	r MESSAGE	read one			its payload
 *	split		end the handshake		its hash
 *	remote						the other's static key
 *	s PLAIN		seal				the ciphertext
 *	o SEALED	open				the plain text
 *	ks, ko		rekey sending, receiving	"ok"
 *
 * An empty answer is "-", a refusal "fail".  interop.test joins it to an
 * implementation that is not ours.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enc.h"
#include "mem.h"
#include "noise.h"
#include "rand.h"

enum { ROOM = NOISE_MAX + 1 };

static const char *const names[NOISE_PATTERNS] = {
	[NOISE_N] = "N", [NOISE_X] = "X", [NOISE_NK] = "NK",
	[NOISE_NX] = "NX",
	[NOISE_IK] = "IK", [NOISE_XX] = "XX", [NOISE_XX_PSK0] = "XXpsk0",
};

struct peer {
	struct noise *noise;
	struct cipher send, receive;
	uint8_t in[ROOM], out[ROOM];
	char hex[HEX_LEN(ROOM)];
};

static size_t
from_hex(uint8_t *dst, size_t room, const char *hex)
{
	ssize_t n;

	if (strcmp(hex, "-") == 0)
		return 0;
	n = dec_hex(dst, room, hex);
	if (n < 0)
		die("not hex, or too long: %.20s", hex);
	return (size_t)n;
}

static void
answer(struct peer *p, const uint8_t *bytes, ssize_t len)
{
	if (len < 0) {
		puts("fail");
	} else if (len == 0) {
		puts("-");
	} else {
		enc_hex(p->hex, bytes, (size_t)len);
		puts(p->hex);
	}
	fflush(stdout);
}

static void
obey_handshake(struct peer *p, char what, size_t len)
{
	ssize_t n;

	if (what == 'w')
		n = noise_write(p->noise, p->in, len, p->out, ROOM);
	else
		n = noise_read(p->noise, p->in, len, p->out, ROOM);
	answer(p, p->out, n);
}

static void
obey_transport(struct peer *p, char what, size_t len)
{
	if (what == 's') {
		if (len > NOISE_MAX - NOISE_TAG || cipher_seal(&p->send, NULL,
		    0, p->in, len, p->in) < 0)
			answer(p, NULL, -1);
		else
			answer(p, p->in, (ssize_t)(len + NOISE_TAG));
	} else {
		if (cipher_open(&p->receive, NULL, 0, p->in, len, p->in) < 0)
			answer(p, NULL, -1);
		else
			answer(p, p->in, (ssize_t)(len - NOISE_TAG));
	}
}

static void
obey(struct peer *p, const char *line)
{
	if (strcmp(line, "split") == 0) {
		noise_split(p->noise, &p->send, &p->receive);
		answer(p, noise_hash(p->noise), NOISE_HASH);
	} else if (strcmp(line, "remote") == 0) {
		answer(p, noise_remote(p->noise),
		    noise_remote(p->noise) == NULL ? 0 : 32);
	} else if (strcmp(line, "ks") == 0 || strcmp(line, "ko") == 0) {
		cipher_rekey(line[1] == 's' ? &p->send : &p->receive);
		puts("ok");
		fflush(stdout);
	} else if (strchr("wr", line[0]) != NULL && line[1] == ' ') {
		obey_handshake(p, line[0], from_hex(p->in, ROOM, line + 2));
	} else if (strchr("so", line[0]) != NULL && line[1] == ' ') {
		obey_transport(p, line[0], from_hex(p->in, ROOM, line + 2));
	} else {
		die("no such command: %.20s", line);
	}
}

static enum noise_pattern
pattern_of(const char *name)
{
	int i;

	for (i = 0; i < NOISE_PATTERNS; i++)
		if (strcmp(names[i], name) == 0)
			return (enum noise_pattern)i;
	die("no such pattern: %s", name);
}

int
main(int argc, char **argv)
{
	static struct peer peer;
	uint8_t prologue[256], s[32], rs[32], psk[32];
	struct noise_setup setup = { .prologue = prologue };
	char *line = NULL;
	size_t room = 0;
	struct err e;

	if (argc != 7)
		die("usage: noise-peer PATTERN i|r PROLOGUE STATIC REMOTE PSK");
	if (crypto_start(&e) < 0)
		die("%s", e.what);
	setup.pattern = pattern_of(argv[1]);
	setup.initiator = argv[2][0] == 'i';
	setup.prologue_len = from_hex(prologue, sizeof(prologue), argv[3]);
	if (from_hex(s, sizeof(s), argv[4]) == sizeof(s))
		setup.s = s;
	if (from_hex(rs, sizeof(rs), argv[5]) == sizeof(rs))
		setup.rs = rs;
	if (from_hex(psk, sizeof(psk), argv[6]) == sizeof(psk))
		setup.psk = psk;
	peer.noise = noise_new(&setup);
	if (peer.noise == NULL)
		die("not enough keys for %s", argv[1]);
	while (getline(&line, &room, stdin) > 0) {
		line[strcspn(line, "\n")] = '\0';
		obey(&peer, line);
	}
	free(line);
	noise_free(peer.noise);
	return 0;
}
