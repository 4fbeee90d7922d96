/* Round 3 by many sockets and many guesses, and what keeps it in bounds. */
#include "punch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "punch-kit.h"

enum {
	ALL_ROUNDS_MS = PUNCH_GATHER_MS + PUNCH_ROUND1_MS + PUNCH_ROUND2_MS +
	    PUNCH_ROUND3_MS + 4000,
	LONG_MS = 600000,		/* several rounds */
	/* The program's sockets and a round's new ones. */
	USUAL = 2,
	TRIES = 60, TRY_MS = 10000	/* of who wants too much */
};

/* What one host sent, to the public address of the other one's router. */
struct tally {
	const struct host *of;
	struct addr to;
	int n_all, n_there;
	int n_ports;			/* .. different ones */
	int n_twice, n_low;		/* .. more than once, below 1024 */
	int64_t last_ms;
	const struct pair *pair;
	uint16_t sent[65536];
};

static struct tally tally;

static void
on_packet(void *arg, const struct host *by, const struct addr *to,
    const uint8_t *p, size_t len)
{
	struct tally *t = arg;

	(void)p, (void)len;
	if (by != t->of)
		return;
	t->n_all++;
	if (!addr_same_ip(to, &t->to))
		return;
	t->n_there++;
	t->n_low += to->port < 1024;
	t->n_ports += t->sent[to->port] == 0;
	t->n_twice += t->sent[to->port] == 1;
	t->sent[to->port]++;
	t->last_ms = loop_now_ms(t->pair->loop);
}

static void
watch(struct pair *p, const struct person *of, const char *to)
{
	memset(&tally, 0, sizeof(tally));
	tally.pair = p;
	tally.of = of->host;
	tally.to = at(to);
	fakenet_watch(p->net, on_packet, &tally);
}

/* Alice leads; the hard one of them is behind 198.51.100.10 or .138. */
static void
homes(struct pair *p, enum box_type a, enum box_type b, bool a_on, bool b_on)
{
	pair_init(p);
	pair_home(&p->a, a, "192.168.1.11");
	pair_home(&p->b, b, "192.168.2.21");
	p->a.birthday = a_on;
	p->b.birthday = b_on;
}

static const char *
wan(const struct pair *p, const struct person *m)
{
	return m == &p->a ? "198.51.100.10:1" : "198.51.100.138:1";
}

/* Until it is through, at most `ms`; the most sockets that were open. */
static size_t
run_until_through(struct pair *p, const struct person *of, int ms)
{
	size_t most = 0;

	for (int i = 0; i < ms && !(p->a.has_way && p->b.has_way); i += 10) {
		size_t n = host_n_udps(of->host);

		most = n > most ? n : most;
		pair_run(p, 10);
	}
	return most;
}

/* ---- what it is for ---------------------------------------------------- */

/* The chances are those of the dice: the same in every run but for the ports
 * that are tried.  Of 64000 ports 256 are right and up to 3800 are tried: all
 * miss once in four million rounds; half of them, before a loose router is
 * confused, once in 1800, and then the next round follows. */
static void
t_port_and_sym_find_each_other(void **state)
{
	static const enum box_type easy[] = { BOX_PORT, BOX_LOOSE };

	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		bool leads = i & 1;	/* the hard one */
		struct person *hard, *soft;
		struct addr a;
		struct pair p;

		homes(&p, leads ? BOX_SYM : easy[i / 2 % 2],
		    leads ? easy[i / 2 % 2] : BOX_SYM, true, true);
		fakenet_shake(p.net, i);
		hard = leads ? &p.a : &p.b;
		soft = hard->other;
		pair_start(&p);
		assert_true(run_until_through(&p, hard, LONG_MS) >
		    USUAL + PUNCH_BIRTHDAY_SOCKETS / 2);
		assert_true(pair_is_through(&p));
		assert_int_equal(p.a.path, PATH_PUNCHED);
		assert_int_equal(p.b.path, PATH_PUNCHED);
		assert_string_equal(p.a.text, "round 3: through");
		a = at(wan(&p, hard));
		assert_true(addr_same_ip(&soft->to, &a));
		pair_clear(&p);
	}
}

/* A third of the round trips is lost: one round may go without knowing where
 * to, since its new socket was never answered; another one follows. */
static void
t_losses_only_delay_it(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		struct pair p;

		homes(&p, BOX_PORT, BOX_SYM, true, true);
		fakenet_shake(p.net, i);
		fakenet_loss(p.net, 20);
		pair_start(&p);
		run_until_through(&p, &p.b, LONG_MS);
		assert_true(pair_is_through(&p));
		pair_clear(&p);
	}
}

