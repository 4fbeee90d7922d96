#include "plate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "log.h"
#include "plate-own.h"

/* Messages that chat has put behind each other without an answer. */
enum { QUEUE_MAX = 4 * (VISIT_HEAD + VISIT_MSG_MAX) };

static void on_deadline(void *arg);

/* ---- birth and end ----------------------------------------------------- */

struct visit *
plate_visit_new(struct plates *p, bool is_mine)
{
	struct visit *v = mem_new(sizeof(*v));

	v->all = p;
	v->is_mine = is_mine;
	buf_init(&v->in);
	timer_init(&v->deadline, p->loop, on_deadline, v);
	list_append(&p->visits, &v->in_all);
	return v;
}

static void
release(void *arg)
{
	struct visit *v = arg;

	buf_clear(&v->in);
	free(v);
}

void
plate_visit_end(struct visit *v, bool cut)
{
	struct plates *p = v->all;

	if (v->dead)
		return;
	v->dead = true;
	list_remove(&v->in_all);
	timer_stop(&v->deadline);
	direct_free(v->direct);
	if (cut)
		stream_free(v->stream);
	else
		stream_finish(v->stream);
	if (p->heard == v) {
		p->heard = NULL;
		timer_set(&p->turn, 0);
	}
	if (p->mine == v)
		p->mine = NULL;
	/* Its own stream may be telling it something just now. */
	loop_defer(p->loop, release, v);
}

/* It ended by itself. */
static void
lose(struct visit *v, enum visit_end why)
{
	struct plates *p = v->all;
	const struct carrier_events *chat = p->setup.chat;
	uint32_t number = v->number;
	bool is_mine = v->is_mine;

	if (v->state != VISIT_HEARD && is_mine) {
		plate_seek_lost(v);
		return;
	}
	plate_visit_end(v, true);
	if (number == 0)
		return;
	chat->on_visit_end(chat->chat, number, why, NULL);
}

static void
on_deadline(void *arg)
{
	struct visit *v = arg;

	if (!v->is_mine && v->state != VISIT_HEARD)
		v->all->counts.late++;
	lose(v, VISIT_LATE);
}

/* ---- a visit that is heard --------------------------------------------- */

/* Silence is shorter than the whole. */
static void
set_deadline(struct visit *v)
{
	int64_t left = v->end_ms - loop_now_ms(v->all->loop);

	timer_set(&v->deadline, left < PLATE_SILENCE_MS ? left :
	    PLATE_SILENCE_MS);
}

/* Whoever is heard and says nothing is in the way of who waits. */
static void
hurry(struct plates *p)
{
	struct visit *v = p->heard;
	int64_t left;

	if (!v || v->spoke)
		return;
	left = v->heard_ms + PLATE_FIRST_MS - loop_now_ms(p->loop);
	timer_set(&v->deadline, left > 0 ? left : 0);
}

static void
note_turn(struct plates *p, const struct visit *v)
{
	p->lately[p->n_lately++ % PLATE_LATELY] = (struct plate_source){
	    .is_pipe = v->is_pipe, .source = v->source };
}

static size_t
turns_of(const struct plates *p, const struct visit *v)
{
	size_t all = p->n_lately < PLATE_LATELY ? p->n_lately : PLATE_LATELY;
	size_t n = 0;

	for (size_t i = 0; i < all; i++)
		n += p->lately[i].is_pipe == v->is_pipe &&
		    addr_same_ip(&p->lately[i].source, &v->source);
	return n;
}

static bool
others_wait(const struct plates *p)
{
	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (!v->is_mine && v->state == VISIT_WAITING)
			return true;
	}
	return false;
}

static void
read_messages(struct visit *v)
{
	const struct carrier_events *chat = v->all->setup.chat;
	enum visit_part part;
	const uint8_t *msg;
	size_t len;

	while (!v->dead && v->in.len > 0) {
		part = visit_msg_read(&msg, &len, v->in.at, v->in.len);
		if (part == VISIT_PART_ALIEN)
			lose(v, VISIT_CUT);
		if (part != VISIT_PART_WHOLE)
			return;
		v->spoke = true;
		set_deadline(v);
		chat->on_visit_msg(chat->chat, v->number, msg, len);
		/* The bytes live until the turn ends, whatever chat did. */
		buf_drop(&v->in, VISIT_HEAD + len);
	}
}

