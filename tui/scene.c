#include "scene.h"

#include <stdio.h>

const char *
scene_path(enum path p)
{
	switch (p) {
	case PATH_NONE:
		return "";
	case PATH_LAN:
		return "LAN";
	case PATH_DIRECT:
		return "direct";
	case PATH_MAPPED:
		return "mapped";
	case PATH_PUNCHED:
		return "punched";
	case PATH_RELAY:
		return "relay";
	}
	return "";
}

void
scene_rtt(int64_t rtt_us, char dst[16])
{
	if (rtt_us <= 0)
		dst[0] = '\0';
	else if (rtt_us < 100)
		snprintf(dst, 16, "<0.1 ms");
	else if (rtt_us < 10000)
		snprintf(dst, 16, "%d.%d ms", (int)(rtt_us / 1000),
		    (int)(rtt_us % 1000 / 100));
	else if (rtt_us < 1000000)
		snprintf(dst, 16, "%d ms", (int)(rtt_us / 1000));
	else if (rtt_us < 100000000)
		snprintf(dst, 16, "%d.%d s", (int)(rtt_us / 1000000),
		    (int)(rtt_us % 1000000 / 100000));
	else
		snprintf(dst, 16, "slow");
}

void
scene_age(int64_t ms, char dst[8])
{
	static const struct {
		int64_t from_s, unit_s;
		char name;
	} rows[] = {
		{ 365 * 86400, 365 * 86400, 'y' },
		{ 7 * 86400, 7 * 86400, 'w' }, { 86400, 86400, 'd' },
		{ 3600, 3600, 'h' }, { 60, 60, 'm' },
	};
	const int64_t s = ms / 1000;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t n = s / rows[i].unit_s;

		if (s < rows[i].from_s)
			continue;
		snprintf(dst, 8, "%d%c", n < 999 ? (int)n : 999,
		    rows[i].name);
		return;
	}
	snprintf(dst, 8, "now");
}

const char *
scene_key(const struct scene *s, const char *action, char dst[KEYNAME_LEN])
{
	const struct action *a = keymap_action(action);
	struct key k;

	dst[0] = '\0';
	if (a && keymap_keys(s->keys, a, &k, 1) > 0)
		keyname_show(k, dst);
	return dst;
}

enum mark
scene_presence(const struct person *p)
{
	if (p->presence == AWAY ||
	    (p->presence == ONLINE && p->path == PATH_RELAY))
		return MARK_AWAY;
	return p->presence == ONLINE ? MARK_ONLINE : MARK_OFFLINE;
}

enum style
scene_presence_style(const struct person *p)
{
	if (p->presence == ONLINE)
		return STYLE_GOOD;
	return p->presence == AWAY ? STYLE_WARN : STYLE_DIM;
}
