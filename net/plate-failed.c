#include "plate.h"

#include <string.h>

#include "plate-own.h"

static enum round
likeness(const struct place *failed, const struct place *place)
{
	if (failed->kind != place->kind)
		return ROUND_NEW;
	switch (place->kind) {
	case PLACE_LAN:
		if (addr_equal(&failed->at, &place->at))
			return ROUND_FAILED;
		if (addr_same_ip(&failed->at, &place->at))
			return ROUND_HOST;
		return memcmp(failed->instance, place->instance,
		    BEACON_NONCE) == 0 ? ROUND_WAY : ROUND_LAN;
	case PLACE_RELAY:
		return strcmp(failed->relay, place->relay) == 0 ?
		    ROUND_FAILED : ROUND_NEW;
	case PLACE_TYPED:
		return ROUND_NEW;
	}
	return ROUND_NEW;
}

static bool
is_of(const struct plates *p, const struct failed *f, uint32_t code)
{
	return f->code == code && f->until_ms > loop_now_ms(p->loop);
}

enum round
plate_round_of(const struct plates *p, uint32_t code,
    const struct place *place)
{
	enum round last = ROUND_NEW, round;

	for (size_t i = 0; i < PLATE_FAILED_MAX; i++) {
		if (!is_of(p, &p->failed[i], code))
			continue;
		round = likeness(&p->failed[i].place, place);
		if (round > last)
			last = round;
	}
	return last;
}

enum round
plate_round_of_lan(const struct plates *p, uint32_t code)
{
	for (size_t i = 0; i < PLATE_FAILED_MAX; i++) {
		if (is_of(p, &p->failed[i], code) &&
		    p->failed[i].place.kind == PLACE_LAN)
			return ROUND_LAN;
	}
	return ROUND_NEW;
}

void
plates_failed(struct plates *p, uint32_t visit, uint32_t code)
{
	if (visit == 0 || visit != p->came)
		return;
	p->failed[p->n_failed++ % PLATE_FAILED_MAX] = (struct failed){
	    .code = code, .place = p->came_to,
	    .until_ms = loop_now_ms(p->loop) + PLATE_FAILED_MS };
}