static void
hear(struct visit *v)
{
	struct plates *p = v->all;
	const struct carrier_events *chat = p->setup.chat;

	if (v->is_mine) {
		p->mine = v;
		p->came_to = v->place;
	} else {
		p->heard = v;
		p->counts.heard++;
		note_turn(p, v);
	}
	v->state = VISIT_HEARD;
	if (++p->last == 0)
		p->last = 1;
	v->number = p->last;
	if (v->is_mine)
		p->came = v->number;
	v->heard_ms = loop_now_ms(p->loop);
	v->end_ms = v->heard_ms + PLATE_DEADLINE_MS;
	set_deadline(v);
	if (!v->is_mine && others_wait(p))
		hurry(p);
	chat->on_visit(chat->chat, v->number, v->is_mine);
	read_messages(v);
}

/* The oldest of theirs, of the source that was heard least of late. */
static void
on_turn(void *arg)
{
	struct plates *p = arg;
	struct visit *next = NULL;

	if (p->heard)
		return;
	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (!v->is_mine && v->state == VISIT_WAITING && (!next ||
		    turns_of(p, v) < turns_of(p, next)))
			next = v;
	}
	if (next)
		hear(next);
}

/* ---- a visit that is not heard yet ------------------------------------- */

/* Others of theirs that are not heard yet: as far as this one, or all; of its
 * source, or any. */
static size_t
count(const struct plates *p, const struct visit *like, bool in_all,
    bool same_source)
{
	size_t n = 0;

	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (v->is_mine || v == like || v->state == VISIT_HEARD)
			continue;
		if (!in_all && v->state != like->state)
			continue;
		if (same_source && (v->is_pipe != like->is_pipe ||
		    !addr_same_ip(&v->source, &like->source)))
			continue;
		n++;
	}
	return n;
}

/* Of somebody whose source was heard more often of late; of several such,
 * the youngest. */
static bool
make_place(struct plates *p, const struct visit *newcomer)
{
	size_t most = turns_of(p, newcomer);
	struct visit *gives_way = NULL;

	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (v->is_mine || v == newcomer ||
		    v->state != VISIT_WAITING || turns_of(p, v) < most ||
		    (!gives_way && turns_of(p, v) == most))
			continue;
		most = turns_of(p, v);
		gives_way = v;
	}
	if (!gives_way)
		return false;
	p->counts.refused++;
	plate_visit_end(gives_way, true);
	return true;
}

static void
take_hello(struct visit *v)
{
	struct plates *p = v->all;
	char plate[CODE_PLATE + 1];

	switch (visit_hello_read(plate, v->in.at, v->in.len)) {
	case VISIT_PART_MORE:
		return;
	case VISIT_PART_ALIEN:
		p->counts.alien++;
		lose(v, VISIT_CUT);
		return;
	case VISIT_PART_WHOLE:
		break;
	}
	if (strcmp(plate, p->waits) != 0) {
		p->counts.wrong_plate++;
		lose(v, VISIT_CUT);
		return;
	}
	buf_drop(&v->in, VISIT_HELLO);
	v->state = VISIT_WAITING;
	/* Nobody passes those whose turn it is just now. */
	if (!p->heard && !timer_is_set(&p->turn)) {
		hear(v);
		return;
	}
	if (count(p, v, false, false) >= PLATE_WAITING_MAX &&
	    !make_place(p, v)) {
		p->counts.refused++;
		lose(v, VISIT_CUT);
		return;
	}
	timer_set(&v->deadline, PLATE_WAITING_MS);
	hurry(p);
}

/* Whoever waits at a place of mine said something. */
static void
take_answer(struct visit *v)
{
	const uint8_t *msg;
	size_t len;

	switch (visit_msg_read(&msg, &len, v->in.at, v->in.len)) {
	case VISIT_PART_MORE:
		return;
	case VISIT_PART_ALIEN:
		lose(v, VISIT_CUT);
		return;
	case VISIT_PART_WHOLE:
		break;
	}
	v->state = VISIT_WAITING;
	if (plate_seek_answered(v))
		hear(v);
}

/* ---- streams ----------------------------------------------------------- */

static void
on_data(void *owner, struct buf *in)
{
	struct visit *v = owner;

	buf_put(&v->in, in->at, in->len);
	buf_drop(in, in->len);
	if (v->state == VISIT_HEARD)
		read_messages(v);
	else if (v->state == VISIT_COMING && v->is_mine)
		take_answer(v);
	else if (v->state == VISIT_COMING)
		take_hello(v);
	/* More than a message that is not all there. */
	if (!v->dead && v->in.len >= PLATE_UNREAD_MAX)
		lose(v, VISIT_CUT);
}

