#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

enum { WORDS = WINDOW_AHEAD / 64 };

static bool
bit_get(const struct window *w, uint64_t seq)
{
	uint64_t i = seq % WINDOW_AHEAD;

	return w->bits && (w->bits[i / 64] >> (i % 64) & 1) != 0;
}

static void
bit_set(struct window *w, uint64_t seq, bool on)
{
	uint64_t i = seq % WINDOW_AHEAD;
	uint64_t mask = (uint64_t)1 << (i % 64);

	if (on)
		w->bits[i / 64] |= mask;
	else
		w->bits[i / 64] &= ~mask;
}

void
windows_init(struct windows *w)
{
	memset(w, 0, sizeof(*w));
}

void
windows_clear(struct windows *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->at[i].bits);
	free(w->at);
	windows_init(w);
}

void
windows_copy(struct windows *dst, const struct windows *src)
{
	*dst = *src;
	if (src->n == 0) {
		dst->at = NULL;
		return;
	}
	dst->at = mem_copy(src->at, src->n * sizeof(*src->at));
	for (size_t i = 0; i < src->n; i++)
		if (src->at[i].bits)
			dst->at[i].bits = mem_copy(src->at[i].bits,
			    WORDS * sizeof(uint64_t));
}

struct window *
windows_find(const struct windows *w, uint64_t epoch)
{
	/* From the newest: that is the one that is spoken in. */
	for (size_t i = w->n; i-- > 0; )
		if (w->at[i].epoch == epoch)
			return &w->at[i];
	return NULL;
}

static struct window *
add_window(struct windows *w, uint64_t epoch)
{
	size_t i = w->n;

	w->at = mem_resize(w->at, w->n + 1, sizeof(*w->at));
	while (i > 0 && w->at[i - 1].epoch > epoch) {
		w->at[i] = w->at[i - 1];
		i--;
	}
	w->n++;
	memset(&w->at[i], 0, sizeof(w->at[i]));
	w->at[i].epoch = epoch;
	return &w->at[i];
}

/* Takes over what the bitmap knows directly above cum. */
static void
absorb(struct window *w)
{
	while (w->cum < w->top && bit_get(w, w->cum + 1)) {
		bit_set(w, w->cum + 1, false);
		w->cum++;
	}
	if (w->top < w->cum)
		w->top = w->cum;
	if (w->top == w->cum) {
		free(w->bits);
		w->bits = NULL;
	}
}

/* Everything up to seq counts as seen. */
static void
skip_to(struct window *w, uint64_t seq)
{
	if (seq <= w->cum)
		return;
	if (seq >= w->top) {
		w->cum = w->top = seq;
		free(w->bits);
		w->bits = NULL;
		return;
	}
	while (w->cum < seq)
		bit_set(w, ++w->cum, false);
	absorb(w);
}

enum seen
windows_see(struct windows *w, uint64_t epoch, uint64_t seq, bool first)
{
	struct window *win;

	if (epoch < w->base)
		return SEEN_PAST;
	win = windows_find(w, epoch);
	if (!win) {
		if (w->n >= WINDOWS_MAX || (!first && seq > WINDOW_AHEAD))
			return SEEN_REFUSED;
		win = add_window(w, epoch);
	}
	if (first)
		skip_to(win, seq - 1);
	if (seq <= win->cum)
		return SEEN_BEFORE;
	if (seq - win->cum > WINDOW_AHEAD)
		return SEEN_REFUSED;
	if (seq == win->cum + 1) {
		win->cum++;
		absorb(win);
		return SEEN_NEW;
	}
	if (bit_get(win, seq))
		return SEEN_BEFORE;
	if (!win->bits)
		win->bits = mem_array(WORDS, sizeof(uint64_t));
	bit_set(win, seq, true);
	if (win->top < seq)
		win->top = seq;
	return SEEN_NEW;
}

bool
windows_set_base(struct windows *w, uint64_t base)
{
	size_t n = 0;

	if (base <= w->base)
		return false;
	w->base = base;
	while (n < w->n && w->at[n].epoch < base)
		free(w->at[n++].bits);
	if (n > 0) {
		w->n -= n;
		memmove(w->at, w->at + n, w->n * sizeof(*w->at));
	}
	return true;
}

void
windows_ack(const struct windows *w, uint64_t epoch, uint64_t *cum,
    uint64_t *bits)
{
	const struct window *win;

	*cum = *bits = 0;
	if (epoch < w->base) {
		*cum = UINT64_MAX;
		return;
	}
	win = windows_find(w, epoch);
	if (!win)
		return;
	*cum = win->cum;
	/* cum + 1 is missing by definition, so the bits begin behind it. */
	for (uint64_t i = 0; i < 64 && win->cum + 2 + i <= win->top; i++)
		if (bit_get(win, win->cum + 2 + i))
			*bits |= (uint64_t)1 << i;
}

uint32_t
windows_missing(const struct windows *w, uint64_t epoch, uint64_t seq)
{
	const struct window *win = windows_find(w, epoch);
	uint32_t n = 0;

	/* Above the top a window knows nothing: a row may have outlived the
	 * window it came through. */
	if (!win || epoch < w->base || seq > win->top)
		return 0;
	while (seq - 1 > win->cum && !bit_get(win, seq - 1)) {
		seq--;
		n++;
	}
	return n;
}

void
windows_write(struct buf *out, const struct windows *w)
{
	buf_u64(out, w->base);
	buf_u16(out, (uint16_t)w->n);
	for (size_t i = 0; i < w->n; i++) {
		const struct window *win = &w->at[i];

		buf_u64(out, win->epoch);
		buf_u64(out, win->cum);
		buf_u64(out, win->top);
		buf_u8(out, win->bits ? 1 : 0);
		for (size_t k = 0; win->bits && k < WORDS; k++)
			buf_u64(out, win->bits[k]);
	}
}

int
windows_read(struct windows *w, struct cur *c)
{
	uint16_t n;

	windows_init(w);
	w->base = cur_u64(c);
	n = cur_u16(c);
	if (!cur_ok(c) || n > WINDOWS_MAX)
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint64_t epoch = cur_u64(c);
		struct window *win;

		if (!cur_ok(c) || (i > 0 && epoch <= w->at[i - 1].epoch))
			goto bad;
		win = add_window(w, epoch);
		win->cum = cur_u64(c);
		win->top = cur_u64(c);
		if (cur_u8(c) != 0) {
			win->bits = mem_array(WORDS, sizeof(uint64_t));
			for (size_t k = 0; k < WORDS; k++)
				win->bits[k] = cur_u64(c);
		}
		if (!cur_ok(c) || win->top < win->cum ||
		    win->top - win->cum > WINDOW_AHEAD ||
		    (win->top > win->cum) != (win->bits != NULL))
			goto bad;
	}
	return 0;
bad:
	windows_clear(w);
	return -1;
}