/* The first probe that arrives ends it, on both sides. */
static void
t_losers_are_closed_at_once(void **state)
{
	struct pair p;
	int64_t open_ms = 0;
	int n;

	(void)state;
	homes(&p, BOX_PORT, BOX_SYM, true, true);
	pair_start(&p);
	watch(&p, &p.a, wan(&p, &p.b));
	for (int i = 0; i < ALL_ROUNDS_MS; i++) {
		size_t was = host_n_udps(p.b.host);

		pair_run(&p, 1);
		if (was > USUAL + 1 && host_n_udps(p.b.host) <= USUAL + 1) {
			open_ms = loop_now_ms(p.loop);
			break;
		}
	}
	assert_true(open_ms > 0);
	/* It may have been the round's new one, which probes her anyway and
	 * in its turn.  What tells her so takes 25 ms. */
	assert_in_range(host_n_udps(p.b.host), USUAL, USUAL + 1);
	pair_run(&p, 30 + (host_n_udps(p.b.host) == USUAL ?
	    PUNCH_PACE3_SLOW_MS : 0));
	n = tally.n_ports;
	run_until_through(&p, &p.b, 3000);
	assert_int_equal(tally.n_ports, n);
	assert_true(pair_is_through(&p));
	/* When it is in use nothing but its sockets is left of the round. */
	punch_stop(p.a.punch);
	punch_stop(p.b.punch);
	assert_int_equal(host_n_udps(p.b.host), 2);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

/* ---- whether ----------------------------------------------------------- */

/* Unless both want it, nothing is opened and nowhere else is probed. */
static void
t_one_side_alone_does_nothing(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		bool leads = i & 1;
		const int who = i / 2;	/* nobody, the hard one, the other */
		struct person *m;
		struct pair p;

		homes(&p, leads ? BOX_SYM : BOX_PORT, leads ? BOX_PORT :
		    BOX_SYM, who == (leads ? 1 : 2), who == (leads ? 2 : 1));
		m = leads ? &p.b : &p.a;
		watch(&p, m, wan(&p, m->other));
		pair_start(&p);
		assert_true(run_until_through(&p, m->other,
		    ALL_ROUNDS_MS) <= USUAL);
		/* What his STUN servers saw, in two rounds. */
		assert_in_range(tally.n_ports, 1, 2);
		assert_int_equal(p.a.n_failed, 1);
		assert_int_equal(p.a.n_ways + p.b.n_ways, 0);
		pair_clear(&p);
	}
}

/* Where it can find nothing it is not done: two hard ones, or no need. */
static void
t_only_between_hard_and_easy(void **state)
{
	static const enum box_type pairs[][2] = {
		{ BOX_SYM, BOX_SYM }, { BOX_SEQ, BOX_SYM },
		{ BOX_PORT, BOX_PORT }, { BOX_PORT, BOX_SEQ },
		{ BOX_FULL, BOX_SYM }, { BOX_BLOCK, BOX_SYM }
	};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct pair p;

		homes(&p, pairs[i][0], pairs[i][1], true, true);
		watch(&p, &p.a, wan(&p, &p.b));
		pair_start(&p);
		assert_true(run_until_through(&p, &p.b, ALL_ROUNDS_MS) <=
		    USUAL);
		assert_true(tally.n_ports <= 3 * (1 + PUNCH_PRED));
		pair_clear(&p);
	}
}

/* Switched on while a relay carries: told, and tried at once. */
static void
t_switched_on_later(void **state)
{
	struct pair p;

	(void)state;
	homes(&p, BOX_PORT, BOX_SYM, false, false);
	pair_start(&p);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_int_equal(p.a.n_failed, 1);
	p.b.birthday = true;
	punch_again(p.b.punch);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_false(p.a.has_way);
	p.a.birthday = true;
	punch_again(p.a.punch);
	pair_run(&p, ALL_ROUNDS_MS);
	assert_true(pair_is_through(&p));
	pair_clear(&p);
}

/* ---- how much ---------------------------------------------------------- */

/* Nobody is there: the whole round, and no more of it. */
static void
t_a_round_has_its_bounds(void **state)
{
	for (int hard = 0; hard < 2; hard++) {
		struct person *m;
		struct pair p;

		(void)state;
		homes(&p, BOX_PORT, BOX_SYM, true, true);
		m = hard ? &p.b : &p.a;
		pair_start(&p);
		while (host_n_udps(p.b.host) <= USUAL)
			pair_run(&p, 1);
		watch(&p, m, wan(&p, m->other));
		fakenet_loss(p.net, 100);
		assert_int_equal(run_until_through(&p, &p.b,
		    PUNCH_ROUND3_MS - 100), USUAL + PUNCH_BIRTHDAY_SOCKETS);
		pair_run(&p, 1000);
		assert_true(host_n_udps(p.b.host) <= USUAL);
		assert_int_equal(tally.n_low, 0);
		assert_in_range(tally.n_there, hard ?
		    2 * PUNCH_BIRTHDAY_SOCKETS - 20 : 3600,
		    (hard ? 2 * PUNCH_BIRTHDAY_SOCKETS :
		    PUNCH_BIRTHDAY_PROBES) + 2 * PUNCH_UNANSWERED_MAX);
		/* No port twice, but what STUN saw of him. */
		if (!hard)
			assert_true(tally.n_twice <= 2);
		pair_clear(&p);
	}
}

