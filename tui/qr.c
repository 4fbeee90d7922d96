#include "qr.h"

#include "mem.h"

#include <stdint.h>
#include <stdlib.h>

#ifdef HAVE_QRENCODE
#include <qrencode.h>
#endif

struct qr {
	int n;
	uint8_t dark[];			/* n * n, by rows */
};

#ifdef HAVE_QRENCODE

/* The strongest correction that needs no larger square. */
static QRcode *
encode(const char *text)
{
	static const QRecLevel better[] = { QR_ECLEVEL_M, QR_ECLEVEL_Q,
		QR_ECLEVEL_H };
	QRcode *best = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8,
	    1);

	for (size_t i = 0; best && i < sizeof(better) / sizeof(*better);
	    i++) {
		QRcode *q = QRcode_encodeString(text, best->version,
		    better[i], QR_MODE_8, 1);

		if (!q || q->version > best->version) {
			QRcode_free(q);
			break;
		}
		QRcode_free(best);
		best = q;
	}
	return best;
}

struct qr *
qr_new(const char *text)
{
	QRcode *code = encode(text);
	struct qr *q;
	size_t n;

	if (!code)
		return NULL;
	n = (size_t)code->width * (size_t)code->width;
	q = mem_new(sizeof(*q) + n);
	q->n = code->width;
	for (size_t i = 0; i < n; i++)
		q->dark[i] = code->data[i] & 1;
	QRcode_free(code);
	return q;
}

bool
qr_is_built_in(void)
{
	return true;
}

#else

struct qr *
qr_new(const char *text)
{
	(void)text;
	return NULL;
}

bool
qr_is_built_in(void)
{
	return false;
}

#endif

void
qr_free(struct qr *q)
{
	free(q);
}

int
qr_modules(const struct qr *q)
{
	return q->n;
}

int
qr_rows(const struct qr *q)
{
	return (q->n + 2 * QR_BORDER + 1) / 2;
}

int
qr_cols(const struct qr *q)
{
	return q->n + 2 * QR_BORDER;
}

static bool
is_dark(const struct qr *q, int row, int col)
{
	row -= QR_BORDER;
	col -= QR_BORDER;
	return row >= 0 && row < q->n && col >= 0 && col < q->n &&
	    q->dark[row * q->n + col];
}

enum qr_cell
qr_at(const struct qr *q, int row, int col)
{
	const bool top = is_dark(q, 2 * row, col);
	const bool bottom = is_dark(q, 2 * row + 1, col);

	if (top)
		return bottom ? QR_DARK : QR_TOP;
	return bottom ? QR_BOTTOM : QR_LIGHT;
}
