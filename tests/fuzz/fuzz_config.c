/* The configuration file: any bytes, over a row of each type. */
#include "opt.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static const char *const words[] = { "everyone", "contacts", "off", NULL };

static const struct opt table[] = {
	{ .name = "bell", .type = OPT_BOOL, .def = "on", .help = "" },
	{ .name = "linger", .type = OPT_INT, .def = "10", .help = "",
	    .min = 0, .max = 3600, .unit = "s" },
	{ .name = "lan", .type = OPT_WORD, .def = "everyone", .help = "",
	    .words = words },
	{ .name = "name", .type = OPT_TEXT, .help = "", .min = 1, .max = 64 },
	{ .name = "relay", .type = OPT_LIST, .help = "" },
};

enum { N = sizeof(table) / sizeof(*table) };

static void
show_all(const struct opts *o, struct buf *out)
{
	for (size_t i = 0; i < N; i++) {
		opts_show(o, table[i].name, out);
		buf_u8(out, '\n');
	}
}

/* What was understood is understood the same when written again. */
static void
check_round(const struct opts *o)
{
	struct opts *again = opts_new(table, N);
	const char *const *values;
	struct buf file, a, b;
	struct err e;
	size_t n = opts_list(o, "relay", &values);

	buf_init(&file);
	buf_init(&a);
	buf_init(&b);
	for (size_t i = 0; i + 1 < N; i++) {
		if (!opts_is_set(o, table[i].name))
			continue;
		buf_printf(&file, "%s = ", table[i].name);
		opts_show(o, table[i].name, &file);
		buf_u8(&file, '\n');
	}
	if (opts_parse(again, (char *)file.at, file.len, "again", false,
	    &e) != 0)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (opts_set(again, "relay", values[i], &e) != 0)
			abort();
	}
	show_all(o, &a);
	show_all(again, &b);
	if (a.len != b.len || memcmp(a.at, b.at, a.len) != 0)
		abort();
	buf_clear(&file);
	buf_clear(&a);
	buf_clear(&b);
	opts_free(again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct opts *o = opts_new(table, N);
	struct err e = { .status = STATUS_OK };

	if (opts_parse(o, (const char *)data, len, "fuzz", false, &e) != 0 &&
	    (e.status != STATUS_CONFIG || !e.what[0] || !e.next[0]))
		abort();
	/* Lines before a wrong one count, too. */
	check_round(o);
	opts_free(o);
	return 0;
}