/* Of 100 all miss once in 280 rounds.  The usual ones alone may be lucky. */
static void
t_with_few_descriptors_it_takes_fewer(void **state)
{
	static const size_t most[] = { 1, USUAL, USUAL + 100 };

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct pair p;
		size_t n;

		homes(&p, BOX_PORT, BOX_SYM, true, true);
		host_few(p.b.host, most[i]);
		pair_start(&p);
		n = run_until_through(&p, &p.b, LONG_MS);
		assert_int_equal(n, i < 2 ? USUAL : USUAL + 100);
		assert_true(i < 2 || p.b.has_way);
		pair_clear(&p);
	}
}

/* ---- a contact who wants more ------------------------------------------ */

/* What Alice says, whatever Alice is. */
static void
hear(struct person *m, struct paths_msg *msg)
{
	struct buf out;

	buf_init(&out);
	paths_write(&out, msg);
	punch_paths(m->punch, out.at, out.len);
	buf_clear(&out);
}

/* Ten minutes of third rounds, each with another address of the victim;
 * the most sockets that were open. */
static size_t
harass(struct pair *p, enum nat_class class, const char *victim)
{
	struct paths_msg caps = { .type = PATHS_CAPS, .class = class,
		.has_udp = true, .has_birthday = true };
	struct paths_msg m = { .type = PATHS_CANDS, .round = 3, .n_cands = 1 };
	struct paths_msg sync = { .type = PATHS_SYNC, .round = 3 };
	size_t most = 0;

	pair_learn(p);
	punch_start(p->b.punch, 80000);
	watch(p, &p->b, victim);
	m.cands[0].kind = CAND_SRFLX;
	m.cands[0].addr = at(victim);
	for (unsigned s = 0; s < TRIES; s++) {
		caps.epoch = s * 1000 + 1;
		sync.epoch = m.epoch = caps.epoch + 1;
		m.cands[0].addr.port = (uint16_t)(5000 + s);
		hear(&p->b, &caps);
		hear(&p->b, &m);
		pair_run(p, 1000);
		hear(&p->b, &sync);
		for (int ms = 1000; ms < TRY_MS; ms += 10) {
			size_t n = host_n_udps(p->b.host);

			most = n > most ? n : most;
			pair_run(p, 10);
		}
	}
	return most;
}

static void
t_off_is_off_whatever_the_other_side_says(void **state)
{
	(void)state;
	for (int hard = 0; hard < 2; hard++) {
		struct pair p;

		homes(&p, BOX_PORT, hard ? BOX_SYM : BOX_PORT, false, false);
		assert_true(harass(&p, hard ? NAT_EASY : NAT_HARD,
		    "203.0.113.77:5000") <= USUAL);
		/* One address of one port in each round, as ever. */
		assert_in_range(tally.n_ports, 1, TRIES);
		assert_in_range(tally.n_there, 1, TRIES * PUNCH_UNANSWERED_MAX);
		pair_clear(&p);
	}
}

static void
t_a_contact_gets_few_birthdays(void **state)
{
	(void)state;
	for (int hard = 0; hard < 2; hard++) {
		const int n = PUNCH_BIRTHDAY_BURST + TRIES * TRY_MS /
		    PUNCH_BIRTHDAY_MS;
		struct pair p;

		homes(&p, BOX_PORT, hard ? BOX_SYM : BOX_PORT, false, true);
		assert_int_equal(harass(&p, hard ? NAT_EASY : NAT_HARD,
		    "203.0.113.77:5000") > USUAL, hard);
		assert_int_equal(tally.n_low, 0);
		assert_in_range(tally.n_there, hard ?
		    PUNCH_BIRTHDAY_SOCKETS : 3000,
		    n * (hard ? 2 * PUNCH_BIRTHDAY_SOCKETS :
		    PUNCH_BIRTHDAY_PROBES) + TRIES * PUNCH_UNANSWERED_MAX);
		assert_true(host_n_udps(p.b.host) <= USUAL);
		pair_clear(&p);
	}
}

/* Not in my LAN, nor any other that is private, nor at services. */
static void
row_40_nothing_private_is_searched(void **state)
{
	static const char *const never[] = { "192.168.2.1:5000",
		"10.0.0.1:5000", "100.64.0.1:5000", "127.0.0.1:5000",
		"224.0.0.1:5000", "192.168.2.21:5000" };

	(void)state;
	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		struct pair p;

		homes(&p, BOX_PORT, BOX_PORT, false, true);
		harass(&p, NAT_HARD, never[i]);
		assert_true(tally.n_ports <= TRIES);
		pair_clear(&p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t_port_and_sym_find_each_other),
		cmocka_unit_test(t_losses_only_delay_it),
		cmocka_unit_test(t_losers_are_closed_at_once),
		cmocka_unit_test(t_one_side_alone_does_nothing),
		cmocka_unit_test(t_only_between_hard_and_easy),
		cmocka_unit_test(t_switched_on_later),
		cmocka_unit_test(t_a_round_has_its_bounds),
		cmocka_unit_test(t_with_few_descriptors_it_takes_fewer),
		cmocka_unit_test(t_off_is_off_whatever_the_other_side_says),
		cmocka_unit_test(t_a_contact_gets_few_birthdays),
		cmocka_unit_test(row_40_nothing_private_is_searched),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
