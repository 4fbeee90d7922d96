/*
 * own - what the files of this room share, and nobody else sees.
 *
 * The flow of a turn, all of it in turn.c:
 *
 *	handlers	say, hear, read: rows go into the store's open
 *			transaction; what they will look like waits in
 *			`pending`, what they changed was copied to `saved`
 *	LOOP_COMMIT	store_commit; then lines appear, news are visible,
 *			and everybody in `posts` is sent what is due;
 *			or, when it fails, saved copies come back
 *	LOOP_SETTLE	the news are forgotten, the dead are freed
 *
 * What is only clean-up (rows acknowledged or read that may leave) is done
 * in memory at once and in the store with the next transaction, at most
 * LAZY_MS later: should we die in between, the peer's duplicate or ours
 * says it again.
 *
 * Nothing here calls the carrier while the carrier calls us: posts are the
 * only way out.
 */
#ifndef OWN_H
#define OWN_H

#include "chat.h"
#include "frame.h"
#include "mail.h"
#include "map.h"
#include "numbers.h"
#include "outbox.h"
#include "prekey.h"

enum {
	LAZY_MS = 10,			/* clean-up waits for company */
	RETRY_MS = 5000,		/* the store refused: ask it again */
	RESEND_MS = 30000,		/* no progress on a standing link */
	RESEND_MAX_MS = 600000,
	TYPING_TELL_MS = 4000,
	TYPING_GONE_MS = 6000,
	STALE_MAX = 8,			/* forgotten epochs answered a turn */
	UNADMITTED_MAX = REQUEST_LINES_MAX,	/* rows sent before consent */
	PINS_MAX = 32
};

/* What a person is to be told after the commit; of struct post. */
enum tell {
	TELL_FRAMES = 1,		/* rows and acknowledgements */
	TELL_READ = 2,
	TELL_STATUS = 4,
	TELL_TYPING = 8,		/* I began */
	TELL_STOPPED = 16,		/* I stopped typing */
	TELL_DECLINE = 32,
	TELL_WANT = 64,			/* tell net whether a link is wanted */
	TELL_URGENT = 128,		/* .. and at once */
	TELL_DROP = 256,		/* end the links */
	TELL_MAIL = 512,		/* what waits for them may be left */
	TELL_ROUTES = 1024,		/* tell net their places */
	/* With any of these letters may leave. */
	TELLS_MAIL = TELL_FRAMES | TELL_READ | TELL_MAIL
};

/* Rows lo..hi of one contact and direction: state 0 removes them. */
struct run {
	uint64_t lo, hi;
	bool mine;
	uint8_t state;
};

struct person_private {
	struct chat *chat;
	struct numbers n;
	struct outbox out;
	uint64_t epoch, seq;		/* the newest number I gave */
	bool fresh_key;			/* the ring has one of this start */
	bool gone;			/* out of the roster, freed later */
	bool unkept;			/* its row leaves just now */
	bool spoke_newer;		/* noticed once */
	size_t n_request;		/* lines kept before consent */
	/* The last acknowledgement heard: repeats cost nothing. */
	uint64_t ack_epoch, ack_cum, ack_bits;
	uint64_t stale[STALE_MAX];	/* forgotten epochs to answer */
	size_t n_stale;
	/* What is due after the commit: a set of enum tell. */
	unsigned tell;
	bool in_posts, in_saved, in_dirty;
	uint64_t news_turn;		/* told in the news of that turn */
	bool who_dirty, numbers_dirty, read_moved;
	int64_t confirm_ms;		/* monotonic: unconfirmed until */
	struct run *runs;		/* clean-up for the store */
	size_t n_runs, room_runs;
	uint64_t *read_rows;		/* theirs, read, to leave */
	size_t n_read, room_read;
	bool lost_unread;		/* some left memory unread */
	struct timer resend, typing;
	struct mailing mail;
	struct mark route_acked;	/* the newest ROUTE of mine */
	int64_t resend_ms;
	int64_t typing_told_ms;		/* monotonic; 0: not told */
	char where[80];			/* of the last sighting */
	char *look;			/* of the title: text_look */
	uint64_t oldest_row;		/* paging: what is above was loaded */
	bool paged;
	bool routes_due;		/* may not know my places */
	bool has_gaps;			/* some line of theirs has one */
	bool gaps_moved;		/* and not all are right any more */
};

/* Said or heard in this turn; shown when it is committed. */
struct pending {
	struct person *p;
	struct line *line;		/* NULL: a control row */
	uint64_t row, epoch, seq;
	uint64_t told;			/* FRAME_ROUTE: a hash */
	uint8_t kind;
	bool mine;
};

/* A person as they were before this turn touched them. */
struct saved {
	struct person *p;
	struct contact who;
	struct numbers n;
	uint64_t epoch, seq;
	size_t n_request;
};

/* Two generations: what dies in a turn may be in its news, or in those of
 * the next. */
struct dead {
	struct line **lines;
	size_t n_lines, room_lines;
	struct person **people;
	size_t n_people, room_people;
};

/* The key of a relay, as of the first time. */
struct pin {
	char where[ROUTE_TEXT];
	uint8_t key[KEY_LEN];
};

