/*
 * qr - a text as a QR code (ISO/IEC 18004), in cells of a terminal: a cell
 * is one module wide and two high.
 *
 * The only file that knows libqrencode; without it there is no code.  The
 * text is taken in the mode that is shortest for it (upper case letters take
 * 5.5 bits), and what room is left in the square goes into correction.
 *
 * The border is two modules where the standard wants four: what is around is
 * drawn too, so the readers of phones find it, and 24 rows hold 41 modules.
 * Pure.
 */
#ifndef QR_H
#define QR_H

#include <stdbool.h>

enum { QR_BORDER = 2 };

/* Of the two modules of a cell. */
enum qr_cell {
	QR_LIGHT,
	QR_DARK,
	QR_TOP,				/* the upper one is dark */
	QR_BOTTOM
};

struct qr;

/* NULL: too long, or built without the library. */
struct qr *qr_new(const char *text);
void qr_free(struct qr *q);
bool qr_is_built_in(void);
int qr_modules(const struct qr *q);	/* without the border */
int qr_rows(const struct qr *q);	/* of cells, with it */
int qr_cols(const struct qr *q);
enum qr_cell qr_at(const struct qr *q, int row, int col);

#endif
