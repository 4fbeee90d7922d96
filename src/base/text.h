/*
 * text - UTF-8 as people see it: grapheme clusters and cells.
 *
 * libc's widths are wrong for emoji sequences and know no clusters, so both
 * come from utf8proc (UAX #29, EastAsianWidth).  The one rule of width, so
 * that every pane, the wrapping and the cursor agree:
 *
 *   a code point   0 cells: control, combining (Mn, Me), Hangul vowel and
 *                  final jamo, joiners; 2: East Asian wide, emoji; else 1
 *                  (spacing marks too, as most terminals draw them)
 *   a cluster      the sum of its code points, but an emoji with a skin tone
 *                  and whatever U+FE0F makes an emoji (keycaps, hearts) take
 *                  2; a flag is its two regional indicators, 1 + 1
 *   never more     than 2: a cluster that would be (jamo after jamo, letters
 *                  with two spacing vowels) ends before the code point that
 *                  does not fit
 *   joined emoji   (by ZWJ: families, jobs) are one cluster, as wide as its
 *                  parts side by side, at most TEXT_CELLS_MAX
 *
 * Terminals disagree: many do not join emoji, some ignore U+FE0F.  So the
 * screen joins none, draws the parts of a cluster one after another, puts
 * the cursor explicitly behind every run that is not ASCII, and shows, of a
 * part that a plain terminal would draw wider than its cells, only
 * text_plain(): then nothing can wrap or smear a row.
 *
 * text_filter is the gate through which every byte of a peer passes before
 * anything shows, stores or logs it: invalid UTF-8, C0, C1 and DEL, bidi
 * controls, tags, zero-width and other invisible code points, private-use
 * and unassigned ones become U+FFFD, and so does a combining mark or a
 * joining jamo with nothing to stand on.  What is invisible yet needed
 * survives only where it belongs: ZWJ between emoji (at most
 * TEXT_JOINS_MAX in a cluster); ZWJ and ZWNJ inside words of Arabic and
 * Indic scripts; variation selectors behind an emoji, a keycap's digit or an
 * ideograph.  A cluster keeps at most TEXT_MARKS_MAX combining marks, the
 * rest is dropped.  CR LF, CR, U+2028 and U+2029 count as newlines.
 * Filtering twice changes nothing.
 */
#ifndef TEXT_H
#define TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

enum {
	TEXT_MARKS_MAX = 8,
	TEXT_JOINS_MAX = 4,	/* RGI sequences have at most 3 (a family) */
	TEXT_CELLS_MAX = 2 * (TEXT_JOINS_MAX + 1),	/* of a cluster */
	TEXT_TAB = 4		/* spaces for a tab */
};

enum text_shape {
	TEXT_NAME,		/* one line, blanks trimmed and folded */
	TEXT_LINE,		/* one line: newline and tab become a space */
	TEXT_BODY		/* newline kept, tab becomes spaces */
};

/* One code point; returns its bytes (>= 1), *cp = 0xFFFD when invalid (one
 * for each maximal subpart, Unicode 3.9 table 3-8).  len > 0. */
size_t text_decode(const char *s, size_t len, int32_t *cp);
/* A letter, digit, mark or underscore: what moving by words passes. */
bool text_is_word(int32_t cp);
/* What is no Unicode scalar value is written as U+FFFD. */
size_t text_encode(char dst[4], int32_t cp);
/* Bytes at the start of s that are printable ASCII, one cell each: the way
 * to be fast.  (The last of them may have a mark behind it.) */
size_t text_ascii_run(const char *s, size_t len);
/* The first cluster: its bytes (>= 1 unless len is 0) and its cells. */
size_t text_cluster(const char *s, size_t len, int *cells);
/* Start of the cluster that ends at byte `at` (> 0). */
size_t text_cluster_before(const char *s, size_t at);
/* The first part of one cluster: its bytes and its cells, 0..2.  Only joined
 * emoji have more than one. */
size_t text_part(const char *cluster, size_t len, int *cells);
/* Of one part, the bytes from its start that even a terminal that joins
 * nothing draws in the part's cells: no joiner, no skin tone. */
size_t text_plain(const char *cluster, size_t len);
/* Cells of a whole text; a newline counts 0. */
int text_cells(const char *s, size_t len);
/* Bytes of s that fit into `cells`, whole clusters; *used their cells. */
size_t text_fit(const char *s, size_t len, int cells, int *used);

/* Appends the filtered form of len foreign bytes to out. */
void text_filter(struct buf *out, const void *src, size_t len,
    enum text_shape shape);
/* Nothing text_filter would change. */
bool text_is_clean(const char *s, size_t len, enum text_shape shape);
/* For terminals without UTF-8: accents are dropped, what has no ASCII form
 * becomes '?', a wide cluster "??", so that cells stay equal. */
void text_ascii(struct buf *out, const char *s, size_t len);

enum text_opaque {
	TEXT_OPAQUE,
	TEXT_NOT_UTF8,		/* or with a U+FFFD that stands for that */
	TEXT_CONTROL,		/* C0, C1, DEL, U+2028, U+2029 */
	TEXT_TOO_LONG		/* for out or room */
};

/*
 * The one form of what is compared but never shown, a passphrase: that of
 * RFC 8265 section 4.2.2 (OpaqueString).  Blanks other than U+0020 become
 * U+0020, then NFC.  Compatibility forms and case stay, and so does what is
 * unassigned or invisible: emoji are typed with both.  Again changes nothing.
 *
 * Out gets a NUL behind it.  It may be three times as long as s (U+1D160).
 * Room is for code points, two for each byte of s at most.  Nothing else
 * holds any of it: who has secrets lends memory for them.
 */
enum text_opaque text_opaque(char *out, size_t size, int32_t *room,
    size_t n_room, const char *s, size_t len);

/* Do two names look alike?  They do when they differ only in case, or when
 * their skeletons are equal: compatibility forms, marks, blanks and the
 * common look-alikes of Latin, Greek and Cyrillic folded (after UTS #39). */
bool text_looks_like(const char *a, const char *b);
/* The same for who compares many: appends what a name looks like, two
 * NUL-terminated strings, to be compared by text_same_look. */
void text_look(struct buf *out, const char *s);
bool text_same_look(const char *a, const char *b);
/* Case-insensitive, accents of Latin, Greek and Cyrillic ignored: does s
 * begin with prefix / contain needle? */
bool text_has_prefix(const char *s, const char *prefix);
bool text_contains(const char *s, const char *needle);

#endif
