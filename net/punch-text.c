#include "punch-own.h"

#include <stdio.h>

/* ---- which rounds are worth it ----------------------------------------- */

static bool
is_wild(enum nat_class c)
{
	return c == NAT_SEQ || c == NAT_HARD;
}

enum nat_class
punch_my_class(const struct punch *p)
{
	return p->setup.my_class(p->setup.ctx);
}

bool
punch_can(const struct punch *p)
{
	enum nat_class a = punch_my_class(p), b = p->them.class;

	return a != NAT_BLOCKED && b != NAT_BLOCKED &&
	    !(is_wild(a) && is_wild(b));
}

static bool
can_predict(const struct punch *p)
{
	return punch_can(p) &&
	    (punch_my_class(p) == NAT_SEQ || p->them.class == NAT_SEQ);
}

unsigned
punch_next_round(const struct punch *p)
{
	if (p->round == 1 && punch_can(p))
		return 2;
	if (p->round == 2 && (can_predict(p) || birthday_is_due(p)))
		return 3;
	return 0;
}

/* ---- for the person ---------------------------------------------------- */

static const char *
reason(const struct punch *p)
{
	enum nat_class a = punch_my_class(p), b = p->them.class;

	if (p->is_silent)
		return "the other side does not answer";
	if (a == NAT_BLOCKED)
		return "no UDP leaves this network";
	if (b == NAT_BLOCKED)
		return "no UDP leaves the other network";
	if (is_wild(a) && is_wild(b))
		return "both NATs are hard";
	if (is_wild(a))
		return "the NAT here is hard";
	if (is_wild(b))
		return "the NAT there is hard";
	return "no probe came through";
}

void
punch_text(const struct punch *p, char text[120])
{
	int64_t left = p->due_ms - loop_now_ms(p->setup.loop);

	text[0] = '\0';
	switch (p->state) {
	case IGNORED:
	case STATES:
	case IDLE:
		break;
	case MEETING:
		snprintf(text, 120, "waiting for the other side");
		if (p->role == FOLLOWER && p->due_ms > 0)
			snprintf(text, 120, "waiting: %s", reason(p));
		break;
	case GATHERING:
	case OFFERED:
	case SYNCING:
		snprintf(text, 120, "round %u: telling addresses", p->round);
		break;
	case PROBING:
		snprintf(text, 120, "round %u%s", p->round,
		    birthday_is_on(p) ? ": many ports" : "");
		break;
	case SETTLING:
	case AGREEING:
		snprintf(text, 120, "round %u: an answer came", p->round);
		break;
	case DONE:
		snprintf(text, 120, "round %u: through", p->round);
		break;
	case WAITING:
		snprintf(text, 120, "waiting %lld min: %s",
		    (long long)((left + 59999) / 60000), reason(p));
		break;
	}
}