static void
on_open(void *owner)
{
	struct visit *v = owner;

	v->was_open = true;
	plate_say_hello(v, v->all->seek.plate);
}

static void
on_flush(void *owner)
{
	(void)owner;
}

static void
on_drained(void *owner, size_t left)
{
	(void)owner;
	(void)left;
}

static void
on_end(void *owner, const char *why)
{
	(void)why;
	lose(owner, VISIT_CUT);
}

const struct stream_events plate_stream_events = {
	.on_open = on_open,
	.on_data = on_data,
	.on_flush = on_flush,
	.on_drained = on_drained,
	.on_end = on_end
};

void
plate_say_hello(struct visit *v, const char *plate)
{
	uint8_t hello[VISIT_HELLO];

	visit_hello_write(hello, plate);
	buf_put(stream_out(v->stream), hello, sizeof(hello));
	stream_touch(v->stream);
}

void
plates_accepted(struct plates *p, struct stream *s)
{
	struct visit *v;

	p->counts.came++;
	if (!*p->waits) {
		p->counts.refused++;
		stream_free(s);
		return;
	}
	v = plate_visit_new(p, false);
	v->stream = s;
	v->is_pipe = stream_is_pipe(s);
	v->source = addr_source(stream_peer(s));
	stream_give(s, &plate_stream_events, v);
	stream_set_max(s, PLATE_UNREAD_MAX);
	timer_set(&v->deadline, PLATE_COMING_MS);
	if (count(p, v, true, true) >= PLATE_SOURCE_MAX ||
	    count(p, v, false, false) >= PLATE_COMING_MAX) {
		p->counts.refused++;
		plate_visit_end(v, true);
	}
}

/* ---- what chat does ---------------------------------------------------- */

static int
check(const char *plate, struct err *e)
{
	if (visit_is_plate(plate))
		return 0;
	return err_set(e, STATUS_USAGE, "a nameplate is %d digits",
	    CODE_PLATE);
}

int
plates_wait(struct plates *p, const char *plate, struct err *e)
{
	uint8_t id[MEET_ID];

	if (plate && check(plate, e) != 0)
		return -1;
	LIST_EACH(v, &p->visits, struct visit, in_all) {
		if (!v->is_mine && v->state != VISIT_HEARD)
			plate_visit_end(v, true);
	}
	snprintf(p->waits, sizeof(p->waits), "%s", plate ? plate : "");
	lan_wait(p->setup.lan, plate);
	if (plate)
		visit_meet_id(id, plate);
	relays_wait_at(p->setup.relays, plate ? id : NULL);
	return 0;
}

static struct visit *
find(const struct plates *p, uint32_t number)
{
	if (number != 0 && p->heard && p->heard->number == number)
		return p->heard;
	if (number != 0 && p->mine && p->mine->number == number)
		return p->mine;
	return NULL;
}

int
plates_send(struct plates *p, uint32_t visit, const void *msg, size_t len)
{
	struct visit *v = find(p, visit);

	if (!v || stream_out(v->stream)->len > QUEUE_MAX ||
	    visit_msg_write(stream_out(v->stream), msg, len) != 0)
		return -1;
	stream_touch(v->stream);
	return 0;
}

void
plates_close(struct plates *p, uint32_t visit)
{
	struct visit *v = find(p, visit);

	if (v)
		plate_visit_end(v, false);
}

const struct plate_counts *
plates_counts(const struct plates *p)
{
	return &p->counts;
}

struct plates *
plates_new(const struct plates_setup *setup)
{
	struct plates *p = mem_new(sizeof(*p));

	p->setup = *setup;
	p->loop = setup->streams->loop;
	list_init(&p->visits);
	timer_init(&p->turn, p->loop, on_turn, p);
	plate_seek_init(p);
	return p;
}

void
plates_free(struct plates *p)
{
	if (!p)
		return;
	plate_seek_clear(p);
	LIST_EACH(v, &p->visits, struct visit, in_all)
		plate_visit_end(v, v->state != VISIT_HEARD);
	timer_stop(&p->turn);
	/* Visits that end in this turn still look at it. */
	loop_defer(p->loop, free, p);
}
