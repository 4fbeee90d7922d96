#include "headless-json.h"

#include <string.h>
#include <time.h>

#include "buf.h"
#include "text.h"

json_t *
json_time(int64_t ms)
{
	time_t s = (time_t)(ms / 1000);
	struct tm tm;
	char when[80];

	if (ms < 0 || !gmtime_r(&s, &tm) || tm.tm_year > 8099)
		return json_string("1970-01-01T00:00:00.000Z");
	snprintf(when, sizeof when, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ",
	    tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
	    tm.tm_min, tm.tm_sec, (int)(ms % 1000));
	return json_string(when);
}

json_t *
json_event(const char *name, int64_t wall_ms)
{
	return json_pack("{s:s, s:o}", "event", name, "time",
	    json_time(wall_ms));
}

void
json_set_text(json_t *o, const char *key, const char *text)
{
	json_object_set_new(o, key, json_string(text ? text : ""));
}

void
json_set_request(json_t *o, const struct person *p, const struct person *like,
    const char *text)
{
	json_set_text(o, "id", p->id_text);
	json_set_text(o, "name", p->title);
	json_set_text(o, "text", text);
	json_object_set_new(o, "like", like ? json_string(like->id_text) :
	    json_null());
	json_object_set_new(o, "like_name", like ?
	    json_string(like->title) : json_null());
}

void
json_set_foreign(json_t *o, const char *key, const char *text)
{
	size_t len = strlen(text);
	struct buf clean;

	if (text_is_clean(text, len, TEXT_BODY)) {
		json_set_text(o, key, text);
		return;
	}
	buf_init(&clean);
	text_filter(&clean, text, len, TEXT_BODY);
	json_set_text(o, key, buf_str(&clean));
	buf_clear(&clean);
}

json_t *
json_listen(const struct net *n)
{
	json_t *list = json_array();
	const char *at;

	for (size_t i = 0; (at = net_listen_at(n, i)); i++)
		json_array_append_new(list, json_string(at));
	return list;
}

/* Port 0: only the address is known. */
static void
set_addr(json_t *o, const char *key, bool is_known, const struct addr *a)
{
	char text[ADDR_TEXT];

	if (!is_known) {
		json_object_set_new(o, key, json_null());
		return;
	}
	if (a->port == 0)
		addr_format_ip(a, text);
	else
		addr_format(a, text);
	json_set_text(o, key, text);
}

json_t *
json_reach(const struct net *n)
{
	struct net_reach r;
	json_t *o = json_pack("{s:s}", "event", "reach");

	net_reach(n, &r);
	json_object_set_new(o, "listen", json_listen(n));
	set_addr(o, "public", r.has_public, &r.public);
	set_addr(o, "mapped", r.has_mapped, &r.mapped);
	json_set_text(o, "nat", net_nat_name(r.nat));
	json_set_text(o, "relay", net_relay_name(r.relay));
	return o;
}