struct chat {
	struct loop *loop;
	struct store *store;
	const struct identity *id;
	struct opts *opts;
	struct carrier carrier;		/* .send NULL: none yet */
	struct carrier_events events;
	struct roster *roster;
	struct news_list *news;
	uint64_t epoch;
	uint64_t serial;		/* of my card */
	struct prekeys prekeys;
	struct routes places;		/* mine, for requests: in my card */
	struct buf card;		/* signed under card_serial, or empty */
	uint64_t card_serial;
	char name[CARD_NAME_MAX + 1];
	bool is_away;
	char away[AWAY_TEXT_MAX + 1];
	bool is_looking;
	struct user_id looking;
	bool fork_noticed;
	bool newer_noticed;		/* a stranger's version */
	char *trouble;
	struct timer retry, lazy;

	struct pending *pending;
	size_t n_pending, room_pending;
	struct saved *saved;
	size_t n_saved, room_saved;
	struct person **posts;
	size_t n_posts, room_posts;
	struct person **dirty;
	size_t n_dirty, room_dirty;
	uint64_t turn;
	bool urgent;			/* must be committed in this turn */
	bool heard;			/* of it, something of a peer's */
	bool drop_all, announce;
	bool shown;			/* between LOOP_COMMIT and _SETTLE */
	struct under_way under_way[MAIL_UNDER_WAY];
	size_t n_under_way;
	bool mail_stalled;		/* net takes no more for now */
	struct timer mail_begin, mail_look, routes;
	bool routes_all;		/* everybody is to be looked at */
	bool routes_patient;		/* to have no place counts now */
	bool is_letter;			/* what is heard just now */
	uint64_t *letters;		/* heard in this turn, not taken yet */
	size_t n_letters, room_letters;
	struct pin *pins;
	size_t n_pins;
	struct buf letter;		/* scratch: sealed */
	struct pairs *pairs;		/* codes: pair.c */
	struct timer confirm;		/* the next unconfirmed one ends */
	struct dead dead, older_dead;
	struct buf bytes, words;	/* scratch */
};

/* Room for one more at the end of a vector. */
#define VECTOR_GROW(at, n, room) do { \
	if ((n) == (room)) { \
		(room) = (room) ? 2 * (room) : 16; \
		(at) = mem_resize((at), (room), sizeof(*(at))); \
	} \
} while (0)

static inline bool
person_is_contact(const struct person *p)
{
	return p->who.trust == TRUST_ACCEPTED ||
	    p->who.trust == TRUST_PAIRED || p->who.trust == TRUST_VERIFIED;
}

/* ---- news.c: the writers' half ------------------------------------------ */

struct news_list *news_new(void);
void news_free(struct news_list *n);
/* Waits for news_show; `bound`: is dropped when the turn fails. */
void news_add(struct news_list *n, enum news_kind kind,
    const struct user_id *who, const struct line *line, bool on, bool bound);
/* Text and next are copied, who may be NULL.  The rest of it is the caller's
 * to fill, now. */
struct news *news_add_more(struct news_list *n, enum news_kind kind,
    const struct user_id *who, const char *text, const char *next,
    bool bound);
/* Takes text and next. */
void news_add_text(struct news_list *n, enum news_kind kind, char *text,
    char *next);
/* What was told of this kind in this turn is true no longer.  Not while
 * viewers look. */
void news_drop(struct news_list *n, enum news_kind kind);
void news_show(struct news_list *n);
void news_undo(struct news_list *n);
void news_forget(struct news_list *n);

/* ---- talk.c: the writers' half ------------------------------------------ */

struct talk *talk_new(void);
/* With its lines; the dead are for chat to bury. */
void talk_free(struct talk *t);
struct line *line_new(const struct message *m);
/* Takes the line: at the end, or, of the peer, where its number belongs.
 * Returns its index. */
size_t talk_insert(struct talk *t, struct line *l);
/* Takes an old line: where its row belongs; false (not taken): there. */
bool talk_insert_old(struct talk *t, struct line *l);
/* Takes line i out; the caller's now. */
struct line *talk_take(struct talk *t, size_t i);
struct line *talk_at(struct talk *t, size_t i);
/* Index, searched from the end; SIZE_MAX: not there. */
size_t talk_index(struct talk *t, const struct line *l);
void talk_changed(struct talk *t);
void talk_count_unread(struct talk *t, int by);
void talk_set_mark(struct talk *t);
void talk_set_older(struct talk *t, bool has_older);
/* A line at the front that may be dropped, since there are too many. */
bool talk_is_long(const struct talk *t);

/* ---- roster.c: the writers' half ---------------------------------------- */

struct roster *roster_new(void);
void roster_free(struct roster *r);		/* not the people */
void roster_add(struct roster *r, struct person *p);
void roster_remove(struct roster *r, struct person *p);
/* Their X25519 key is looked up from now on, or not any more. */
void roster_know(struct roster *r, struct person *p);
void roster_unknow(struct roster *r, struct person *p);
struct person *roster_by_x(const struct roster *r, const uint8_t x[KEY_LEN]);
uint64_t roster_move(struct roster *r);

#endif
