#include "field.h"

#include "buf.h"
#include "term.h"
#include "text.h"

#include <string.h>

void
field_init(struct field *f, char *at, size_t size, bool masked)
{
	*f = (struct field){ .at = at, .size = size, .len = strlen(at),
		.masked = masked };
}

void
field_clear(struct field *f)
{
	mem_zero(f->at, f->size);
	f->len = 0;
}

static bool
add(struct field *f, const char *p, size_t len)
{
	if (len >= f->size - f->len)
		return false;
	memcpy(f->at + f->len, p, len);
	f->len += len;
	return true;
}

static void
cut(struct field *f, size_t len)
{
	mem_zero(f->at + len, f->len - len);
	f->len = len;
}

static void
erase_word(struct field *f)
{
	size_t n = f->len;

	while (n > 0 && f->at[n - 1] == ' ')
		n--;
	while (n > 0 && f->at[n - 1] != ' ')
		n--;
	cut(f, n);
}

enum field_did
field_key(struct field *f, struct key k)
{
	char bytes[4];
	size_t len;

	if (key_is_text(k)) {
		len = text_encode(bytes, k.code);
		return add(f, bytes, len) ? FIELD_CHANGED : FIELD_FULL;
	}
	if (k.mods == MOD_CTRL) {
		switch (k.code) {
		case 'c':
			return FIELD_LEAVE;
		case 'h':
			cut(f, text_cluster_before(f->at, f->len));
			return FIELD_CHANGED;
		case 'u':
			cut(f, 0);
			return FIELD_CHANGED;
		case 'w':
			erase_word(f);
			return FIELD_CHANGED;
		default:
			return FIELD_NOTHING;
		}
	}
	if (k.mods != 0)
		return FIELD_NOTHING;
	if (k.code == K_ENTER)
		return FIELD_ENTER;
	if (k.code == K_ESC)
		return FIELD_LEAVE;
	if (k.code != K_BACKSPACE || f->len == 0)
		return FIELD_NOTHING;
	cut(f, text_cluster_before(f->at, f->len));
	return FIELD_CHANGED;
}

bool
field_paste(struct field *f, const void *text, size_t len)
{
	const char *p = text;
	size_t n = 0;

	while (n < len && p[n] != '\r' && p[n] != '\n' && p[n] != '\0')
		n++;
	return add(f, p, n);
}

/* As many marks as there are letters. */
static void
mask(const struct field *f, const struct theme *theme, struct buf *out)
{
	const char *mark = theme->ascii ? "*" : "\u2022";
	int cells;

	for (size_t at = 0; at < f->len;
	    at += text_cluster(f->at + at, f->len - at, &cells))
		buf_put(out, mark, strlen(mark));
}

void
field_draw(const struct field *f, const struct theme *theme,
    const struct rect *r, int row, int col)
{
	const int room = r->cols - col - 1;
	const char *shown;
	struct buf b;
	size_t len;
	int cells;

	buf_init(&b);
	if (f->masked)
		mask(f, theme, &b);
	else
		text_filter(&b, f->at, f->len, TEXT_BODY);
	shown = buf_str(&b);
	len = b.len;
	/* Its end is where one writes. */
	while (len > 0 && text_cells(shown, len) > room) {
		size_t n = text_cluster(shown, len, &cells);

		shown += n;
		len -= n;
	}
	term_rule(r, row, col, r->cols - col, STYLE_TEXT, " ");
	col = term_put(r, row, col, STYLE_TEXT, shown, len);
	term_cursor(r, row, col < r->cols ? col : r->cols - 1);
	buf_wipe(&b);
}
