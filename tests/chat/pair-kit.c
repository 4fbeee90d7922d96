#include "pair-kit.h"

#include "code.h"
#include "own.h"

struct sim *s;
struct node *alice, *bob;
struct err e;

int
pair_setup(void **state)
{
	(void)state;
	s = sim_new(11);
	memset(&e, 0, sizeof(e));
	alice = sim_node(s, "Alice");
	bob = sim_node(s, "Bob");
	sim_run_ms(s, 2);
	return 0;
}

int
pair_teardown(void **state)
{
	(void)state;
	sim_free(s);
	return 0;
}

const char *
host(void)
{
	static struct hosting h;

	ok(chat_host(alice->chat, &e) == 0, e.what);
	ok(chat_hosting(alice->chat, &h), "it waits");
	sim_run_ms(s, 1);
	return h.code;
}

const char *
wrong_code(void)
{
	static struct code code;
	static unsigned n;
	struct hosting h;

	ok(chat_hosting(alice->chat, &h), "it waits");
	ok(code_parse(&code, h.code) == CODE_GOOD, "a code");
	n = n % 8 + 1;
	code.digits[10] = (char)('0' + (code.digits[10] - '0' + (int)n) %
	    10);
	code.digits[15] = code_check_digit(code.digits);
	return code.digits;
}

int
join(struct node *n, const char *code)
{
	int done;

	memset(&e, 0, sizeof(e));
	done = chat_join(n->chat, code, "", &e);
	sim_run_ms(s, 20);
	return done;
}

enum trust
trust(struct node *who, struct node *of)
{
	struct person *p = sim_person(who, of);

	return p ? p->who.trust : TRUST_NEARBY;
}

bool
is_contact(struct node *who, struct node *of)
{
	struct person *p = sim_person(who, of);

	return p && person_is_contact(p);
}

const struct told *
failed(const struct node *n)
{
	static const struct told none = { .text = "nothing" };
	const struct told *t = sim_last(n, NEWS_CODE_FAILED);

	return t ? t : &none;
}

void
meet_and_wait(void)
{
	if (is_contact(alice, bob) || is_contact(bob, alice))
		sim_join(s, alice, bob);
	sim_run_ms(s, 500);
	sim_part(s, alice, bob);
	sim_run_ms(s, 2);
}

void
ok_paired(void)
{
	ok(trust(alice, bob) == TRUST_PAIRED, "Alice has Bob");
	ok(trust(bob, alice) == TRUST_PAIRED, "Bob has Alice");
	ok(!sim_person(alice, bob)->unconfirmed, "for sure");
	ok(!sim_person(bob, alice)->unconfirmed, "for sure");
	ok(sim_person(alice, bob)->who.admitted, "and may write");
	ok(sim_person(bob, alice)->who.admitted, "and may write");
	ok(sim_join(s, alice, bob), "they link");
	ok(sim_say(alice, bob, "from Alice") == 0, "said");
	ok(sim_say(bob, alice, "from Bob") == 0, "said");
	sim_run_ms(s, 100);
	ok(strstr(sim_heard(alice, bob), "from Bob"), "heard");
	ok(strstr(sim_heard(bob, alice), "from Alice"), "heard");
	ok(chat_owed(alice->chat) + chat_owed(bob->chat) == 0, "and acked");
	ok(sim_told(alice, NEWS_REQUEST, NULL) == 0, "nobody was asked");
	ok(sim_told(bob, NEWS_REQUEST, NULL) == 0, "nobody was asked");
}
