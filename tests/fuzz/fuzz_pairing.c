/*
 * The exchange by a code: what somebody at the same nameplate says.
 *
 * The first byte chooses how far two honest ones get, and what happens then:
 * the rest of the input is the next message; or it changes the true one (a
 * place, then what is xored in from there on); or it is the card of a peer
 * who knows the code.  Whatever arrives but the very bytes that were sent
 * must end the run before anybody is known.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "pairing.h"
#include "rand.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { MESSAGES = 7, STEP = 0x07, CHANGED = 0x08, CARD = 0x10 };

static struct identity *id[2];		/* creator, joiner */
static struct buf card[2];
static struct code code;

static void
check(bool holds)
{
	if (!holds)
		abort();
}

static void
start(void)
{
	const struct card plain = { .vmin = 1, .vmax = 1, .name = "me" };
	uint8_t seed[32] = { 0 };

	if (id[0])
		return;
	check(crypto_start(NULL) == 0);
	for (uint8_t i = 0; i < 2; i++) {
		seed[0] = (uint8_t)(1 + i);
		id[i] = identity_from_seed(seed);
		card_write(&card[i], &plain, id[i]);
	}
	check(code_parse(&code, "1182044729150364") == CODE_GOOD);
}

/* Always the same, so that a finding is found again. */
static struct pairing *
make(int side, const void *its_card, size_t len)
{
	static const uint8_t nonce[2][16] = { { 1 }, { 2 } };
	static const uint8_t scalar[2][32] = { { 3 }, { 4 } };
	static const uint8_t e[2][32] = { { 5 }, { 6 } };

	return pairing_new(&(struct pairing_setup){ .creator = side == 0,
	    .code = &code, .id = id[side], .card = its_card,
	    .card_len = len, .nonce = nonce[side],
	    .scalar = scalar[side], .e = e[side] });
}

/* One message by the book; false: there was none, or it was refused. */
static bool
pass(struct pairing *const p[2], int step)
{
	struct buf m;
	bool good = false;

	buf_init(&m);
	if (pairing_write(p[step % 2], &m))
		good = pairing_read(p[!(step % 2)], m.at, m.len) <=
		    PAIRING_DONE;
	buf_clear(&m);
	return good;
}

/* Makes of m what the input says; was it changed? */
static bool
change(struct buf *m, const uint8_t *data, size_t len)
{
	bool changed = false;
	size_t at;

	if (len < 3)
		return false;
	at = (size_t)(data[0] | data[1] << 8) % m->len;
	for (size_t i = 2; i < len && at < m->len; i++, at++) {
		m->at[at] ^= data[i];
		changed |= data[i] != 0;
	}
	return changed;
}

static void
try_message(int step, bool is_change, const uint8_t *data, size_t len)
{
	struct pairing *p[2] = {
		make(0, card[0].at, card[0].len),
		make(1, card[1].at, card[1].len)
	};
	struct pairing *to = p[!(step % 2)];
	bool is_same;
	struct buf m;

	for (int i = 0; i < step; i++)
		check(pass(p, i));
	buf_init(&m);
	check(pairing_write(p[step % 2], &m));
	if (is_change) {
		is_same = !change(&m, data, len);
		data = m.at;
		len = m.len;
	} else {
		is_same = len == m.len && memcmp(data, m.at, len) == 0;
	}
	if (pairing_read(to, data, len) <= PAIRING_DONE)
		for (int i = step + 1; i < MESSAGES && pass(p, i); i++)
			;
	/* One who ends with m6 does not know whether it arrived. */
	check(pairing_is_done(to) == is_same);
	check((pairing_card(to) != NULL) == is_same);
	if (is_same)
		check(!pairing_is_a_guess(p[0]) && !pairing_is_a_guess(p[1]));
	buf_clear(&m);
	pairing_free(p[0]);
	pairing_free(p[1]);
}

static void
try_card(int side, const uint8_t *data, size_t len)
{
	struct pairing *p[2];
	struct card c;
	bool good;

	if (len < 3 || len > CARD_MAX)
		return;
	p[side] = make(side, data, len);
	p[!side] = make(!side, card[!side].at, card[!side].len);
	for (int i = 0; i < MESSAGES && pass(p, i); i++)
		;
	good = card_read(&c, data, len) == 0 &&
	    keys_equal(&c.keys, identity_keys(id[side])) &&
	    c.vmin == 1;
	check((pairing_card(p[!side]) != NULL) == good);
	pairing_free(p[0]);
	pairing_free(p[1]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	int step;

	start();
	if (len == 0)
		return 0;
	step = data[0] & STEP;
	if (data[0] & CARD)
		try_card(step % 2, data + 1, len - 1);
	else if (step < MESSAGES)
		try_message(step, data[0] & CHANGED, data + 1, len - 1);
	return 0;
}
